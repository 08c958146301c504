/**
 * Leader election with a Lease, as client-go does it. The holder renews the Lease every two seconds. A candidate takes it after
 * it has seen no change for fifteen seconds. A leader that could not renew for ten seconds stops, five seconds before
 * another replica may begin.
 *
 * Clocks of different machines are never compared: the times in the Lease are for people. A candidate counts from the moment
 * when it saw the Lease change, a leader from the moment when it *began* its last successful renewal. Both use the monotonic
 * clock, which nobody sets, but which stops while the machine sleeps. If the time of day has run ahead of it, either the clock
 * was set, or the machine slept and another replica may lead: then the Lease is renewed before anything else is done.
 */
import { sleep, type Clock, type Random } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import { microTime } from './events.ts'
import type { Leadership, LeadershipEvents } from './leadership.ts'
import { LeaseObject, type Lease, type LeaseMeta, type LeaseSpec } from './lease-object.ts'
import { startDeadline, type SendRequest } from './request.ts'

/** What leader election needs. */
interface LeaseDeps {
  send: SendRequest
  clock: Clock
  random: Random
  log: Log
}

/** The options of leader election. */
interface LeaseOptions {
  namespace: string
  name: string
  /** Identifies this process: unique among replicas and after restarts. */
  identity: string
  /**
   * For a Lease that only replicas of this name hold: its labels. The holder is the Lease's own name, as who watches such Leases
   * expects it; an annotation tells the process. Such a Lease is not created again when somebody deletes it: it is lost.
   */
  membership?: { labels: Record<string, string> }
}

/** Tells the processes of one replica's name apart: the one that was killed may still run on a node that is cut off. */
const PROCESS_ANNOTATION = 'calendar-operator.io/process'

/** How long a leader may act without a further renewal. */
interface Term {
  /** When the renewal began, in ms of the monotonic clock. */
  since: number
  /** The same instant by the time of day. */
  sinceTimeOfDay: number
  over: boolean
  cancel(): void
}

const LEASE_S = 15
const RENEW_DEADLINE_MS = 10_000
const RETRY_MS = 2_000
/** Short enough that, after a request that hangs, there is time for another one on another connection. */
const REQUEST_MS = 5_000
const RELEASE_MS = 1_500
/** A larger difference between the two clocks means that the clock was set or the machine slept. */
const DRIFT_MS = 1_000
/** A longer duration in the Lease is reduced to this. */
const MAX_LEASE_S = 60

/** Leader election with a Lease. */
export class LeaderElection implements Leadership {
  readonly #deps: LeaseDeps
  readonly #options: LeaseOptions
  readonly #lease: LeaseObject
  readonly #stopping = new AbortController()
  #running: Promise<void> | undefined
  /** Undefined until `run`. */
  #events: LeadershipEvents | undefined
  #state: 'candidate' | 'leader' | 'lost' | 'released' = 'candidate'
  /** The Lease as last read, and whether it has not changed for its duration since. */
  #seen: { lease: Lease; expired: boolean } | undefined
  /** The term of the last successful renewal. */
  #term: Term = { since: 0, sinceTimeOfDay: 0, over: true, cancel: () => undefined }
  #cancelExpiry = (): void => undefined
  /** Ends the pause between two attempts. */
  #wake = (): void => undefined
  /** The callbacks that wait for the end of an attempt. */
  readonly #attemptEnds: (() => void)[] = []
  /** The last logged reason why the Lease could not be renewed; empty after a success. */
  #lastReason = ''

  constructor(deps: LeaseDeps, options: LeaseOptions) {
    this.#deps = deps
    this.#options = options
    this.#lease = new LeaseObject(deps.send, this.#marked({ name: options.name, namespace: options.namespace }))
  }

  /** Whether this replica leads at this moment, unless the machine has slept. */
  get leading(): boolean {
    return this.#state === 'leader' && this.#deps.clock.monotonic() - this.#term.since < RENEW_DEADLINE_MS
  }

