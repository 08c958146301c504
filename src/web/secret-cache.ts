/**
 * Caches what pages need from Secrets. A Secret is read when it is first needed, and again when the metadata watch reports a new
 * version, so page views cost no requests.
 */
import { BusyError } from '../rate-limit/fair-semaphore.ts'
import type { WebDeps } from './port.ts'
import { setBounded } from '../rate-limit/bounded-map.ts'
import { KeyedRateLimiter } from '../rate-limit/keyed-rate-limiter.ts'
import { SECRET_READS } from './rate-limits.ts'

interface CacheEntry<T> {
  version: string
  /** Requests that arrive during a read share it. */
  value: Promise<T>
}

/** Owners are integrations or Agents. */
const MAX_OWNERS = 1_000

/** Values parsed from Secrets, one per owner. */
export class SecretCache<T> {
  readonly #cluster: WebDeps['cluster']
  readonly #limiter: KeyedRateLimiter
  /** By owner. */
  readonly #byOwner = new Map<string, CacheEntry<T>>()

  constructor({ cluster, clock }: Pick<WebDeps, 'cluster' | 'clock'>) {
    this.#cluster = cluster
    this.#limiter = new KeyedRateLimiter(clock, SECRET_READS)
  }

  /**
   * Returns what `read` finds in the Secret; undefined if there is no Secret.
   *
   * @param owner whose reads are limited together; an owner has one Secret at a time.
   * @param secretKey `namespace/name` of the Secret.
   * @throws BusyError if it was read too often, because it keeps changing or cannot be read.
   */
  async get(owner: string, secretKey: string, read: () => Promise<T>): Promise<T | undefined> {
    const known = this.#cluster.secrets.get(secretKey)
    if (!known) return undefined
    const version = `${secretKey} ${known.metadata.uid ?? ''} ${known.metadata.resourceVersion ?? ''}`
    const last = this.#byOwner.get(owner)
    if (last?.version === version) return last.value
    if (!this.#limiter.tryAcquire(owner)) throw new BusyError(`a Secret of ${owner} was read too often`)
    const fresh = { version, value: read() }
    setBounded(this.#byOwner, owner, fresh, MAX_OWNERS)
    // A failure is not cached: only the requests that wait for it see it.
    fresh.value.catch(() => {
      if (this.#byOwner.get(owner) === fresh) this.#byOwner.delete(owner)
    })
    return fresh.value
  }
}
