/**
 * Sync tokens (docs/google-behaviour.md#sync-tokens): opaque to clients, and bound to the calendar, the account and every
 * query parameter of the first call. A token names a version of the change log.
 */
import { backEnd, invalid, parameter } from '../http/errors.ts'
import type { GoogleState } from '../state/state.ts'
import type { View } from '../state/calendars.ts'

/** What a sync token stands for. */
export interface SyncPosition {
  /** The version. The next sync shows the changes after it. */
  version: number
  /** The window of the first call, which never moves; null means unbounded. */
  from: number | null
  to: number | null
}

interface Token extends SyncPosition {
  calendar: string
  account: string
  epoch: number
  key: string
  issuedAt: number
}

// Parameters of the request and not of the query, and those that the token replaces.
const UNBOUND = new Set([
  'syncToken',
  'pageToken',
  'maxResults',
  'timeMin',
  'timeMax',
  'fields',
  'alt',
  'key',
  'quotaUser',
  'prettyPrint',
  'access_token',
  'userIp',
])

const FORBIDDEN = [
  'iCalUID',
  'orderBy',
  'privateExtendedProperty',
  'q',
  'sharedExtendedProperty',
  'timeMin',
  'timeMax',
  'updatedMin',
]

/** The parameters of the query in a fixed order, without those that may differ between calls. `false` counts as absent. */
export function queryKey(query: URLSearchParams, alsoBound: string[] = []): string {
  const bound = [...query].filter(
    ([name, value]) => (!UNBOUND.has(name) || alsoBound.includes(name)) && value !== 'false',
  )
  return bound
    .map(([name, value]) => `${name}=${value}`)
    .sort()
    .join('&')
}

/** Makes a sync token. */
export function writeSyncToken(state: GoogleState, view: View, query: URLSearchParams, position: SyncPosition): string {
  const { calendar, account } = view
  const token = { calendar: calendar.id, account, epoch: calendar.epoch, key: queryKey(query), issuedAt: state.now() }
  return seal({ ...token, ...position }, state.switches.tokenLength)
}

/** Reads the sync token of the query; undefined if it has none. @throws Refusal 400 or 410. */
export function readSyncToken(state: GoogleState, view: View, query: URLSearchParams): SyncPosition | undefined {
  const text = query.get('syncToken')
  if (text === null) return undefined
  checkCompany(query)
  const token = unseal(text) as Token | undefined
  if (token?.calendar !== view.calendar.id || token.account !== view.account) {
    throw invalid('Invalid sync token value.', 'syncToken')
  }
  const life = state.switches.syncTokenLifetime * 1000
  const old = life > 0 && token.issuedAt + life <= state.now()
  if (old || token.epoch !== view.calendar.epoch) throw fullSyncRequired()
  if (token.key !== queryKey(query)) {
    throw invalid('The query parameters differ from those of the initial sync request.', 'syncToken')
  }
  return token
}

/** Parameters that are refused together with a sync token. */
function checkCompany(query: URLSearchParams): void {
  for (const name of FORBIDDEN) {
    if (query.has(name)) throw invalid(`Sync token cannot be used with ${name} restriction.`, name)
  }
  if (query.get('showDeleted') === 'false') {
    throw invalid('showDeleted cannot be false when a sync token is specified.', 'showDeleted')
  }
}

const fullSyncRequired = (): Error =>
  backEnd(410, 'fullSyncRequired', 'Sync token is no longer valid, a full sync is required.', parameter('syncToken'))

/** Encodes a value as an opaque string of at least some length, with a checksum. */
export function seal(value: object, length = 0): string {
  const plain = JSON.stringify(value)
  // White space after JSON is ignored.
  const text = plain.padEnd(Math.ceil(length * 0.75) - CHECKSUM)
  return Buffer.from(`${checksum(text)}${text}`).toString('base64url')
}

/** Decodes a sealed value; undefined if it was changed or made up. */
export function unseal(sealed: string): unknown {
  const text = Buffer.from(sealed, 'base64url').toString()
  const body = text.slice(CHECKSUM)
  if (body === '' || checksum(body) !== text.slice(0, CHECKSUM)) return undefined
  return JSON.parse(body) as unknown
}

const CHECKSUM = 8

/** The FNV-1a hash, as eight hex digits. */
function checksum(text: string): string {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return (hash >>> 0).toString(16).padStart(8, '0')
}
