/**
 * Leader election on a Lease, as client-go does it: whoever holds the Lease renews it every two seconds; whoever doesn't takes
 * it after having watched it for fifteen seconds without a change. A leader that could not renew for ten seconds has stopped
 * acting five seconds before anybody else may begin.
 *
 * Nobody's clock is compared with anybody else's: the times in the Lease are for people. A candidate counts from when it
 * saw the Lease change, and a leader from when it *began* its last successful renewal, both by the monotonic clock, which
 * nobody sets. It stands still while the machine sleeps: where the time of day has run ahead of it, either the clock was set
 * or the machine slept and somebody else may lead, so the Lease is renewed before anything else is done.
 */
import { sleep, type Clock, type Random } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import { microTime } from './events.ts'
import type { Leadership, LeadershipEvents } from './leadership.ts'
import { LeaseObject, type Lease, type LeaseSpec } from './lease-object.ts'
import { startDeadline, type SendRequest } from './request.ts'

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
}

/** How long a leader may act without a further renewal. */
interface Term {
  /** When the renewal was begun, by the monotonic clock. */
  since: number
  /** The same by the time of day. */
  sinceTimeOfDay: number
  over: boolean
  cancel(): void
}

const LEASE_S = 15
const RENEW_DEADLINE_MS = 10_000
const RETRY_MS = 2_000
/** A request that hangs leaves time for another one, on another connection. */
const REQUEST_MS = 5_000
const RELEASE_MS = 1_500
/** By so much the time of day may run ahead without anybody asking why. */
const DRIFT_MS = 1_000
/** What somebody wrote into the Lease does not keep it free for longer. */
const LONGEST_LEASE_S = 60

export class LeaderElection implements Leadership {
  readonly #deps: LeaseDeps
  readonly #options: LeaseOptions
  readonly #lease: LeaseObject
  readonly #stopping = new AbortController()
  #running: Promise<void> | undefined
  /** Undefined until `run`. */
  #events: LeadershipEvents | undefined
  #state: 'candidate' | 'leader' | 'lost' | 'released' = 'candidate'
  /** The Lease as last seen, and whether it has been seen unchanged for as long as it lasts. */
  #seen: { lease: Lease; expired: boolean } | undefined
  /** What our last successful renewal gave us. */
  #term: Term = { since: 0, sinceTimeOfDay: 0, over: true, cancel: () => undefined }
  #cancelExpiry = (): void => undefined
  /** Ends the pause between two turns. */
  #wake = (): void => undefined
  /** Who waits for the end of a turn. */
  readonly #turnEnds: (() => void)[] = []
  /** What has been said of a Lease that can't be had, since it could. */
  #complaint = ''

  constructor(deps: LeaseDeps, options: LeaseOptions) {
    this.#deps = deps
    this.#options = options
    this.#lease = new LeaseObject(deps.send, options)
  }

  /** Whether we lead, at this very moment, unless the machine has slept. */
  get leading(): boolean {
    return this.#state === 'leader' && this.#deps.clock.monotonic() - this.#term.since < RENEW_DEADLINE_MS
  }

