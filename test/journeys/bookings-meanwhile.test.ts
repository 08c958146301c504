/** What people, failures and restarts do to Bookings at the same time. Each title is a sentence of the contract. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { agentManifest } from './support/manifests.ts'
import { ALICE, bookingsWorld, conditionOf, type BookingsWorld } from './support/bookings.ts'
import { withinMs } from './support/world.ts'

const MINUTE = 60_000
let world: BookingsWorld

beforeEach(async () => {
  world = await bookingsWorld()
})

afterEach(() => world.stop())

test.each(['commitThenDrop', 'commitThenFail'] as const)(
  'two Bookings of one slot whose first insert is committed and not answered share nothing: %s',
  async (fault) => {
    world.google.addFault({ fault, kind: 'events.insert', times: 1 })
    await Promise.all([world.book('a'), world.book('b')])
    const reasons = await Promise.all(['a', 'b'].map((name) => world.untilDecided(name)))
    expect(reasons.sort()).toEqual(['Ready', 'SlotTaken'])
    expect(world.eventsOf('alice')).toHaveLength(1)
  },
)

test('an event whose answer was lost is published within a second of being found', async () => {
  world.google.addFault({ fault: 'commitThenFail', kind: 'events.insert', times: 1 })
  await world.book('lost')
  const { status } = await world.untilReason('lost', 'Ready')
  const since = world.world.clock.now()
  await world.until('busy', async () =>
    (await world.busy('alice')).busy.some(({ start }) => start === status?.event?.start),
  )
  expect(world.world.clock.now() - since).toBeLessThanOrEqual(withinMs(1_000))
})

test('an event that is taken out of the bin is followed, and a new time moves it', async () => {
  await world.book('viewing')
  const { status } = await world.untilReason('viewing', 'Ready')
  const id = status?.event?.id ?? ''
  world.google.deleteEvent({ calendar: ALICE, id })
  await world.untilReason('viewing', 'CancelledAtGoogle')
  world.google.restoreEvent({ calendar: ALICE, id })
  await world.untilReason('viewing', 'Ready')
  world.google.deleteEvent({ calendar: ALICE, id })
  await world.untilReason('viewing', 'CancelledAtGoogle')
  world.google.restoreEvent({ calendar: ALICE, id })
  await world.book('viewing', { ...world.times(40, 41), conflictPolicy: 'Allow' })
  const after = await world.untilReason('viewing', 'Ready')
  expect(world.eventsOf('alice').map((event) => event.id)).toEqual([id])
  expect(after.status?.event?.start).toBe(after.status?.applied?.start)
})

test('a Booking that is deleted while its insert is in flight leaves no event', async () => {
  world.google.addFault({ fault: 'commitThenSlow', kind: 'events.insert', times: 1, ms: 4_000 })
  await world.book('short')
  await world.until('it is written', () => world.eventsOf('alice').length === 1)
  await world.delete('short')
  await world.untilGone('short')
  await world.passes(MINUTE)
  expect(world.eventsOf('alice')).toEqual([])
})

test('a spec that changes while its patch is in flight arrives at Google', async () => {
  await world.book('viewing')
  await world.untilReason('viewing', 'Ready')
  world.google.addFault({ fault: 'commitThenSlow', kind: 'events.patch', times: 1, ms: 3_000 })
  await world.book('viewing', { ...world.times(30, 31), title: 'one' })
  await world.until('the patch is committed', () => world.eventsOf('alice')[0]?.summary === 'one')
  await world.book('viewing', { ...world.times(32, 33), title: 'two' })
  await world.untilReason('viewing', 'Ready')
  expect(world.eventsOf('alice')).toMatchObject([{ summary: 'two' }])
})

test('a delete whose answer is lost ends, and the time is free again', async () => {
  await world.book('viewing')
  await world.untilReason('viewing', 'Ready')
  world.google.addFault({ fault: 'commitThenDrop', kind: 'events.delete', times: 2 })
  await world.delete('viewing')
  await world.untilGone('viewing')
  await world.until('free', async () => (await world.busy('alice')).busy.length === 0)
  expect(world.eventsOf('alice')).toEqual([])
})

test('endless 412 are no endless requests', async () => {
  await world.book('viewing')
  await world.untilReason('viewing', 'Ready')
  world.google.resetRequests()
  world.google.addFault({ fault: 'conditionNotMet', kind: 'events.patch' })
  await world.book('viewing', { ...world.fixed, title: 'two' })
  await world.passes(10 * MINUTE)
  expect(world.requests('events.patch')).toBeLessThan(60)
  world.google.clearFaults({})
  await world.untilReason('viewing', 'Ready')
})

test('a person who changes an enforced event again and again is answered at most once per look', async () => {
  await world.book('viewing', { onExternalChange: 'Enforce' })
  const { status } = await world.untilReason('viewing', 'Ready')
  world.google.resetRequests()
  for (let n = 0; n < 30; n++) {
    world.google.renameEvent({ calendar: ALICE, id: status?.event?.id ?? '', summary: `mine ${n}` })
    await world.passes(20_000)
  }
  expect(world.requests('events.patch')).toBeLessThanOrEqual(4)
  await world.passes(11 * MINUTE)
  expect(world.eventsOf('alice')[0]?.summary).toBe('viewing')
})

test('an Agent that is made again while a Booking waits books it once', async () => {
  await world.world.objects.delete('Agent', 'alice')
  await world.book('waits')
  await world.untilReason('waits', 'AgentNotFound')
  await world.world.objects.apply(agentManifest('alice', { calendars: { read: ['primary'], write: 'primary' } }))
  await world.untilReason('waits', 'Ready')
  expect(world.eventsOf('alice')).toHaveLength(1)
})

test('guests in other case are the same, and one who is removed at Google stays away under Reflect', async () => {
  const attendees = [{ email: 'Bob@Example.org' }, { email: 'eve@example.org' }]
  await world.book('viewing', { attendees })
  const { status } = await world.untilReason('viewing', 'Ready')
  const id = status?.event?.id ?? ''
  world.google.answer({ calendar: ALICE, id, guest: 'bob@example.org', responseStatus: 'accepted' })
  world.google.removeGuests({ calendar: ALICE, id, guests: ['eve@example.org'] })
  await world.until(
    'the answer is told',
    async () => (await world.booking('viewing')).status?.attendees?.[0]?.response === 'Accepted',
  )
  await world.book('viewing', {
    ...world.fixed,
    title: 'new',
    attendees: [{ email: 'BOB@example.org' }, { email: 'eve@example.org' }],
  })
  await world.until('renamed', () => world.eventsOf('alice')[0]?.summary === 'new')
  expect(world.eventsOf('alice')[0]?.attendees).toMatchObject([{ responseStatus: 'accepted' }])
  expect(world.eventsOf('alice')[0]?.attendees).toHaveLength(1)
})

test('fourteen days across the change of the clocks, with emoji at the limits', async () => {
  const title = '🎉'.repeat(512)
  await world.book('long', {
    start: '2027-03-20T23:30:00+01:00',
    end: '2027-04-03T23:30:00+01:00',
    timeZone: 'Europe/Paris',
    title,
    description: '🎉'.repeat(4096),
    location: title,
  })
  const { status } = await world.untilReason('long', 'Ready')
  expect(status?.event).toMatchObject({ start: '2027-03-20T22:30:00Z', end: '2027-04-03T22:30:00Z' })
  expect(world.eventsOf('alice')[0]?.summary).toBe(title)
  await world.book('inside', { start: '2027-03-28T02:30:00+02:00', end: '2027-03-28T03:30:00+02:00' })
  await world.untilReason('inside', 'SlotTaken')
})

test('a Booking whose event was deleted at Google during an outage and whose Booking is deleted ends quietly', async () => {
  await world.book('viewing')
  const booking = await world.untilReason('viewing', 'Ready')
  world.google.addFault({ fault: '503' })
  world.google.deleteEvent({ calendar: ALICE, id: booking.status?.event?.id ?? '' })
  await world.delete('viewing')
  await world.passes(10 * MINUTE)
  expect(await world.booking('viewing')).toBeDefined()
  world.google.clearFaults({})
  await world.untilGone('viewing')
  const events = await world.world.objects.list('Event')
  expect(JSON.stringify(events)).not.toContain('EventLeft')
  expect(conditionOf(booking, 'Ready')?.status).toBe('True')
})

test('an event whose answer was lost stays the only one where the Agent then names another calendar', async () => {
  const team = 'team@group.calendar.google.com'
  world.google.addCalendar({ id: team, owner: ALICE, summary: 'Team' })
  await world.addAgent('other', { account: ALICE, grantSecretRef: { name: 'alice-grant' } })
  world.google.addFault({ fault: 'commitThenDrop', kind: 'events.insert', times: 1 })
  world.google.addFault({ fault: '503', kind: 'events.get' })
  await world.book('viewing', { agentRef: { name: 'other' } })
  await world.untilReason('viewing', 'BookingFailed')
  await world.world.objects.patch('Agent', 'other', { spec: { calendars: { read: ['primary'], write: team } } })
  await world.passes(2_000)
  world.google.clearFaults()
  const { status } = await world.untilReason('viewing', 'Ready')
  expect(status?.event?.calendar).toBe(ALICE)
  expect(world.eventsOf('alice')).toHaveLength(1)
  expect(world.google.events({ calendar: team })).toEqual([])
})
