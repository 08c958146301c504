/** Renders and parses instants as they are published: RFC 3339, UTC, to the second, years 0001 to 9999. */

/** The first instant that can be published, 0001-01-01T00:00:00Z, in ms. */
export const EARLIEST = -62_135_596_800_000
/** The last instant that can be published, 9999-12-31T23:59:59Z, in ms. */
export const LATEST = 253_402_300_799_000

/** Limits an instant to years of four digits. */
export const clampInstant = (instant: number): number => Math.min(Math.max(instant, EARLIEST), LATEST)

/** Renders ms since the epoch as `2026-11-23T10:00:00Z`, rounded down to the second. */
export const renderInstant = (instant: number): string =>
  `${new Date(Math.floor(clampInstant(instant) / 1000) * 1000).toISOString().slice(0, -5)}Z`

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/

/** Parses an instant to ms since the epoch; undefined for any text that `renderInstant` would not have written. */
export function parseInstant(text: unknown): number | undefined {
  const instant = typeof text === 'string' && INSTANT.test(text) ? Date.parse(text) : NaN
  return Number.isNaN(instant) || renderInstant(instant) !== text ? undefined : instant
}
