/** What is written to an event from a spec, and what is changed in an event that stands. */
import { describe, expect, test } from 'vitest'
import { bookedEvent, type BookedEvent } from '../../src/booking/booked-event.ts'
import { newEvent, patchFor, sendUpdatesOf } from '../../src/booking/event-fields.ts'
import { createZones } from '../../src/calendar/zones.ts'
import type { BookingSpec } from '../../src/resources/types.ts'
import { aBooking } from '../support/resources.ts'

const zones = createZones()
const BOB = { email: 'bob@example.com', optional: false }
const CAROL = { email: 'carol@example.com', optional: false }

const read = (resource: Record<string, unknown>): BookedEvent =>
  bookedEvent({ id: 'x', etag: '"1"', isCancelled: false, resource }, { zones, timeZone: 'Europe/Paris' })

/** The event that was written from a spec, with what somebody has changed in it since. */
const written = (spec: Partial<BookingSpec>, changes: Record<string, unknown> = {}): BookedEvent =>
  read({ ...newEvent({ booking: aBooking(spec), remade: 0 }, 'x'), ...changes })

/** The patch for a spec, without the properties that every patch carries. */
function patched(spec: Partial<BookingSpec>, event: BookedEvent): Record<string, unknown> | undefined {
  const patch = patchFor({ booking: aBooking(spec), remade: 0 }, event)
  if (!patch) return undefined
  const { extendedProperties, ...fields } = patch
  expect(extendedProperties).toEqual(newEvent({ booking: aBooking(spec), remade: 0 }, 'x').extendedProperties)
  return fields
}

describe('a patch has only what was changed in the spec:', () => {
  test.each<[string, Partial<BookingSpec>, Partial<BookingSpec>, Record<string, unknown>]>([
    ['a title', {}, { title: 'Renamed' }, { summary: 'Renamed' }],
    ['a description', {}, { description: 'Keys' }, { description: 'Keys' }],
    ['no description', { description: 'Keys' }, {}, { description: null }],
    ['no location', { location: 'There' }, {}, { location: null }],
    ['a visibility', {}, { visibility: 'Private' }, { visibility: 'private' }],
    ['no conference', { conference: 'GoogleMeet' }, {}, { conferenceData: null }],
    ['no guests', { attendees: [BOB] }, {}, { attendees: [] }],
    ['no time zone', { timeZone: 'Asia/Tokyo' }, {}, { start: { timeZone: null }, end: { timeZone: null } }],
    [
      'a later end',
      {},
      { end: '2026-12-01T16:00:00+01:00' },
      { start: { dateTime: '2026-12-01T14:00:00+01:00' }, end: { dateTime: '2026-12-01T16:00:00+01:00' } },
    ],
    [
      'a time and a time zone',
      {},
      { end: '2026-12-01T16:00:00+01:00', timeZone: 'Asia/Tokyo' },
      {
        start: { dateTime: '2026-12-01T14:00:00+01:00', timeZone: 'Asia/Tokyo' },
        end: { dateTime: '2026-12-01T16:00:00+01:00', timeZone: 'Asia/Tokyo' },
      },
    ],
  ])('%s', (_what, before, after, expected) => {
    expect(patched(after, written(before))).toEqual(expected)
  })

  test('nothing at all', () => {
    const spec = { description: 'Keys', location: 'There', attendees: [BOB], timeZone: 'Asia/Tokyo' }
    expect(patched(spec, written(spec))).toBeUndefined()
    expect(patched({ ...spec, onExternalChange: 'Enforce' }, written(spec))).toBeUndefined()
  })
})

