/**
 * "Reconcile now", as far as it concerns Google: somebody asked for it, so one request is sent although a limit pauses the
 * client or the Calendar API is known to be switched off. A bypass is made for one reconcile of one object and handed down with
 * its requests; it is good for one of them. Each client allows one in ten seconds, whoever asks.
 */
import type { TokenBucket } from '../rate-limit/token-bucket.ts'

/** Allows one request during a pause. */
export class Bypass {
  #isUsed = false
  #retryInMs: number | undefined

  /** Whether a request was sent by it. */
  get isUsed(): boolean {
    return this.#isUsed
  }

  /** How long, in ms, until the client allows the next bypass; undefined where this one was used, or not needed. */
  get retryInMs(): number | undefined {
    return this.#isUsed ? undefined : this.#retryInMs
  }

  /**
   * Whether one request may be sent now.
   *
   * @param bucket the client's bucket of bypasses.
   */
  tryUse(bucket: Pick<TokenBucket, 'tryAcquire'>): boolean {
    if (this.#isUsed) return false
    this.#retryInMs = bucket.tryAcquire()
    this.#isUsed = this.#retryInMs === 0
    return this.#isUsed
  }
}
