/** What becomes of Bookings by what Google tells, and what of them is told to nobody. Each title is a sentence of the contract. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ALICE, bookingsWorld, conditionOf, type BookingsWorld } from './support/bookings.ts'
import { integrationManifest } from './support/manifests.ts'
import { scrapeText } from './support/scrape.ts'
import { withinMs } from './support/world.ts'

const MINUTE = 60_000
let world: BookingsWorld

beforeEach(async () => {
  world = await bookingsWorld()
})

afterEach(() => world.stop())

test('a conference that Google cannot make is reported as failed, and holds nothing back', async () => {
  world.google.switches({ meet: 'failing', pendingConferences: 2 })
  await world.book('call', { conference: 'GoogleMeet' })
  const booked = await world.untilReason('call', 'Ready')
  expect(booked.status?.conference).toEqual({ state: 'Pending' })
  const failed = await world.until('the conference has failed', async () => {
    const booking = await world.booking('call')
    return booking.status?.conference?.state === 'Failed' && booking
  })
  expect(failed.status?.conference).toEqual({ state: 'Failed' })
  expect(conditionOf(failed, 'Booked')?.status).toBe('True')
  expect(conditionOf(failed, 'Ready')?.status).toBe('True')
  // It is not asked for again.
  world.google.resetRequests()
  await world.passes(3 * MINUTE)
  expect(world.requests('events.get') + world.requests('events.patch')).toBe(0)
})

test('a conference that is not offered has the event refused, until the spec asks for none', async () => {
  world.google.switches({ meet: 'notOffered' })
  await world.book('call', { conference: 'GoogleMeet' })
  const refused = await world.untilReason('call', 'EventRefused')
  expect(conditionOf(refused, 'Stalled')?.status).toBe('True')
  expect(world.eventsOf('alice')).toEqual([])
  await world.book('call', { conference: 'None' })
  await world.untilReason('call', 'Ready')
  expect(world.eventsOf('alice')).toHaveLength(1)
})

test('what a person changes comes by a notification, and the Booking follows within seconds', async () => {
  world.google.switches({ deliverTo: `http://127.0.0.1:${world.world.operator.webPort}` })
  await world.world.objects.apply(integrationManifest({ sync: { push: 'Enabled' } }))
  await world.until('the calendar is watched', async () =>
    (await world.world.agent('alice')).status?.conditions?.some(
      ({ type, status }) => type === 'Watching' && status === 'True',
    ),
  )
  await world.book('viewing')
  const { status } = await world.untilReason('viewing', 'Ready')
  const id = status?.event?.id ?? ''
  const moved = { start: { dateTime: world.world.inHours(40) }, end: { dateTime: world.world.inHours(41) } }
  let since = world.world.clock.now()
  world.google.moveEvent({ calendar: ALICE, id, ...moved })
  const after = await world.untilBooked('viewing', 'Moved')
  expect(Date.parse(after.status?.event?.start ?? '')).toBe(Date.parse(moved.start.dateTime))
  expect(world.world.clock.now() - since).toBeLessThanOrEqual(withinMs(5_000))
  since = world.world.clock.now()
  world.google.deleteEvent({ calendar: ALICE, id })
  await world.untilReason('viewing', 'CancelledAtGoogle')
  expect(world.world.clock.now() - since).toBeLessThanOrEqual(withinMs(5_000))
})

/** Words that stand nowhere but in the Booking and at Google. */
const PRIVATE = ['Wedding', 'surprise', 'castle', 'bridegroom', 'example.org']
const party = {
  title: 'Wedding party',
  description: 'It is a surprise',
  location: 'The castle',
  attendees: [{ email: 'bridegroom@example.org', name: 'The bridegroom' }],
}

/** Everything that the operator writes but the statuses of Bookings. */
async function produced(): Promise<string> {
  const { objects, lines } = world.world
  const kinds = ['Event', 'ConfigMap', 'Secret', 'Agent', 'CalendarIntegration', 'Lease']
  const lists = await Promise.all(kinds.map((kind) => objects.listAll(kind)))
  const written = lists.flat().filter(({ metadata }) => !metadata.name.endsWith('-grant'))
  const decoded = written.map(({ data = {} }) =>
    Object.values(data).map((value) => Buffer.from(value, 'base64').toString()),
  )
  return [lines.join(''), JSON.stringify(written), JSON.stringify(decoded), await scrapeText(world.world)].join('\n')
}

test('titles, places, descriptions and guests of Bookings reach no log, Event, metric or published calendar', async () => {
  await world.world.objects.apply(integrationManifest({ sync: { interval: '10s' } }))
  await world.book('stands', party)
  const { status } = await world.untilReason('stands', 'Ready')
  expect(status?.attendees).toMatchObject([{ email: 'bridegroom@example.org' }])
  await world.book('rival', party)
  await world.untilReason('rival', 'SlotTaken')
  world.google.addFault({ fault: '500', kind: 'events.insert', times: 1 })
  await world.book('tried', { ...party, ...world.times(30, 31) })
  await world.untilReason('tried', 'Ready')
  world.google.answer({
    calendar: ALICE,
    id: status?.event?.id ?? '',
    guest: 'bridegroom@example.org',
    responseStatus: 'declined',
  })
  await world.until('the answer is told', async () =>
    (await world.booking('stands')).status?.attendees?.some(({ response }) => response === 'Declined'),
  )
  world.google.switches({ meet: 'notOffered' })
  await world.book('refused', { ...party, ...world.times(50, 51), conference: 'GoogleMeet' })
  await world.untilReason('refused', 'EventRefused')
  world.google.deleteEvent({ calendar: ALICE, id: status?.event?.id ?? '' })
  await world.untilReason('stands', 'CancelledAtGoogle')
  await world.world.objects.delete('Agent', 'alice')
  await world.passes(1_000)
  await world.delete('tried')
  await world.untilGone('tried')
  await world.world.untilEvent('that the event was left', ({ reason }) => reason === 'EventLeft')
  const text = await produced()
  for (const word of PRIVATE) expect(text.includes(word), word).toBe(false)
})
