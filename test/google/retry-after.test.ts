import { expect, test } from 'vitest'
import { retryAfterMs } from '../../src/google/retry-after.ts'

const NOW = Date.parse('2026-11-23T10:00:00Z')
const MINUTE = 60_000

test.each<[string | string[] | undefined, number | undefined]>([
  ['30', 30_000],
  [' 30 ', 30_000],
  ['0', 0],
  ['99999999999999999999999', 5 * MINUTE],
  ['Mon, 23 Nov 2026 10:01:30 GMT', 90_000],
  ['Monday, 23-Nov-26 10:01:30 GMT', 90_000],
  ['Mon, 23 Nov 2026 09:00:00 GMT', 0],
  ['Mon, 23 Nov 2037 09:00:00 GMT', 5 * MINUTE],
  ['-5', undefined],
  ['1.5', undefined],
  ['soon', undefined],
  ['Sometime, next week', undefined],
  ['', undefined],
  [undefined, undefined],
  [['30', '60'], undefined],
])('Retry-After %j is %s ms', (value, expected) => {
  expect(retryAfterMs({ headers: { 'retry-after': value } }, NOW, 'RateLimited')).toBe(expected)
})

test.each([
  ['RateLimited', 5 * MINUTE],
  ['Unreachable', 5 * MINUTE],
  ['DailyQuotaExceeded', 60 * MINUTE],
] as const)('a day of it is never waited for: after %s for %s ms', (failure, expected) => {
  expect(retryAfterMs({ headers: { 'retry-after': '86400' } }, NOW, failure)).toBe(expected)
})
