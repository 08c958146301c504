/** The encodings in Secrets: base64 for every value, and RFC 3339 in UTC, to the second, for instants. Pure. */

/** Decodes the values of a Secret, and trims them; empty values become undefined. A key may have any name, also `__proto__`. */
export function decode(data: Record<string, string> | undefined): Record<string, string | undefined> {
  const text = (value: string): string | undefined => Buffer.from(value, 'base64').toString('utf8').trim() || undefined
  return Object.fromEntries(Object.entries(data ?? {}).map(([key, value]) => [key, text(value)]))
}

/** Encodes texts as a Secret's values; undefined becomes null, which removes the key in a merge patch. */
export function encode(text: Record<string, string | undefined>): Record<string, string | null> {
  const base64 = (value: string | undefined): string | null =>
    value === undefined ? null : Buffer.from(value, 'utf8').toString('base64')
  return Object.fromEntries(Object.entries(text).map(([key, value]) => [key, base64(value)]))
}

/** Parses an instant, in ms since the epoch, rounded down to the second as it is written; undefined if it is not one. */
export function fromTimestamp(text: string | undefined): number | undefined {
  const ms = text === undefined ? NaN : Date.parse(text)
  return Number.isNaN(ms) ? undefined : Math.floor(ms / 1000) * 1000
}
