/** Bookings while their Agents and integrations come, go, are suspended, or lack consent. Each title is a sentence of the contract. */
import { afterEach, describe, expect, test } from 'vitest'
import { isReal } from './support/backend.ts'
import { ALICE, bookingsWorld, BookingsWorld, conditionOf } from './support/bookings.ts'
import { agentManifest, integrationManifest } from './support/manifests.ts'
import { SignIn } from './support/sign-in.ts'
import { SCOPE } from './support/world.ts'

const WRITING = { calendars: { read: ['primary'], write: 'primary' } }

/** Two Bookings, in their order. A real API server creates both within a second, and then the names decide. */
const NAMES = isReal ? (['a', 'z'] as const) : (['z', 'a'] as const)

let world: BookingsWorld

afterEach(() => world.stop())

const suspend = (kind: string, name: string, isSuspended: boolean): Promise<unknown> =>
  world.world.objects.patch(kind, name, { spec: { suspend: isSuspended } })

/** Adds an integration with an OAuth client of its own, and an Agent of it that writes to Alice's calendar. */
async function addOther(): Promise<void> {
  const { google, objects } = world.world
  const { clientId } = google.addClient({ javascriptOrigins: ['https://booking.example.com'] })
  const { refreshToken } = google.grant({ client: clientId, account: ALICE, scopes: [SCOPE] })
  world.world.addSecret(refreshToken)
  await objects.secret('other-client', { 'client_secret.json': JSON.stringify(google.clientFile(clientId)) })
  await objects.secret('other-grant', { refresh_token: refreshToken })
  const clientSecretRef = { name: 'other-client', key: 'client_secret.json' }
  await objects.apply({ ...integrationManifest({}, { clientSecretRef }), metadata: { name: 'other' } })
  const integrationRef = { name: 'other' }
  await world.addAgent('alias', { integrationRef, account: ALICE, grantSecretRef: { name: 'other-grant' } })
}

describe('two integrations whose Agents write to one calendar', () => {
  test('share one order: the Booking that was created first gets the slot', async () => {
    const [first, second] = NAMES
    world = await bookingsWorld()
    await addOther()
    await world.passes(6_000)
    world.google.addFault({ fault: '503', kind: 'events.list' })
    await world.book(first, { agentRef: { name: 'alias' } })
    await world.passes(2_000)
    await world.book(second)
    await world.until('both have a status', async () =>
      (await Promise.all(NAMES.map((name) => world.booking(name)))).every((one) => conditionOf(one, 'Ready')),
    )
    world.google.clearFaults({})
    expect(await world.untilDecided(first)).toBe('Ready')
    expect(await world.untilDecided(second)).toBe('SlotTaken')
    expect(world.eventsOf('alice')).toMatchObject([{ summary: first }])
  })

  test('do not wait for each other: a Booking of the suspended one holds none up', async () => {
    world = await bookingsWorld()
    await addOther()
    await suspend('CalendarIntegration', 'google', true)
    await world.book('a')
    await world.untilReason('a', 'NotYetKnown')
    await world.passes(2_000)
    await world.book('z', { agentRef: { name: 'alias' } })
    expect(await world.untilDecided('z')).toBe('Ready')
    await suspend('CalendarIntegration', 'google', false)
    expect(await world.untilDecided('a')).toBe('SlotTaken')
    expect(world.eventsOf('alice')).toMatchObject([{ summary: 'z' }])
  })
})

describe('a suspended Agent', () => {
  test('has its Bookings wait, and they are decided in their order once it is not', async () => {
    const [first, second] = NAMES
    world = await bookingsWorld()
    await world.world.objects.apply(integrationManifest({ sync: { interval: '10s' } }))
    await world.book('stands', world.times(40, 41))
    const stood = await world.untilReason('stands', 'Ready')
    await suspend('Agent', 'alice', true)
    await world.passes(2_000)
    world.google.resetRequests()
    await world.book(first)
    await world.passes(2_000)
    await world.book(second)
    const waiting = await world.untilReason(second, 'NotYetKnown')
    expect(conditionOf(waiting, 'Accepted')?.status).toBe('Unknown')
    // Nothing is followed either, and what stands keeps its conditions.
    world.google.deleteEvent({ calendar: ALICE, id: stood.status?.event?.id ?? '' })
    await world.passes(60_000)
    expect(world.google.requests().total).toBe(0)
    expect((await world.booking('stands')).status).toEqual(stood.status)
    await suspend('Agent', 'alice', false)
    expect(await world.untilDecided(first)).toBe('Ready')
    expect(await world.untilDecided(second)).toBe('SlotTaken')
    await world.untilReason('stands', 'CancelledAtGoogle')
    expect(world.eventsOf('alice')).toMatchObject([{ summary: first }])
  })
})

