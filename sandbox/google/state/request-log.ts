/** The log of requests, for tests of cost and to wait for a request. It never contains a token. */

/** An entry of the log. */
export interface LoggedRequest {
  /** When the request arrived, as RFC 3339. */
  at: string
  method: string
  path: string
  /** The query, with tokens and codes hidden. */
  query: string
  /** The Calendar API's name of the method; `token.refresh` and `token.exchange` for the token endpoint. */
  kind: string
  /** For `events.list`: `full` or `incremental`. Further pages have a `page` above 1. */
  sync?: 'full' | 'incremental'
  page?: number
  /** The status of the answer; 0 while the request waits, and if the connection was cut. */
  status: number
  /** The name of the fault that hit it. */
  fault?: string
  client?: string
  account?: string
}

/** The log, with its counters. */
export interface RequestLog {
  entries: LoggedRequest[]
  total: number
  byKind: Map<string, number>
}

/** Which entries to return. */
export interface RequestFilter {
  kind?: string
  account?: string
  client?: string
  /** Only so many of the newest entries. */
  last?: number
}

/** Counters, and the entries that pass a filter. */
export interface RequestSummary {
  /** All requests since the last reset, whatever the filter. */
  total: number
  /** Counters since the last reset, whatever the filter. */
  byKind: Record<string, number>
  /** The newest entries (up to 20,000) that pass the filter, oldest first. */
  log: LoggedRequest[]
}

const KEPT = 20_000

/** Makes an empty log. */
export const newRequestLog = (): RequestLog => ({ entries: [], total: 0, byKind: new Map() })

/** Adds an entry, and drops the oldest one if there are too many. */
export function logRequest(log: RequestLog, entry: LoggedRequest): void {
  log.total += 1
  log.byKind.set(entry.kind, (log.byKind.get(entry.kind) ?? 0) + 1)
  log.entries.push(entry)
  if (log.entries.length >= 2 * KEPT) log.entries = log.entries.slice(-KEPT)
}

/** Empties the log and its counters. */
export function resetLog(log: RequestLog): void {
  log.total = 0
  log.byKind.clear()
  log.entries = []
}

/** Returns the counters, and the entries that pass the filter. */
export function summarize(log: RequestLog, filter: RequestFilter = {}): RequestSummary {
  const passes = (entry: LoggedRequest): boolean =>
    (filter.kind === undefined || entry.kind === filter.kind) &&
    (filter.account === undefined || entry.account === filter.account) &&
    (filter.client === undefined || entry.client === filter.client)
  const found = log.entries.slice(-KEPT).filter(passes)
  return {
    total: log.total,
    byKind: Object.fromEntries(log.byKind),
    log: found.slice(-(filter.last ?? KEPT)),
  }
}

/** Hides every value of a query string that may be a token. */
export const hideTokens = (query: string): string =>
  query.replace(/(^|&)(access_token|token|code|client_secret|syncToken|pageToken|state|key)=[^&]*/g, '$1$2=hidden')
