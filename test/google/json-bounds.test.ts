/** What a JSON text would be once it is parsed: no page of Google's comes near the bounds. */
import { expect, test } from 'vitest'
import { isWithinBounds, MAX_LEVELS, MAX_VALUES } from '../../src/google/json-bounds.ts'

test('a page of 250 events with 200 guests each is within all bounds', () => {
  const attendees = Array.from({ length: 200 }, (_, n) => ({ email: `g${n}@x`, displayName: 'G', responseStatus: 'a' }))
  const items = Array.from({ length: 250 }, (_, n) => ({ id: `${n}`, start: { dateTime: 'x' }, attendees }))
  expect(isWithinBounds(JSON.stringify({ items }))).toBe(true)
})

test.each([
  ['objects', '{}'],
  ['lists', '[]'],
  ['numbers', '1'],
])('megabytes of empty %s are not', (_, value) => {
  expect(isWithinBounds(`[${`${value},`.repeat(MAX_VALUES)}${value}]`)).toBe(false)
  expect(isWithinBounds(`[${`${value},`.repeat(MAX_VALUES / 2 - 2)}${value}]`)).toBe(true)
})

test('lists in lists without end are not, and neighbours are no deeper than one of them', () => {
  const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels)
  expect(isWithinBounds(nested(MAX_LEVELS))).toBe(true)
  expect(isWithinBounds(nested(MAX_LEVELS + 1))).toBe(false)
  expect(isWithinBounds('[1 '.repeat(MAX_LEVELS + 1))).toBe(false)
  expect(isWithinBounds(`[${Array(100).fill(nested(5)).join(',')}]`)).toBe(true)
})

test('the contents of texts do not count, whatever quotes and backslashes they contain', () => {
  const text = JSON.stringify(['[{,"'.repeat(1000), '\\', '\\"', '"\\\\', '[['.repeat(100)])
  expect(isWithinBounds(text, 10)).toBe(true)
  expect(isWithinBounds(`${text.slice(0, -1)},${'1,'.repeat(10)}1]`, 10)).toBe(false)
})

test('half a text is left to the parser', () => {
  expect(isWithinBounds('{"items":["abc')).toBe(true)
})
