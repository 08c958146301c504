/**
 * The writes whose answers were lost. Such a write may have been carried out, or Google may still carry it out after any read. Until
 * it is known what became of it, the times that it concerns are neither free nor taken for the other Bookings of the calendar.
 */
import type { Interval } from '../calendar/interval.ts'
import { keyOf, type Key } from '../kubernetes/port.ts'
import type { Clock } from '../platform/clock.ts'
import { MINUTE_MS } from '../platform/time-units.ts'
import type { Booking } from '../resources/types.ts'

/** What the unanswered writes need. */
interface UnansweredWritesDeps {
  clock: Pick<Clock, 'monotonic'>
  /** Reconciles a Booking at once. */
  wake(bookingKey: Key): void
}

/** A write whose answer was lost. */
interface Unanswered {
  /** The key of the calendar's turns. */
  readonly calendar: string
  /** The times that the event may have now. */
  readonly times: readonly Interval[]
  /** After this time Google no longer carries it out, and every read that counts began after it. By the monotonic clock. */
  readonly until: number
  /** The Bookings that wait for it. */
  readonly waiting: Set<Key>
}

/** A request is given up long before, and what is read five seconds before a slot is judged is too old. */
const IN_DOUBT_MS = 2 * MINUTE_MS

/** A Booking. One that is created anew under the same name is another one: its event has another id. */
type Writer = Pick<Booking, 'metadata'>

const uidOf = ({ metadata: { uid = '' } }: Writer): string => uid

/** The unanswered writes of all Bookings. */
export class UnansweredWrites {
  readonly #deps: UnansweredWritesDeps
  /** By the uid of the Booking. */
  readonly #byBooking = new Map<string, Unanswered>()

  constructor(deps: UnansweredWritesDeps) {
    this.#deps = deps
  }

  /** The answer to a write of this Booking was lost. @param calendar the key of the calendar's turns. */
  add(calendar: string, booking: Writer, times: readonly Interval[]): void {
    this.#forgetOld()
    const { times: earlier = [], waiting = new Set<Key>() } = this.#byBooking.get(uidOf(booking)) ?? {}
    const until = this.#deps.clock.monotonic() + IN_DOUBT_MS
    this.#byBooking.set(uidOf(booking), { calendar, times: merged(earlier, times), until, waiting })
  }

  /** It is known what stands at Google for this Booking, and the snapshots contain it. */
  settle(booking: Writer): void {
    const { waiting = [] } = this.#byBooking.get(uidOf(booking)) ?? {}
    this.#byBooking.delete(uidOf(booking))
    for (const key of waiting) this.#deps.wake(key)
  }

  /** Whether a write of this Booking may still be carried out. */
  isInDoubt(booking: Writer): boolean {
    this.#forgetOld()
    return this.#byBooking.has(uidOf(booking))
  }

  /** Whether another Booking's event may stand at this time. If so, this Booking is reconciled again as soon as it is known. */
  mayOccupy(calendar: string, booking: Writer, time: Interval): boolean {
    this.#forgetOld()
    let mayBe = false
    for (const [uid, one] of this.#byBooking) {
      if (uid === uidOf(booking) || one.calendar !== calendar || !one.times.some((other) => overlap(other, time)))
        continue
      one.waiting.add(keyOf(booking))
      mayBe = true
    }
    return mayBe
  }

  #forgetOld(): void {
    const now = this.#deps.clock.monotonic()
    for (const [uid, { until }] of this.#byBooking) if (until < now) this.#byBooking.delete(uid)
  }
}

const overlap = (one: Interval, other: Interval): boolean => one.start < other.end && one.end > other.start

/** Repeated writes to the same times add nothing. */
const merged = (earlier: readonly Interval[], times: readonly Interval[]): Interval[] => [
  ...earlier.filter(({ start, end }) => !times.some((one) => one.start === start && one.end === end)),
  ...times,
]
