/**
 * Converts local time to instants, with the IANA time zones of Node and with fixed offsets from UTC. Temporal handles days that
 * begin at 01:00, hours that occur twice or never, and skipped days. This file adds a bounded cache, and a rule for time zones
 * that this version of Node does not know: they make a person busy for a longer time, never for a shorter one.
 */
import { Temporal } from 'temporal-polyfill'
import { DAY_MS, HOUR_MS } from '../platform/time-units.ts'
import { identifyZone, ZONE_NAME, type ZoneIdentity } from './zone-names.ts'

/** Which instant to return if a local time occurs twice or never, or if its time zone is unknown. */
export type Disambiguation = 'earlier' | 'later'

/** Days are counted from 1970-01-01; instants are ms since the epoch; local times are `YYYY-MM-DDTHH:MM:SS[.fff]`. */
export interface Zones {
  /** The instant at which a day begins. */
  startOfDay(day: number, timeZone: string, disambiguation: Disambiguation): number
  /** The instant of a local time; undefined if `local` is not a valid time. */
  instantOf(local: string, timeZone: string, disambiguation: Disambiguation): number | undefined
  /**
   * What `parse` returns for a time whose meaning depends on no time zone. It is remembered: events begin and end at few different
   * times, on the hour and within some weeks, whoever's calendar they are in. Undefined is not remembered.
   */
  remembered(time: string, parse: (time: string) => number | undefined): number | undefined
  /** The local day of an instant; in an unknown time zone the earliest or the latest that it can be. */
  dayOf(instant: number, timeZone: string, disambiguation: Disambiguation): number
  /** A name of the time zone that `Intl` accepts; `UTC` if there is none. */
  nameOf(timeZone: string): string
  /**
   * The same converter for one listing. Looking up a name that does not exist takes much longer than reading an event, and a listing
   * may contain a different one in each event: after some of them, new names are not looked up and count as unknown.
   */
  forListing(): Zones
}

// Local time is at most 14 hours ahead of UTC and 12 hours behind: in an unknown time zone it lies in between.
const UNKNOWN_OFFSET = { earlier: 14 * HOUR_MS, later: -12 * HOUR_MS }
/** There are about 600 names in the IANA database, and 2,880 offsets. */
const MAX_ZONES = 4_000
/** Names as they are written in calendars, known and unknown. */
const MAX_NAMES = 10_000
/** How many names that prove to be unknown are looked up for one listing. Real calendars contain a few. */
const MAX_UNKNOWN_LOOKUPS = 50
/** Of all time zones together: a calendar can contain any number of days. */
const MAX_DAYS = 20_000
/** Half-hours of two months with three different offsets are 8,640. */
const MAX_TIMES = 10_000
/** With fractions of a second, a time can be of any length. */
const MAX_TIME_LENGTH = 32

/** Creates the converter. It caches time zones and days up to a limit, so one converter serves the whole process. */
export function createZones(): Zones {
  const cache = new ZoneCache()
  return zonesOver(cache, { left: Infinity })
}

/** How many more names that prove to be unknown may be looked up. */
interface Lookups {
  left: number
}

function zonesOver(cache: ZoneCache, lookups: Lookups): Zones {
  const zoneOf = (timeZone: string): KnownZone | undefined => cache.zone(timeZone, lookups)

  const startOfDay = (day: number, timeZone: string, disambiguation: Disambiguation): number => {
    const zone = zoneOf(timeZone)
    if (!zone) return day * DAY_MS - UNKNOWN_OFFSET[disambiguation]
    return cache.day(zone, day, () => localDate(day).toZonedDateTime(zone.id).epochMilliseconds)
  }

  return {
    startOfDay,
    instantOf(local, timeZone, disambiguation) {
      const time = localTime(local)
      const zone = time && zoneOf(timeZone)
      if (!time || zone) return time?.toZonedDateTime(zone?.id ?? 'UTC', { disambiguation }).epochMilliseconds
      return time.toZonedDateTime('UTC').epochMilliseconds - UNKNOWN_OFFSET[disambiguation]
    },
    remembered: (time, parse) => cache.time(time, parse),
    dayOf(instant, timeZone, disambiguation) {
      const opposite = disambiguation === 'earlier' ? 'later' : 'earlier'
      const zone = zoneOf(timeZone)
      if (!zone) return Math.floor((instant + UNKNOWN_OFFSET[opposite]) / DAY_MS)
      const local = Temporal.Instant.fromEpochMilliseconds(instant).toZonedDateTimeISO(zone.id).toPlainDate()
      return local.since('1970-01-01', { largestUnit: 'day' }).days
    },
    nameOf: (timeZone) => zoneOf(timeZone)?.name ?? 'UTC',
    forListing: () => zonesOver(cache, { left: MAX_UNKNOWN_LOOKUPS }),
  }
}

interface KnownZone extends ZoneIdentity {
  days: Map<number, number>
}

/**
 * Its parts are cleared when they are full. Names are many more than time zones, because letter case does not matter in them and
 * offsets are written in several ways: all names of one time zone share its days, and names alone never discard days.
 */
class ZoneCache {
  readonly #byName = new Map<string, KnownZone | undefined>()
  readonly #byId = new Map<string, KnownZone>()
  readonly #times = new Map<string, number>()
  #days = 0

  zone(timeZone: string, lookups: Lookups): KnownZone | undefined {
    if (!ZONE_NAME.test(timeZone)) return undefined
    const key = timeZone.toLowerCase()
    if (this.#byName.has(key)) return this.#byName.get(key)
    if (lookups.left <= 0) return undefined
    const identity = identifyZone(timeZone)
    if (!identity) lookups.left -= 1
    const zone = identity && this.#zoneOf(identity)
    if (this.#byName.size >= MAX_NAMES) this.#byName.clear()
    this.#byName.set(key, zone)
    return zone
  }

  #zoneOf(identity: ZoneIdentity): KnownZone {
    const known = this.#byId.get(identity.id)
    if (known) return known
    if (this.#byId.size >= MAX_ZONES) this.#clear()
    const zone = { ...identity, days: new Map<number, number>() }
    this.#byId.set(identity.id, zone)
    return zone
  }

  day(zone: KnownZone, day: number, compute: () => number): number {
    const known = zone.days.get(day)
    if (known !== undefined) return known
    if (this.#days >= MAX_DAYS) this.#clear()
    const start = compute()
    zone.days.set(day, start)
    this.#days += 1
    return start
  }

  time(time: string, parse: (time: string) => number | undefined): number | undefined {
    const known = this.#times.get(time)
    if (known !== undefined) return known
    const instant = parse(time)
    if (instant === undefined || time.length > MAX_TIME_LENGTH) return instant
    if (this.#times.size >= MAX_TIMES) this.#times.clear()
    this.#times.set(time, instant)
    return instant
  }

  #clear(): void {
    for (const zone of this.#byId.values()) zone.days.clear()
    this.#byId.clear()
    this.#byName.clear()
    this.#days = 0
  }
}

function localDate(day: number): Temporal.PlainDate {
  const date = new Date(day * DAY_MS)
  return Temporal.PlainDate.from({ year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() })
}

function localTime(local: string): Temporal.PlainDateTime | undefined {
  try {
    return Temporal.PlainDateTime.from(local, { overflow: 'reject' })
  } catch {
    return undefined
  }
}
