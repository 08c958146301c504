/**
 * Local time to instants, by the IANA time zones that Node carries. Days that begin at 01:00, hours that happen twice or
 * never and days that were skipped are Temporal's work; what is added here is that each answer is worked out only once,
 * and that a zone this Node doesn't know yet makes a person busy for longer, never for shorter.
 */
import { Temporal } from 'temporal-polyfill'

/** Which of two answers is wanted where a local time happens twice, never, or in an unknown zone. */
export type Side = 'earlier' | 'later'

/** Days are counted from 1970-01-01; instants are ms since the epoch; local times are `YYYY-MM-DDTHH:MM:SS[.fff]`. */
export interface Zones {
  startOfDay(day: number, timeZone: string, side: Side): number
  /** Undefined where `local` is no time at all. */
  instantOf(local: string, timeZone: string, side: Side): number | undefined
  /** The local day in which an instant lies: the earliest or the latest that it could be. */
  dayOf(instant: number, timeZone: string, side: Side): number
}

export const HOUR = 3_600_000
export const DAY = 24 * HOUR
// Clocks on earth are at most 14 hours ahead of UTC and 12 behind: in an unknown zone a local time lies in between.
const UNKNOWN_OFFSET = { earlier: 14 * HOUR, later: -12 * HOUR }
const MOST_ZONES = 1_000
const MOST_DAYS = 1_500

/** One for the whole program: it remembers the zones and the days that it was asked about, and is bounded. */
export function createZones(): Zones {
  const known = new Map<string, Map<number, number> | undefined>()

  const daysOf = (timeZone: string): Map<number, number> | undefined => {
    if (known.has(timeZone)) return known.get(timeZone)
    if (known.size >= MOST_ZONES) known.clear()
    const days = isZone(timeZone) ? new Map<number, number>() : undefined
    known.set(timeZone, days)
    return days
  }

  const startOfDay = (day: number, timeZone: string, side: Side): number => {
    const days = daysOf(timeZone)
    if (!days) return day * DAY - UNKNOWN_OFFSET[side]
    const cached = days.get(day)
    if (cached !== undefined) return cached
    if (days.size >= MOST_DAYS) days.clear()
    const start = localDate(day).toZonedDateTime(timeZone).epochMilliseconds
    days.set(day, start)
    return start
  }

  return {
    startOfDay,
    instantOf(local, timeZone, side) {
      const time = localTime(local)
      if (!time || daysOf(timeZone)) return time?.toZonedDateTime(timeZone, { disambiguation: side }).epochMilliseconds
      return time.toZonedDateTime('UTC').epochMilliseconds - UNKNOWN_OFFSET[side]
    },
    dayOf(instant, timeZone, side) {
      const opposite = side === 'earlier' ? 'later' : 'earlier'
      if (!daysOf(timeZone)) return Math.floor((instant + UNKNOWN_OFFSET[opposite]) / DAY)
      const local = Temporal.Instant.fromEpochMilliseconds(instant).toZonedDateTimeISO(timeZone).toPlainDate()
      return local.since('1970-01-01', { largestUnit: 'day' }).days
    },
  }
}

function isZone(timeZone: string): boolean {
  try {
    return Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(timeZone).epochMilliseconds === 0
  } catch {
    return false
  }
}

function localDate(day: number): Temporal.PlainDate {
  const date = new Date(day * DAY)
  return Temporal.PlainDate.from({ year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() })
}

function localTime(local: string): Temporal.PlainDateTime | undefined {
  try {
    return Temporal.PlainDateTime.from(local, { overflow: 'reject' })
  } catch {
    return undefined
  }
}
