/**
 * What pages need of Secrets: read when it is first needed, and again once the metadata watch tells of another version. So
 * page views cost no request, however many there are.
 */
import type { Secret } from '../kubernetes/port.ts'
import { BusyError } from '../rate-limit/fair-semaphore.ts'
import type { WebDeps } from './port.ts'
import { KeyedRateLimiter, rememberBounded, SECRET_READS } from './rate-limits.ts'

interface CacheEntry<T> {
  version: string
  /** One reading serves all who come meanwhile. */
  value: Promise<T>
}

/** Of integrations, or of Agents. */
const MAX_OWNERS = 1_000

export class SecretCache<T> {
  readonly #cluster: WebDeps['cluster']
  readonly #limiter: KeyedRateLimiter
  /** As last read, by whose it is. */
  readonly #byOwner = new Map<string, CacheEntry<T>>()

  constructor({ cluster, clock }: Pick<WebDeps, 'cluster' | 'clock'>) {
    this.#cluster = cluster
    this.#limiter = new KeyedRateLimiter(clock, SECRET_READS)
  }

  /**
   * What `parse` makes of the Secret; undefined where there is none.
   *
   * @param owner whose reads are counted together: each has one Secret at a time.
   * @param secretKey of the Secret, `namespace/name`.
   * @throws BusyError where it changes all the time, or can't be read, and was asked for too often.
   */
  async get(owner: string, secretKey: string, parse: (secret: Secret | undefined) => T): Promise<T | undefined> {
    const known = this.#cluster.secrets.get(secretKey)
    if (!known) return undefined
    const version = `${secretKey} ${known.metadata.uid ?? ''} ${known.metadata.resourceVersion ?? ''}`
    const last = this.#byOwner.get(owner)
    if (last?.version === version) return last.value
    if (!this.#limiter.tryAcquire(owner)) throw new BusyError(`a Secret of ${owner} was read too often`)
    const [namespace = '', name = ''] = secretKey.split('/')
    const fresh = { version, value: this.#cluster.readSecret(namespace, name).then(parse) }
    rememberBounded(this.#byOwner, owner, fresh, MAX_OWNERS)
    // A failure is nobody's answer but theirs who wait for it.
    fresh.value.catch(() => {
      if (this.#byOwner.get(owner) === fresh) this.#byOwner.delete(owner)
    })
    return fresh.value
  }
}
