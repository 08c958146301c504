/**
 * What was last written to an event from a Booking's spec: a hash of each field, stored in the event's private extended
 * properties. A field of the spec whose hash differs has been changed since; a field that somebody changed at Google has not.
 * Pure.
 */
import { createHash } from 'node:crypto'
import { BOOKING_PROPERTY } from '../calendar/event-resource.ts'
import { parseRecord } from '../platform/json.ts'
import type { BookingSpec } from '../resources/types.ts'

/** The fields of a spec that are written to the event. */
export const FIELDS = [
  'time',
  'timeZone',
  'title',
  'description',
  'location',
  'attendees',
  'conference',
  'visibility',
] as const

/** A field of a spec that is written to the event. */
export type Field = (typeof FIELDS)[number]

/** What an event says about the spec that it was written from. */
export interface Applied {
  /** By field; a field without a hash was never written, as far as is known. */
  readonly hashes: Readonly<Partial<Record<Field, string>>>
  /** The hashes of the guests' addresses that were written. */
  readonly guests: ReadonlySet<string>
}

const HASHES_PROPERTY = 'calendarOperatorHashes'
const GUESTS_PROPERTY = 'calendarOperatorGuests'
/** A hundred guests have to fit into the 1,024 characters of a property. */
const GUEST_LENGTH = 10
const HASH_LENGTH = 16

/** The value of each field of a spec, normalized so that values that mean the same are equal. */
function valueOf(spec: BookingSpec, field: Field): unknown {
  if (field === 'time') return [Date.parse(spec.start), Date.parse(spec.end)]
  if (field !== 'attendees') return spec[field] ?? ''
  const guests = (spec.attendees ?? []).map(({ email, name = '', optional }) => [email.toLowerCase(), name, optional])
  return guests.sort(([a], [b]) => (String(a) < String(b) ? -1 : 1))
}

const hashOf = (value: unknown, length: number): string =>
  createHash('sha256').update(JSON.stringify(value)).digest('base64url').slice(0, length)

/** The hash of one field of a spec. */
export const fieldHash = (spec: BookingSpec, field: Field): string => hashOf(valueOf(spec, field), HASH_LENGTH)

/** The hash of a guest's address, without regard to case. */
export const guestHash = (email: string): string => hashOf(email.toLowerCase(), GUEST_LENGTH)

/** The private extended properties of an event that was written from this spec. */
export function propertiesOf(uid: string, spec: BookingSpec): Record<string, string> {
  return {
    [BOOKING_PROPERTY]: uid,
    [HASHES_PROPERTY]: JSON.stringify(Object.fromEntries(FIELDS.map((field) => [field, fieldHash(spec, field)]))),
    [GUESTS_PROPERTY]: (spec.attendees ?? []).map(({ email }) => guestHash(email)).join(''),
  }
}

/** Reads what an event says. Anything else than what `propertiesOf` returns says nothing. */
export function appliedIn(properties: Readonly<Record<string, unknown>>): Applied {
  const { [HASHES_PROPERTY]: hashes, [GUESTS_PROPERTY]: guests } = properties
  const found = typeof hashes === 'string' ? (parseRecord(hashes) ?? {}) : {}
  const known = FIELDS.flatMap((field) => {
    const hash = found[field]
    return typeof hash === 'string' ? [[field, hash] as const] : []
  })
  const words = typeof guests === 'string' ? (guests.match(new RegExp(`.{${GUEST_LENGTH}}`, 'g')) ?? []) : []
  return { hashes: Object.fromEntries(known), guests: new Set(words) }
}
