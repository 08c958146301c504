/** Bookings from their creation to their end, with the sandbox's Google. Each title is a sentence of the contract. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ALICE, bookingsWorld, conditionOf, type BookingsWorld } from './support/bookings.ts'
import { limitMs, withinMs } from './support/world.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

let world: BookingsWorld

beforeEach(async () => {
  world = await bookingsWorld()
})

afterEach(() => world.stop())

describe('a Booking', () => {
  test('is accepted, written once, and published without another read', async () => {
    await world.book('viewing', { title: 'Viewing', location: '12 Rue de la Paix', description: 'Bring the keys' })
    const booking = await world.untilReason('viewing', 'Ready')
    const { id, start, end, calendar } = booking.status?.event ?? {}
    expect(world.eventsOf('alice')).toMatchObject([
      { id, summary: 'Viewing', location: '12 Rue de la Paix', description: 'Bring the keys' },
    ])
    expect({ start, end }).toEqual(booking.status?.applied)
    expect(calendar).toBe(ALICE)
    const [reads, since] = [world.requests('events.list'), world.world.clock.now()]
    await world.until('busy.json shows it', async () =>
      (await world.busy('alice')).busy.some((one) => one.start === start && one.end === end),
    )
    expect(world.world.clock.now() - since).toBeLessThanOrEqual(withinMs(1_000))
    expect(world.requests('events.list')).toBe(reads)
  })

  test('is asked for nothing after a restart, and its event stays single', async () => {
    await world.book('viewing')
    await world.untilReason('viewing', 'Ready')
    await world.world.stopOperator()
    world.google.resetRequests()
    await world.world.startOperator()
    await world.passes(2 * MINUTE)
    expect(world.requests('events.get') + world.requests('events.insert') + world.requests('events.patch')).toBe(0)
    expect(world.eventsOf('alice')).toHaveLength(1)
  })

  test('is refused for good where somebody took the slot at Google a second earlier', async () => {
    await world.passes(6_000)
    world.addEvent('alice', 24, 25, 'Dentist')
    const began = world.world.clock.now()
    await world.book('late')
    const booking = await world.untilReason('late', 'SlotTaken')
    // Otherwise it would wait for the next routine read.
    expect(world.world.clock.now() - began).toBeLessThan(withinMs(MINUTE))
    expect(conditionOf(booking, 'Booked')).toMatchObject({ status: 'Unknown', reason: 'NotYetBooked' })
    expect(conditionOf(booking, 'Stalled')?.status).toBe('True')
    world.google.resetRequests()
    await world.passes(10 * MINUTE)
    expect(world.requests('events.insert')).toBe(0)
    // It is tried again when the spec changes.
    await world.book('late', world.times(30, 31))
    await world.untilReason('late', 'Ready')
  })

  test('may begin when another event ends', async () => {
    world.addEvent('alice', 23, 24, 'Before')
    world.addEvent('alice', 25, 26, 'After')
    await world.book('between')
    await world.untilReason('between', 'Ready')
  })

  test('of two that want one slot one gets it', async () => {
    await Promise.all([world.book('a'), world.book('b')])
    const reasons = await Promise.all(['a', 'b'].map((name) => world.untilDecided(name)))
    expect(reasons.sort()).toEqual(['Ready', 'SlotTaken'])
    expect(world.eventsOf('alice')).toHaveLength(1)
  })

  test('whose start has passed is refused, without another look', async () => {
    await world.book('past', world.times(-1, 1))
    const booking = await world.untilReason('past', 'InThePast')
    expect(conditionOf(booking, 'Accepted')?.status).toBe('False')
    expect(world.requests('events.insert')).toBe(0)
  })

  test('is booked over another event where the spec allows it, and nothing is read first', async () => {
    world.addEvent('alice', 24, 25, 'Dentist')
    world.google.resetRequests()
    await world.book('double', { conflictPolicy: 'Allow' })
    await world.untilReason('double', 'Ready')
    expect(world.requests('events.insert')).toBe(1)
  })

  test('past what was read is judged by a read of just that span', async () => {
    world.addEvent('alice', 24 * 200, 24 * 200 + 1, 'Far away')
    await world.book('taken', world.times(24 * 200, 24 * 200 + 1))
    await world.untilReason('taken', 'SlotTaken')
    await world.book('free', world.times(24 * 200 + 1, 24 * 200 + 2))
    await world.untilReason('free', 'Ready')
  })

  test('with a time zone that is not known is refused before Google is asked', async () => {
    world.google.resetRequests()
    await world.book('zone', { timeZone: 'Mars/Olympus' })
    const booking = await world.untilReason('zone', 'EventRefused')
    expect(conditionOf(booking, 'Accepted')).toMatchObject({ status: 'Unknown', reason: 'NotYetKnown' })
    expect(world.requests('events.insert')).toBe(0)
  })
})

describe('a changed spec', () => {
  test('patches only what differs, and clears what is removed', async () => {
    await world.book('viewing', { ...world.times(24, 25), description: 'Bring the keys', location: 'There' })
    const { status } = await world.untilReason('viewing', 'Ready')
    const id = status?.event?.id ?? ''
    world.google.changeEvent({ calendar: ALICE, id, changes: { location: 'Elsewhere' } })
    await world.book('viewing', { ...world.fixed, title: 'Renamed', location: 'There', description: null })
    await world.until('it is patched', () => world.eventsOf('alice')[0]?.summary === 'Renamed')
    const [event] = world.eventsOf('alice')
    // Changed at Google, and not in the spec: it stays.
    expect(event?.location).toBe('Elsewhere')
    expect(event?.description).toBeUndefined()
    await world.untilReason('viewing', 'Ready')
  })

  test('whose new time is taken leaves the event where it was', async () => {
    await world.book('viewing')
    const before = await world.untilReason('viewing', 'Ready')
    await world.passes(6_000)
    world.addEvent('alice', 30, 31, 'Dentist')
    await world.book('viewing', world.times(30, 31))
    const booking = await world.untilReason('viewing', 'SlotTaken')
    expect(booking.status?.event).toMatchObject({ start: before.status?.event?.start, id: before.status?.event?.id })
    expect(conditionOf(booking, 'Booked')?.status).toBe('True')
    expect(conditionOf(booking, 'Accepted')?.status).toBe('False')
  })

  test('may overlap its own event', async () => {
    await world.book('viewing')
    await world.untilReason('viewing', 'Ready')
    await world.book('viewing', { ...world.fixed, end: world.world.inHours(26) })
    await world.until('it is longer', async () => {
      const { status, spec } = await world.booking('viewing')
      return Date.parse(status?.event?.end ?? '') === Date.parse(spec.end)
    })
    expect(world.eventsOf('alice')).toHaveLength(1)
  })

  test('keeps the answers of guests, and those whom somebody added', async () => {
    await world.book('viewing', { attendees: [{ email: 'bob@example.com' }, { email: 'carol@example.com' }] })
    const { status } = await world.untilReason('viewing', 'Ready')
    const id = status?.event?.id ?? ''
    world.google.answer({ calendar: ALICE, id, guest: 'bob@example.com', responseStatus: 'accepted' })
    world.google.addGuests({ calendar: ALICE, id, guests: ['dora@example.com'] })
    await world.until('the answer is reported', async () =>
      (await world.booking('viewing')).status?.attendees?.some(({ response }) => response === 'Accepted'),
    )
    await world.book('viewing', { ...world.fixed, attendees: [{ email: 'BOB@example.com', name: 'Bob' }] })
    await world.until('carol is removed', () =>
      world.eventsOf('alice')[0]?.attendees?.every(({ email }) => email !== 'carol@example.com'),
    )
    const guests = world.eventsOf('alice')[0]?.attendees ?? []
    expect(guests.find(({ email }) => email.toLowerCase() === 'bob@example.com')?.responseStatus).toBe('accepted')
    expect(guests.map(({ email }) => email)).toContain('dora@example.com')
  })
})

describe('a change at Google', () => {
  test('of the time is followed: Moved, and Ready stays', async () => {
    await world.book('viewing')
    const { status } = await world.untilReason('viewing', 'Ready')
    const id = status?.event?.id ?? ''
    const moved = { start: { dateTime: world.world.inHours(40) }, end: { dateTime: world.world.inHours(41) } }
    world.google.moveEvent({ calendar: ALICE, id, ...moved })
    const after = await world.untilBooked('viewing', 'Moved')
    expect(conditionOf(after, 'Ready')?.status).toBe('True')
    expect(Date.parse(after.status?.event?.start ?? '')).toBe(Date.parse(moved.start.dateTime))
    expect(after.status?.applied).toEqual(status?.applied)
    // The same times in the spec leave it where it is.
    await world.book('viewing', { ...world.fixed, title: 'Renamed' })
    await world.until('it is renamed', () => world.eventsOf('alice')[0]?.summary === 'Renamed')
    expect(world.startOf('alice')).toBe(Date.parse(moved.start.dateTime))
  })

  test('is put back under Enforce', async () => {
    await world.book('viewing', { onExternalChange: 'Enforce', description: 'Bring the keys' })
    const { status } = await world.untilReason('viewing', 'Ready')
    const id = status?.event?.id ?? ''
    const moved = { start: { dateTime: world.world.inHours(40) }, end: { dateTime: world.world.inHours(41) } }
    world.google.moveEvent({ calendar: ALICE, id, ...moved })
    world.google.changeEvent({ calendar: ALICE, id, changes: { description: 'Something else' } })
    await world.until('it is put back', () => world.eventsOf('alice')[0]?.description === 'Bring the keys')
    expect(world.startOf('alice')).toBe(Date.parse(status?.event?.start ?? ''))
  })

  test('that cancels it is reported, and a new time books it again under a new id', async () => {
    await world.book('viewing')
    const { status } = await world.untilReason('viewing', 'Ready')
    world.google.deleteEvent({ calendar: ALICE, id: status?.event?.id ?? '' })
    await world.untilReason('viewing', 'CancelledAtGoogle')
    await world.book('viewing', world.times(30, 31))
    const again = await world.untilReason('viewing', 'Ready')
    expect(again.status?.remade).toBe(1)
    expect(again.status?.event?.id).not.toBe(status?.event?.id)
    expect(world.eventsOf('alice')).toHaveLength(1)
  })

  test('that deletes it makes Enforce make it again', async () => {
    await world.book('viewing', { onExternalChange: 'Enforce' })
    const { status } = await world.untilReason('viewing', 'Ready')
    world.google.deleteEvent({ calendar: ALICE, id: status?.event?.id ?? '' })
    await world.until('it stands again', () => world.eventsOf('alice').length === 1)
    const again = await world.untilReason('viewing', 'Ready')
    expect(again.status?.remade).toBe(1)
  })
})

describe('the deletion of a Booking', () => {
  test('deletes the event, and publishes that', async () => {
    await world.book('viewing')
    const { status } = await world.untilReason('viewing', 'Ready')
    await world.delete('viewing')
    await world.untilGone('viewing')
    expect(world.eventsOf('alice')).toEqual([])
    const since = world.world.clock.now()
    await world.until('the time is free', async () =>
      (await world.busy('alice')).busy.every(({ start }) => start !== status?.event?.start),
    )
    expect(world.world.clock.now() - since).toBeLessThanOrEqual(withinMs(1_000))
  })

  test('leaves the event where the spec says so', async () => {
    await world.book('viewing', { deletionPolicy: 'Retain' })
    await world.untilReason('viewing', 'Ready')
    await world.delete('viewing')
    await world.untilGone('viewing')
    expect(world.eventsOf('alice')).toHaveLength(1)
  })

  test('ends at once, with a warning, where the Agent is gone', async () => {
    await world.book('viewing')
    await world.untilReason('viewing', 'Ready')
    await world.world.objects.delete('Agent', 'alice')
    await world.passes(10_000)
    // What stands keeps its conditions.
    expect(conditionOf(await world.booking('viewing'), 'Ready')?.status).toBe('True')
    await world.delete('viewing')
    await world.untilGone('viewing')
    await world.world.untilEvent('that it was left', ({ reason, type }) => reason === 'EventLeft' && type === 'Warning')
  })

  test(
    'comes ttlAfterEnd after the end, and leaves the event',
    async () => {
      await world.book('viewing', { ...world.times(1, 2), ttlAfterEnd: '1h' })
      await world.untilReason('viewing', 'Ready')
      await world.world.clock.advance(3 * HOUR)
      await world.untilGone('viewing')
      expect(world.eventsOf('alice')).toHaveLength(1)
    },
    limitMs(60_000),
  )
})

describe('an Agent', () => {
  test('that does not exist is named', async () => {
    await world.book('nobody', { agentRef: { name: 'nobody' } })
    await world.untilReason('nobody', 'AgentNotFound')
  })

  test('without a calendar to write to is named', async () => {
    await world.addAgent('bob', { calendars: { read: ['primary'] } })
    await world.book('viewing', { agentRef: { name: 'bob' } })
    await world.untilReason('viewing', 'NoWriteCalendar')
  })

  test('whose write calendar is not read counts only what is booked in it', async () => {
    world.google.addCalendar({ id: 'team@group.calendar.google.com', owner: ALICE, summary: 'Team' })
    await world.addAgent('team', {
      account: ALICE,
      grantSecretRef: { name: 'alice-grant' },
      calendars: { read: ['primary'], write: 'team@group.calendar.google.com' },
    })
    world.addEventTo('team@group.calendar.google.com', 24, 25, 'Of somebody else')
    await world.book('first', { agentRef: { name: 'team' } })
    const { status } = await world.untilReason('first', 'Ready')
    await world.book('second', { agentRef: { name: 'team' } })
    await world.untilReason('second', 'SlotTaken')
    // Beyond what is listed as well.
    world.addEventTo('team@group.calendar.google.com', 24 * 200, 24 * 200 + 1, 'Of somebody else')
    await world.book('far', { agentRef: { name: 'team' }, ...world.times(24 * 200, 24 * 200 + 1) })
    await world.untilReason('far', 'Ready')
    const published = await world.until('it is published', async () => {
      const { busy } = await world.busy('team')
      return busy.length > 0 && busy
    })
    expect(published).toEqual([{ start: status?.event?.start, end: status?.event?.end }])
    await world.until('its status names the calendar', async () =>
      (await world.world.agent('team')).status?.sync?.calendars?.some(
        ({ id }) => id === 'team@group.calendar.google.com',
      ),
    )
  })
})

test('a Meet conference is asked for, and its address reported', async () => {
  world.google.switches({ pendingConferences: 2 })
  await world.book('call', { conference: 'GoogleMeet' })
  await world.untilReason('call', 'Ready')
  const booking = await world.until('the conference is ready', async () => {
    const one = await world.booking('call')
    return one.status?.conference?.state === 'Ready' && one
  })
  expect(booking.status?.conference?.url).toMatch(/^https:\/\/meet\.google\.com\//)
})

test('nothing of a Booking reaches the log or busy.json', async () => {
  await world.book('viewing', { title: 'Confidential viewing', attendees: [{ email: 'bob@example.com' }] })
  await world.untilReason('viewing', 'Ready')
  expect(JSON.stringify(await world.busy('alice'))).not.toContain('Confidential')
  expect(world.world.lines.join('')).not.toContain('Confidential')
})
