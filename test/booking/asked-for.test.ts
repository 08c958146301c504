/** A Booking that has its calendars read again comes to an end with that, and forgets that it has asked. */
import { describe, expect, test } from 'vitest'
import { GoogleError } from '../../src/google/port.ts'
import type { BookingSpec } from '../../src/resources/types.ts'
import { BookingBench } from './support/bench.ts'

const [MINUTE, DAY] = [60_000, 86_400_000]

const inDays = (days: number): string =>
  new Date(Date.parse('2026-12-01T13:00:00Z') + days * DAY).toISOString().replace('.000', '')

/** A Booking that stands; its calendar was read. */
async function booked(spec: Partial<BookingSpec> = {}): Promise<BookingBench> {
  const bench = new BookingBench()
  bench.apply(spec)
  await bench.run()
  expect(bench.ready).toBe('Ready')
  await bench.poll()
  return bench
}

/** Google knows no such event any more, and no listing tells it. */
function vanish(bench: BookingBench): void {
  const [event] = bench.google.live
  bench.google.events.delete(event!.id)
  bench.google.log.splice(0, Infinity, ...bench.google.log.filter((id) => id !== event!.id))
}

/** What happens to each listing before Google answers it. */
function beforeListings(bench: BookingBench, what: () => unknown): void {
  const { intercept } = bench.google
  bench.google.intercept = async (call, run) => {
    if (call === 'list') await what()
    return intercept(call, run)
  }
}

const count = ({ google }: BookingBench, call: string): number => google.calls.filter((one) => one === call).length

describe('where Google takes six seconds for a listing', () => {
  const slow = (bench: BookingBench): void => beforeListings(bench, () => bench.clock.advance(6_000))

  test('a Booking is decided', async () => {
    const bench = new BookingBench()
    slow(bench)
    bench.apply()
    await bench.run(10)
    expect(bench.ready).toBe('Ready')
    expect(count(bench, 'list')).toBe(1)
  })

  test('an event that is gone is noticed', async () => {
    const bench = await booked()
    await bench.clock.advance(MINUTE)
    vanish(bench)
    slow(bench)
    bench.google.calls.length = 0
    bench.apply({ title: 'Renamed' })
    await bench.run(10)
    expect(bench.ready).toBe('CancelledAtGoogle')
    expect(bench.google.calls).toEqual(['get', 'list', 'get'])
  })
})

test('an event outside of what is listed is called gone on the day on which Google first knows none', async () => {
  const bench = await booked({ start: inDays(200), end: inDays(201) })
  bench.restart()
  await bench.poll()
  vanish(bench)
  await bench.clock.advance(DAY)
  await bench.run()
  expect(bench.condition('Booked')?.reason).toBe('CancelledAtGoogle')
})

test('one that has asked before asks for no end where Google answers no listing', async () => {
  const bench = await booked({ conflictPolicy: 'Allow', onExternalChange: 'Enforce' })
  await bench.clock.advance(MINUTE)
  vanish(bench)
  bench.apply({ title: 'Renamed' })
  await bench.run()
  expect(bench.get().status?.remade).toBe(1)
  await bench.poll()
  await bench.clock.advance(10 * MINUTE)
  vanish(bench)
  beforeListings(bench, () => Promise.reject(new GoogleError('Unreachable', 'Google is away')))
  bench.google.calls.length = 0
  bench.apply({ title: 'Renamed again' })
  await bench.run(4)
  expect(bench.ready).toBe('AgentNotReady')
  expect(count(bench, 'get')).toBeLessThan(5)
})

test('an event outside of what is listed is looked at again where no status could be written about its end', async () => {
  const bench = await booked({ start: inDays(200), end: inDays(201) })
  bench.restart()
  await bench.poll()
  vanish(bench)
  await bench.clock.advance(DAY)
  bench.calls = []
  bench.fault = { at: 4, how: 'no connection' }
  await bench.run()
  expect(bench.calls.slice(0, 4)).toEqual(['google get', 'google list', 'google get', 'kubernetes status'])
  expect(bench.condition('Booked')?.reason).toBe('CancelledAtGoogle')
})
