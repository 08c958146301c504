/**
 * One budget of memory, for the whole process, for the answers that are being read. Most answers are small and never wait. A large
 * answer needs one of a few slots, and holds it until it was used; a listing whose answers are large together needs one until its
 * end. A free place goes to the client, and then to the account, that holds the fewest, so that one person's huge calendars do not
 * delay another's (docs/decisions/0111).
 */
import type { Clock } from '../platform/clock.ts'
import { BusyError, FairSemaphore } from '../rate-limit/fair-semaphore.ts'
import { GoogleError } from './port.ts'

const KIB = 1024
const MIB = 1024 * KIB

/** Bytes, compressed and decompressed, of an answer that needs no place: a token, an error, a hundred events. */
export const SMALL_BYTES = 256 * KIB
/** Bytes that no answer may exceed, compressed or decompressed: 250 events of 32 kB. */
export const MAX_BYTES = 8 * MIB
/** Large answers at a time: 24 MiB at most. */
const SLOTS = { total: 3, perKey: { client: 2, account: 1 } }
/** A place is held while one page is read and used: a longer wait means that something else is wrong. */
const MAX_WAIT_MS = 60_000

/** Characters of all answers of a listing that needs no place: a thousand events with attendees and descriptions. */
const SMALL_LISTING_CHARACTERS = 2 * MIB
/** A large listing has some dozens of pages. Who waits occupies a worker, so it is better to try again soon. */
const MAX_LISTING_WAIT_MS = 15_000

/** Whose answer it is. Neither value is ever shown. */
export type AnswerOwner = Readonly<Record<'client' | 'account', string>>

/** An answer that is larger than any may be. */
export class AnswerTooLargeError extends GoogleError {}

type Slots = FairSemaphore<'client' | 'account'>

/** Bounds how many large answers are held at once. */
export class BodyBudget {
  readonly #slots: Slots

  constructor(clock: Pick<Clock, 'setTimer'>) {
    this.#slots = new FairSemaphore(clock, SLOTS)
  }

  /** A lease for one answer, which has to be small if it has no owner. */
  lease(owner: AnswerOwner | undefined): BodyLease {
    return new BodyLease(this.#slots, owner)
  }
}

/** What one answer may use. */
export class BodyLease {
  readonly #slots: Slots
  readonly #owner: AnswerOwner | undefined
  #release: (() => void) | undefined

  constructor(slots: Slots, owner: AnswerOwner | undefined) {
    this.#slots = slots
    this.#owner = owner
  }

  /** How many bytes may be read before `grow`. */
  get bytes(): number {
    return this.#release ? MAX_BYTES : SMALL_BYTES
  }

  /** Waits for a place. @throws GoogleError if the answer may not be larger, or if no place becomes free. */
  async grow(): Promise<void> {
    if (!this.#owner || this.#release) {
      throw new AnswerTooLargeError('Unknown', `the answer is larger than ${this.bytes / KIB} KiB`)
    }
    this.#release = await acquireSlot(this.#slots, this.#owner, MAX_WAIT_MS)
  }

  /** Must be called when the answer was used or given up. */
  release(): void {
    this.#release?.()
    this.#release = undefined
  }
}

/** Bounds how many large listings are under way at once. */
export class ListingBudget {
  readonly #slots: Slots

  constructor(clock: Pick<Clock, 'setTimer'>) {
    this.#slots = new FairSemaphore(clock, SLOTS)
  }

  /** A lease for one listing. */
  lease(owner: AnswerOwner): ListingLease {
    return new ListingLease(this.#slots, owner)
  }
}

/** What one listing may use. */
export class ListingLease {
  readonly #slots: Slots
  readonly #owner: AnswerOwner
  #characters = 0
  #release: (() => void) | undefined

  constructor(slots: Slots, owner: AnswerOwner) {
    this.#slots = slots
    this.#owner = owner
  }

  /** Must be called after each answer. Waits for a place if the listing needs one. @throws GoogleError if none becomes free. */
  async count(characters: number): Promise<void> {
    this.#characters += characters
    if (this.#characters <= SMALL_LISTING_CHARACTERS) return
    this.#release ??= await acquireSlot(this.#slots, this.#owner, MAX_LISTING_WAIT_MS)
  }

  /** Must be called when the listing has ended or was given up. */
  release(): void {
    this.#release?.()
    this.#release = undefined
  }
}

async function acquireSlot(slots: Slots, owner: AnswerOwner, maxWaitMs: number): Promise<() => void> {
  try {
    return await slots.acquire(owner, maxWaitMs)
  } catch (error) {
    if (!(error instanceof BusyError)) throw error
    throw new GoogleError('Unknown', 'too many large calendars are being read at once')
  }
}
