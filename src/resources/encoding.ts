/**
 * The two forms in which Secrets hold things: base64 for everything, RFC 3339 in UTC, to the second, for instants.
 */

/** The values of a Secret as text, white space around them taken off. */
export function decode(data: Record<string, string> | undefined): Record<string, string | undefined> {
  const text = (value: string): string | undefined => Buffer.from(value, 'base64').toString('utf8').trim() || undefined
  return Object.fromEntries(Object.entries(data ?? {}).map(([key, value]) => [key, text(value)]))
}

/** Text as a Secret's values; what is undefined becomes null, which removes the key in a merge patch. */
export function encode(text: Record<string, string | undefined>): Record<string, string | null> {
  const base64 = (value: string | undefined): string | null =>
    value === undefined ? null : Buffer.from(value, 'utf8').toString('base64')
  return Object.fromEntries(Object.entries(text).map(([key, value]) => [key, base64(value)]))
}

/** In ms, to the second that we would write: what a user wrote more exactly is the same as what we keep of it. */
export function fromTimestamp(text: string | undefined): number | undefined {
  const ms = Date.parse(text ?? '')
  return Number.isNaN(ms) ? undefined : Math.floor(ms / 1000) * 1000
}
