/** What clients asked of the simulated Google: for cost tests, and to wait for a request to arrive. No token is ever in it. */

export interface LoggedRequest {
  /** When it arrived, RFC 3339. */
  at: string
  method: string
  path: string
  /** The query, with tokens and codes hidden. */
  query: string
  /** As the Calendar API calls its methods; `token.refresh` and `token.exchange` for the token endpoint. */
  kind: string
  /** For `events.list`: `full`, `incremental`; further pages have `page` above 1. */
  sync?: 'full' | 'incremental'
  page?: number
  /** 0 while it isn't answered, and when the connection was cut. */
  status: number
  /** The fault that was played, by name. */
  fault?: string
  client?: string
  account?: string
}

export interface RequestLog {
  entries: LoggedRequest[]
  total: number
  byKind: Map<string, number>
}

export interface RequestFilter {
  kind?: string
  account?: string
  client?: string
  /** Only so many of the newest. */
  last?: number
}

export interface RequestSummary {
  /** All requests since the last reset, whatever the filter. */
  total: number
  /** Counters since the last reset, whatever the filter. */
  byKind: Record<string, number>
  /** The newest (up to 20,000) that pass the filter, oldest first. */
  log: LoggedRequest[]
}

const KEPT = 20_000

export const newRequestLog = (): RequestLog => ({ entries: [], total: 0, byKind: new Map() })

export function logRequest(log: RequestLog, entry: LoggedRequest): void {
  log.total += 1
  log.byKind.set(entry.kind, (log.byKind.get(entry.kind) ?? 0) + 1)
  log.entries.push(entry)
  if (log.entries.length >= 2 * KEPT) log.entries = log.entries.slice(-KEPT)
}

export function resetLog(log: RequestLog): void {
  log.total = 0
  log.byKind.clear()
  log.entries = []
}

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

/** Hides every value in a query string that is or may be a token. */
export const hideTokens = (query: string): string =>
  query.replace(/(^|&)(access_token|token|code|client_secret|syncToken|pageToken|state|key)=[^&]*/g, '$1$2=hidden')