describe('an Agent that is deleted', () => {
  test('while an insert is in flight leaves one event, which is found when it is made again', async () => {
    world = await bookingsWorld()
    world.google.addFault({ fault: 'commitThenDrop', kind: 'events.insert', times: 1 })
    world.google.addFault({ fault: '503', kind: 'events.*' })
    await world.book('viewing')
    await world.until('it is written', () => world.eventsOf('alice').length === 1)
    await world.world.objects.delete('Agent', 'alice')
    await world.untilReason('viewing', 'AgentNotFound')
    world.google.clearFaults({})
    await world.world.objects.apply(agentManifest('alice', WRITING))
    const booking = await world.untilReason('viewing', 'Ready')
    expect(world.eventsOf('alice').map(({ id }) => id)).toEqual([booking.status?.event?.id])
  })

  test('leaves its Bookings as they are, whose events are followed when it is made again', async () => {
    world = await bookingsWorld()
    await world.book('viewing')
    const before = await world.untilReason('viewing', 'Ready')
    await world.world.objects.delete('Agent', 'alice')
    const id = before.status?.event?.id ?? ''
    const moved = { start: { dateTime: world.world.inHours(40) }, end: { dateTime: world.world.inHours(41) } }
    world.google.moveEvent({ calendar: ALICE, id, ...moved })
    await world.book('viewing', { ...world.fixed, title: 'Renamed' })
    // A change of the spec waits for the Agent, and what stands is still told.
    const waiting = await world.untilReason('viewing', 'AgentNotFound')
    expect(conditionOf(waiting, 'Booked')).toMatchObject({ status: 'True', reason: 'Booked' })
    expect(waiting.status?.event).toEqual(before.status?.event)
    await world.world.objects.apply(agentManifest('alice', WRITING))
    await world.untilBooked('viewing', 'Moved')
    await world.until('it is renamed', () => world.eventsOf('alice')[0]?.summary === 'Renamed')
    expect(world.startOf('alice')).toBe(Date.parse(moved.start.dateTime))
  })

  test('and revokes its grant leaves the events of its Bookings in the calendar', async () => {
    world = await bookingsWorld()
    await world.world.objects.patch('Agent', 'alice', { spec: { deletionPolicy: 'Revoke' } })
    await world.book('viewing')
    await world.untilReason('viewing', 'Ready')
    await world.until('the Agent has its finalizer', async () =>
      Boolean((await world.world.agent('alice')).metadata.finalizers?.length),
    )
    await world.world.objects.delete('Agent', 'alice')
    await world.until('the Agent is gone', async () => !(await world.world.objects.find('Agent', 'alice')))
    await world.delete('viewing')
    await world.untilGone('viewing')
    await world.world.untilEvent('that the event was left', ({ reason }) => reason === 'EventLeft')
    expect(world.eventsOf('alice')).toHaveLength(1)
  })
})

describe('the first consent for writing', () => {
  test('is asked for where an Agent that only reads shall write, and the Booking that waits is booked after it', async () => {
    const signIn = await SignIn.open()
    world = new BookingsWorld(signIn.world)
    await signIn.through()
    await world.world.untilReady('alice')
    expect((await signIn.browser.send('GET', signIn.link)).text).not.toContain('Appointments')
    await world.world.objects.patch('Agent', 'alice', { spec: WRITING })
    const agent = await world.world.untilReason('alice', 'AwaitingSignIn')
    await world.book('viewing', { attendees: [{ email: 'bob@example.org' }] })
    const waiting = await world.untilReason('viewing', 'AgentNotReady')
    expect(conditionOf(waiting, 'Accepted')?.message).toMatch(/sign in|agreed/)
    expect(world.requests('events.insert')).toBe(0)
    // Until then it is still read.
    expect((await world.busy('alice')).busy).toEqual([])
    const link = agent.status?.authorization?.url ?? ''
    const text = (await signIn.browser.send('GET', link)).text.replace(/<\/?bdi>/g, '')
    expect(text).toContain('New since you last agreed')
    expect(text).toContain(
      'Appointments that are booked with booking.example.com, to this calendar: Your main calendar',
    )
    expect(text).toContain('Google sends invitations and changes to the guests of these appointments in your name.')
    expect(signIn.link).toBe(link)
    await signIn.through()
    const booking = await world.untilReason('viewing', 'Ready')
    expect(world.eventsOf('alice').map(({ id }) => id)).toEqual([booking.status?.event?.id])
    expect(JSON.parse((await signIn.grant()).consent ?? 'null')).toMatchObject({ write: true, calendars: ['primary'] })
  })
})
