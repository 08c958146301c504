import type { Answer } from './transport.ts'

/** Nobody is made to wait longer, whatever the answer says. */
const LONGEST_MS = 6 * 60 * 60_000

/** `Retry-After` (RFC 9110, section 10.2.3): seconds or an HTTP date, in ms from now; undefined where there is none. */
export function retryAfterMs({ headers }: Pick<Answer, 'headers'>, now: number): number | undefined {
  const value = headers['retry-after']
  if (typeof value !== 'string') return undefined
  const asked = asSeconds(value.trim()) ?? asDate(value.trim(), now)
  return asked === undefined ? undefined : Math.min(Math.max(asked, 0), LONGEST_MS)
}

const asSeconds = (text: string): number | undefined => (/^\d+$/.test(text) ? Number(text) * 1000 : undefined)

/** Only what begins with a day's name: `Date.parse` takes `-5` and `1.5` for dates too. */
function asDate(text: string, now: number): number | undefined {
  const at = /^[A-Z][a-z]{2,8},? /.test(text) ? Date.parse(text) : NaN
  return Number.isNaN(at) ? undefined : at - now
}
