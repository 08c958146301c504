/**
 * Whose turn it is to be decided: one Booking at a time for each write calendar, whichever Agents share it. A Booking whose turn it
 * is not gives its worker back, and is reconciled again when the turn is free. A limit that Google sets for writes to a calendar
 * holds for that calendar only.
 */
import { pauseAfter } from '../controller/backoff.ts'
import type { Key } from '../kubernetes/port.ts'
import type { Clock, Random } from '../platform/clock.ts'

/** What the turns need. */
interface TurnsDeps {
  clock: Pick<Clock, 'monotonic'>
  random: Random
  /** Reconciles a Booking at once. */
  wake(bookingKey: Key): void
}

interface Calendar {
  holder: Key | undefined
  /** By Booking: its place in the order. */
  waiting: Map<Key, string>
  /** How many writes in a row were limited, and until when no other is sent, by the monotonic clock. */
  limited: number
  pausedUntil: number
}

const FIRST_PAUSE_MS = 5_000

const newCalendar = (): Calendar => ({
  holder: undefined,
  waiting: new Map(),
  limited: 0,
  pausedUntil: 0,
})

function firstOf(waiting: ReadonlyMap<Key, string>): Key | undefined {
  let first: [Key, string] | undefined
  for (const one of waiting) if (first === undefined || one[1] < first[1]) first = one
  return first?.[0]
}

/** The turns of all write calendars. */
export class CalendarTurns {
  readonly #deps: TurnsDeps
  readonly #calendars = new Map<string, Calendar>()

  constructor(deps: TurnsDeps) {
    this.#deps = deps
  }

  /** Takes the turn of a calendar, if it is free. Otherwise the Booking is reconciled again once it is. */
  tryAcquire(calendar: string, booking: Key, place: string): boolean {
    const known = this.#of(calendar)
    if (known.holder !== undefined && known.holder !== booking) {
      known.waiting.set(booking, place)
      return false
    }
    known.holder = booking
    known.waiting.delete(booking)
    return true
  }

  /** Has the Booking reconciled again when it is its turn. */
  await(calendar: string, booking: Key, place: string): void {
    this.#of(calendar).waiting.set(booking, place)
  }

  /** Gives the turn back, without passing it on: the Booking waits for something else, and keeps its place. */
  interrupt(calendar: string, booking: Key): void {
    const known = this.#of(calendar)
    if (known.holder === booking) known.holder = undefined
  }

  /** Gives the turn back, or passes it on if nobody has it: the first of those that wait is reconciled. */
  release(calendar: string, booking: Key): void {
    const known = this.#of(calendar)
    if (known.holder !== undefined && known.holder !== booking) return
    known.holder = undefined
    known.waiting.delete(booking)
    const first = firstOf(known.waiting)
    if (first === undefined) {
      if (known.limited === 0) this.#calendars.delete(calendar)
      return
    }
    // If it does not come, the others come by themselves after a while.
    known.waiting.delete(first)
    this.#deps.wake(first)
  }

  /** Whether so many of those that wait, and that `counts`, come before this place. */
  areAhead(calendar: string, place: string, many: number, counts: (booking: Key) => boolean): boolean {
    let left = many
    for (const [booking, other] of this.#calendars.get(calendar)?.waiting ?? []) {
      if (other < place && counts(booking)) left -= 1
      if (left === 0) return true
    }
    return false
  }

  /** A Booking is gone, or waits no longer: those that waited behind it go on. */
  leave(booking: Key): void {
    for (const [calendar, { waiting }] of this.#calendars) {
      if (waiting.delete(booking)) this.release(calendar, booking)
    }
  }

  /** In how many ms the calendar may be written to again; 0: now. */
  pauseLeft(calendar: string): number {
    return Math.max((this.#calendars.get(calendar)?.pausedUntil ?? 0) - this.#deps.clock.monotonic(), 0)
  }

  /** Google limits writes to this calendar. Returns for how many ms nothing is written to it. */
  onLimited(calendar: string, retryAfterMs = 0): number {
    const known = this.#of(calendar)
    known.limited += 1
    const { random } = this.#deps
    const pause = pauseAfter(known.limited, { random, first: FIRST_PAUSE_MS, notBefore: retryAfterMs })
    known.pausedUntil = this.#deps.clock.monotonic() + pause
    return pause
  }

  /** Google has accepted a write to this calendar. */
  onWritten(calendar: string): void {
    const known = this.#of(calendar)
    known.limited = 0
    known.pausedUntil = 0
  }

  #of(calendar: string): Calendar {
    const known = this.#calendars.get(calendar) ?? newCalendar()
    this.#calendars.set(calendar, known)
    return known
  }
}
