/**
 * Local time to instants, by the IANA time zones that Node carries and by plain offsets from UTC. Days that begin at 01:00,
 * hours that happen twice or never and days that were skipped are Temporal's work; what is added here is that each answer is
 * worked out only once, and that a zone this Node doesn't know yet makes a person busy for longer, never for shorter.
 */
import { Temporal } from 'temporal-polyfill'
import { identifyZone, type ZoneIdentity } from './zone-names.ts'

/** Which of two answers is wanted where a local time happens twice, never, or in an unknown zone. */
export type Disambiguation = 'earlier' | 'later'

/** Days are counted from 1970-01-01; instants are ms since the epoch; local times are `YYYY-MM-DDTHH:MM:SS[.fff]`. */
export interface Zones {
  startOfDay(day: number, timeZone: string, side: Disambiguation): number
  /** Undefined where `local` is no time at all. */
  instantOf(local: string, timeZone: string, side: Disambiguation): number | undefined
  /** The local day in which an instant lies: the earliest or the latest that it could be. */
  dayOf(instant: number, timeZone: string, side: Disambiguation): number
  /** The zone under a name that `Intl` accepts everywhere: `UTC` where there is no such name. */
  nameOf(timeZone: string): string
}

export const HOUR = 3_600_000
export const DAY = 24 * HOUR
// Clocks on earth are at most 14 hours ahead of UTC and 12 behind: in an unknown zone a local time lies in between.
const UNKNOWN_OFFSET = { earlier: 14 * HOUR, later: -12 * HOUR }
const MOST_ZONES = 1_000
/** Of all zones together: a calendar can name any number of days. */
const MOST_DAYS = 20_000

/** One for the whole program: it remembers the zones and the days that it was asked about, and is bounded. */
export function createZones(): Zones {
  const cache = new ZoneCache()

  const startOfDay = (day: number, timeZone: string, side: Disambiguation): number => {
    const zone = cache.zone(timeZone)
    if (!zone) return day * DAY - UNKNOWN_OFFSET[side]
    return cache.day(zone, day, () => localDate(day).toZonedDateTime(zone.id).epochMilliseconds)
  }

  return {
    startOfDay,
    instantOf(local, timeZone, side) {
      const time = localTime(local)
      const zone = time && cache.zone(timeZone)
      if (!time || zone) return time?.toZonedDateTime(zone?.id ?? 'UTC', { disambiguation: side }).epochMilliseconds
      return time.toZonedDateTime('UTC').epochMilliseconds - UNKNOWN_OFFSET[side]
    },
    dayOf(instant, timeZone, side) {
      const opposite = side === 'earlier' ? 'later' : 'earlier'
      const zone = cache.zone(timeZone)
      if (!zone) return Math.floor((instant + UNKNOWN_OFFSET[opposite]) / DAY)
      const local = Temporal.Instant.fromEpochMilliseconds(instant).toZonedDateTimeISO(zone.id).toPlainDate()
      return local.since('1970-01-01', { largestUnit: 'day' }).days
    },
    nameOf: (timeZone) => cache.zone(timeZone)?.name ?? 'UTC',
  }
}

interface KnownZone extends ZoneIdentity {
  days: Map<number, number>
}

/** Forgets everything when it is full: what is asked for again is worked out again. */
class ZoneCache {
  readonly #zones = new Map<string, KnownZone | undefined>()
  #days = 0

  zone(timeZone: string): KnownZone | undefined {
    if (this.#zones.has(timeZone)) return this.#zones.get(timeZone)
    if (this.#zones.size >= MOST_ZONES) this.#forget()
    const identity = identifyZone(timeZone)
    const zone = identity && { ...identity, days: new Map<number, number>() }
    // What is no zone may be of any length.
    if (identity || timeZone.length <= 64) this.#zones.set(timeZone, zone)
    return zone
  }

  day(zone: KnownZone, day: number, work: () => number): number {
    const known = zone.days.get(day)
    if (known !== undefined) return known
    if (this.#days >= MOST_DAYS) this.#forget()
    const start = work()
    zone.days.set(day, start)
    this.#days += 1
    return start
  }

  #forget(): void {
    for (const zone of this.#zones.values()) zone?.days.clear()
    this.#zones.clear()
    this.#days = 0
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
