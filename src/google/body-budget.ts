/**
 * One budget for the answers that are being read, over the whole process. Most are small, and pass without waiting for anybody;
 * whoever answers more than that has to have one of a few places, which is held until the answer was used. Places go to the
 * client, and then to the account, that has the fewest, so that nobody's huge calendars keep somebody else's answers waiting.
 */
import type { Clock } from '../platform/clock.ts'
import { BusyError, FairSemaphore } from '../rate-limit/fair-semaphore.ts'
import { GoogleError } from './port.ts'

const KIB = 1024
const MIB = 1024 * KIB

/** Bytes of an answer that needs no place, packed and unpacked. A token, an error, a hundred events. */
export const SMALL_BYTES = 256 * KIB
/** Bytes that no answer may exceed, packed or unpacked: 250 events of 40 kB are 10 MB. */
export const MOST_BYTES = 16 * MIB
/** Large answers at a time: 64 MiB at most. */
const PLACES = { total: 4, perKey: { client: 2, account: 1 } }
/** A place comes free as soon as a page was read and folded in; more than this means that something else is wrong. */
const LONGEST_WAIT_MS = 60_000

/** Whose answer it is. Neither is ever shown. */
export type AnswerOwner = Readonly<Record<'client' | 'account', string>>

/** An answer beyond all bounds, in whichever form. */
export class AnswerTooLargeError extends GoogleError {}

export class BodyBudget {
  readonly #places: FairSemaphore<'client' | 'account'>

  constructor(clock: Pick<Clock, 'setTimer'>) {
    this.#places = new FairSemaphore(clock, PLACES)
  }

  /** For one answer. Without an owner it has to be a small one. */
  lease(owner: AnswerOwner | undefined): BodyLease {
    return new BodyLease(this.#places, owner)
  }
}

export class BodyLease {
  readonly #places: FairSemaphore<'client' | 'account'>
  readonly #owner: AnswerOwner | undefined
  #release: (() => void) | undefined

  constructor(places: FairSemaphore<'client' | 'account'>, owner: AnswerOwner | undefined) {
    this.#places = places
    this.#owner = owner
  }

  /** Bytes that may be taken in before `grow`. */
  get bytes(): number {
    return this.#release ? MOST_BYTES : SMALL_BYTES
  }

  /** Waits for a place. @throws GoogleError where the answer may be no larger, or no place comes free. */
  async grow(): Promise<void> {
    if (!this.#owner || this.#release) {
      throw new AnswerTooLargeError('Unknown', `the answer is larger than ${this.bytes / KIB} KiB`)
    }
    try {
      this.#release = await this.#places.acquire(this.#owner, LONGEST_WAIT_MS)
    } catch (error) {
      if (!(error instanceof BusyError)) throw error
      throw new GoogleError('Unreachable', 'too many large answers are being read already')
    }
  }

  /** The answer was used, or given up. */
  release(): void {
    this.#release?.()
    this.#release = undefined
  }
}
