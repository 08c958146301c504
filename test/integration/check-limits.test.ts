import { beforeEach, expect, test } from 'vitest'
import { CheckLimits } from '../../src/integration/check-limits.ts'
import { ManualClock } from '../support/clock.ts'

let clock: ManualClock
let limits: CheckLimits
beforeEach(() => {
  clock = new ManualClock()
  limits = new CheckLimits(clock)
})

const take = (key: string): number => limits.admit({ key, namespace: key.split('/')[0] ?? '' })

test('one integration is checked three times at once, and then once in ten seconds', async () => {
  expect([take('a/1'), take('a/1'), take('a/1'), take('a/1')]).toEqual([0, 0, 0, 10_000])
  await clock.advance(9_000)
  clock.setTimeOfDay(3_600_000)
  expect(take('a/1')).toBeCloseTo(1_000)
  await clock.advance(1_000)
  expect([take('a/1'), take('a/1')]).toEqual([0, 10_000])
})

test('a thousand integrations of one namespace wait for each other, and for nobody else', async () => {
  const waits = Array.from({ length: 1_000 }, (_, number) => take(`hostile/${number}`))
  expect(waits.filter((wait) => wait === 0)).toHaveLength(50)
  expect(take('honest/1')).toBe(0)
  await clock.advance(1_000)
  const more = Array.from({ length: 1_000 }, (_, number) => take(`hostile/${number + 50}`))
  expect(more.filter((wait) => wait === 0)).toHaveLength(5)
})

test('an integration that is made again and again is its namespace’s', () => {
  const waits = Array.from({ length: 100 }, (_, number) => take(`hostile/${number}`))
  expect(waits.filter((wait) => wait === 0)).toHaveLength(50)
})
