import { describe, expect, test } from 'vitest'
import { withSharedParts } from '../../src/platform/shared-parts.ts'

const parsed = (value: unknown): Record<string, unknown> => JSON.parse(JSON.stringify(value)) as Record<string, unknown>

describe('a value that shares its parts with another', () => {
  const former = {
    labels: { app: 'booking', tier: 'web' },
    list: [{ type: 'Ready' }, { type: 'Synced' }],
    name: 'anna',
  }

  test('has the same content as before', () => {
    const value = { labels: { app: 'booking' }, list: [{ type: 'Ready' }], name: 'ben', more: null }
    expect(withSharedParts(parsed(value), former)).toStrictEqual(value)
  })

  test('has the parts of the other that are the same, and its own where they differ', () => {
    const value = withSharedParts(parsed({ ...former, list: [{ type: 'Ready' }, { type: 'Failed' }] }), former)
    expect(value['labels']).toBe(former.labels)
    expect(value['list']).not.toBe(former.list)
    expect((value['list'] as unknown[])[0]).toBe(former.list[0])
  })

  test('is the other if all of it is the same', () => expect(withSharedParts(parsed(former), former)).toBe(former))

  test('takes no part of the other that has fewer or more fields', () => {
    const less = withSharedParts(parsed({ labels: { app: 'booking' } }), former)
    expect(less).toStrictEqual({ labels: { app: 'booking' } })
    const more = withSharedParts(parsed({ labels: { ...former.labels, zone: 'a' } }), former)
    expect(more).toStrictEqual({ labels: { ...former.labels, zone: 'a' } })
  })

  test('takes no list for an object, nor the other way round', () => {
    expect(withSharedParts(parsed({ list: {} }), { list: [] })).toStrictEqual({ list: {} })
    expect(withSharedParts(parsed({ list: [] }), { list: {} })).toStrictEqual({ list: [] })
  })

  test('takes nothing for something that is empty, nor the other way round', () => {
    const nothing = [null, {}, [], '', 0, false]
    for (const own of nothing)
      for (const other of nothing) expect(withSharedParts({ part: own }, { part: other })).toStrictEqual({ part: own })
  })

  test('has parts of a second one where it differs from the first, which stays as it was', () => {
    const first = { labels: Object.freeze({ app: 'booking' }), list: [Object.freeze({ type: 'Ready' }), {}] }
    const second = { labels: { app: 'booking' }, list: [{ type: 'Ready' }, { type: 'Failed' }] }
    const likeFirst = withSharedParts(parsed({ ...second, name: 'ben' }), first)
    const value = withSharedParts(likeFirst, second, first)
    expect(value).toStrictEqual({ ...second, name: 'ben' })
    expect(value['labels']).toBe(first.labels)
    expect((value['list'] as unknown[])[0]).toBe(first.list[0])
    expect((value['list'] as unknown[])[1]).toBe(second.list[1])
  })

  test('leaves the other as it was', () => {
    const before = structuredClone(former)
    withSharedParts(parsed({ ...former, name: 'ben', labels: { app: 'other' } }), former)
    expect(former).toStrictEqual(before)
  })

  test('takes nothing of the other for a field that only seems to be in both', () => {
    const empty = { account: undefined, expiresAt: undefined }
    expect(withSharedParts(empty, { url: 'https://a.example', likelyCause: 'b' })).toBe(empty)
    const named = JSON.parse('{"app": "a", "__proto__": {}}') as object
    expect(JSON.stringify(withSharedParts(named, { app: 'a', tier: 'web' }))).toBe('{"app":"a","__proto__":{}}')
  })

  test('keeps fields with the names of inherited ones', () => {
    const value = JSON.parse('{"constructor": "a", "__proto__": {}, "toString": {}}') as unknown
    expect(JSON.stringify(withSharedParts(value, {}))).toBe('{"constructor":"a","__proto__":{},"toString":{}}')
  })
})
