/** Identifies a calendar's time zone by its name: an IANA time zone, or a fixed offset such as `GMT-05:00`. */
import { Temporal } from 'temporal-polyfill'

/** A time zone that this version of Node knows. */
export interface ZoneIdentity {
  /** For Temporal: an IANA name, or an offset such as `-05:00`. */
  id: string
  /** For readers of the published calendar: a name that `Intl` accepts. */
  name: string
}

/** What every name of a time zone matches. No other letter than an ASCII letter may equal one when its case is ignored. */
export const ZONE_NAME = /^[\x20-\x7e]{1,64}$/

/** Identifies a time zone; undefined if this version of Node does not know it and its name contains no offset. */
export function identifyZone(timeZone: string): ZoneIdentity | undefined {
  if (!ZONE_NAME.test(timeZone)) return undefined
  const offset = offsetIn(timeZone)
  if (offset !== undefined) return { id: renderOffset(offset), name: offsetName(offset) }
  const id = ianaName(timeZone)
  return id === undefined ? undefined : { id, name: id }
}

/** The name as the IANA database writes it, because letter case does not matter; undefined if it is not known. */
function ianaName(timeZone: string): string | undefined {
  try {
    const { timeZoneId } = Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(timeZone)
    // Both have to know it: Temporal computes with it, and readers of the published name have Intl.
    new Intl.DateTimeFormat('en', { timeZone })
    return timeZoneId
  } catch {
    return undefined
  }
}

/** Whether two names mean one time zone: names that the IANA database links are equal. */
export function isSameZone(one: string, other: string): boolean {
  const [first, second] = [one, other].map((name) => identifyZone(name)?.name)
  return first !== undefined && second !== undefined && canonicalName(first) === canonicalName(second)
}

const canonicalName = (timeZone: string): string =>
  new Intl.DateTimeFormat('en', { timeZone }).resolvedOptions().timeZone

const UTC = /^(?:Z|UTC|GMT|UT)$/i
const OFFSET = /^(?:UTC|GMT|UT)? ?([+-])(\d{1,2})(?::?([0-5]\d))?$/i
const MAX_HOURS = 23

/**
 * Minutes ahead of UTC; undefined if the name contains no offset. The sign has the meaning of RFC 3339: `GMT-05:00` is behind
 * UTC. (In IANA names such as `Etc/GMT+5` it has the opposite meaning.)
 */
function offsetIn(timeZone: string): number | undefined {
  if (UTC.test(timeZone)) return 0
  const [, sign, hours = '', minutes = '0'] = OFFSET.exec(timeZone) ?? []
  if (hours === '' || Number(hours) > MAX_HOURS) return undefined
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes))
}

const twoDigits = (number: number): string => String(number).padStart(2, '0')

function renderOffset(minutes: number): string {
  const size = Math.abs(minutes)
  return `${minutes < 0 ? '-' : '+'}${twoDigits(Math.floor(size / 60))}:${twoDigits(size % 60)}`
}

/** Time zones that have a fractional offset all year round. */
const FRACTIONAL_OFFSETS: Record<string, string> = {
  '-09:30': 'Pacific/Marquesas',
  '+03:30': 'Asia/Tehran',
  '+04:30': 'Asia/Kabul',
  '+05:30': 'Asia/Kolkata',
  '+05:45': 'Asia/Kathmandu',
  '+06:30': 'Asia/Yangon',
  '+08:45': 'Australia/Eucla',
  '+09:30': 'Australia/Darwin',
}

function offsetName(minutes: number): string {
  const hours = minutes / 60
  if (minutes === 0) return 'UTC'
  // IANA has time zones for whole hours from 12 behind UTC to 14 ahead, with the opposite sign.
  const whole = Number.isInteger(hours) && hours >= -12 && hours <= 14
  return whole
    ? `Etc/GMT${hours < 0 ? '+' : '-'}${Math.abs(hours)}`
    : (FRACTIONAL_OFFSETS[renderOffset(minutes)] ?? 'UTC')
}
