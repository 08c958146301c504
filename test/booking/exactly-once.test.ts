/** §8 Writing: exactly once, whatever happens between two awaits of the write path. */
import { describe, expect, test } from 'vitest'
import { BookingBench, type Fault } from './support/bench.ts'

const FAULTS: readonly Fault[] = ['killed before', 'killed after', 'answer lost', 'no connection']

interface Scenario {
  title: string
  /** What happens before the faults begin. */
  before?: (bench: BookingBench) => Promise<void>
  /** What the operator has to do. */
  begin: (bench: BookingBench) => void
  /** What is true in the end. */
  judge: (bench: BookingBench) => void
}

const booked = async (bench: BookingBench): Promise<void> => {
  bench.apply()
  await bench.run()
  expect(bench.ready).toBe('Ready')
}

function expectOne(bench: BookingBench): void {
  const { status } = bench.get()
  expect(bench.ready).toBe('Ready')
  expect(bench.google.live.map(({ id }) => id)).toEqual([status?.event?.id])
  expect(bench.condition('Booked')?.reason).toBe('Booked')
  // A process that ends just before that does not measure it.
  expect(bench.booked.length).toBeLessThanOrEqual(1)
}

const SCENARIOS: readonly Scenario[] = [
  { title: 'a new Booking', begin: (bench) => bench.apply(), judge: expectOne },
  {
    title: 'a new Booking that may overlap others',
    begin: (bench) => bench.apply({ conflictPolicy: 'Allow' }),
    judge: expectOne,
  },
  {
    title: 'a new time',
    before: booked,
    begin: (bench) => bench.apply({ start: '2026-12-02T14:00:00Z', end: '2026-12-02T15:00:00Z' }),
    judge(bench) {
      expectOne(bench)
      expect(bench.get().status?.event?.start).toBe('2026-12-02T14:00:00Z')
    },
  },
  {
    title: 'an event that is made again',
    async before(bench) {
      bench.apply({ onExternalChange: 'Enforce' })
      await bench.run()
      const [event] = bench.google.live
      bench.google.put(event!.id, event!.resource, true)
      await bench.read()
    },
    begin: () => undefined,
    judge(bench) {
      expectOne(bench)
      expect(bench.get().status?.remade).toBe(1)
    },
  },
  {
    title: 'a Booking that is deleted',
    before: booked,
    begin: (bench) => bench.delete(),
    judge(bench) {
      expect(bench.bookings.size).toBe(0)
      expect(bench.google.live).toEqual([])
    },
  },
]

describe.each(SCENARIOS)('$title', ({ before, begin, judge }) => {
  test.each(FAULTS)('ends well with a process that is faulty at every single call: %s', async (how) => {
    let at = 1
    for (; at < 40; at++) {
      const bench = new BookingBench()
      await before?.(bench)
      bench.calls = []
      bench.fault = { at, how }
      begin(bench)
      await bench.run()
      // There is no such call any more.
      if (bench.hasFault) break
      try {
        // What a poll finds afterwards changes nothing.
        if (bench.bookings.size > 0) await bench.poll()
        judge(bench)
      } catch (error) {
        throw new Error(
          `at call ${at} of ${bench.calls.join(', ')}: ${String(error)}\n${JSON.stringify(bench.bookings.get('booking/viewing'))}`,
        )
      }
    }
    // There was something to fail.
    expect(at).toBeGreaterThan(2)
  })
})

test('a slot that somebody takes while the answer is lost leaves no event behind', async () => {
  const bench = new BookingBench()
  bench.apply()
  bench.fault = { at: 3, how: 'answer lost' }
  await bench.run(3)
  bench.google.put('dentist', {
    start: { dateTime: '2026-12-01T14:00:00+01:00' },
    end: { dateTime: '2026-12-01T15:00:00+01:00' },
  })
  await bench.poll()
  expect(bench.ready).toBe('Ready')
  expect(bench.google.live).toHaveLength(2)
})

test.each(['answer lost', 'killed after'] as const)(
  'a start that passes while nobody knows whether the event was written leaves none behind: %s',
  async (how) => {
    const bench = new BookingBench()
    const start = new Date(bench.clock.now() + 30_000).toISOString().replace(/\.\d+Z/, 'Z')
    bench.apply({ start, end: '2026-12-01T15:00:00Z' })
    bench.fault = { at: 3, how }
    await bench.run(2)
    expect(bench.google.live).toHaveLength(1)
    await bench.clock.advance(60_000)
    await bench.run()
    expectOne(bench)
  },
)

test.each(['answer lost', 'killed after'] as const)(
  'the time until a Booking is booked is measured, although its event is only found: %s',
  async (how) => {
    const bench = new BookingBench()
    bench.apply()
    bench.fault = { at: 3, how }
    await bench.run()
    expectOne(bench)
    expect(bench.booked).toHaveLength(1)
  },
)
