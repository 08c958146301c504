import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Key } from '../../src/web/key-ring.ts'
import {
  csrfToken,
  verifyOutcomeToken,
  outcomeToken,
  verifyCsrfToken,
  linkTag,
  uidFromTag,
} from '../../src/web/signed-tokens.ts'

const keyOf = (seed: number): Key => ({
  id: String(seed),
  link: Buffer.alloc(32, seed),
  state: Buffer.alloc(32, seed + 1),
  form: Buffer.alloc(32, seed + 2),
  channel: Buffer.alloc(32, seed + 3),
  notified: Buffer.alloc(32, seed + 4),
})

const ours = keyOf(1)
const before = keyOf(11)
const strangers = keyOf(21)
const UID = '6f1c2d3e-4b5a-4c6d-8e7f-90a1b2c3d4e5'
const seeded = { seed: 7 }

describe('a tag', () => {
  const tag = linkTag(UID, ours) ?? ''

  test('leads back to the uid, as long as its key is known', () => {
    expect(uidFromTag(tag, [ours])).toBe(UID)
    expect(uidFromTag(tag, [before, ours])).toBe(UID)
    expect(uidFromTag(tag, [before])).toBeUndefined()
    expect(uidFromTag(tag, [])).toBeUndefined()
  })

  test('is the same each time, and another for another Agent or key', () => {
    expect(linkTag(UID, ours)).toBe(tag)
    expect(linkTag(UID.replace('6', '7'), ours)).not.toBe(tag)
    expect(linkTag(UID, before)).not.toBe(tag)
  })

  test('can be put into a path as it is, whatever the uid', () => {
    fc.assert(
      fc.property(fc.uuid(), (uid) => {
        expect(linkTag(uid, ours)).toMatch(/^[\w-]{43}$/)
        expect(uidFromTag(linkTag(uid, ours) ?? '', [ours])).toBe(uid)
      }),
      seeded,
    )
  })

  test('is of no use with any one character changed, left out or added', () => {
    for (let at = 0; at < tag.length; at++) {
      for (const other of ['A', 'B', '_', '']) {
        const changed = tag.slice(0, at) + other + tag.slice(at + 1)
        if (changed !== tag) expect(uidFromTag(changed, [ours])).toBeUndefined()
      }
      expect(uidFromTag(`${tag.slice(0, at)}A${tag.slice(at)}`, [ours])).toBeUndefined()
    }
  })

  test('has one spelling: bits that mean nothing must be nought', () => {
    const spellings = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'.split('')
    const good = spellings.filter((last) => uidFromTag(tag.slice(0, -1) + last, [ours]) !== undefined)
    expect(good).toEqual([tag.at(-1)])
  })

  test('can’t be guessed from any text', () => {
    fc.assert(
      fc.property(fc.string(), (text) => uidFromTag(text, [ours]) === undefined),
      seeded,
    )
  })

  test('there is none for a text that is not a uid', () => expect(linkTag('alice', ours)).toBeUndefined())
})

describe('the token of a form', () => {
  const token = csrfToken(ours, 'browser', 'tag', 'shown')

  test('is good for its browser and its link, under any key that is known, and says what was shown', () => {
    expect(verifyCsrfToken(token, [before, ours], 'browser', 'tag')).toBe('shown')
    expect(verifyCsrfToken(token, [ours], 'other', 'tag')).toBeUndefined()
    expect(verifyCsrfToken(token, [ours], 'browser', 'other')).toBeUndefined()
    expect(verifyCsrfToken(token, [strangers], 'browser', 'tag')).toBeUndefined()
  })

  test('says nothing else than what was shown', () => {
    expect(verifyCsrfToken(token.replace('shown', 'other'), [ours], 'browser', 'tag')).toBeUndefined()
    expect(verifyCsrfToken(token.replace('.shown', ''), [ours], 'browser', 'tag')).toBeUndefined()
    expect(verifyCsrfToken(`${token}x`, [ours], 'browser', 'tag')).toBeUndefined()
  })

  test('is no mixture of its parts', () => {
    expect(csrfToken(ours, 'a', 'bc', '')).not.toBe(csrfToken(ours, 'ab', 'c', ''))
    expect(csrfToken(ours, 'a","b', 'c', '')).not.toBe(csrfToken(ours, 'a', 'b","c', ''))
  })

  test('is nothing else that could be sent', () => {
    for (const one of ['', '.', undefined, null, 5, {}, [token], `${token} `, token.slice(1)]) {
      expect(verifyCsrfToken(one, [ours], 'browser', 'tag')).toBeUndefined()
    }
  })
})

describe('the proof of an outcome', () => {
  const proof = outcomeToken(ours, 'browser', 'tag', 'connected', 5)

  test('is good for that browser, link, outcome and instant only', () => {
    expect(verifyOutcomeToken(proof, [before, ours], 'browser', 'tag', 'connected', 5)).toBe(true)
    expect(verifyOutcomeToken(proof, [ours], 'other', 'tag', 'connected', 5)).toBe(false)
    expect(verifyOutcomeToken(proof, [ours], 'browser', 'other', 'connected', 5)).toBe(false)
    expect(verifyOutcomeToken(proof, [ours], 'browser', 'tag', 'denied', 5)).toBe(false)
    expect(verifyOutcomeToken(proof, [ours], 'browser', 'tag', 'connected', 6)).toBe(false)
  })

  test('is not the token of a form', () => {
    expect(verifyOutcomeToken(csrfToken(ours, 'browser', 'tag', ''), [ours], 'browser', 'tag', '', 0)).toBe(false)
  })
})
