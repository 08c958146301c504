/**
 * A bypass lets one request through although a limit pauses its client, or although the Calendar API is known to be switched
 * off, because somebody has requested a reconcile. It is created for one reconcile of one object, is passed along with the
 * requests of that reconcile, and can be used for one of them. Each client allows one bypass in ten seconds, for all of its Agents
 * together. It never exceeds the budget of `spec.quota`; there, its request only goes first.
 */
import type { TokenBucket } from '../rate-limit/token-bucket.ts'

/** Allows one request during a pause. */
export class Bypass {
  #isUsed = false
  /** Whether it was used for a request that was not sent yet, which may meet a second pause. */
  #isHeld = false
  #hasReadCalendar = false
  #retryInMs: number | undefined

  /** Whether a request has used it. */
  get isUsed(): boolean {
    return this.#isUsed
  }

  /** How long, in ms, until the client allows what was refused; undefined if this one was used or was not needed. */
  get retryInMs(): number | undefined {
    return this.#isUsed ? undefined : this.#retryInMs
  }

  /**
   * Uses the bypass, if the client allows one now. Returns whether one request may be sent.
   *
   * @param bucket limits the bypasses of the client.
   */
  tryUse(bucket: Pick<TokenBucket, 'tryAcquire' | 'delay'>): boolean {
    if (this.#isHeld) return true
    if (this.#isUsed) return false
    this.#isUsed = bucket.tryAcquire()
    this.#isHeld = this.#isUsed
    this.#retryInMs = bucket.delay()
    return this.#isUsed
  }

  /** A request of the reconcile is sent now. */
  onSend(isToCalendar: boolean): void {
    this.#hasReadCalendar ||= isToCalendar
    this.#isHeld = false
  }

  /**
   * The budget has no place for a request of the reconcile before so many ms have passed. Only a reconcile that has not sent any
   * request to the Calendar API is repeated: one that needs more than the budget would otherwise begin again and again.
   */
  postpone(ms: number): void {
    if (this.#hasReadCalendar) return
    this.#isUsed = false
    this.#isHeld = false
    this.#retryInMs = ms
  }
}
