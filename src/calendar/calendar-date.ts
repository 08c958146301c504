/** Dates without a time, as days since 1970-01-01, limited to the years 0001 to 9999. */
import { DAY_MS } from '../platform/time-units.ts'
import { EARLIEST, LATEST } from './instant.ts'

const DATE = /^(?:\d{4}|[1-9]\d{4,8})-\d\d-\d\d$/
const FIRST_DAY = EARLIEST / DAY_MS
const LAST_DAY = Math.floor(LATEST / DAY_MS)

/** Whether the year of a date has more than four digits. Some programs write such years for "forever"; JavaScript cannot parse them. */
export const isBeyondYear9999 = (date: string): boolean => date.indexOf('-') > 4

/**
 * Parses `YYYY-MM-DD` to days since 1970-01-01; a date before the year 0001 or after 9999 gives the nearest day in range.
 * Returns undefined for a date that does not exist.
 */
export function parseDate(date: string): number | undefined {
  if (!DATE.test(date)) return undefined
  if (isBeyondYear9999(date)) return parseDate(`2000${date.slice(-6)}`) === undefined ? undefined : LAST_DAY
  const midnight = Date.parse(`${date}T00:00:00Z`)
  // Date.parse reads a 30th of February as a 2nd of March.
  if (Number.isNaN(midnight) || new Date(midnight).getUTCDate() !== Number(date.slice(-2))) return undefined
  return Math.max(midnight / DAY_MS, FIRST_DAY)
}

/** Renders days since 1970-01-01 as `YYYY-MM-DD`, limited to years of four digits. */
export const renderDate = (day: number): string => isoDate(Math.min(Math.max(day, FIRST_DAY), LAST_DAY))

const isoDate = (day: number): string => new Date(day * DAY_MS).toISOString().slice(0, 10)
