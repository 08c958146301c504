/** The sentences of §8 on which Booking gets a time, and which answers are final, over a world in memory. */
import { beforeEach, describe, expect, test } from 'vitest'
import { BookingBench } from './support/bench.ts'
import { at, timed } from './support/times.ts'

let bench: BookingBench
beforeEach(() => {
  bench = new BookingBench()
})

describe('order', () => {
  test('two Bookings of the same millisecond that want one slot: one gets it, by name', async () => {
    bench.apply({}, 'b')
    bench.apply({}, 'a')
    await bench.run()
    expect(bench.condition('Ready', 'a')?.reason).toBe('Ready')
    expect(bench.condition('Ready', 'b')?.reason).toBe('SlotTaken')
    expect(bench.google.live).toHaveLength(1)
  })

  test('an earlier one that cannot be decided holds nobody up', async () => {
    bench.apply({ timeZone: 'Mars/Olympus' }, 'a')
    bench.apply({}, 'b')
    await bench.run()
    expect(bench.condition('Ready', 'b')?.reason).toBe('Ready')
  })

  test('whichever Agents share the calendar', async () => {
    const [alice] = bench.agents
    bench.agents.push({ ...alice!, metadata: { ...alice!.metadata, name: 'alias', uid: 'uid-of-alias' } })
    bench.apply({ agentRef: { name: 'alias' } }, 'b')
    bench.apply({}, 'a')
    await bench.run()
    expect(bench.condition('Ready', 'a')?.reason).toBe('Ready')
    expect(bench.condition('Ready', 'b')?.reason).toBe('SlotTaken')
  })

  test('by creation time first, in a burst', async () => {
    for (let n = 0; n < 20; n++) {
      bench.apply({}, `z${20 - n}`)
      await bench.clock.advance(1_000)
    }
    await bench.run(200)
    expect(bench.condition('Ready', 'z20')?.reason).toBe('Ready')
    for (let n = 1; n < 20; n++) expect(bench.condition('Ready', `z${n}`)?.reason).toBe('SlotTaken')
  })

  test('what is booked is never displaced', async () => {
    await bench.book()
    bench.apply({ start: at(13), end: at(14) }, 'a')
    await bench.run()
    expect(bench.condition('Ready', 'a')?.reason).toBe('SlotTaken')
    expect(bench.ready).toBe('Ready')
  })

  test('a burst in one calendar waits for nothing but its turns', async () => {
    const begin = bench.clock.now()
    for (let n = 0; n < 8; n++) bench.apply({ start: at(8 + n), end: at(9 + n) }, `b${n}`)
    await bench.run()
    expect(bench.google.live).toHaveLength(8)
    expect(bench.clock.now() - begin).toBeLessThan(500)
  })

  test('a read reconciles none of those that wait for their turn', async () => {
    for (let n = 0; n < 8; n++) bench.apply({ start: at(8 + n), end: at(9 + n) }, `b${9 - n}`)
    await bench.settle()
    bench.reconciles = 0
    await bench.read()
    await bench.settle()
    expect(bench.google.live).toHaveLength(8)
    expect(bench.reconciles).toBe(8)
  })

  test('what waits behind sixty others gets its first status at once', async () => {
    for (let n = 0; n < 62; n++) bench.apply({ start: at(8), end: at(9) }, `b${100 + n}`)
    await bench.settle()
    expect(bench.shown).toEqual(['booking/b160', 'booking/b161'])
  })

  test('one read serves a burst', async () => {
    for (let n = 0; n < 5; n++) bench.apply({ start: at(8 + n), end: at(9 + n) }, `b${n}`)
    await bench.run()
    expect(bench.google.live).toHaveLength(5)
    expect(bench.google.calls.filter((call) => call === 'list')).toHaveLength(1)
  })
})