/** What somebody changes at Google, and the patch that puts it back. */
const CHANGES: [string, Record<string, unknown>, Record<string, unknown>][] = [
  ['the title', { summary: 'Mine' }, { summary: 'Viewing' }],
  ['the description', { description: 'Mine' }, { description: 'Keys' }],
  ['the location', { location: 'Here' }, { location: 'There' }],
  ['the visibility', { visibility: 'private' }, { visibility: 'default' }],
  ['the conference', { hangoutLink: 'https://meet.google.com/x' }, { conferenceData: null }],
  [
    'the start',
    { start: { dateTime: '2026-12-01T13:30:00+01:00' } },
    { start: { dateTime: '2026-12-01T14:00:00+01:00' }, end: { dateTime: '2026-12-01T15:00:00+01:00' } },
  ],
  [
    'the end',
    { end: { dateTime: '2026-12-01T15:30:00+01:00' } },
    { start: { dateTime: '2026-12-01T14:00:00+01:00' }, end: { dateTime: '2026-12-01T15:00:00+01:00' } },
  ],
  [
    'the time to a whole day',
    { start: { date: '2026-12-01' }, end: { date: '2026-12-02' } },
    {
      start: { dateTime: '2026-12-01T14:00:00+01:00', date: null },
      end: { dateTime: '2026-12-01T15:00:00+01:00', date: null },
    },
  ],
  ['a guest to an optional one', { attendees: [{ ...BOB, optional: true }] }, { attendees: [BOB] }],
  ['the guests to others', { attendees: [CAROL] }, { attendees: [BOB] }],
]

describe('somebody who changes', () => {
  const spec = { description: 'Keys', location: 'There', attendees: [BOB] }

  test.each(CHANGES)('%s is obeyed under Reflect, and not under Enforce', (_what, changes, expected) => {
    const event = written(spec, changes)
    expect(patched(spec, event)).toBeUndefined()
    expect(patched({ ...spec, onExternalChange: 'Enforce' }, event)).toEqual(expected)
  })

  test('white space around a text has not changed it', () => {
    const event = written(spec, { summary: ' Viewing', description: 'Keys\n' })
    expect(patched({ ...spec, onExternalChange: 'Enforce' }, event)).toBeUndefined()
  })

  test('the owner’s own entry among the guests keeps it, under Enforce as well', () => {
    const own = { email: 'alice@example.com', self: true, organizer: true, responseStatus: 'accepted' }
    const enforced = { ...spec, onExternalChange: 'Enforce' } as const
    expect(patched(enforced, written(spec, { attendees: [own, BOB] }))).toBeUndefined()
    expect(patched(enforced, written(spec, { attendees: [own, CAROL] }))).toEqual({ attendees: [own, BOB] })
  })
})

test('an event without our hashes is patched only where it differs from the spec', () => {
  const event = written({}, { summary: 'Mine', extendedProperties: {} })
  expect(patched({}, event)).toEqual({ summary: 'Viewing', attendees: [] })
})

test('each request for a conference has an id of its own, for Google ignores one that it has seen', () => {
  const idOf = (generation: number, remade: number): string => {
    const booking = aBooking({ conference: 'GoogleMeet' })
    booking.metadata.generation = generation
    const { conferenceData } = newEvent({ booking, remade }, 'x')
    return (conferenceData as { createRequest: { requestId: string } }).createRequest.requestId
  }
  expect(idOf(1, 0)).toBe(idOf(1, 0))
  expect(new Set([idOf(1, 0), idOf(2, 0), idOf(1, 1)]).size).toBe(3)
})

test('notify says whom Google tells', () => {
  const told = (['None', 'ExternalOnly', 'All'] as const).map((notify) => sendUpdatesOf(aBooking({ notify }).spec))
  expect(told).toEqual(['none', 'externalOnly', 'all'])
})

test.each<[string, Record<string, unknown>, BookedEvent['conference']]>([
  ['none', {}, undefined],
  ['a pending one', { createRequest: { status: { statusCode: 'pending' } } }, { state: 'Pending' }],
  ['one that failed', { createRequest: { status: { statusCode: 'failure' } } }, { state: 'Failed' }],
  [
    'one that is ready',
    {
      entryPoints: [
        { entryPointType: 'phone', uri: 'tel:1' },
        { entryPointType: 'video', uri: 'https://meet.google.com/x' },
      ],
    },
    { state: 'Ready', url: 'https://meet.google.com/x' },
  ],
])('a conference of an event is read: %s', (_what, conferenceData, expected) => {
  expect(written({}, { conferenceData }).conference).toEqual(expected)
})
