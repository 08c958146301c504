/** No event stands in a calendar that no Booking answers for, and what others made of one is not deleted. */
import { expect, test } from 'vitest'
import { BookingBench } from './support/bench.ts'

test('a series that somebody made of an event is left, although the Booking has waited for its Agent since', async () => {
  const bench = new BookingBench()
  bench.apply()
  await bench.run()
  const [event] = bench.google.live
  bench.google.put(event!.id, { ...event!.resource, recurrence: ['RRULE:FREQ=WEEKLY'] })
  await bench.poll()
  expect(bench.condition('Booked')?.reason).toBe('EventConflict')
  bench.scopes = ['https://www.googleapis.com/auth/calendar.readonly']
  bench.apply({ title: 'Renamed' })
  await bench.run(3)
  expect(bench.condition('Accepted')?.reason).toBe('AgentNotReady')
  expect(bench.condition('Booked')?.reason).toBe('EventConflict')
  bench.scopes = undefined
  bench.delete()
  await bench.run()
  expect(bench.bookings.size).toBe(0)
  expect(bench.google.live).toHaveLength(1)
})
