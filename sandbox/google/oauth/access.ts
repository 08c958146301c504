/** The API front end: checks the access token, that the API is enabled, the scope (docs/google-behaviour.md#scopes) and the quota. */
import { frontEnd, notACalendarUser, type Refusal } from '../http/errors.ts'
import { isRestricted } from './grants.ts'
import { accessNotConfigured } from './projects.ts'
import { spendQuota } from '../quota/quotas.ts'
import type { View } from '../state/calendars.ts'
import type { GoogleState } from '../state/state.ts'
import type { Call } from '../http/call.ts'
import type { Kind } from '../http/routes.ts'

/** The caller: the owner of the access token. */
export interface Caller {
  account: string
  client: string
  scopes: string[]
}

const SCOPE_PREFIX = 'https://www.googleapis.com/auth/'

const READ_EVENTS = words(
  'calendar calendar.readonly calendar.events calendar.events.readonly calendar.events.freebusy calendar.events.owned calendar.events.owned.readonly calendar.events.public.readonly calendar.app.created',
)
const WRITE_EVENTS = words('calendar calendar.events calendar.events.owned calendar.app.created')
const LIST = words('calendar calendar.readonly calendar.calendarlist calendar.calendarlist.readonly')

const SUFFICIENT: Partial<Record<Kind, Set<string>>> = {
  'calendarList.list': LIST,
  'calendarList.get': new Set([...LIST, ...words('calendar.app.created')]),
  'events.list': READ_EVENTS,
  'events.get': READ_EVENTS,
  'events.instances': READ_EVENTS,
  'events.watch': READ_EVENTS,
  'events.insert': WRITE_EVENTS,
  'events.update': WRITE_EVENTS,
  'events.patch': WRITE_EVENTS,
  'events.delete': WRITE_EVENTS,
  'channels.stop': new Set([...READ_EVENTS, ...LIST]),
  'freebusy.query': words('calendar calendar.readonly calendar.freebusy calendar.events.freebusy'),
}

/** Scopes that are for some calendars only, and for which. There are no public calendars here. */
const LIMITED: Record<string, (view: View, caller: Caller) => boolean> = {
  'calendar.events.owned': ({ role }) => role === 'owner',
  'calendar.events.owned.readonly': ({ role }) => role === 'owner',
  'calendar.events.public.readonly': () => false,
  'calendar.app.created': ({ calendar }, { client }) => calendar.createdBy === client,
}

/** Checks that a scope of the caller is for this calendar. @throws Refusal 403 */
export function requireReach(kind: Kind, caller: Caller, view: View): void {
  const sufficient = caller.scopes.filter((scope) => SUFFICIENT[kind]?.has(scope))
  const reaches = (scope: string): boolean => LIMITED[scope.slice(SCOPE_PREFIX.length)]?.(view, caller) ?? true
  if (!sufficient.some(reaches)) throw insufficientScope(kind)
}

function words(list: string): Set<string> {
  return new Set(list.split(' ').map((name) => SCOPE_PREFIX + name))
}

/** Checks that a call may proceed. @throws Refusal of the front end otherwise. */
export function admit(state: GoogleState, call: Call): Caller {
  const caller = authenticate(state, call)
  const client = state.clients.get(caller.client)
  const project = client && state.projects.get(client.project)
  if (!project) throw unauthenticated()
  if (!project.calendarApi) throw accessNotConfigured(project.number)
  const sufficient = SUFFICIENT[call.kind]
  if (sufficient && !caller.scopes.some((scope) => sufficient.has(scope))) throw insufficientScope(call.kind)
  spendQuota(project, { user: caller.account, now: state.now(), status: state.switches.rateLimitStatus })
  if (state.accounts.get(caller.account)?.calendarOff) throw notACalendarUser()
  return caller
}

function authenticate(state: GoogleState, call: Call): Caller {
  const value = call.bearer()
  if (value === undefined) throw loginRequired()
  const token = state.accessTokens.get(value)
  if (!token || token.expiresAt <= state.now()) throw unauthenticated()
  const account = state.accounts.get(token.account)
  const client = state.clients.get(token.client)
  if (!account || account.deleted || client?.state !== 'active') throw unauthenticated()
  if (isRestricted(state, token.client, account)) throw unauthenticated()
  return token
}

/** The error for a missing or invalid access token. */
export const unauthenticated = (): Refusal =>
  frontEnd(
    401,
    'Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential.',
    {
      status: 'UNAUTHENTICATED',
      domain: 'global',
      reason: 'authError',
      detail: 'ACCESS_TOKEN_EXPIRED',
      location: { locationType: 'header', location: 'Authorization' },
      headers: { 'www-authenticate': 'Bearer realm="https://accounts.google.com/", error="invalid_token"' },
    },
  )

const loginRequired = (): Refusal =>
  frontEnd(401, 'Request is missing required authentication credential.', {
    status: 'UNAUTHENTICATED',
    domain: 'global',
    reason: 'required',
    detail: 'CREDENTIALS_MISSING',
    location: { locationType: 'header', location: 'Authorization' },
    headers: { 'www-authenticate': 'Bearer realm="https://accounts.google.com/"' },
  })

const insufficientScope = (kind: string): Refusal =>
  frontEnd(403, 'Request had insufficient authentication scopes.', {
    status: 'PERMISSION_DENIED',
    domain: 'global',
    reason: 'insufficientPermissions',
    detail: 'ACCESS_TOKEN_SCOPE_INSUFFICIENT',
    metadata: { method: `calendar.${kind}` },
    headers: { 'www-authenticate': 'Bearer realm="https://accounts.google.com/", error="insufficient_scope"' },
  })
