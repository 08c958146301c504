/**
 * Limits the memory that the process uses for answers while they are read. Most answers are small and never wait. A large answer
 * occupies one of a few slots until it has been used, and a listing whose answers are large in total occupies a slot until it ends.
 * A free slot goes to the client, and then to the account, that occupies the fewest, so that one person's huge calendars do not
 * delay another's (docs/decisions/0111).
 */
import type { Clock } from '../platform/clock.ts'
import { BusyError, FairSemaphore } from '../rate-limit/fair-semaphore.ts'
import { GoogleError } from './port.ts'

const KIB = 1024
const MIB = 1024 * KIB

/** The size, in bytes, up to which an answer needs no slot, compressed and decompressed: a token, an error, a hundred events. */
export const SMALL_BYTES = 256 * KIB
/** The maximum size of an answer, in bytes, compressed and decompressed: 250 events of 32 kB. */
export const MAX_BYTES = 8 * MIB
/** How many large answers are held at a time; together they take at most 24 MiB. */
const SLOTS = { total: 3, perKey: { client: 2, account: 1 } }
/** A slot is occupied while one page is read and used, so a longer wait means that something else is wrong. */
const MAX_WAIT_MS = 60_000

/** The size, in characters of all answers, up to which a listing needs no slot: a thousand events with all their content. */
const SMALL_LISTING_CHARACTERS = 2 * MIB
/** A large listing has dozens of pages. A listing that waits occupies a worker, so it fails early and is retried soon. */
const MAX_LISTING_WAIT_MS = 15_000

/** The client and the account that an answer belongs to. Neither value is ever shown. */
export type AnswerOwner = Readonly<Record<'client' | 'account', string>>

/** An answer exceeds the maximum size. */
export class AnswerTooLargeError extends GoogleError {}

type Slots = FairSemaphore<'client' | 'account'>

/** Limits how many large answers are held at a time. */
export class BodyBudget {
  readonly #slots: Slots

  constructor(clock: Pick<Clock, 'setTimer'>) {
    this.#slots = new FairSemaphore(clock, SLOTS)
  }

  /** Returns a lease for one answer. An answer without an owner has to be small. */
  lease(owner: AnswerOwner | undefined): BodyLease {
    return new BodyLease(this.#slots, owner)
  }
}

/** The memory that one answer may use. */
export class BodyLease {
  readonly #slots: Slots
  readonly #owner: AnswerOwner | undefined
  #release: (() => void) | undefined
  #isOver = false

  constructor(slots: Slots, owner: AnswerOwner | undefined) {
    this.#slots = slots
    this.#owner = owner
  }

  /** How many bytes may be read before `grow`. */
  get bytes(): number {
    return this.#release ? MAX_BYTES : SMALL_BYTES
  }

  /** Waits for a slot. @throws GoogleError if the answer may not be larger, or if no slot becomes free. */
  async grow(): Promise<void> {
    if (!this.#owner || this.#release) {
      throw new AnswerTooLargeError('Unknown', `the answer is larger than ${this.bytes / KIB} KiB`)
    }
    const release = await acquireSlot(this.#slots, this.#owner, MAX_WAIT_MS)
    if (!this.#isOver) this.#release = release
    else {
      // The connection failed in the meantime: nobody would release this slot.
      release()
      throw new GoogleError('Unknown', 'the answer was abandoned while it waited for a slot')
    }
  }

  /** Must be called when the answer has been used or abandoned, even while `grow` waits. */
  release(): void {
    this.#isOver = true
    this.#release?.()
    this.#release = undefined
  }
}

/** Limits how many large listings run at a time. */
export class ListingBudget {
  readonly #slots: Slots

  constructor(clock: Pick<Clock, 'setTimer'>) {
    this.#slots = new FairSemaphore(clock, SLOTS)
  }

  /** Returns a lease for one listing. */
  lease(owner: AnswerOwner): ListingLease {
    return new ListingLease(this.#slots, owner)
  }
}

/** The memory that one listing may use. */
export class ListingLease {
  readonly #slots: Slots
  readonly #owner: AnswerOwner
  #characters = 0
  #release: (() => void) | undefined

  constructor(slots: Slots, owner: AnswerOwner) {
    this.#slots = slots
    this.#owner = owner
  }

  /** Must be called after each answer. Waits for a slot if the listing needs one. @throws GoogleError if no slot becomes free. */
  async count(characters: number): Promise<void> {
    this.#characters += characters
    if (this.#characters <= SMALL_LISTING_CHARACTERS) return
    this.#release ??= await acquireSlot(this.#slots, this.#owner, MAX_LISTING_WAIT_MS)
  }

  /** Must be called when the listing has ended or has been abandoned. */
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
