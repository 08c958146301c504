/** No event stands in a calendar that no Booking answers for, and what others made of one is not deleted. */
import { expect, test } from 'vitest'
import { BookingBench } from './support/bench.ts'

test('a Booking whose status was lost after its event was made again is deleted with the event that stands', async () => {
  const bench = new BookingBench()
  bench.apply({ onExternalChange: 'Enforce' })
  await bench.run()
  const [event] = bench.google.live
  bench.google.put(event!.id, event!.resource, true)
  await bench.poll()
  expect(bench.get().status?.remade).toBe(1)
  bench.bookings.set('booking/viewing', { ...bench.get(), status: { observedGeneration: -1 } })
  bench.restart()
  bench.delete()
  await bench.run()
  expect(bench.bookings.size).toBe(0)
  expect(bench.google.live).toEqual([])
})

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

test('a refused Booking that was booked on request is deleted with its event, although no status names it', async () => {
  const bench = new BookingBench()
  const dentist = { start: { dateTime: '2026-12-01T13:00:00Z' }, end: { dateTime: '2026-12-01T14:00:00Z' } }
  bench.google.put('dentist', dentist)
  bench.apply()
  await bench.run()
  expect(bench.ready).toBe('SlotTaken')
  bench.google.put('dentist', dentist, true)
  await bench.poll()
  const { metadata, ...booking } = bench.get()
  const annotations = { 'calendar-operator.io/requestedAt': 'now' }
  bench.bookings.set('booking/viewing', { ...booking, metadata: { ...metadata, annotations } })
  bench.calls = []
  bench.fault = { at: 2, how: 'killed after' }
  await bench.run(2)
  expect(bench.google.live).toHaveLength(1)
  bench.delete()
  await bench.run()
  expect(bench.bookings.size).toBe(0)
  expect(bench.google.live).toEqual([])
})