describe('accepting', () => {
  test.each([
    ['ends when it starts', 12, 13, 'Ready'],
    ['begins when it ends', 14, 15, 'Ready'],
    ['overlaps its beginning', 12, 14, 'SlotTaken'],
    ['lies within it', 13, 14, 'SlotTaken'],
  ])('an event that %s', async (_, from, to, reason) => {
    bench.google.put('dentist', timed(from, to))
    bench.apply({ start: at(13), end: at(14) })
    await bench.run()
    expect(bench.ready).toBe(reason)
  })

  test('an event that nobody understands accepts nothing: AgentNotReady', async () => {
    bench.google.put('odd', { start: { dateTime: 'soon' }, end: {} })
    bench.apply()
    await bench.run(5)
    expect(bench.ready).toBe('AgentNotReady')
    expect(bench.google.live).toHaveLength(1)
  })

  test('a calendar that cannot be read accepts nothing, until it can', async () => {
    bench.reading = 'fails'
    bench.apply()
    await bench.run(4)
    expect(bench.ready).toBe('AgentNotReady')
    expect(bench.condition('Reconciling')?.status).toBe('True')
    bench.reading = 'works'
    await bench.poll()
    expect(bench.ready).toBe('Ready')
  })

  test('Allow reads nothing first', async () => {
    bench.google.put('dentist', timed(13, 14))
    bench.apply({ start: at(13), end: at(14), conflictPolicy: 'Allow' })
    await bench.run()
    expect(bench.google.calls).toEqual(['insert'])
    expect(bench.ready).toBe('Ready')
  })

  test.each([
    ['tentative', { status: 'tentative' }],
    ['all day', { start: { date: '2026-12-01' }, end: { date: '2026-12-02' } }],
  ])('an event that is %s counts as the Agent says', async (_, event) => {
    for (const [busy, reason] of [
      [{ tentative: 'Free', allDay: 'Free' }, 'Ready'],
      [{ tentative: 'Busy', allDay: 'Busy' }, 'SlotTaken'],
    ] as const) {
      bench = new BookingBench({ busy })
      bench.google.put('other', { ...timed(13, 14), ...event })
      if ('status' in event) bench.google.events.get('other')!.resource.status = 'tentative'
      bench.apply({ start: at(13), end: at(14) })
      await bench.run()
      expect(bench.ready).toBe(reason)
    }
  })
})

describe('final answers', () => {
  test('SlotTaken is not tried again until the spec changes', async () => {
    bench.google.put('dentist', timed(13, 14))
    bench.apply({ start: at(13), end: at(14) })
    await bench.run()
    bench.google.calls.length = 0
    bench.google.put('dentist', timed(13, 14), true)
    await bench.poll()
    expect(bench.google.calls).toEqual(['list'])
    expect(bench.ready).toBe('SlotTaken')
    bench.apply({ start: at(13), end: at(14), title: 'Another' })
    await bench.run()
    expect(bench.ready).toBe('Ready')
  })

  test('or until a look is asked for', async () => {
    bench.google.put('dentist', timed(13, 14))
    bench.apply({ start: at(13), end: at(14) })
    await bench.run()
    bench.google.put('dentist', timed(13, 14), true)
    await bench.clock.advance(6_000)
    const { metadata, ...booking } = bench.get()
    const annotations = { 'calendar-operator.io/requestedAt': 'now' }
    bench.bookings.set('booking/viewing', { ...booking, metadata: { ...metadata, annotations } })
    await bench.run()
    expect(bench.ready).toBe('Ready')
    expect(bench.get().status?.lastHandledReconcileAt).toBe('now')
  })

  test('InThePast: what stands is never judged again', async () => {
    await bench.book()
    await bench.clock.advance(8 * 86_400_000 + 3.5 * 3_600_000)
    bench.restart()
    bench.apply({ start: at(13), end: at(14), title: 'Renamed while it takes place' })
    await bench.run()
    expect(bench.ready).toBe('Ready')
    expect(bench.google.live[0]?.resource.summary).toBe('Renamed while it takes place')
  })
})
