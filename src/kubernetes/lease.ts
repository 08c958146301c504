/**
 * Leader election on a Lease, as client-go does it: whoever holds the Lease renews it every two seconds, whoever doesn't
 * watches for fifteen seconds without a renewal, counted by its own clock from when it saw the last change. A leader that
 * can't renew for ten seconds stops acting: it ends before anybody else may begin.
 */
import { sleep, type Clock, type Random } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import { ApiError } from './port.ts'
import type { SendRequest } from './request.ts'

export interface LeaseDeps {
  send: SendRequest
  clock: Clock
  random: Random
  log: Log
}

export interface LeaseOptions {
  namespace: string
  name: string
  /** Who we are: unique among replicas, and over restarts. */
  identity: string
  /** Called once, when the Lease is ours. */
  onLeading(): void
  /** Called once, when it no longer is, and may be somebody else's soon: the process must end. */
  onLost(): void
}

const LEASE_S = 15
const RENEW_DEADLINE_MS = 10_000
const RETRY_MS = 2_000

interface Lease {
  metadata: { name: string; namespace: string; resourceVersion?: string }
  spec: {
    holderIdentity?: string
    leaseDurationSeconds?: number
    acquireTime?: string
    renewTime?: string
    leaseTransitions?: number
  }
}

export class LeaderElection {
  readonly #deps: LeaseDeps
  readonly #options: LeaseOptions
  readonly #stopping = new AbortController()
  /** The Lease as last seen, and when by our clock it was first seen like that. */
  #seen: { lease: Lease; at: number } | undefined
  #renewedAt = 0
  leading = false

  constructor(deps: LeaseDeps, options: LeaseOptions) {
    this.#deps = deps
    this.#options = options
  }

  /** Stands for election, and leads once elected; resolves after `stop`, or when the Lease is lost. */
  async run(): Promise<void> {
    const { clock, random } = this.#deps
    while (!this.#stopping.signal.aborted) {
      await this.#turn()
      if (this.leading && clock.now() - this.#renewedAt >= RENEW_DEADLINE_MS) return this.#lose()
      await sleep(clock, RETRY_MS * (this.leading ? 1 : 1 + random() * 0.2), this.#stopping.signal)
    }
  }

  /** Lets go of the Lease, so that another replica needs not wait for its end. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    if (!this.leading || !this.#seen) return
    this.leading = false
    const { lease } = this.#seen
    const spec = { ...lease.spec, holderIdentity: '', renewTime: microTime(this.#deps.clock.now()) }
    await this.#write({ ...lease, spec }).catch(() => undefined)
  }

  #lose(): void {
    this.leading = false
    this.#stopping.abort()
    this.#options.onLost()
  }

  /** One try to take or to renew the Lease, given up when it would come too late. */
  async #turn(): Promise<void> {
    const { clock, log } = this.#deps
    const deadline = new AbortController()
    const left = this.leading ? this.#renewedAt + RENEW_DEADLINE_MS - clock.now() : RENEW_DEADLINE_MS
    const cancel = clock.setTimer(left, () => deadline.abort())
    const startedAt = clock.now()
    try {
      const held = await this.#tryToHold(deadline.signal)
      if (held) {
        this.#renewedAt = startedAt
        this.#lead()
      } else if (this.leading) this.#lose()
    } catch (error) {
      log.debug({ error }, 'lease not renewed')
    } finally {
      cancel()
    }
  }

  #lead(): void {
    if (this.leading || this.#stopping.signal.aborted) return
    this.leading = true
    this.#options.onLeading()
  }

  async #tryToHold(signal: AbortSignal): Promise<boolean> {
    const { identity } = this.#options
    const lease = await this.#read(signal)
    if (!lease) return this.#create(signal)
    this.#observe(lease)
    const holder = lease.spec.holderIdentity
    if (holder && holder !== identity && !this.#expired()) return false
    if (this.leading && holder !== identity) return false
    const now = microTime(this.#deps.clock.now())
    const renewal = { holderIdentity: identity, leaseDurationSeconds: LEASE_S, renewTime: now }
    const taken =
      holder === identity ? {} : { acquireTime: now, leaseTransitions: (lease.spec.leaseTransitions ?? 0) + 1 }
    return this.#write({ ...lease, spec: { ...lease.spec, ...renewal, ...taken } }, signal)
  }

  /** By our own clock: whether the holder has let its Lease go unrenewed for as long as it lasts. */
  #expired(): boolean {
    if (!this.#seen) return false
    const lasts = (this.#seen.lease.spec.leaseDurationSeconds ?? LEASE_S) * 1000
    return this.#deps.clock.now() - this.#seen.at >= lasts
  }

  #observe(lease: Lease): void {
    if (this.#seen?.lease.metadata.resourceVersion === lease.metadata.resourceVersion) return
    this.#seen = { lease, at: this.#deps.clock.now() }
  }

  get #path(): string {
    return `/apis/coordination.k8s.io/v1/namespaces/${this.#options.namespace}/leases`
  }

  async #read(signal: AbortSignal): Promise<Lease | undefined> {
    try {
      return await this.#deps.send<Lease>({ method: 'GET', path: `${this.#path}/${this.#options.name}` }, signal)
    } catch (error) {
      if (error instanceof ApiError && error.failure === 'NotFound') return undefined
      throw error
    }
  }

  async #create(signal: AbortSignal): Promise<boolean> {
    const { name, namespace, identity } = this.#options
    const now = microTime(this.#deps.clock.now())
    const spec = { holderIdentity: identity, leaseDurationSeconds: LEASE_S, acquireTime: now, renewTime: now }
    const body = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name, namespace }, spec }
    this.#observe(await this.#deps.send<Lease>({ method: 'POST', path: this.#path, body }, signal))
    return true
  }

  /** For the version that was read only: whoever wrote in between has won. */
  async #write(lease: Lease, signal?: AbortSignal): Promise<boolean> {
    const path = `${this.#path}/${this.#options.name}`
    try {
      this.#observe(await this.#deps.send<Lease>({ method: 'PUT', path, body: lease }, signal))
      return true
    } catch (error) {
      if (error instanceof ApiError && error.failure === 'Conflict') return this.#stillOurs(signal)
      throw error
    }
  }

  /** After a conflict, the Lease may be ours all the same: an earlier renewal's answer was lost. */
  async #stillOurs(signal: AbortSignal | undefined): Promise<boolean> {
    const lease = await this.#read(signal ?? this.#stopping.signal)
    if (lease) this.#observe(lease)
    return lease?.spec.holderIdentity === this.#options.identity
  }
}

const microTime = (ms: number): string => new Date(ms).toISOString().replace('Z', '000Z')