  /**
   * Must be called before each write. After a suspension of the process, the end of the term is noticed here first. If the machine
   * may have slept, it waits for a renewal.
   *
   * @throws Error if this replica does not lead.
   */
  async assertLeading(): Promise<void> {
    // An attempt may have begun before the machine slept.
    for (let attempt = 0; attempt < 2 && this.leading && this.#mayHaveSlept(this.#term); attempt++)
      await this.#attemptNow()
    if (this.leading && !this.#mayHaveSlept(this.#term)) return
    if (!this.leading) this.#lose()
    throw new Error('this replica does not lead')
  }

  #mayHaveSlept({ since, sinceTimeOfDay }: Term): boolean {
    const { clock } = this.#deps
    return clock.now() - sinceTimeOfDay - (clock.monotonic() - since) > DRIFT_MS
  }

  /** Starts the next attempt at once, and resolves when it has ended. */
  #attemptNow(): Promise<void> {
    if (this.#stopping.signal.aborted) return Promise.resolve()
    const ended = new Promise<void>((resolve) => this.#attemptEnds.push(resolve))
    this.#wake()
    return ended
  }

  /** Tries to get the Lease and then renews it; resolves after `stop`, or when the Lease is lost. */
  run(events: LeadershipEvents): Promise<void> {
    this.#events ??= events
    return (this.#running ??= this.#run())
  }

  /**
   * Stops, and releases the Lease, so that another replica need not wait until it expires.
   *
   * @param release false if work may still run; then the Lease expires by itself.
   */
  async stop(release = true): Promise<void> {
    this.#stopping.abort()
    await this.#running
    this.#cancelExpiry()
    this.#term.cancel()
    if (this.#state !== 'leader') return
    this.#state = 'released'
    if (release) await this.#release().catch((error: unknown) => this.#deps.log.debug({ error }, 'lease not released'))
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      await this.#attempt()
      const jitter = this.#state === 'leader' ? 0 : this.#deps.random() / 5
      await this.#pause(RETRY_MS * (1 + jitter))
    }
    this.#notifyAttemptEnd()
  }

  /** Waits until the time is over, an attempt is requested, or the election stops. */
  async #pause(ms: number): Promise<void> {
    const over = new AbortController()
    const { signal } = this.#stopping
    this.#wake = () => over.abort()
    if (signal.aborted) this.#wake()
    signal.addEventListener('abort', this.#wake)
    this.#notifyAttemptEnd()
    await sleep(this.#deps.clock, ms, over.signal)
    signal.removeEventListener('abort', this.#wake)
  }

  #notifyAttemptEnd(): void {
    for (const notify of this.#attemptEnds.splice(0)) notify()
  }

  /** One attempt to take or to renew the Lease. */
  async #attempt(): Promise<void> {
    const { clock } = this.#deps
    // The term counts from before the request.
    const [since, sinceTimeOfDay] = [clock.monotonic(), clock.now()]
    const term: Term = { since, sinceTimeOfDay, over: false, cancel: (): void => undefined }
    term.cancel = clock.setTimer(RENEW_DEADLINE_MS, () => {
      term.over = true
      if (this.#term === term) this.#lose()
    })
    const deadline = startDeadline(clock, REQUEST_MS, this.#stopping.signal)
    try {
      const held = await this.#tryToHold(deadline.signal)
      this.#lastReason = ''
      if (this.#stopping.signal.aborted) return
      if (held) this.#lead(term)
      else this.#lose()
    } catch (error) {
      this.#logOnce(error)
    } finally {
      deadline.cancel()
      if (this.#term !== term) term.cancel()
    }
  }

  /** Logs each new reason once. A stop is not a reason. */
  #logOnce(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error)
    if (this.#stopping.signal.aborted || reason === this.#lastReason) return
    this.#lastReason = reason
    this.#deps.log.warn({ error }, 'lease not renewed')
  }

  #lead(term: Term): void {
    // The response came too late, or the machine may have slept: the next attempt decides.
    const isLate = term.over || this.#deps.clock.monotonic() - term.since >= RENEW_DEADLINE_MS
    if (isLate || this.#mayHaveSlept(term)) return
    this.#term.cancel()
    this.#term = term
    if (this.#state !== 'candidate') return
    this.#state = 'leader'
    this.#events?.onLeading()
  }

  #lose(): void {
    if (this.#state !== 'leader') return
    this.#state = 'lost'
    this.#stopping.abort()
    this.#cancelExpiry()
    this.#term.cancel()
    this.#events?.onLost()
  }

  /** Returns whether this replica holds the Lease. @throws ApiError if that is unknown. */
  async #tryToHold(signal: AbortSignal): Promise<boolean> {
    // Usually nobody else has written the Lease: then one request is enough.
    if (this.#state === 'leader' && this.#seen && (await this.#write(this.#renewed(this.#seen.lease), signal)))
      return true
    const lease = await this.#lease.read(signal)
    if (!lease) return this.#createUnlessLost(signal)
    this.#observe(lease)
    const holder = lease.spec.holderIdentity
    if (this.#isHeldBy(lease)) return this.#mustWrite(this.#renewed(lease), signal)
    if (this.#state === 'leader' || (holder && !this.#seen?.expired)) return false
    return this.#mustWrite(this.#taken(lease), signal)
  }

  /** Whether this very process holds the Lease. */
  #isHeldBy({ metadata, spec }: Lease): boolean {
    const { identity, membership } = this.#options
    if (!membership) return spec.holderIdentity === identity
    return spec.holderIdentity === this.#holder && metadata.annotations?.[PROCESS_ANNOTATION] === identity
  }

  get #holder(): string {
    const { identity, name, membership } = this.#options
    return membership ? name : identity
  }

  /** Adds labels and annotation, and keeps those that others have added. */
  #marked(metadata: LeaseMeta): LeaseMeta {
    const { identity, membership } = this.#options
    if (!membership) return metadata
    const labels = { ...metadata.labels, ...membership.labels }
    return { ...metadata, labels, annotations: { ...metadata.annotations, [PROCESS_ANNOTATION]: identity } }
  }

  #renewed({ metadata, spec, ...lease }: Lease): Lease {
    return { ...lease, metadata: this.#marked(metadata), spec: { ...spec, ...this.#claim() } }
  }

  #taken({ metadata, spec, ...lease }: Lease): Lease {
    const claim = this.#claim()
    const leaseTransitions = (spec.leaseTransitions ?? 0) + 1
    const taken = { ...spec, ...claim, acquireTime: claim.renewTime, leaseTransitions }
    return { ...lease, metadata: this.#marked(metadata), spec: taken }
  }

  #claim(): LeaseSpec & { renewTime: string } {
    const renewTime = microTime(this.#deps.clock.now())
    return { holderIdentity: this.#holder, leaseDurationSeconds: LEASE_S, renewTime }
  }

  /** Whoever watches such Leases has moved the work of a deleted one to others. */
  async #createUnlessLost(signal: AbortSignal): Promise<boolean> {
    return this.#options.membership && this.#state === 'leader' ? false : this.#create(signal)
  }

  async #create(signal: AbortSignal): Promise<boolean> {
    const claim = this.#claim()
    this.#observe(await this.#lease.create({ ...claim, acquireTime: claim.renewTime, leaseTransitions: 0 }, signal))
    return true
  }

  /** Returns false if somebody else has written the Lease since. */
  async #write(lease: Lease, signal: AbortSignal): Promise<boolean> {
    const written = await this.#lease.replace(lease, signal)
    if (written) this.#observe(written)
    return written !== undefined
  }

  /** Another replica won the race, but it is unknown which: the next attempt finds out. */
  async #mustWrite(lease: Lease, signal: AbortSignal): Promise<true> {
    if (await this.#write(lease, signal)) return true
    throw new Error('somebody else has just written the Lease')
  }

  /** Only a change of the spec counts as a renewal: somebody may have changed a label of the Lease. */
  #observe(lease: Lease): void {
    const same = JSON.stringify(this.#seen?.lease.spec) === JSON.stringify(lease.spec)
    if (this.#seen && same) return void (this.#seen.lease = lease)
    const seen = { lease, expired: false }
    this.#seen = seen
    this.#cancelExpiry()
    const lasts = Math.min(lease.spec.leaseDurationSeconds ?? LEASE_S, MAX_LEASE_S) * 1000
    this.#cancelExpiry = this.#deps.clock.setTimer(lasts, () => (seen.expired = true))
  }

  /** If the response to the last renewal was lost, the known version is old: then the Lease is read again. */
  async #release(): Promise<void> {
    const deadline = startDeadline(this.#deps.clock, RELEASE_MS, undefined)
    const free = ({ spec, ...lease }: Lease): Lease => ({
      ...lease,
      spec: { ...spec, holderIdentity: '', leaseDurationSeconds: 1, renewTime: microTime(this.#deps.clock.now()) },
    })
    try {
      if (this.#seen && (await this.#write(free(this.#seen.lease), deadline.signal))) return
      const lease = await this.#lease.read(deadline.signal)
      if (lease && this.#isHeldBy(lease)) await this.#write(free(lease), deadline.signal)
    } finally {
      deadline.cancel()
      this.#cancelExpiry()
    }
  }
}
