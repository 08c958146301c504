/** What a write whose answer was lost holds up, and until when. */
import { beforeEach, expect, test } from 'vitest'
import { UnansweredWrites } from '../../src/booking/unanswered-writes.ts'
import { ManualClock } from '../support/clock.ts'

const NOON = { start: Date.parse('2026-12-01T12:00:00Z'), end: Date.parse('2026-12-01T13:00:00Z') }
const AFTER = { start: NOON.end, end: NOON.end + 3_600_000 }
const MINUTE = 60_000

let clock: ManualClock
let woken: string[]
let writes: UnansweredWrites
beforeEach(() => {
  clock = new ManualClock()
  woken = []
  writes = new UnansweredWrites({ clock, wake: (key) => void woken.push(key) })
  writes.add('alice primary', 'booking/a', [NOON])
})

test('others of the calendar that overlap wait; the Booking itself, other times and other calendars do not', () => {
  expect(writes.mayOccupy('alice primary', 'booking/b', NOON)).toBe(true)
  expect(writes.mayOccupy('alice primary', 'booking/a', NOON)).toBe(false)
  expect(writes.mayOccupy('alice primary', 'booking/b', AFTER)).toBe(false)
  expect(writes.mayOccupy('alice team', 'booking/b', NOON)).toBe(false)
})

test('those that wait are woken once it is known what stands', () => {
  writes.mayOccupy('alice primary', 'booking/b', NOON)
  writes.add('alice primary', 'booking/a', [NOON])
  writes.settle('booking/a')
  expect(woken).toEqual(['booking/b'])
  expect(writes.mayOccupy('alice primary', 'booking/b', NOON)).toBe(false)
})

test('a later write keeps the times of an earlier one in doubt', () => {
  writes.add('alice primary', 'booking/a', [AFTER])
  expect(writes.mayOccupy('alice primary', 'booking/b', NOON)).toBe(true)
  expect(writes.mayOccupy('alice primary', 'booking/b', AFTER)).toBe(true)
})

test('two minutes after the last write nothing is in doubt any more', async () => {
  await clock.advance(MINUTE)
  writes.add('alice primary', 'booking/a', [NOON])
  await clock.advance(2 * MINUTE)
  expect(writes.mayOccupy('alice primary', 'booking/b', NOON)).toBe(true)
  await clock.advance(1)
  expect(writes.mayOccupy('alice primary', 'booking/b', NOON)).toBe(false)
})
