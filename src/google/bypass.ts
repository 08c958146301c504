/**
 * A bypass lets one request through although a limit pauses its client, or although the Calendar API is known to be switched
 * off, because somebody has requested a reconcile. It is created for one reconcile of one object, is passed along with the
 * requests of that reconcile, and can be used for one of them. Each client allows one bypass in ten seconds, whoever asks.
 */
import type { TokenBucket } from '../rate-limit/token-bucket.ts'

/** Allows one request during a pause. */
export class Bypass {
  #isUsed = false
  #retryInMs: number | undefined

  /** Whether a request has used it. */
  get isUsed(): boolean {
    return this.#isUsed
  }

  /** How long, in ms, until the client allows the next bypass; undefined if this one was used or was not needed. */
  get retryInMs(): number | undefined {
    return this.#isUsed ? undefined : this.#retryInMs
  }

  /**
   * Uses the bypass, if the client allows one now. Returns whether one request may be sent.
   *
   * @param bucket limits the bypasses of the client.
   */
  tryUse(bucket: Pick<TokenBucket, 'tryAcquire' | 'delay'>): boolean {
    if (this.#isUsed) return false
    this.#isUsed = bucket.tryAcquire()
    this.#retryInMs = bucket.delay()
    return this.#isUsed
  }
}
