/** No event stands in a calendar that no Booking answers for, and what others made of one is not deleted. */
import { describe, expect, test } from 'vitest'
import { GoogleError } from '../../src/google/port.ts'
import { BookingBench } from './support/bench.ts'
import { lost, MemoryCalendar } from './support/memory-google.ts'

const TEAM = 'team@group.calendar.google.com'
const MINUTE = 60_000

/** The Agent names another calendar from now on. */
function writeToTeam(bench: BookingBench): MemoryCalendar {
  const team = new MemoryCalendar()
  bench.google.others.set(TEAM, team)
  bench.agents = bench.agents.map((agent) => ({
    ...agent,
    spec: { ...agent.spec, calendars: { read: ['primary'], write: TEAM } },
  }))
  return team
}

test('an event whose status could not be written stays the only one where the Agent then names another calendar', async () => {
  const bench = new BookingBench()
  bench.apply({ conflictPolicy: 'Allow' })
  bench.fault = { at: 3, how: 'no connection' }
  await bench.run(1)
  expect(bench.google.live).toHaveLength(1)
  const team = writeToTeam(bench)
  await bench.run()
  expect(bench.ready).toBe('Ready')
  expect(team.live).toEqual([])
})

test('and is deleted with its Booking', async () => {
  const bench = new BookingBench()
  bench.apply({ conflictPolicy: 'Allow' })
  bench.fault = { at: 3, how: 'no connection' }
  await bench.run(1)
  writeToTeam(bench)
  bench.delete()
  await bench.run()
  expect(bench.bookings.size).toBe(0)
  expect(bench.google.live).toEqual([])
})

test('an insertion that arrives late, while a second one is refused because of a limit, leaves no event behind', async () => {
  const bench = new BookingBench()
  let arrive = (): unknown => undefined
  let inserts = 0
  const { intercept } = bench.google
  bench.google.intercept = (call, run) => {
    if (call !== 'insert') return intercept(call, run)
    inserts += 1
    if (inserts > 1) return Promise.reject(new GoogleError('DailyQuotaExceeded', '403', { retryAfterMs: 60 * MINUTE }))
    arrive = run
    return Promise.reject(lost())
  }
  bench.apply({ conflictPolicy: 'Allow' })
  await bench.run(3)
  expect(inserts).toBe(2)
  arrive()
  await bench.clock.advance(10 * MINUTE)
  bench.delete()
  await bench.run()
  expect(bench.bookings.size).toBe(0)
  expect(bench.google.live).toEqual([])
})

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

