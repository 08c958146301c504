/** What a write whose answer was lost holds up, and until when. */
import { beforeEach, expect, test } from 'vitest'
import { UnansweredWrites } from '../../src/booking/unanswered-writes.ts'
import { ManualClock } from '../support/clock.ts'

const NOON = { start: Date.parse('2026-12-01T12:00:00Z'), end: Date.parse('2026-12-01T13:00:00Z') }
const AFTER = { start: NOON.end, end: NOON.end + 3_600_000 }
const MINUTE = 60_000

const named = (name: string, uid = name) => ({ metadata: { namespace: 'booking', name, uid } })
const [A, B] = [named('a'), named('b')]

let clock: ManualClock
let woken: string[]
let writes: UnansweredWrites
beforeEach(() => {
  clock = new ManualClock()
  woken = []
  writes = new UnansweredWrites({ clock, wake: (key) => void woken.push(key) })
  writes.add('alice primary', A, [NOON])
})

test('others of the calendar that overlap wait; the Booking itself, other times and other calendars do not', () => {
  expect(writes.mayOccupy('alice primary', B, NOON)).toBe(true)
  expect(writes.mayOccupy('alice primary', A, NOON)).toBe(false)
  expect(writes.mayOccupy('alice primary', B, AFTER)).toBe(false)
  expect(writes.mayOccupy('alice team', B, NOON)).toBe(false)
})

test('those that wait are woken once it is known what stands', () => {
  writes.mayOccupy('alice primary', B, NOON)
  writes.add('alice primary', A, [NOON])
  writes.settle(A)
  expect(woken).toEqual(['booking/b'])
  expect(writes.mayOccupy('alice primary', B, NOON)).toBe(false)
})

test('a later write keeps the times of an earlier one in doubt', () => {
  writes.add('alice primary', A, [AFTER])
  expect(writes.mayOccupy('alice primary', B, NOON)).toBe(true)
  expect(writes.mayOccupy('alice primary', B, AFTER)).toBe(true)
})

test('two minutes after the last write nothing is in doubt any more', async () => {
  await clock.advance(MINUTE)
  writes.add('alice primary', A, [NOON])
  await clock.advance(2 * MINUTE)
  expect(writes.mayOccupy('alice primary', B, NOON)).toBe(true)
  await clock.advance(1)
  expect(writes.mayOccupy('alice primary', B, NOON)).toBe(false)
})

test('a Booking that was created anew under the same name waits for the write of the earlier one', () => {
  const again = named('a', 'another')
  expect(writes.isInDoubt(again)).toBe(false)
  expect(writes.mayOccupy('alice primary', again, NOON)).toBe(true)
  writes.settle(again)
  expect(writes.mayOccupy('alice primary', B, NOON)).toBe(true)
  writes.settle(A)
  expect(woken).toEqual(['booking/a', 'booking/b'])
})
