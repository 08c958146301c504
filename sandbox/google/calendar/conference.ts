/** Google Meet conferences of events: made on request, pending at first where the switch says so (google-behaviour §2.5). */
import type { World } from '../world.ts'
import type { Calendar } from './calendars.ts'
import { commit, type EventFields, type EventRecord } from './events.ts'

interface CreateRequest {
  requestId?: string
  status?: { statusCode: string }
}

interface ConferenceData {
  createRequest?: CreateRequest
}

/** Fields as they are to be kept: without `conferenceDataVersion=1` a write leaves the conference as it was. */
export function withConference(
  world: World,
  query: URLSearchParams,
  event: { before: EventFields | undefined; fields: EventFields },
): EventFields {
  const { conferenceData: asked, hangoutLink: _link, ...rest } = event.fields
  const kept = event.before?.conferenceData as ConferenceData | undefined
  const version = Number(query.get('conferenceDataVersion') ?? 0)
  const wanted = version >= 1 ? (asked as ConferenceData | undefined) : kept
  if (!wanted) return rest
  const known = kept?.createRequest?.requestId
  const repeated = known !== undefined && wanted.createRequest?.requestId === known
  if (wanted === kept || repeated || !wanted.createRequest) return keep(event.before, rest, repeated ? kept : wanted)
  const pending: ConferenceData = { createRequest: { ...wanted.createRequest, status: { statusCode: 'pending' } } }
  const fields = { ...rest, conferenceData: pending }
  return world.switches.pendingConferences ? fields : succeed(fields)
}

function keep(before: EventFields | undefined, rest: EventFields, conferenceData: unknown): EventFields {
  const link = before?.hangoutLink
  return { ...rest, conferenceData, ...(link === undefined ? {} : { hangoutLink: link }) }
}

/** A pending conference is there the next time someone looks. */
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
