/** What happens to a Booking by itself after it was booked, over a world in memory. */
import { beforeEach, expect, test } from 'vitest'
import { EVENT_FINALIZER } from '../../src/resources/names.ts'
import { BookingBench } from './support/bench.ts'

const HOUR = 3_600_000
let bench: BookingBench
beforeEach(() => {
  bench = new BookingBench()
})

async function booked(spec: Parameters<BookingBench['apply']>[0] = {}): Promise<string> {
  bench.apply({ start: '2026-12-01T13:00:00Z', end: '2026-12-01T14:00:00Z', ...spec })
  await bench.run()
  expect(bench.ready).toBe('Ready')
  return bench.get().status?.event?.id ?? ''
}

test('a conference that stays pending is asked for six times, less and less often, and then no more', async () => {
  const began = bench.clock.now()
  await booked({ conference: 'GoogleMeet' })
  expect(bench.google.calls.filter((call) => call === 'get')).toHaveLength(6)
  // 5 + 10 + 20 + 40 + 80 + 160 seconds.
  expect(bench.clock.now() - began).toBe(315_000)
  expect(bench.get().status?.conference).toEqual({ state: 'Pending' })
})

test('ttlAfterEnd counts from the end of the event as it stands, where it was moved', async () => {
  const id = await booked({ ttlAfterEnd: '1h' })
  const moved = { start: { dateTime: '2026-12-02T13:00:00Z' }, end: { dateTime: '2026-12-02T14:00:00Z' } }
  bench.google.put(id, { ...bench.google.stored(id).resource, ...moved })
  await bench.poll()
  await bench.clock.advance(Date.parse('2026-12-02T13:00:00Z') - bench.clock.now())
  await bench.run()
  expect(bench.bookings.size).toBe(1)
  await bench.clock.advance(2 * HOUR)
  await bench.run()
  expect(bench.bookings.size).toBe(0)
  expect(bench.google.live).toHaveLength(1)
})

test('the finalizer comes and goes with deletionPolicy', async () => {
  await booked()
  expect(bench.get().metadata.finalizers).toEqual([EVENT_FINALIZER])
  bench.apply({ deletionPolicy: 'Retain' })
  await bench.run()
  expect(bench.get().metadata.finalizers).toEqual([])
  bench.apply({ deletionPolicy: 'Cancel' })
  await bench.run()
  expect(bench.get().metadata.finalizers).toEqual([EVENT_FINALIZER])
})

test('the time until a Booking was booked is measured once, and not where its event is made again', async () => {
  const id = await booked({ onExternalChange: 'Enforce' })
  expect(bench.booked).toHaveLength(1)
  bench.google.put(id, bench.google.stored(id).resource, true)
  await bench.poll()
  expect(bench.get().status?.remade).toBe(1)
  await bench.clock.advance(HOUR)
  await bench.poll()
  expect(bench.booked).toHaveLength(1)
})
