/** §8 What a lost answer, a restored event and a deletion leave behind. */
import { expect, test } from 'vitest'
import { BookingBench } from './support/bench.ts'
import { lost } from './support/memory-google.ts'

test('a slot stays single while nobody knows whether the first Booking was written', async () => {
  const bench = new BookingBench()
  await bench.read()
  bench.apply({}, 'a')
  await bench.clock.advance(1_000)
  bench.apply({}, 'b')
  bench.fault = { at: 3, how: 'answer lost' }
  await bench.run()
  expect(bench.google.live).toHaveLength(1)
  expect([bench.condition('Ready', 'a')?.reason, bench.condition('Ready', 'b')?.reason]).toEqual(['Ready', 'SlotTaken'])
})

test('a slot stays single where the calendar was read in the very instant of the lost write', async () => {
  const bench = new BookingBench()
  await bench.read()
  bench.apply({}, 'a')
  bench.apply({}, 'b')
  bench.fault = { at: 3, how: 'answer lost' }
  await bench.run()
  expect(bench.google.live).toHaveLength(1)
  expect([bench.condition('Ready', 'a')?.reason, bench.condition('Ready', 'b')?.reason]).toEqual(['Ready', 'SlotTaken'])
})

/** Google answers no insertion until it carries the first one out, late. */
function delayInserts(bench: BookingBench): { arrive: () => void } {
  const { intercept } = bench.google
  const inserts: (() => unknown)[] = []
  bench.google.intercept = (call, run) => {
    if (call !== 'insert' || bench.google.calls.filter((one) => one === 'insert').length > 3)
      return intercept(call, run)
    inserts.push(run)
    return Promise.reject(lost())
  }
  return { arrive: () => void inserts[0]?.() }
}

test('a slot stays single while an insertion whose answer was given up may still arrive', async () => {
  const bench = new BookingBench()
  const late = delayInserts(bench)
  bench.apply({}, 'a')
  bench.apply({}, 'b')
  bench.apply({ start: '2026-12-02T14:00:00Z', end: '2026-12-02T15:00:00Z' }, 'c')
  await bench.run(9)
  // Neither free nor taken, as far as anybody knows.
  expect(bench.condition('Ready', 'b')?.reason).toBe('AgentNotReady')
  late.arrive()
  await bench.run()
  expect(bench.condition('Ready', 'c')?.reason).toBe('Ready')
  expect(bench.google.live).toHaveLength(2)
  expect([bench.condition('Ready', 'a')?.reason, bench.condition('Ready', 'b')?.reason]).toEqual(['Ready', 'SlotTaken'])
})

test('a slot is free again soon after a Booking is gone whose insertion never arrived', async () => {
  const bench = new BookingBench()
  delayInserts(bench)
  bench.apply({}, 'a')
  bench.apply({}, 'b')
  await bench.run(2)
  bench.delete('a')
  await bench.run()
  expect(bench.condition('Ready', 'b')?.reason).toBe('Ready')
  expect(bench.google.live).toHaveLength(1)
})

test('a Booking that is deleted while its insertion may still arrive leaves no event', async () => {
  const bench = new BookingBench()
  const late = delayInserts(bench)
  bench.apply()
  await bench.run(2)
  bench.delete()
  await bench.run(3)
  late.arrive()
  await bench.run()
  expect(bench.bookings.size).toBe(0)
  expect(bench.google.live).toEqual([])
})

test('a slot stays single where a Booking was replaced by one of its name while its insertion may still arrive', async () => {
  const bench = new BookingBench()
  const late = delayInserts(bench)
  bench.apply({ deletionPolicy: 'Retain' })
  await bench.run(2)
  bench.delete()
  await bench.settle()
  expect(bench.bookings.size).toBe(0)
  bench.google.calls.push('insert', 'insert')
  bench.apply()
  await bench.run(3)
  late.arrive()
  await bench.run()
  expect(bench.google.live).toHaveLength(1)
  expect(bench.ready).toBe('SlotTaken')
})

test('a Booking whose new time is refused while its insertion may still arrive knows its event', async () => {
  const bench = new BookingBench()
  const taken = { start: '2026-12-02T14:00:00Z', end: '2026-12-02T15:00:00Z' }
  bench.google.put('dentist', { start: { dateTime: taken.start }, end: { dateTime: taken.end } })
  const late = delayInserts(bench)
  bench.apply()
  await bench.run(2)
  bench.apply(taken)
  await bench.run(3)
  // A refusal would be final.
  expect(bench.ready).toBe('AgentNotReady')
  late.arrive()
  await bench.run()
  expect(bench.ready).toBe('SlotTaken')
  expect(bench.get().status?.event?.id).toBeDefined()
  bench.delete()
  await bench.run()
  expect(bench.google.live.map(({ id }) => id)).toEqual(['dentist'])
})