test('an event that has ended stays, although the Booking that is deleted has lost its status', async () => {
  const bench = new BookingBench()
  bench.apply()
  await bench.run()
  bench.bookings.set('booking/viewing', { ...bench.get(), status: { observedGeneration: -1 } })
  await bench.clock.advance(30 * 24 * 60 * MINUTE)
  bench.restart()
  bench.delete()
  await bench.run()
  expect(bench.bookings.size).toBe(0)
  expect(bench.google.live).toHaveLength(1)
  expect(bench.events.filter(({ type }) => type === 'Warning')).toEqual([])
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

describe('an event in a calendar that the account cannot see for a while', () => {
  async function hidden(spec: Parameters<BookingBench['apply']>[0]): Promise<BookingBench> {
    const bench = new BookingBench()
    bench.apply(spec)
    await bench.run()
    await bench.read()
    await bench.clock.advance(MINUTE)
    bench.google.isHidden = true
    bench.apply({ title: 'Renamed' })
    await bench.run(10)
    return bench
  }

  test.each(['Reflect', 'Enforce'] as const)('is not called cancelled: %s', async (onExternalChange) => {
    const bench = await hidden({ onExternalChange })
    expect(bench.ready).toBe('AgentNotReady')
    expect(bench.get().status?.event?.id).toBeDefined()
  })

  test('is not made a second time, whatever else the calendar holds', async () => {
    const bench = await hidden({ onExternalChange: 'Enforce', conflictPolicy: 'Allow' })
    bench.google.isHidden = false
    await bench.poll()
    expect(bench.ready).toBe('Ready')
    expect(bench.google.live).toMatchObject([{ resource: { summary: 'Renamed' } }])
  })
})

test.each(['Reflect', 'Enforce'] as const)(
  'an event that somebody restores while its Booking is refused is followed, and deleted with it: %s',
  async (onExternalChange) => {
    const bench = new BookingBench()
    bench.apply({ onExternalChange })
    await bench.run()
    const [event] = bench.google.live
    const { id, resource } = event!
    bench.google.put('dentist', {
      start: { dateTime: '2026-12-01T13:00:00Z' },
      end: { dateTime: '2026-12-03T00:00:00Z' },
    })
    bench.google.put(id, resource, true)
    await bench.poll()
    bench.apply({ start: '2026-12-02T14:00:00Z', end: '2026-12-02T15:00:00Z' })
    await bench.run()
    expect(bench.ready).toBe('SlotTaken')
    bench.google.put(id, resource)
    await bench.poll()
    expect(bench.condition('Accepted')?.reason).toBe('SlotTaken')
    expect(bench.get().status?.event?.id).toBe(id)
    bench.delete()
    await bench.run()
    expect(bench.google.live.map((one) => one.id)).toEqual(['dentist'])
  },
)

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

test('an insertion that may still arrive keeps a second event away, although the Agent names another calendar by now', async () => {
  const bench = new BookingBench()
  let arrive = (): unknown => undefined
  const { intercept } = bench.google
  bench.google.intercept = (call, run) => {
    if (call !== 'insert' || bench.google.calls.filter((one) => one === 'insert').length > 1)
      return intercept(call, run)
    arrive = run
    return Promise.reject(lost())
  }
  bench.apply({ conflictPolicy: 'Allow' })
  await bench.run(1)
  const team = writeToTeam(bench)
  await bench.run(3)
  arrive()
  await bench.run()
  expect(bench.ready).toBe('Ready')
  expect(bench.google.live).toHaveLength(1)
  expect(team.live).toEqual([])
})

test('an event that Google does not know in a calendar that the Agent has left is not called cancelled', async () => {
  const bench = new BookingBench()
  bench.apply()
  await bench.run()
  const team = writeToTeam(bench)
  const { metadata, status, spec } = bench.get()
  const event = { ...status?.event, calendar: 'former@group.calendar.google.com' }
  bench.bookings.set('booking/viewing', { ...bench.get(), metadata, spec, status: { ...status, event } })
  bench.google.others.set('former@group.calendar.google.com', new MemoryCalendar())
  bench.restart()
  bench.apply({ title: 'Renamed', onExternalChange: 'Enforce', conflictPolicy: 'Allow' })
  bench.google.calls.length = 0
  await bench.run(10)
  expect(bench.ready).toBe('AgentNotReady')
  expect(bench.get().status?.event).toEqual(event)
  // Nobody reads that calendar any more: nothing is waited for.
  expect(bench.google.calls).not.toContain('list')
  expect(team.live).toEqual([])
})

test('a look that fails leaves what stands as it is', async () => {
  const bench = new BookingBench()
  bench.apply()
  await bench.run()
  const [event] = bench.google.live
  bench.google.put(event!.id, { ...event!.resource, location: 'Elsewhere' })
  const { status } = bench.get()
  const { intercept } = bench.google
  bench.google.intercept = (call, run) => (call === 'get' ? Promise.reject(lost()) : intercept(call, run))
  await bench.read()
  await bench.run(3)
  expect(bench.get().status).toEqual(status)
  expect(bench.lines.join('')).not.toContain('a Booking failed')
})

test('nothing is made again before the status counts it', async () => {
  const bench = new BookingBench()
  bench.apply({ onExternalChange: 'Enforce' })
  await bench.run()
  const [event] = bench.google.live
  bench.google.put(event!.id, event!.resource, true)
  await bench.read()
  bench.calls = []
  bench.fault = { at: 2, how: 'no connection' }
  await bench.run(1)
  expect(bench.calls).toEqual(['google get', 'kubernetes status'])
  await bench.run()
  expect(bench.get().status?.remade).toBe(1)
  expect(bench.google.live).toHaveLength(1)
})

test('a move whose status could not be written is told once that works', async () => {
  const bench = new BookingBench()
  bench.apply()
  await bench.run()
  const [event] = bench.google.live
  const moved = { start: { dateTime: '2026-12-02T13:00:00Z' }, end: { dateTime: '2026-12-02T14:00:00Z' } }
  bench.google.put(event!.id, { ...event!.resource, ...moved })
  await bench.read()
  bench.calls = []
  bench.fault = { at: 2, how: 'no connection' }
  await bench.run()
  expect(bench.condition('Booked')?.reason).toBe('Moved')
})
