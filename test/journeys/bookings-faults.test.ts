/** Bookings while Google, the operator or people are in the way. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ALICE, bookingsWorld, conditionOf, type BookingsWorld } from './support/bookings.ts'
import { withinMs } from './support/world.ts'

let world: BookingsWorld

beforeEach(async () => {
  world = await bookingsWorld()
})

afterEach(() => world.stop())

describe('a Booking', () => {
  test.each(['commitThenDrop', 'commitThenFail', 'reset'] as const)('is written once through %s', async (fault) => {
    world.google.addFault({ fault, kind: 'events.insert', times: 1 })
    await world.book('viewing')
    await world.untilReason('viewing', 'Ready')
    expect(world.eventsOf('alice')).toHaveLength(1)
  })

  test('has a first status within ten seconds while Google hangs', async () => {
    await world.passes(6_000)
    world.google.addFault({ fault: 'hang', kind: 'events.list' })
    const since = world.world.clock.now()
    await world.book('viewing')
    const booking = await world.untilReason('viewing', 'NotYetKnown')
    expect(world.world.clock.now() - since).toBeLessThanOrEqual(withinMs(10_000))
    expect(conditionOf(booking, 'Reconciling')?.status).toBe('True')
    world.google.clearFaults()
    await world.untilReason('viewing', 'Ready')
  })

  test('waits for the calendar that Google limits, and for no other', async () => {
    world.google.addFault({ fault: 'rateLimitExceeded403', kind: 'events.insert', times: 2 })
    await world.book('viewing')
    await world.untilReason('viewing', 'RateLimited')
    expect(conditionOf(await world.booking('viewing'), 'Accepted')?.status).toBe('True')
    expect((await world.world.agent('alice')).status?.conditions?.find(({ type }) => type === 'Ready')?.status).toBe(
      'True',
    )
    await world.untilReason('viewing', 'Ready')
  })

  test('says that the calendar may not be written to', async () => {
    await world.world.addPerson('bob')
    world.google.addCalendar({ id: 'team@group.calendar.google.com', owner: ALICE, summary: 'Team' })
    world.google.share({ calendar: 'team@group.calendar.google.com', account: 'bob@example.com', role: 'reader' })
    await world.addAgent('bob', {
      grantSecretRef: { name: 'bob-grant' },
      calendars: { read: ['primary'], write: 'team@group.calendar.google.com' },
    })
    await world.book('viewing', { agentRef: { name: 'bob' } })
    const booking = await world.untilReason('viewing', 'CalendarReadOnly')
    expect(conditionOf(booking, 'Stalled')?.status).toBe('True')
  })

  test('under a suspended integration is not decided', async () => {
    await world.world.objects.patch('CalendarIntegration', 'google', { spec: { suspend: true } })
    await world.passes(2_000)
    world.google.resetRequests()
    await world.book('viewing')
    const booking = await world.untilReason('viewing', 'NotYetKnown')
    expect(conditionOf(booking, 'Accepted')?.status).toBe('Unknown')
    expect(world.google.requests().total).toBe(0)
    await world.world.objects.patch('CalendarIntegration', 'google', { spec: { suspend: false } })
    await world.untilReason('viewing', 'Ready')
  })

  test('that somebody moves gets an Event', async () => {
    await world.book('viewing')
    const { status } = await world.untilReason('viewing', 'Ready')
    const { start, end } = world.times(40, 41)
    const id = status?.event?.id ?? ''
    world.google.moveEvent({ calendar: ALICE, id, start: { dateTime: start }, end: { dateTime: end } })
    await world.untilBooked('viewing', 'Moved')
    const event = await world.world.untilEvent('of the move', ({ reason }) => reason === 'Moved')
    expect(event.type).toBe('Normal')
  })
})

test('two Agents that share a calendar share its slots', async () => {
  await world.addAgent('alias', { account: ALICE, grantSecretRef: { name: 'alice-grant' } })
  await Promise.all([world.book('a'), world.book('b', { agentRef: { name: 'alias' } })])
  const reasons = await Promise.all(['a', 'b'].map((name) => world.untilDecided(name)))
  expect(reasons.sort()).toEqual(['Ready', 'SlotTaken'])
  const { status } = await world.booking((await world.booking('a')).status?.event ? 'a' : 'b')
  // The calendar of each of them shows it.
  for (const name of ['alice', 'alias']) {
    await world.until(`${name} is busy`, async () =>
      (await world.busy(name)).busy.some(({ start }) => start === status?.event?.start),
    )
  }
})

test('a burst through restarts books each once, and none twice', async () => {
  const names = Array.from({ length: 12 }, (_, n) => `b${n}`)
  for (const [n, name] of names.entries()) await world.book(name, world.times(30 + (n % 6), 31 + (n % 6)))
  for (let restart = 0; restart < 4; restart++) {
    await world.passes(200)
    await world.world.restartOperator()
  }
  const reasons = await Promise.all(names.map((name) => world.untilDecided(name)))
  expect(reasons.filter((reason) => reason === 'Ready')).toHaveLength(6)
  expect(world.eventsOf('alice')).toHaveLength(6)
})
