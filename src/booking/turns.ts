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
  /** By Booking that waits: the calendar whose turn it waits for. */
  readonly #waitsFor = new Map<Key, string>()

  constructor(deps: TurnsDeps) {
    this.#deps = deps
  }

  /** Takes the turn of a calendar, if it is free. Otherwise the Booking is reconciled again once it is. */
  tryAcquire(calendar: string, booking: Key, place: string): boolean {
    const known = this.#of(calendar)
    if (known.holder !== undefined && known.holder !== booking) {
      this.await(calendar, booking, place)
      return false
    }
    known.holder = booking
    this.#waitNoLonger(calendar, booking)
    return true
  }

  /** Has the Booking reconciled again when it is its turn. */
  await(calendar: string, booking: Key, place: string): void {
    // Its Agent may name another calendar by now.
    if (this.#waitsFor.get(booking) !== calendar) this.leave(booking)
    this.#of(calendar).waiting.set(booking, place)
    this.#waitsFor.set(booking, calendar)
  }

  /** Whether the Booking is reconciled again when it is its turn. */
  isWaiting(booking: Key): boolean {
    return this.#waitsFor.has(booking)
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
    this.#waitNoLonger(calendar, booking)
    const first = firstOf(known.waiting)
    if (first === undefined) {
      if (known.limited === 0) this.#calendars.delete(calendar)
      return
    }
    // If it does not come, the others come by themselves after a while.
    this.#waitNoLonger(calendar, first)
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
    const calendar = this.#waitsFor.get(booking)
    if (calendar === undefined) return
    this.#waitNoLonger(calendar, booking)
    this.release(calendar, booking)
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

  #waitNoLonger(calendar: string, booking: Key): void {
    if (this.#calendars.get(calendar)?.waiting.delete(booking)) this.#waitsFor.delete(booking)
  }

  #of(calendar: string): Calendar {
    const known = this.#calendars.get(calendar) ?? newCalendar()
    this.#calendars.set(calendar, known)
    return known
  }
}
