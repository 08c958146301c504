/** The sentences of §8 on the end of a Booking, and on what holds it up, over a world in memory. */
import { beforeEach, describe, expect, test } from 'vitest'
import { stepFailure, type StepFailure } from '../../src/failures/step-failure.ts'
import { GoogleError } from '../../src/google/port.ts'
import { BookingBench } from './support/bench.ts'
import { at } from './support/times.ts'

let bench: BookingBench
beforeEach(() => {
  bench = new BookingBench()
})

const passing = (reason: 'GoogleUnreachable' | 'NotYetKnown'): StepFailure =>
  stepFailure('Authorized', reason, 'No grant yet.', { kind: 'wait', for: 60_000 })
const awayError = (): GoogleError => new GoogleError('Unreachable', 'no answer in time')

describe('deleting', () => {
  test('leaves an event that has ended', async () => {
    await bench.book()
    await bench.clock.advance(9 * 86_400_000)
    bench.delete()
    await bench.run()
    expect(bench.bookings.size).toBe(0)
    expect(bench.google.live).toHaveLength(1)
    expect(bench.events).toEqual([])
  })

  test('ends at once with a warning where it was suspended', async () => {
    await bench.book()
    bench.apply({ suspend: true })
    await bench.run()
    bench.delete()
    await bench.run()
    expect(bench.bookings.size).toBe(0)
    expect(bench.events).toMatchObject([{ type: 'Warning', reason: 'EventLeft' }])
  })

  test('with Google away tries for an hour, then ends with a warning', async () => {
    await bench.book()
    const { intercept } = bench.google
    bench.google.intercept = (call, run) => away(call, run, intercept)
    bench.delete()
    await bench.run(20)
    expect(bench.bookings.size).toBe(1)
    await bench.clock.advance(3_600_000)
    await bench.run()
    expect(bench.bookings.size).toBe(0)
    expect(bench.events).toMatchObject([{ type: 'Warning', reason: 'EventLeft' }])
  })

  test.each(['GrantRevoked', 'GrantSecretNotFound', 'AwaitingSignIn', 'ScopeMissing'] as const)(
    'ends at once with a warning where no grant is good: %s',
    async (reason) => {
      await bench.book()
      bench.refusal = stepFailure('Authorized', reason, 'No grant.', { kind: 'wait', for: 3_600_000 })
      bench.delete()
      await bench.run(1)
      expect(bench.bookings.size).toBe(0)
      expect(bench.events).toMatchObject([{ type: 'Warning', reason: 'EventLeft' }])
      expect(bench.google.live).toHaveLength(1)
    },
  )

  test.each<[string, Partial<Pick<BookingBench, 'refusal' | 'isIntegrationKnown'>>]>([
    ['Google cannot be reached', { refusal: passing('GoogleUnreachable') }],
    ['it is not yet known whether the grant is good', { refusal: passing('NotYetKnown') }],
    ['Google refuses the client', { refusal: { refused: 'OAuthClient', error: awayError() } }],
    ['the integration has not been looked at since the start', { isIntegrationKnown: false }],
  ])('tries again where %s', async (_what, fault) => {
    await bench.book()
    Object.assign(bench, fault)
    bench.delete()
    await bench.run(3)
    expect(bench.bookings.size).toBe(1)
    Object.assign(bench, { refusal: undefined, isIntegrationKnown: true })
    await bench.run()
    expect(bench.bookings.size).toBe(0)
    expect(bench.google.live).toEqual([])
    expect(bench.events).toEqual([])
  })

  test('tries for an hour of real time, whatever the time of day is set to', async () => {
    await bench.book()
    const { intercept } = bench.google
    bench.google.intercept = (call, run) => away(call, run, intercept)
    bench.delete()
    await bench.run(3)
    bench.clock.setTimeOfDay(2 * 3_600_000)
    await bench.run(3)
    expect(bench.bookings.size).toBe(1)
    bench.google.intercept = intercept
    await bench.run()
    expect(bench.google.live).toEqual([])
  })

  test('without a status that names the event, tells that it may have been left', async () => {
    bench.apply({ start: at(13), end: at(14) })
    bench.fault = { at: 3, how: 'answer lost' }
    await bench.run(2)
    expect(bench.google.live).toHaveLength(1)
    bench.agents = []
    bench.delete()
    await bench.run()
    expect(bench.bookings.size).toBe(0)
    expect(bench.events.map(({ reason }) => reason)).toContain('EventLeft')
  })

  test('waits for nobody where nothing was ever written', async () => {
    await bench.clock.advance(3_600_000)
    bench.apply({ start: at(13), end: at(14) }, 'older')
    await bench.run()
    await bench.clock.advance(120_000)
    bench.reading = 'fails'
    bench.apply({ start: at(15), end: at(16) })
    await bench.run(4)
    expect(bench.ready).toBe('AgentNotReady')
    bench.google.calls.length = 0
    bench.delete()
    await bench.run(3)
    expect(bench.bookings.has('booking/viewing')).toBe(false)
    expect(bench.google.calls).toEqual([])
  })

  test('ttlAfterEnd deletes refused Bookings, too, and never the event', async () => {
    await bench.book({ ttlAfterEnd: '1h' })
    bench.apply({ start: at(13), end: at(14), ttlAfterEnd: '1h' }, 'refused')
    await bench.run()
    await bench.clock.advance(9 * 86_400_000)
    await bench.run()
    expect(bench.bookings.size).toBe(0)
    expect(bench.google.live).toHaveLength(1)
    expect(bench.google.calls).not.toContain('delete')
  })
})

