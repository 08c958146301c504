import type { GoogleFailure } from './port.ts'
import type { Answer } from './transport.ts'

/**
 * The longest that an answer can make anybody wait. A daily quota is looked at once an hour; anything else passes within
 * minutes, so that one answer with a day in it, Google's or of somebody in between, doesn't stop the reading for a day.
 */
const LONGEST_MS = 5 * 60_000
const LONGEST_DAILY_MS = 60 * 60_000

/**
 * `Retry-After` (RFC 9110, section 10.2.3): seconds or an HTTP date, in ms from now; undefined where there is none.
 *
 * @param now ms since the epoch.
 * @param failure what the answer was about, which says how long at most.
 */
export function retryAfterMs(
  { headers }: Pick<Answer, 'headers'>,
  now: number,
  failure: GoogleFailure,
): number | undefined {
  const value = headers['retry-after']
  if (typeof value !== 'string') return undefined
  const asked = asSeconds(value.trim()) ?? asDate(value.trim(), now)
  const longest = failure === 'DailyQuotaExceeded' ? LONGEST_DAILY_MS : LONGEST_MS
  return asked === undefined ? undefined : Math.min(Math.max(asked, 0), longest)
}

const asSeconds = (text: string): number | undefined => (/^\d+$/.test(text) ? Number(text) * 1000 : undefined)

/** Only what begins with a day's name: `Date.parse` takes `-5` and `1.5` for dates too. */
function asDate(text: string, now: number): number | undefined {
  const at = /^[A-Z][a-z]{2,8},? /.test(text) ? Date.parse(text) : NaN
  return Number.isNaN(at) ? undefined : at - now
}
