/** The annotation by which one replica tells another about notifications: only what the operator sealed, and understands, counts. */
import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { openNotified, sealNotified, type Notified } from '../../src/push/notified-annotation.ts'

const [key, former, stranger] = [1, 2, 3].map((byte) => ({ notified: new Uint8Array(32).fill(byte) })) as [
  { notified: Uint8Array },
  { notified: Uint8Array },
  { notified: Uint8Array },
]
const KEYS = [key, former]
const notified: Notified = { at: 1_000, kind: 'change', tags: ['one', 'two'], checks: ['check1'] }
const sealed = (what: object = notified, by = key): string => sealNotified(what as Notified, 'uid', by, randomBytes)

describe('an annotation', () => {
  test.each([key, former])('that was sealed under one of our keys says what was sealed', (by) => {
    expect(openNotified(sealed(notified, by), 'uid', KEYS)).toMatchObject(notified)
  })

  test.each<[string, string | undefined, string]>([
    ['that is missing', undefined, 'uid'],
    ['of another Agent', sealed(), 'another'],
    ['under a key of somebody else', sealed(notified, stranger), 'uid'],
    ['of nonsense', 'AAAA', 'uid'],
    ['that is too long', sealed({ ...notified, tags: ['x'.repeat(4_000)] }), 'uid'],
  ])('%s says nothing', (_, text, uid) => {
    expect(openNotified(text, uid, KEYS)).toBeUndefined()
  })

  test('of a replica that does not name the channels yet says so', () => {
    expect(openNotified(sealed({ ...notified, checks: undefined }), 'uid', KEYS)).toMatchObject({
      ...notified,
      checks: [],
    })
  })

  test.each([
    { at: 'now' },
    { kind: 'other' },
    { tags: 'one' },
    { tags: undefined },
    { tags: ['one', 2] },
    { checks: 1 },
  ])('in which another version of the operator says %j says nothing', (change) => {
    expect(openNotified(sealed({ ...notified, ...change }), 'uid', KEYS)).toBeUndefined()
  })
})
