/**
 * One budget for the answers that are being read, over the whole process. Most are small, and pass without waiting for anybody.
 * A large answer has to have one of a few places, which is held until it was used; so has a listing whose answers are large
 * together, until its end. Places go to the client, and then to the account, that has the fewest, so that nobody's huge
 * calendars keep somebody else's waiting (docs/decisions/0111).
 */
import type { Clock } from '../platform/clock.ts'
import { BusyError, FairSemaphore } from '../rate-limit/fair-semaphore.ts'
import { GoogleError } from './port.ts'

const KIB = 1024
const MIB = 1024 * KIB

/** Bytes of an answer that needs no place, packed and unpacked. A token, an error, a hundred events. */
export const SMALL_BYTES = 256 * KIB
/** Bytes that no answer may exceed, packed or unpacked: 250 events of 32 kB. */
export const MOST_BYTES = 8 * MIB
/** Large answers at a time: 24 MiB at most. */
const PLACES = { total: 3, perKey: { client: 2, account: 1 } }
/** A place comes free as soon as a page was read and folded in; more than this means that something else is wrong. */
const LONGEST_WAIT_MS = 60_000

/** Characters of all answers of one listing that need no place. A thousand events with guests and descriptions. */
export const SMALL_LISTING = 2 * MIB
/** A large listing has some dozens of pages. Whoever waits keeps a worker from others: rather soon than late it is tried again. */
const LONGEST_LISTING_WAIT_MS = 15_000

/** Whose answer it is. Neither is ever shown. */
export type AnswerOwner = Readonly<Record<'client' | 'account', string>>

/** An answer beyond all bounds, in whichever form. */
export class AnswerTooLargeError extends GoogleError {}

type Places = FairSemaphore<'client' | 'account'>

export class BodyBudget {
  readonly #places: Places

  constructor(clock: Pick<Clock, 'setTimer'>) {
    this.#places = new FairSemaphore(clock, PLACES)
  }

  /** For one answer. Without an owner it has to be a small one. */
  lease(owner: AnswerOwner | undefined): BodyLease {
    return new BodyLease(this.#places, owner)
  }
}

export class BodyLease {
  readonly #places: Places
  readonly #owner: AnswerOwner | undefined
  #release: (() => void) | undefined

  constructor(places: Places, owner: AnswerOwner | undefined) {
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
    this.#release = await placeIn(this.#places, this.#owner, LONGEST_WAIT_MS)
  }

  /** The answer was used, or given up. */
  release(): void {
    this.#release?.()
    this.#release = undefined
  }
}

/** Bounds how many large listings are under way at once. */
export class ListingBudget {
  readonly #places: Places

  constructor(clock: Pick<Clock, 'setTimer'>) {
    this.#places = new FairSemaphore(clock, PLACES)
  }

  /** For one listing. */
  lease(owner: AnswerOwner): ListingLease {
    return new ListingLease(this.#places, owner)
  }
}

export class ListingLease {
  readonly #places: Places
  readonly #owner: AnswerOwner
  #characters = 0
  #release: (() => void) | undefined

  constructor(places: Places, owner: AnswerOwner) {
    this.#places = places
    this.#owner = owner
  }

  /** Called after each answer. Waits for a place where the listing needs one. @throws GoogleError where none comes free. */
  async count(characters: number): Promise<void> {
    this.#characters += characters
    if (this.#characters <= SMALL_LISTING) return
    this.#release ??= await placeIn(this.#places, this.#owner, LONGEST_LISTING_WAIT_MS)
  }

  /** The listing has come to its end, or was given up. */
  release(): void {
    this.#release?.()
    this.#release = undefined
  }
}

async function placeIn(places: Places, owner: AnswerOwner, maxWaitMs: number): Promise<() => void> {
  try {
    return await places.acquire(owner, maxWaitMs)
  } catch (error) {
    if (!(error instanceof BusyError)) throw error
    throw new GoogleError('Unknown', 'too many large calendars are being read at once')
  }
}
