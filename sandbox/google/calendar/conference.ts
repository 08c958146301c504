/** Google Meet conferences of events: made on request, and pending at first if the switch says so (docs/google-behaviour.md#writing-events). */
import type { GoogleState } from '../state/state.ts'
import { commit, without } from './events.ts'
import type { Calendar, EventFields, EventRecord } from '../state/calendar-records.ts'

interface CreateRequest {
  requestId?: string
  status?: { statusCode: string }
}

interface ConferenceData {
  createRequest?: CreateRequest
}

/** Returns the fields to store. Without `conferenceDataVersion=1` a write leaves the conference unchanged. */
export function withConference(
  state: GoogleState,
  query: URLSearchParams,
  event: { before: EventFields | undefined; fields: EventFields },
): EventFields {
  const rest = without(without(event.fields, 'conferenceData'), 'hangoutLink')
  const kept = event.before?.conferenceData as ConferenceData | undefined
  const allowed = ['1', '2'].includes(query.get('conferenceDataVersion') ?? '0')
  const asked = allowed ? (event.fields.conferenceData as ConferenceData | undefined) : kept
  if (!asked) return rest
  // A repeated requestId is ignored.
  const id = requestIdOf(asked)
  if (id === undefined || id === requestIdOf(kept)) return keep(event.before, rest, kept ?? asked)
  const pending = { createRequest: { ...asked.createRequest, status: { statusCode: 'pending' } } }
  const fields = { ...rest, conferenceData: pending }
  return state.switches.pendingConferences ? fields : succeed(fields)
}

const requestIdOf = (data: ConferenceData | undefined): string | undefined => data?.createRequest?.requestId

function keep(before: EventFields | undefined, rest: EventFields, conferenceData: unknown): EventFields {
  const link = before?.hangoutLink
  return { ...rest, conferenceData, ...(link === undefined ? {} : { hangoutLink: link }) }
}

/** Completes a pending conference. The next read shows it. */
export function settleConference(calendar: Calendar, record: EventRecord): EventRecord {
  const data = record.fields.conferenceData as ConferenceData | undefined
  if (data?.createRequest?.status?.statusCode !== 'pending' || record.cancelled) return record
  return commit(calendar, { ...record, fields: succeed(record.fields) })
}

function succeed(fields: EventFields): EventFields {
  const { createRequest } = fields.conferenceData as ConferenceData
  const code = (createRequest?.requestId ?? '')
    .replace(/[^a-z]/gi, '')
    .toLowerCase()
    .padEnd(10, 'x')
  const uri = `https://meet.google.com/${code.slice(0, 3)}-${code.slice(3, 7)}-${code.slice(7, 10)}`
  const conferenceData = {
    createRequest: { ...createRequest, status: { statusCode: 'success' } },
    entryPoints: [{ entryPointType: 'video', uri, label: uri.slice(8) }],
    conferenceSolution: { key: { type: 'hangoutsMeet' }, name: 'Google Meet' },
    conferenceId: uri.slice(24),
  }
  return { ...fields, conferenceData, hangoutLink: uri }
}