test('a killed write is found when the Booking is deleted, although the next process starts with a clock a month behind', async () => {
  const bench = new BookingBench()
  bench.apply()
  bench.fault = { at: 3, how: 'killed after' }
  await bench.run(2)
  expect(bench.google.live).toHaveLength(1)
  expect(bench.get().status?.event).toBeUndefined()
  bench.clock.setTimeOfDay(-30 * 86_400_000)
  bench.restart()
  bench.delete()
  await bench.run()
  expect(bench.bookings.size).toBe(0)
  expect(bench.google.live).toEqual([])
})

test.each(['no connection', 'answer lost'] as const)(
  'a Booking that is deleted before its status was written leaves no event: %s',
  async (how) => {
    for (let at = 1; at < 12; at++) {
      const bench = new BookingBench()
      bench.apply()
      bench.fault = { at, how }
      await bench.run(2)
      const calls = bench.calls.join(', ')
      if (!bench.bookings.has('booking/viewing')) continue
      bench.delete()
      bench.fault = undefined
      // It waits until a write without an answer can no longer arrive.
      await bench.run(200)
      expect(bench.bookings.size, calls).toBe(0)
      expect(bench.google.live, calls).toEqual([])
    }
  },
)

test('a Booking in conflict with another event leaves that event alone when it is deleted', async () => {
  const bench = new BookingBench()
  bench.apply()
  await bench.run()
  const [event] = bench.google.live
  bench.google.put(event!.id, { ...event!.resource, extendedProperties: {} })
  const { metadata } = bench.get()
  bench.bookings.set('booking/viewing', { ...bench.get(), metadata, status: { observedGeneration: -1 } })
  bench.restart()
  await bench.run()
  expect(bench.ready).toBe('EventConflict')
  bench.restart()
  bench.delete()
  await bench.run()
  expect(bench.google.live).toHaveLength(1)
})

test('a cancelled event that somebody restores stays the only one when the time changes', async () => {
  const bench = new BookingBench()
  bench.apply()
  await bench.run()
  const [event] = bench.google.live
  bench.google.put(event!.id, event!.resource, true)
  await bench.poll()
  expect(bench.ready).toBe('CancelledAtGoogle')
  bench.google.put(event!.id, event!.resource)
  await bench.poll()
  bench.apply({ start: '2026-12-02T14:00:00Z', end: '2026-12-02T15:00:00Z' })
  await bench.run()
  expect(bench.google.live).toHaveLength(1)
})

test('of two hundred that wait for one calendar, those behind ones that go away are decided soon', async () => {
  const bench = new BookingBench()
  const names = Array.from({ length: 200 }, (_, n) => `b${String(n).padStart(3, '0')}`)
  for (const name of names) bench.apply({}, name)
  await bench.run(250)
  expect(bench.condition('Ready', 'b000')?.reason).toBe('Ready')
  for (const name of names.slice(0, 199)) bench.delete(name)
  await bench.run(600)
  expect([...bench.bookings.keys()]).toEqual(['booking/b199'])
  bench.apply({ start: '2026-12-02T14:00:00Z', end: '2026-12-02T15:00:00Z' }, 'b199')
  await bench.run()
  expect(bench.condition('Ready', 'b199')?.reason).toBe('Ready')
})

test('an event in a calendar that the Agent no longer writes to is asked for by id once each fullSyncInterval', async () => {
  const bench = new BookingBench()
  bench.apply({ start: '2026-12-01T13:00:00Z', end: '2026-12-01T14:00:00Z' })
  await bench.run()
  const booking = bench.get()
  const event = { ...booking.status?.event, calendar: 'former@group.calendar.google.com' }
  bench.bookings.set('booking/viewing', { ...booking, status: { ...booking.status!, event } })
  bench.restart()
  bench.google.calls.length = 0
  await bench.poll()
  expect(bench.google.calls).toEqual(['list'])
  const [stored] = bench.google.live
  const moved = { start: { dateTime: '2026-12-02T13:00:00Z' }, end: { dateTime: '2026-12-02T14:00:00Z' } }
  bench.google.put(stored!.id, { ...stored!.resource, ...moved })
  await bench.clock.advance(86_400_000 + 1_000)
  await bench.run()
  expect(bench.google.calls.filter((call) => call === 'get')).toHaveLength(1)
  expect(bench.condition('Booked')?.reason).toBe('Moved')
})