  /**
   * For whoever is about to act. After a standstill this is where the end of the term shows first. Where the machine may
   * have slept it waits for a renewal.
   *
   * @throws Error where we may not.
   */
  async assertLeading(): Promise<void> {
    // One turn may have begun before the machine slept.
    for (let turn = 0; turn < 2 && this.leading && this.#mayHaveSlept(this.#term); turn++) await this.#turnNow()
    if (this.leading && !this.#mayHaveSlept(this.#term)) return
    if (!this.leading) this.#lose()
    throw new Error('this replica does not lead')
  }

  #mayHaveSlept({ since, sinceTimeOfDay }: Term): boolean {
    const { clock } = this.#deps
    return clock.now() - sinceTimeOfDay - (clock.monotonic() - since) > DRIFT_MS
  }

  /** Resolves when the next turn has ended, which is begun at once. */
  #turnNow(): Promise<void> {
    if (this.#stopping.signal.aborted) return Promise.resolve()
    const ended = new Promise<void>((resolve) => this.#turnEnds.push(resolve))
    this.#wake()
    return ended
  }

  /** Stands for election, and leads once elected; resolves after `stop`, or when the Lease is lost. */
  run(events: LeadershipEvents): Promise<void> {
    this.#events ??= events
    return (this.#running ??= this.#run())
  }

  /**
   * Stops standing or leading, and lets go of the Lease, so that another replica needs not wait for its end.
   *
   * @param letGo false where something of ours may still act: then the Lease is left to run out.
   */
  async stop(letGo = true): Promise<void> {
    this.#stopping.abort()
    await this.#running
    this.#cancelExpiry()
    this.#term.cancel()
    if (this.#state !== 'leader') return
    this.#state = 'released'
    if (letGo) await this.#release().catch((error: unknown) => this.#deps.log.debug({ error }, 'lease not released'))
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      await this.#turn()
      const jitter = this.#state === 'leader' ? 0 : this.#deps.random() / 5
      await this.#pause(RETRY_MS * (1 + jitter))
    }
    this.#tellTurnEnded()
  }

  /** Until it is over, somebody wants a turn at once, or all stops. */
  async #pause(ms: number): Promise<void> {
    const over = new AbortController()
    const { signal } = this.#stopping
    this.#wake = () => over.abort()
    if (signal.aborted) this.#wake()
    signal.addEventListener('abort', this.#wake)
    this.#tellTurnEnded()
    await sleep(this.#deps.clock, ms, over.signal)
    signal.removeEventListener('abort', this.#wake)
  }

  #tellTurnEnded(): void {
    for (const tell of this.#turnEnds.splice(0)) tell()
  }

  /** One try to take or to renew the Lease. */
  async #turn(): Promise<void> {
    const { clock } = this.#deps
    // Counted from before the Lease is asked for.
    const [since, sinceTimeOfDay] = [clock.monotonic(), clock.now()]
    const term: Term = { since, sinceTimeOfDay, over: false, cancel: (): void => undefined }
    term.cancel = clock.setTimer(RENEW_DEADLINE_MS, () => {
      term.over = true
      if (this.#term === term) this.#lose()
    })
    const deadline = startDeadline(clock, REQUEST_MS, this.#stopping.signal)
    try {
      const held = await this.#tryToHold(deadline.signal)
      this.#complaint = ''
      if (this.#stopping.signal.aborted) return
      if (held) this.#lead(term)
      else if (this.#state === 'leader') this.#lose()
    } catch (error) {
      this.#complain(error)
    } finally {
      deadline.cancel()
      if (this.#term !== term) term.cancel()
    }
  }

  /** Once for each new reason; a stop is none. */
  #complain(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error)
    if (this.#stopping.signal.aborted || reason === this.#complaint) return
    this.#complaint = reason
    this.#deps.log.warn({ error }, 'lease not renewed')
  }

  #lead(term: Term): void {
    // The answer came too late to build upon, or the machine slept over it: the next turn tells.
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

  /** Whether the Lease is ours; false: it is somebody else's. Fails where that is not known. */
  async #tryToHold(signal: AbortSignal): Promise<boolean> {
    // Mostly nobody but us has written it: one request then, not two.
    if (this.#state === 'leader' && this.#seen && (await this.#write(this.#renewed(this.#seen.lease), signal)))
      return true
    const lease = await this.#lease.read(signal)
    if (!lease) return this.#create(signal)
    this.#observe(lease)
    const holder = lease.spec.holderIdentity
    if (holder === this.#options.identity) return this.#mustWrite(this.#renewed(lease), signal)
    if (this.#state === 'leader' || (holder && !this.#seen?.expired)) return false
    return this.#mustWrite(this.#taken(lease), signal)
  }

  #renewed({ spec, ...lease }: Lease): Lease {
    return { ...lease, spec: { ...spec, ...this.#claim() } }
  }

  #taken({ spec, ...lease }: Lease): Lease {
    const claim = this.#claim()
    const leaseTransitions = (spec.leaseTransitions ?? 0) + 1
    return { ...lease, spec: { ...spec, ...claim, acquireTime: claim.renewTime, leaseTransitions } }
  }

  #claim(): LeaseSpec & { renewTime: string } {
    const renewTime = microTime(this.#deps.clock.now())
    return { holderIdentity: this.#options.identity, leaseDurationSeconds: LEASE_S, renewTime }
  }

  async #create(signal: AbortSignal): Promise<boolean> {
    const claim = this.#claim()
    this.#observe(await this.#lease.create({ ...claim, acquireTime: claim.renewTime, leaseTransitions: 0 }, signal))
    return true
  }

  /** False: somebody has written the Lease since. */
  async #write(lease: Lease, signal: AbortSignal): Promise<boolean> {
    const written = await this.#lease.replace(lease, signal)
    if (written) this.#observe(written)
    return written !== undefined
  }

  /** Who loses this race does not know yet to whom: the next turn tells. */
  async #mustWrite(lease: Lease, signal: AbortSignal): Promise<true> {
    if (await this.#write(lease, signal)) return true
    throw new Error('somebody else has just written the Lease')
  }

  /** Only what the holder writes counts: a label on the Lease keeps nobody in office. */
  #observe(lease: Lease): void {
    const same = JSON.stringify(this.#seen?.lease.spec) === JSON.stringify(lease.spec)
    if (this.#seen && same) return void (this.#seen.lease = lease)
    const seen = { lease, expired: false }
    this.#seen = seen
    this.#cancelExpiry()
    const lasts = Math.min(lease.spec.leaseDurationSeconds ?? LEASE_S, LONGEST_LEASE_S) * 1000
    this.#cancelExpiry = this.#deps.clock.setTimer(lasts, () => (seen.expired = true))
  }

  /** Our last renewal's answer may have been lost: then what we know of the Lease is old, and we look again. */
  async #release(): Promise<void> {
    const deadline = startDeadline(this.#deps.clock, RELEASE_MS, undefined)
    const free = ({ spec, ...lease }: Lease): Lease => ({
      ...lease,
      spec: { ...spec, holderIdentity: '', leaseDurationSeconds: 1, renewTime: microTime(this.#deps.clock.now()) },
    })
    try {
      if (this.#seen && (await this.#write(free(this.#seen.lease), deadline.signal))) return
      const lease = await this.#lease.read(deadline.signal)
      if (lease?.spec.holderIdentity === this.#options.identity) await this.#write(free(lease), deadline.signal)
    } finally {
      deadline.cancel()
      this.#cancelExpiry()
    }
  }
}
