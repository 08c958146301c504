/** Bookings and write calendars that must be refused or accepted. The same lists are tried on a real API server. */
import { agent, booking, type Json } from './manifests.ts'
import type { Refused } from './cases.ts'

/** A change that must be refused. */
interface RefusedChange extends Refused {
  before: Json
}

const invalid = (path: string, words: string): string => `${path}: Invalid value: "string": ${words}`
const END = (words: string): string => `spec.end: Invalid value: "object": ${words}`
const TIME =
  '^[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$'
const malformed = (field: string, found: string): string =>
  `spec.${field}: Invalid value: "${found}": spec.${field} in body should match '${TIME}'`
const notATime = (field: string, found: string): string =>
  `spec.${field}: Invalid value: "${found}": spec.${field} in body must be of type date-time: "${found}"`
const TOO_LONG = END('must be at most 14 days after start; divide a longer appointment into several Bookings')
const EMAIL = 'must be one e-mail address, for example bob@example.com; the name goes into name'
const TWICE =
  'spec.attendees: Invalid value: "array": must name each guest once; upper and lower case make no difference in an e-mail address'
const guests = (...emails: string[]): Json => ({ attendees: emails.map((email) => ({ email })) })

const mistimed: [name: string, spec: Json, lines: string[]][] = [
  ['an end that is the start', { end: '2026-12-01T14:00:00+01:00' }, [END('must be after start')]],
  ['an end before the start, by its offset', { end: '2026-12-01T14:30:00+02:00' }, [END('must be after start')]],
  ['more than 14 days', { end: '2026-12-15T14:00:01+01:00' }, [TOO_LONG]],
  ['a start with a fraction', { start: '2026-12-01T13:00:00.5Z' }, [malformed('start', '2026-12-01T13:00:00.5Z')]],
  [
    'a start without an offset',
    { start: '2026-12-01T14:00:00' },
    [malformed('start', '2026-12-01T14:00:00'), notATime('start', '2026-12-01T14:00:00')],
  ],
  ['an end that is a date', { end: '2026-12-02' }, [malformed('end', '2026-12-02'), notATime('end', '2026-12-02')]],
  ['an end on no day of the calendar', { end: '2026-12-32T15:00:00Z' }, [notATime('end', '2026-12-32T15:00:00Z')]],
]
const times = mistimed.map(([name, spec, lines]): Refused => ({
  name: `a booking with ${name}`,
  object: booking(spec),
  lines,
}))

const others: Refused[] = [
  {
    name: 'a booking with nothing in it',
    object: booking({ agentRef: undefined, start: undefined, end: undefined, title: undefined }),
    lines: ['agentRef', 'start', 'end', 'title'].map((field) => `spec.${field}: Required value`),
  },
  {
    name: 'a booking with an Agent in capitals',
    object: booking({ agentRef: { name: 'Alice' } }),
    lines: [
      invalid(
        'spec.agentRef.name',
        "must be the name of an Agent, of lower case letters, digits, '-' and '.', such as alice",
      ),
    ],
  },
  {
    name: 'a booking without words in its title',
    object: booking({ title: '' }),
    lines: ['spec.title: Invalid value: "": spec.title in body should be at least 1 chars long'],
  },
  {
    name: 'a booking with texts that are too long',
    object: booking({ title: 't'.repeat(1_025), location: 'l'.repeat(1_025), description: 'd'.repeat(8_193) }),
    lines: [
      'spec.title: Too long: may not be more than 1024 bytes',
      'spec.location: Too long: may not be more than 1024 bytes',
      'spec.description: Too long: may not be more than 8192 bytes',
    ],
  },
  {
    name: 'a booking with a guest by name and address',
    object: booking(guests('Bob <bob@example.com>')),
    lines: [invalid('spec.attendees[0].email', EMAIL)],
  },
  {
    name: 'a booking with a guest twice, once in capitals',
    object: booking(guests('bob@example.com', 'Bob@Example.com')),
    lines: [TWICE],
  },
  {
    name: 'a booking with too many guests',
    object: booking(guests(...Array.from({ length: 101 }, (_, index) => `g${index}@example.com`))),
    lines: ['spec.attendees: Too many: 101: must have at most 100 items'],
  },
  {
    name: 'a booking that lives for days',
    object: booking({ ttlAfterEnd: '30d' }),
    lines: [invalid('spec.ttlAfterEnd', 'must be a duration in the units h, m and s, for example 720h')],
  },
  {
    name: 'a booking with choices that are none',
    object: booking({ conference: 'Zoom', notify: 'Everybody', onExternalChange: 'Ignore' }),
    lines: [
      'spec.conference: Unsupported value: "Zoom": supported values: "None", "GoogleMeet"',
      'spec.notify: Unsupported value: "Everybody": supported values: "None", "ExternalOnly", "All"',
      'spec.onExternalChange: Unsupported value: "Ignore": supported values: "Reflect", "Enforce"',
    ],
  },
  {
    name: 'an agent that writes to a calendar by its name',
    object: agent({ calendars: { write: 'Team calendar' } }),
    lines: [
      invalid(
        'spec.calendars.write',
        "must be a calendar's id, not its name, for example primary or team@group.calendar.google.com",
      ),
    ],
  },
  {
    name: 'an agent that writes to a path',
    object: agent({ calendars: { write: '..' } }),
    lines: [
      invalid(
        'spec.calendars.write',
        "must be a calendar's id, without control characters, and neither . nor .., for example primary or team@group.calendar.google.com",
      ),
    ],
  },
]

/** Bookings and write calendars that must be refused. */
export const refusedBookings: Refused[] = [...times, ...others]

/** Changes that must be refused. */
export const refusedChanges: RefusedChange[] = [
  {
    name: 'a booking that moves to another agent',
    before: booking(),
    object: booking({ agentRef: { name: 'bob' } }),
    lines: [
      invalid('spec.agentRef.name', "can't be changed; delete this Booking and create another one for the other Agent"),
    ],
  },
]

/** Bookings and write calendars that must be accepted. */
export const acceptedBookings: { name: string; object: Json }[] = [
  { name: 'as little of a booking as will do', object: booking() },
  {
    name: 'a booking with everything in it',
    object: booking({
      ...guests('bob@example.com', 'Carol.O+x@Example.COM'),
      timeZone: 'Europe/Paris',
      description: 'Bring the keys',
      location: '12 Rue de la Paix',
      conference: 'GoogleMeet',
      visibility: 'Private',
      notify: 'ExternalOnly',
      conflictPolicy: 'Allow',
      onExternalChange: 'Enforce',
      deletionPolicy: 'Retain',
      ttlAfterEnd: '720h',
      suspend: true,
    }),
  },
  {
    name: 'a booking of one second, in UTC',
    object: booking({ start: '2026-12-01T14:00:00Z', end: '2026-12-01T14:00:01Z' }),
  },
  {
    name: 'a booking of 14 days, over two offsets',
    object: booking({ start: '2026-10-20T00:00:00+02:00', end: '2026-11-02T23:00:00+01:00' }),
  },
  {
    name: 'a booking of the longest texts and the most guests, of the longest addresses',
    object: booking({
      ...guests(...Array.from({ length: 100 }, (_, index) => `${'g'.repeat(230)}${100 + index}@example.com`)),
      title: 't'.repeat(1_024),
      location: 'l'.repeat(1_024),
      description: 'd'.repeat(8_192),
    }),
  },
  { name: 'an agent that writes', object: agent({ calendars: { write: 'team@group.calendar.google.com' } }) },
]
