/** When a time may be booked, over a world in memory. */
import { expect, test } from 'vitest'
import { aBooking, anAgent } from '../support/resources.ts'
import { BookingBench } from './support/bench.ts'
import { at, timed } from './support/times.ts'

const writes = ({ google }: BookingBench): string[] => google.calls.filter((call) => ['insert', 'patch'].includes(call))

test.each([
  ['has passed', -1_000],
  ['is now', 0],
])('a new Booking whose start %s is InThePast, and nothing is written', async (_what, ms) => {
  const bench = new BookingBench()
  const start = new Date(bench.clock.now() + ms).toISOString()
  bench.apply({ start, end: at(14) })
  await bench.settle()
  expect(bench.ready).toBe('InThePast')
  expect(bench.condition('Stalled')?.status).toBe('True')
  expect(writes(bench)).toEqual([])
})

test('a new time that has passed is InThePast, and the event stays where it was', async () => {
  const bench = new BookingBench()
  bench.apply({ start: at(13), end: at(14) })
  await bench.run()
  const { event } = bench.get().status ?? {}
  bench.google.calls.length = 0
  bench.apply({ start: new Date(bench.clock.now() - 1_000).toISOString() })
  await bench.run()
  expect(bench.ready).toBe('InThePast')
  expect(bench.condition('Booked')?.status).toBe('True')
  expect(bench.get().status?.event).toEqual(event)
  expect(writes(bench)).toEqual([])
})

test('what a clock that was a month ahead called past is decided again when it is put right', async () => {
  const bench = new BookingBench()
  bench.clock.setTimeOfDay(30 * 86_400_000)
  bench.apply()
  await bench.run()
  expect(bench.ready).toBe('InThePast')
  bench.clock.setTimeOfDay(-30 * 86_400_000)
  await bench.run()
  expect(bench.ready).toBe('Ready')
})

test('Enforce puts an event back only if its time is still free: somebody else may have it now', async () => {
  const bench = new BookingBench()
  bench.apply({ start: at(13), end: at(14), onExternalChange: 'Enforce' })
  await bench.run()
  const id = bench.get().status?.event?.id ?? ''
  bench.google.put(id, { ...bench.google.stored(id).resource, ...timed(16, 17) })
  bench.google.put('dentist', timed(13, 14))
  bench.google.calls.length = 0
  await bench.poll()
  expect(writes(bench)).toEqual([])
  expect(bench.condition('Accepted')).toMatchObject({ status: 'False', reason: 'SlotTaken' })
  expect(bench.get().status?.event?.start).toBe(at(16))
})

test('one calendar of several that cannot be read accepts nothing', async () => {
  const team = 'team@group.calendar.google.com'
  const bench = new BookingBench({ calendars: { read: ['primary', team], write: 'primary' } })
  bench.apply({ start: at(13), end: at(14) })
  await bench.run(6)
  expect(bench.ready).toBe('AgentNotReady')
  expect(writes(bench)).toEqual([])
})

test('a Booking of another replica, which may never be decided there, holds nobody up', async () => {
  const bench = new BookingBench()
  bench.agents.push(anAgent(bench.agents[0]!.spec, 'mallory'))
  bench.foreign.add('booking/mallory')
  const older = aBooking({ agentRef: { name: 'mallory' } }, 'older')
  older.metadata.creationTimestamp = '2026-01-01T00:00:00Z'
  bench.bookings.set('booking/older', older)
  await bench.read()
  bench.apply()
  await bench.settle()
  expect(bench.ready).toBe('Ready')
})