describe('an event that somebody makes recurring', () => {
  async function recurring(spec: Parameters<BookingBench['apply']>[0] = {}): Promise<string> {
    const id = await bench.book(spec)
    const [event] = bench.google.live
    bench.google.put(id, { ...event!.resource, recurrence: ['RRULE:FREQ=WEEKLY'] })
    await bench.poll()
    return id
  }

  test.each(['Reflect', 'Enforce'] as const)('is not Ready, and neither written nor made again: %s', async (policy) => {
    const id = await recurring({ onExternalChange: policy })
    expect(bench.condition('Booked')).toMatchObject({ status: 'False', reason: 'EventConflict' })
    expect(bench.get().status?.event?.id).toBe(id)
    await bench.poll()
    expect(bench.google.live.map((event) => event.id)).toEqual([id])
    expect(bench.google.calls).not.toContain('patch')
    expect(bench.google.calls).not.toContain('insert')
  })

  test('is followed again once it is single', async () => {
    const id = await recurring()
    const [event] = bench.google.live
    bench.google.put(id, { ...event!.resource, recurrence: undefined })
    await bench.run()
    expect(bench.ready).toBe('Ready')
  })

  test('is left when the Booking is deleted, with a warning', async () => {
    await recurring()
    bench.delete()
    await bench.run()
    expect(bench.bookings.size).toBe(0)
    expect(bench.google.live).toHaveLength(1)
    expect(bench.events.map(({ reason }) => reason)).toContain('EventLeft')
  })
})

test('Enforce puts guests and the time zone back', async () => {
  const id = await bench.book({
    onExternalChange: 'Enforce',
    timeZone: 'Europe/Paris',
    attendees: [guest('bob'), guest('eve')],
  })
  const [event] = bench.google.live
  const { start, end } = event!.resource as { start: object; end: object }
  const changed = { start: { ...start, timeZone: 'Asia/Tokyo' }, end: { ...end, timeZone: 'Asia/Tokyo' } }
  bench.google.put(id, { ...event!.resource, ...changed, attendees: [guest('bob'), guest('mallory')] })
  await bench.poll()
  const [after] = bench.google.live
  expect(after?.resource).toMatchObject({ start: { timeZone: 'Europe/Paris' }, end: { timeZone: 'Europe/Paris' } })
  expect((after?.resource.attendees as { email: string }[]).map(({ email }) => email)).toEqual(
    ['bob', 'eve'].map((name) => guest(name).email),
  )
})

