import type { Answer } from './transport.ts'

/** `Retry-After` (RFC 9110, section 10.2.3): seconds or an HTTP date, in ms from now; undefined where there is none. */
export function retryAfterMs({ headers }: Pick<Answer, 'headers'>, now: number): number | undefined {
  const value = headers['retry-after']
  if (typeof value !== 'string') return undefined
  if (/^\d+$/.test(value.trim())) return Number(value) * 1000
  const at = Date.parse(value)
  return Number.isNaN(at) ? undefined : Math.max(at - now, 0)
}
