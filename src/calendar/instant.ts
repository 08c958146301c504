/** Instants as they are published: RFC 3339, UTC, to the second. */

/** `2026-11-23T10:00:00Z`; what is less than a second is cut off. */
export const renderInstant = (instant: number): string =>
  `${new Date(Math.floor(instant / 1000) * 1000).toISOString().slice(0, -5)}Z`

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/

/** Back to ms since the epoch; undefined for anything that `renderInstant` would not have written. */
export function parseInstant(text: unknown): number | undefined {
  const instant = typeof text === 'string' && INSTANT.test(text) ? Date.parse(text) : NaN
  return Number.isNaN(instant) || renderInstant(instant) !== text ? undefined : instant
}
