/** The guests of an event: who may be written, and what becomes of their answers (docs/google-behaviour.md#guests). */
import { isRecord } from '../../../src/platform/json.ts'
import { backEnd, invalid } from '../http/errors.ts'
import { without } from './events.ts'
import type { EventFields } from '../state/calendar-records.ts'

/** A guest, or the calendar's own entry, in the API's notation. */
export type Attendee = Record<string, unknown> & { email?: string; responseStatus?: string; resource?: boolean }

/** The most guests of an event. */
const MOST_ATTENDEES = 200

const ANSWERS = new Set(['needsAction', 'declined', 'tentative', 'accepted'])

/** The attendees of an event. */
export const attendeesOf = (fields: EventFields | undefined): Attendee[] =>
  Array.isArray(fields?.attendees) ? (fields.attendees as Attendee[]) : []

/** Whether two addresses are the same. */
export const sameAddress = (one: string | undefined, other: string | undefined): boolean =>
  one !== undefined && one.toLowerCase() === other?.toLowerCase()

/**
 * Checks the attendees of a write and returns the fields to store. With `attendeesOmitted` only the calendar's own answer is taken.
 * @throws Refusal 400
 */
export function withAttendees(before: EventFields | undefined, fields: EventFields, self: string): EventFields {
  const { attendeesOmitted, attendees: written, ...rest } = fields
  if (written === undefined) return rest
  if (!Array.isArray(written)) throw invalid('Invalid value for attendees')
  const attendees = written.map(readAttendee)
  if (attendees.length > MOST_ATTENDEES) throw invalid(`An event can have at most ${MOST_ATTENDEES} attendees.`)
  if (attendeesOmitted !== true || before === undefined) return { ...rest, attendees }
  const answer = attendees.find(({ email }) => sameAddress(email, self))?.responseStatus
  const kept = attendeesOf(before).map((one) =>
    answer !== undefined && sameAddress(one.email, self) ? { ...one, responseStatus: answer } : one,
  )
  return { ...rest, attendees: kept }
}

function readAttendee(value: unknown): Attendee {
  if (!isRecord(value)) throw invalid('Invalid value for attendees')
  const attendee: Attendee = without(without(value, 'self'), 'organizer')
  const { email, responseStatus } = attendee
  if (email === undefined) throw backEnd(400, 'required', 'Missing attendee email.')
  if (typeof email !== 'string' || !/^[^\s@<>'"]+@[^\s@<>'"]+$/.test(email)) throw invalid('Invalid attendee email.')
  if (responseStatus !== undefined && !ANSWERS.has(responseStatus)) throw invalid('Invalid value for responseStatus')
  return { ...attendee, email: email.toLowerCase() }
}

/** Takes back the answers of guests to the former time, except those that the same write changed. */
export function resetAnswers(before: EventFields, fields: EventFields, self: string): EventFields {
  const former = attendeesOf(before)
  const reset = (one: Attendee): Attendee => {
    const answer = former.find(({ email }) => sameAddress(email, one.email))?.responseStatus
    const stays = sameAddress(one.email, self) || answer === undefined || answer !== one.responseStatus
    return stays ? one : { ...one, responseStatus: 'needsAction' }
  }
  return fields.attendees === undefined ? fields : { ...fields, attendees: attendeesOf(fields).map(reset) }
}
