import { describe, expect, test } from 'vitest'
import { registerBookingGauges } from '../src/booking-gauges.ts'
import { createMetrics } from '../src/platform/metrics.ts'
import { timestamp } from '../src/resources/conditions.ts'
import type { Booking } from '../src/resources/types.ts'
import { ManualClock } from './support/clock.ts'
import { aBooking, anAgent, anIntegration } from './support/resources.ts'
import { SmallCluster } from './support/small-cluster.ts'

const MINUTE = 60_000
const START = Date.parse('2026-11-23T10:00:00Z')

/** A Booking of alice whose `Ready` has this reason for this many minutes. */
function booking(name: string, status: 'True' | 'False', reason: string, minutes = 0): Booking {
  const lastTransitionTime = timestamp(START - minutes * MINUTE)
  const ready = { type: 'Ready', status, reason, message: '', lastTransitionTime, observedGeneration: 1 }
  return { ...aBooking({}, name), status: { observedGeneration: 1, conditions: [ready] } }
}

/** The samples of a metric, by their labels. */
async function samples(metric: string, bookings: Booking[], suspended = false): Promise<Record<string, number>> {
  const clock = new ManualClock(START)
  const metrics = createMetrics(clock)
  const small = new SmallCluster()
  small.bookings = bookings
  small.agents = [anAgent({ suspend: suspended })]
  small.integrations = [anIntegration()]
  registerBookingGauges(metrics, small.cluster, clock)
  const lines = (await metrics.registry.metrics()).split('\n').filter((line) => line.startsWith(`${metric}{`))
  const labelsOf = (line: string): string => [...line.matchAll(/="([^"]*)"/g)].map(([, value]) => value).join(' ')
  return Object.fromEntries(lines.map((line) => [labelsOf(line), Number(line.slice(line.lastIndexOf(' ')))]))
}

describe('the longest wait of an agent', () => {
  const waits = (bookings: Booking[], suspended?: boolean): Promise<Record<string, number>> =>
    samples('calendar_operator_booking_waiting_seconds', bookings, suspended)

  test('is that of the Booking that waits longest, and counts neither answers nor what is booked', async () => {
    const bookings = [
      booking('young', 'False', 'BookingFailed', 1),
      booking('old', 'False', 'AgentNotReady', 5),
      booking('refused', 'False', 'SlotTaken', 30),
      booking('booked', 'True', 'Ready', 60),
    ]
    expect(await waits(bookings)).toEqual({ 'booking alice': 300 })
  })

  test('begins with the creation of one that nobody has looked at', async () => {
    const unseen = aBooking()
    unseen.metadata.creationTimestamp = timestamp(START - 2 * MINUTE)
    expect(await waits([unseen])).toEqual({ 'booking alice': 120 })
  })

  test('is absent where nothing waits, or what waits is suspended or over', async () => {
    const waiting = booking('waiting', 'False', 'BookingFailed', 5)
    const past = { ...waiting, spec: { ...waiting.spec, end: timestamp(START) } }
    const frozen = { ...waiting, spec: { ...waiting.spec, suspend: true } }
    expect(await waits([booking('booked', 'True', 'Ready')])).toEqual({})
    expect(await waits([past, frozen])).toEqual({})
    expect(await waits([waiting], true)).toEqual({})
  })
})

test('stalled Bookings are counted by agent and reason', async () => {
  const bookings = [
    booking('a', 'False', 'SlotTaken'),
    booking('b', 'False', 'SlotTaken'),
    booking('c', 'False', 'EventRefused'),
    booking('d', 'False', 'RateLimited'),
    booking('e', 'True', 'Ready'),
  ]
  expect(await samples('calendar_operator_bookings_stalled', bookings)).toEqual({
    'booking alice SlotTaken': 2,
    'booking alice EventRefused': 1,
  })
})
