import { expect, test } from 'vitest'
import { isSameContent } from '../../src/platform/same-content.ts'

test.each<[string, unknown, unknown]>([
  ['nothing', undefined, undefined],
  ['texts', 'a', 'a'],
  ['lists', [1, ['a']], [1, ['a']]],
  ['objects, whatever the order of their fields', { a: 1, b: { c: [2] } }, { b: { c: [2] }, a: 1 }],
  ['a field that is undefined, and a missing one', { a: 1, b: undefined }, { a: 1 }],
  ['the same one level below', { a: { b: undefined } }, { a: {} }],
])('%s are the same', (_, a, b) => {
  expect(isSameContent(a, b)).toBe(true)
  expect(isSameContent(b, a)).toBe(true)
})

test.each<[string, unknown, unknown]>([
  ['a text and a number', '1', 1],
  ['nothing and null', undefined, null],
  ['nothing and an empty object', undefined, {}],
  ['null and an empty object', null, {}],
  ['an empty list and an empty object', [], {}],
  ['lists of another length', [1], [1, 2]],
  ['lists in another order', [1, 2], [2, 1]],
  ['lists of which one item differs', [1, 2], [1, 3]],
  ['a missing item and an undefined one', [1], [1, undefined]],
  ['objects with another field', { a: 1 }, { b: 1 }],
  ['objects with one more field', { a: 1 }, { a: 1, b: null }],
  ['objects that differ deep inside', { a: [{ b: 1 }] }, { a: [{ b: 2 }] }],
  ['a field that only all objects inherit', { toString: 1 }, {}],
])('%s differ', (_, a, b) => {
  expect(isSameContent(a, b)).toBe(false)
  expect(isSameContent(b, a)).toBe(false)
})
