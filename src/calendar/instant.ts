/** Renders and parses instants as they are published: RFC 3339, UTC, to the second, years 0001 to 9999. */
import { DAY_MS, MINUTE_MS } from '../platform/time-units.ts'

/** The first instant that can be published, 0001-01-01T00:00:00Z, in ms. */
export const EARLIEST = -62_135_596_800_000
/** The last instant that can be published, 9999-12-31T23:59:59Z, in ms. */
export const LATEST = 253_402_300_799_000

const DAY_SECONDS = DAY_MS / 1000

/** Limits an instant to years of four digits. */
export const clampInstant = (instant: number): number => Math.min(Math.max(instant, EARLIEST), LATEST)

/**
 * Renders ms since the epoch as `2026-11-23T10:00:00Z`, rounded down to the second.
 * @throws RangeError for NaN.
 */
export const renderInstant = (instant: number): string => new InstantRenderer().render(instant)

const TWO_DIGITS = Array.from({ length: 60 }, (_, number) => String(number).padStart(2, '0'))
const twoDigits = (number: number): string => TWO_DIGITS[number] ?? ''
/** `T00:00:` to `T23:59:`. */
const MINUTES = Array.from({ length: DAY_MS / MINUTE_MS }, (_, minute) => {
  return `T${twoDigits(Math.floor(minute / 60))}:${twoDigits(minute % 60)}:`
})

/**
 * Renders the instants of one document, as `renderInstant` does. The busy intervals of a person are several to a day, so the date is
 * mostly the one before. Not with `toISOString`, which takes many times as long.
 */
export class InstantRenderer {
  #day = NaN
  #date = ''

  /** @throws RangeError for NaN. */
  render(instant: number): string {
    const seconds = Math.floor(clampInstant(instant) / 1000)
    const day = Math.floor(seconds / DAY_SECONDS)
    if (day !== this.#day) {
      this.#date = renderDay(new Date(day * DAY_MS))
      this.#day = day
    }
    const second = seconds - day * DAY_SECONDS
    return `${this.#date}${MINUTES[Math.floor(second / 60)] ?? ''}${twoDigits(second % 60)}Z`
  }
}

function renderDay(midnight: Date): string {
  const year = midnight.getUTCFullYear()
  if (Number.isNaN(year)) throw new RangeError('an instant is not a number')
  return `${String(year).padStart(4, '0')}-${twoDigits(midnight.getUTCMonth() + 1)}-${twoDigits(midnight.getUTCDate())}`
}

const INSTANT = /^(?!0000)\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\dZ$/

/** Parses an instant to ms since the epoch; undefined for any text that `renderInstant` would not have written. */
export function parseInstant(text: unknown): number | undefined {
  if (typeof text !== 'string' || !INSTANT.test(text)) return undefined
  const instant = Date.parse(text)
  // Date.parse reads a 30th of February as a 2nd of March.
  return text.slice(8, 10) > '28' && renderInstant(instant) !== text ? undefined : instant
}
