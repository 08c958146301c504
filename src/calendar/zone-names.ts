/** What a calendar calls its time zone, told from what it is: an IANA zone, or a plain offset such as `GMT-05:00`. */
import { Temporal } from 'temporal-polyfill'

export interface ZoneIdentity {
  /** For Temporal: an IANA name, or an offset such as `-05:00`. */
  id: string
  /** For whoever reads what is published: a name that `Intl` accepts. */
  name: string
}

/** Longer than any name of a zone. */
const LONGEST_NAME = 64

/** Undefined for a zone that this Node does not know, and whose name tells no offset. */
export function identifyZone(timeZone: string): ZoneIdentity | undefined {
  if (timeZone.length > LONGEST_NAME) return undefined
  const offset = offsetIn(timeZone)
  if (offset !== undefined) return { id: renderOffset(offset), name: nameOfOffset(offset) }
  return isZone(timeZone) ? { id: timeZone, name: timeZone } : undefined
}

function isZone(timeZone: string): boolean {
  try {
    // Both have to know it: the one reckons, the other is what readers of the published name have.
    new Intl.DateTimeFormat('en', { timeZone })
    return Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(timeZone).epochMilliseconds === 0
  } catch {
    return false
  }
}

const UTC = /^(?:Z|UTC|GMT|UT)$/i
const OFFSET = /^(?:UTC|GMT|UT)? ?([+-])(\d{1,2})(?::?([0-5]\d))?$/i
const MOST_HOURS = 23

/**
 * Minutes ahead of UTC; undefined where the name tells none. A sign means what it means in RFC 3339: `GMT-05:00` is behind
 * UTC. (`Etc/GMT+5`, where it means the contrary, is a name of IANA's.)
 */
function offsetIn(timeZone: string): number | undefined {
  if (UTC.test(timeZone)) return 0
  const [, sign, hours = '', minutes = '0'] = OFFSET.exec(timeZone) ?? []
  if (hours === '' || Number(hours) > MOST_HOURS) return undefined
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes))
}

const twoDigits = (number: number): string => String(number).padStart(2, '0')

function renderOffset(minutes: number): string {
  const size = Math.abs(minutes)
  return `${minutes < 0 ? '-' : '+'}${twoDigits(Math.floor(size / 60))}:${twoDigits(size % 60)}`
}

/** Places that keep an offset of broken hours all year round. */
const BROKEN_HOURS: Record<string, string> = {
  '-09:30': 'Pacific/Marquesas',
  '+03:30': 'Asia/Tehran',
  '+04:30': 'Asia/Kabul',
  '+05:30': 'Asia/Kolkata',
  '+05:45': 'Asia/Kathmandu',
  '+06:30': 'Asia/Yangon',
  '+08:45': 'Australia/Eucla',
  '+09:30': 'Australia/Darwin',
}

function nameOfOffset(minutes: number): string {
  const hours = minutes / 60
  if (minutes === 0) return 'UTC'
  // IANA has its zones of whole hours from 12 behind UTC to 14 ahead, with the sign the other way round.
  const whole = Number.isInteger(hours) && hours >= -12 && hours <= 14
  return whole ? `Etc/GMT${hours < 0 ? '+' : '-'}${Math.abs(hours)}` : (BROKEN_HOURS[renderOffset(minutes)] ?? 'UTC')
}
