/** Renders and parses instants as they are published: RFC 3339, UTC, to the second, years 0001 to 9999. */

/** The first instant that can be published, 0001-01-01T00:00:00Z, in ms. */
export const EARLIEST = -62_135_596_800_000
/** The last instant that can be published, 9999-12-31T23:59:59Z, in ms. */
export const LATEST = 253_402_300_799_000

/** Limits an instant to years of four digits. */
export const clampInstant = (instant: number): number => Math.min(Math.max(instant, EARLIEST), LATEST)

const TWO_DIGITS = Array.from({ length: 100 }, (_, number) => String(number).padStart(2, '0'))
const twoDigits = (number: number): string => TWO_DIGITS[number] ?? ''

/**
 * Renders ms since the epoch as `2026-11-23T10:00:00Z`, rounded down to the second. From its fields, because `toISOString` takes three
 * times as long, and a document has two instants for each interval.
 * @throws RangeError for NaN.
 */
export function renderInstant(instant: number): string {
  const date = new Date(Math.floor(clampInstant(instant) / 1000) * 1000)
  const year = date.getUTCFullYear()
  if (Number.isNaN(year)) throw new RangeError('an instant is not a number')
  const day = `${twoDigits(Math.floor(year / 100))}${twoDigits(year % 100)}-${twoDigits(date.getUTCMonth() + 1)}-${twoDigits(date.getUTCDate())}`
  return `${day}T${twoDigits(date.getUTCHours())}:${twoDigits(date.getUTCMinutes())}:${twoDigits(date.getUTCSeconds())}Z`
}

const INSTANT = /^(?!0000)\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\dZ$/

/** Parses an instant to ms since the epoch; undefined for any text that `renderInstant` would not have written. */
export function parseInstant(text: unknown): number | undefined {
  if (typeof text !== 'string' || !INSTANT.test(text)) return undefined
  const instant = Date.parse(text)
  // Date.parse reads a 30th of February as a 2nd of March.
  return text.slice(8, 10) > '28' && renderInstant(instant) !== text ? undefined : instant
}