test('a grant that allows no writing is told before anything is sent', async () => {
  bench.scopes = ['https://www.googleapis.com/auth/calendar.readonly']
  bench.apply({ start: at(13), end: at(14), conflictPolicy: 'Allow' })
  await bench.run(3)
  expect(bench.ready).toBe('AgentNotReady')
  expect(bench.condition('Ready')?.message).toContain('does not allow writing')
  expect(bench.google.calls).toEqual([])
})

test.each([
  ['400 invalid at attendees', {}, 'correct spec.attendees.'],
  ['400 invalid at summary', {}, 'correct spec.title.'],
  ['400 invalid', { title: '\u{1F389}'.repeat(600) }, 'spec.title is too long'],
  ['400 invalid', {}, 'correct the spec.'],
])('an event that Google refuses with %s names the field', async (message, spec, advice) => {
  const { intercept } = bench.google
  bench.google.intercept = (call, run) =>
    intercept(call, () => {
      if (call === 'insert') throw new GoogleError('Refused', message)
      return run()
    })
  bench.apply({ start: at(13), end: at(14), ...spec })
  await bench.run(2)
  expect(bench.ready).toBe('EventRefused')
  expect(bench.condition('Ready')?.message).toContain(advice)
})

describe('suspended', () => {
  test('Ready is Unknown, Suspended, if it never had a status', async () => {
    bench.apply({ suspend: true })
    await bench.run()
    expect(bench.condition('Ready')).toMatchObject({ status: 'Unknown', reason: 'Suspended' })
    expect(bench.google.calls).toEqual([])
  })

  test('under a suspended Agent a new Booking is Accepted Unknown, NotYetKnown', async () => {
    bench.agents = bench.agents.map((agent) => ({ ...agent, spec: { ...agent.spec, suspend: true } }))
    bench.apply()
    await bench.run(3)
    expect(bench.condition('Accepted')).toMatchObject({ status: 'Unknown', reason: 'NotYetKnown' })
  })
})

describe('a write that is refused for good', () => {
  test.each([
    ['Forbidden', 'CalendarReadOnly'],
    ['NotFound', 'NoWriteCalendar'],
    ['Refused', 'EventRefused'],
  ] as const)('%s is %s, and is not tried at every read', async (failure, reason) => {
    const { intercept } = bench.google
    bench.google.intercept = (call, run) =>
      intercept(call, () => {
        if (call === 'insert') throw new GoogleError(failure, `403 ${failure}`)
        return run()
      })
    bench.apply()
    await bench.run(2)
    expect(bench.ready).toBe(reason)
    expect(bench.condition('Stalled')?.status).toBe('True')
    bench.google.calls.length = 0
    await bench.read()
    await bench.settle()
    expect(bench.google.calls).toEqual(['list'])
  })
})

describe('limits', () => {
  test('of quick writes hold for the calendar, and pass', async () => {
    const { intercept } = bench.google
    let left = 2
    bench.google.intercept = (call, run) =>
      intercept(call, () => {
        if (call === 'insert' && left-- > 0) throw limitError()
        return run()
      })
    bench.apply()
    await bench.run(4)
    expect(bench.ready).toBe('RateLimited')
    await bench.run()
    expect(bench.ready).toBe('Ready')
  })
})

const guest = (name: string) => ({ email: `${name}@example.org`, optional: false })

/** Nothing reaches Google. */
const away: <T>(call: string, run: () => T, intercept: BookingBench['google']['intercept']) => Promise<T> = (
  call,
  _run,
  intercept,
) =>
  intercept(call, () => {
    throw awayError()
  })

const limitError = (): GoogleError => new GoogleError('RateLimited', '403 rateLimitExceeded', { retryAfterMs: 15_000 })
