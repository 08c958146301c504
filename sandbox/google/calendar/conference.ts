/**
 * Google Meet conferences of events: made on request, some reads later if the switch says so, or not at all
 * (docs/google-behaviour.md#writing-events).
 */
import { isRecord } from '../../../src/platform/json.ts'
import { backEnd, invalid } from '../http/errors.ts'
import { notifyWatchers } from '../push/notifications.ts'
import type { GoogleState } from '../state/state.ts'
import { commit, without } from './events.ts'
import type { Calendar, EventFields, EventRecord } from '../state/calendar-records.ts'

interface CreateRequest {
  requestId?: string
  conferenceSolutionKey?: { type?: string }
  status?: { statusCode: string }
}

interface ConferenceData {
  createRequest?: CreateRequest
}

/** Returns the fields to store. Without `conferenceDataVersion=1` a write leaves the conference unchanged. @throws Refusal 400 */
export function withConference(
  state: GoogleState,
  query: URLSearchParams,
  event: { before: EventFields | undefined; fields: EventFields },
): EventFields {
  const rest = without(without(event.fields, 'conferenceData'), 'hangoutLink')
  const kept = event.before?.conferenceData as ConferenceData | undefined
  const asked = supportsConferences(query) ? readConference(event.fields.conferenceData) : kept
  if (!asked) return rest
  // A repeated requestId is ignored.
  const id = requestIdOf(asked)
  if (id === undefined || id === requestIdOf(kept)) return keep(event.before, rest, kept ?? asked)
  checkRequest(state, asked.createRequest)
  const pending = { createRequest: { ...asked.createRequest, status: { statusCode: 'pending' } } }
  const fields = { ...rest, conferenceData: pending }
  const answers = state.switches.pendingConferences
  if (answers <= 0) return complete(state, fields)
  state.conferencePolls.set(id, answers - 1)
  return fields
}

function supportsConferences(query: URLSearchParams): boolean {
  const version = query.get('conferenceDataVersion') ?? '0'
  if (version !== '0' && version !== '1') {
    throw invalid(`Invalid value '${version}'. Values must be within the range: [0, 1]`, 'conferenceDataVersion')
  }
  return version === '1'
}

function readConference(value: unknown): ConferenceData | undefined {
  if (value === undefined) return undefined
  if (!isRecord(value)) throw invalid('Invalid conference data.')
  const { createRequest } = value as ConferenceData
  if (createRequest && (typeof createRequest.requestId !== 'string' || createRequest.requestId === '')) {
    throw backEnd(400, 'required', 'Missing conference request id.')
  }
  return value
}

function checkRequest({ switches }: GoogleState, request: CreateRequest | undefined): void {
  const offered = switches.meet !== 'notOffered' && request?.conferenceSolutionKey?.type === 'hangoutsMeet'
  if (!offered) throw invalid('Invalid conference type value.')
}

const requestIdOf = (data: ConferenceData | undefined): string | undefined => data?.createRequest?.requestId

function keep(before: EventFields | undefined, rest: EventFields, conferenceData: unknown): EventFields {
  const link = before?.hangoutLink
  return { ...rest, conferenceData, ...(link === undefined ? {} : { hangoutLink: link }) }
}

/** Completes a pending conference that was shown as pending often enough. */
export function settleConference(state: GoogleState, calendar: Calendar, record: EventRecord): EventRecord {
  const request = (record.fields.conferenceData as ConferenceData | undefined)?.createRequest
  if (request?.status?.statusCode !== 'pending' || record.cancelled) return record
  const id = request.requestId ?? ''
  const left = state.conferencePolls.get(id) ?? 0
  if (left > 0) {
    state.conferencePolls.set(id, left - 1)
    return record
  }
  state.conferencePolls.delete(id)
  const settled = commit(calendar, { ...record, fields: complete(state, record.fields), updated: state.now() })
  notifyWatchers(state, calendar)
  return settled
}

function complete(state: GoogleState, fields: EventFields): EventFields {
  const { createRequest } = fields.conferenceData as ConferenceData
  if (state.switches.meet !== 'offered') {
    return { ...fields, conferenceData: { createRequest: { ...createRequest, status: { statusCode: 'failure' } } } }
  }
  const uri = uriOf(createRequest?.requestId ?? '')
  const conferenceData = {
    createRequest: { ...createRequest, status: { statusCode: 'success' } },
    entryPoints: [{ entryPointType: 'video', uri, label: uri.slice(8) }],
    conferenceSolution: { key: { type: 'hangoutsMeet' }, name: 'Google Meet' },
    conferenceId: uri.slice(24),
  }
  return { ...fields, conferenceData, hangoutLink: uri }
}

function uriOf(requestId: string): string {
  const letters = requestId.replace(/[^a-z]/gi, '')
  const code = letters.toLowerCase().padEnd(10, 'x')
  return `https://meet.google.com/${code.slice(0, 3)}-${code.slice(3, 7)}-${code.slice(7, 10)}`
}
