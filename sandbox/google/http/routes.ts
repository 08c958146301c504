/** Routes: the kind of request for each path of accounts.google.com, oauth2.googleapis.com and www.googleapis.com. */

/** The kinds of requests. */
export type Kind =
  | 'authorize'
  | 'decide'
  | 'gsi.client'
  | 'token'
  | 'revoke'
  | 'tokeninfo'
  | 'calendarList.list'
  | 'calendarList.get'
  | 'events.list'
  | 'events.get'
  | 'events.insert'
  | 'events.update'
  | 'events.patch'
  | 'events.delete'
  | 'events.instances'
  | 'events.watch'
  | 'channels.stop'
  | 'freebusy.query'
  | 'unknown'

interface Route {
  method: string
  pattern: RegExp
  kind: Kind
}

/** The kind of a request, and the variable parts of its path. */
export interface Match {
  kind: Kind
  params: string[]
}

/** The path of the Calendar API. */
export const API_PREFIX = '/calendar/v3'

const plain: Record<string, Kind> = {
  'GET /o/oauth2/v2/auth': 'authorize',
  'GET /o/oauth2/auth': 'authorize',
  'POST /o/oauth2/v2/auth/decide': 'decide',
  'GET /gsi/client': 'gsi.client',
  'POST /token': 'token',
  'POST /revoke': 'revoke',
  'GET /tokeninfo': 'tokeninfo',
  'POST /tokeninfo': 'tokeninfo',
  [`GET ${API_PREFIX}/users/me/calendarList`]: 'calendarList.list',
  [`POST ${API_PREFIX}/freeBusy`]: 'freebusy.query',
  [`POST ${API_PREFIX}/channels/stop`]: 'channels.stop',
}

const event = /^\/calendar\/v3\/calendars\/([^/]+)\/events\/([^/]+)$/
const events = /^\/calendar\/v3\/calendars\/([^/]+)\/events$/

const patterns: Route[] = [
  { method: 'GET', pattern: events, kind: 'events.list' },
  { method: 'POST', pattern: events, kind: 'events.insert' },
  { method: 'POST', pattern: /^\/calendar\/v3\/calendars\/([^/]+)\/events\/watch$/, kind: 'events.watch' },
  { method: 'GET', pattern: event, kind: 'events.get' },
  { method: 'PUT', pattern: event, kind: 'events.update' },
  { method: 'PATCH', pattern: event, kind: 'events.patch' },
  { method: 'DELETE', pattern: event, kind: 'events.delete' },
  {
    method: 'GET',
    pattern: /^\/calendar\/v3\/calendars\/([^/]+)\/events\/([^/]+)\/instances$/,
    kind: 'events.instances',
  },
  { method: 'GET', pattern: /^\/calendar\/v3\/users\/me\/calendarList\/([^/]+)$/, kind: 'calendarList.get' },
]

/** Finds the kind of a request. */
export function matchRoute(method: string, path: string): Match {
  const exact = plain[`${method} ${path}`]
  if (exact) return { kind: exact, params: [] }
  for (const route of patterns) {
    const found = route.method === method ? route.pattern.exec(path) : null
    const params = found && decodeAll(found.slice(1))
    if (params) return { kind: route.kind, params }
  }
  return { kind: 'unknown', params: [] }
}

function decodeAll(parts: string[]): string[] | undefined {
  try {
    return parts.map((part) => decodeURIComponent(part))
  } catch {
    return undefined
  }
}
