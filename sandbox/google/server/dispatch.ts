/** The handler of each kind of request. */
import { getListed, listCalendars } from '../calendar/calendar-list.ts'
import { queryFreeBusy } from '../calendar/free-busy.ts'
import { listEvents, listInstances } from '../calendar/listing.ts'
import { deleteEvent, getEvent, insertEvent, patchEvent, updateEvent } from '../calendar/writes.ts'
import { notFound, type Reply } from '../http/errors.ts'
import { authorizeEndpoint, decideEndpoint } from '../oauth/authorize.ts'
import { gsiClient } from '../oauth/gsi-client.ts'
import { revokeEndpoint, tokenEndpoint, tokenInfo } from '../oauth/token-endpoint.ts'
import { stopChannel, watchEvents } from '../push/channels.ts'
import type { GoogleState } from '../state/state.ts'
import { admit, type Caller } from '../oauth/access.ts'
import { type Call, requireForm } from '../http/call.ts'
import type { Kind } from '../http/routes.ts'

type OpenHandler = (state: GoogleState, call: Call) => Reply
type ApiHandler = (state: GoogleState, call: Call, caller: Caller) => Reply

const open: Partial<Record<Kind, OpenHandler>> = {
  authorize: authorizeEndpoint,
  decide: decideEndpoint,
  'gsi.client': gsiClient,
  token: tokenEndpoint,
  revoke: revokeEndpoint,
  tokeninfo: tokenInfo,
}

const api: Partial<Record<Kind, ApiHandler>> = {
  'calendarList.list': listCalendars,
  'calendarList.get': getListed,
  'events.list': listEvents,
  'events.instances': listInstances,
  'events.get': getEvent,
  'events.insert': insertEvent,
  'events.update': updateEvent,
  'events.patch': patchEvent,
  'events.delete': deleteEvent,
  'events.watch': watchEvents,
  'channels.stop': stopChannel,
  'freebusy.query': queryFreeBusy,
}

/** Answers a call. @throws Refusal */
export function dispatch(state: GoogleState, call: Call): Reply {
  const openHandler = open[call.kind]
  if (openHandler) {
    if (call.kind === 'token') requireForm(call)
    return openHandler(state, call)
  }
  const handler = api[call.kind]
  if (!handler) throw notFound()
  return handler(state, call, admit(state, call))
}
