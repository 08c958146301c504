/** Reads how long Google asks a client to wait. Pure. */
import { HOUR_MS, MINUTE_MS } from '../platform/time-units.ts'
import type { GoogleFailure } from './port.ts'
import type { Answer } from './transport.ts'

/**
 * The longest wait that is accepted. A daily quota is tried again once an hour, and other limits end within minutes; a single
 * answer that names a whole day, from Google or a proxy, must not stop all reads for a day.
 */
const MAX_MS = 5 * MINUTE_MS
const MAX_DAILY_MS = HOUR_MS

/**
 * Reads `Retry-After` (RFC 9110, section 10.2.3), which contains seconds or an HTTP date. Returns ms from now; undefined if it is
 * missing.
 *
 * @param now ms since the epoch.
 * @param failure the class of the answer, which limits the wait.
 */
export function retryAfterMs(
  { headers }: Pick<Answer, 'headers'>,
  now: number,
  failure: GoogleFailure,
): number | undefined {
  const value = headers['retry-after']
  if (typeof value !== 'string') return undefined
  const asked = asSeconds(value.trim()) ?? asDate(value.trim(), now)
  const max = failure === 'DailyQuotaExceeded' ? MAX_DAILY_MS : MAX_MS
  return asked === undefined ? undefined : Math.min(Math.max(asked, 0), max)
}

const asSeconds = (text: string): number | undefined => (/^\d+$/.test(text) ? Number(text) * 1000 : undefined)

/** Accepts only text that begins with the name of a day: `Date.parse` accepts `-5` and `1.5`, too. */
function asDate(text: string, now: number): number | undefined {
  const at = /^[A-Z][a-z]{2,8},? /.test(text) ? Date.parse(text) : NaN
  return Number.isNaN(at) ? undefined : at - now
}
