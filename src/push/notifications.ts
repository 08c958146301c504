/**
 * The room of push notifications. A notification reaches any replica that serves pages. `channel-token.ts` verifies it without a
 * look-up; this file brings it to the replica that owns the Agent: directly if it is this one, else by an annotation on the
 * Agent (`notified-annotation.ts`). Several within a moment are one (`coalescer.ts`). The room touches Kubernetes only through
 * its port, and writes nothing but that annotation.
 */
import { ApiError, isConflict, keyOf, type Cluster, type WatchEvent } from '../kubernetes/port.ts'
import { sleep, type Clock } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import { MINUTE_MS } from '../platform/time-units.ts'
import { KeyedRateLimiter } from '../rate-limit/keyed-rate-limiter.ts'
import { NOTIFIED } from '../resources/names.ts'
import type { Agent } from '../resources/types.ts'
import { Coalescer } from './coalescer.ts'
import { openNotified, sealNotified, type NotifiedKey } from './notified-annotation.ts'
import type { Notification, Notifications, OnNotification, ReceivedNotification } from './port.ts'

/** What the relay of notifications needs. */
interface NotificationRelayDeps {
  cluster: Pick<Cluster, 'agents' | 'patch'>
  clock: Clock
  log: Pick<Log, 'warn'>
  /** Cryptographically secure. */
  randomBytes: (count: number) => Uint8Array
  /** The accepted keys, the current one first; empty while there are none. */
  keys: () => readonly NotifiedKey[]
  /** Whether this replica reconciles the Agent `namespace/name`. */
  owns: (agentKey: string) => boolean
}

/** How long notifications are collected before they are delivered: Google sends several for one change. */
const COLLECT_MS = 200
/** An Agent is notified, and its annotation written, at most this often. */
const INTERVAL_MS = 1_000
/** After a conflict, the annotation is written again after this time, this often. */
const CONFLICT_MS = 50
const MAX_ATTEMPTS = 5
/** When what could not be passed on is tried again. */
const RETRY_MS = 5_000
/** Notifications older than this are dropped: by then a poll is as likely to find the change. */
const LIFETIME_MS = MINUTE_MS

/** Notifications of one kind that wait to be passed on. */
interface Pending {
  uid: string
  kind: Notification['kind']
  tags: ReadonlySet<string>
  checks: ReadonlySet<string>
  /** When the oldest of these notifications arrived; monotonic. */
  since: number
  /** When it arrived by the time of day, in ms since the epoch. */
  receivedAt: number
}

const merge = (one: Pending, other: Pending): Pending => ({
  ...one,
  tags: new Set([...one.tags, ...other.tags]),
  checks: new Set([...one.checks, ...other.checks]),
  since: Math.min(one.since, other.since),
  receivedAt: Math.min(one.receivedAt, other.receivedAt),
})

/** Brings notifications to the replica that owns their Agent. */
export class NotificationRelay implements Notifications {
  readonly #deps: NotificationRelayDeps
  readonly #listeners: OnNotification[] = []
  /** By the uid of the Agent and the kind: a channel's first notification does not delay those of changes. */
  readonly #coalescer: Coalescer<Pending>
  readonly #logLimiter: KeyedRateLimiter
  /** Whoever may edit Agents may put an earlier value of the annotation back: each value counts once. */
  readonly #nonces: KeyedRateLimiter
  /** What is being passed on now. */
  readonly #running = new Set<Promise<void>>()

  constructor(deps: NotificationRelayDeps) {
    this.#deps = deps
    this.#coalescer = new Coalescer(deps.clock, {
      intervalMs: INTERVAL_MS,
      merge,
      deliver: (_, pending) => this.#run(this.#passOn(pending)),
    })
    this.#logLimiter = new KeyedRateLimiter(deps.clock, { burst: 1, intervalMs: MINUTE_MS })
    this.#nonces = new KeyedRateLimiter(deps.clock, { burst: 1, intervalMs: 2 * LIFETIME_MS })
    deps.cluster.agents.subscribe((event) => this.#onEvent(event))
  }

  subscribe(listener: OnNotification): void {
    this.#listeners.push(listener)
  }

  /**
   * Takes a notification whose token was verified.
   *
   * @returns false if there is no Agent with this uid.
   */
  receive({ uid, tag, check, kind }: ReceivedNotification): boolean {
    if (this.#deps.cluster.agents.byIndex('uid', uid).length === 0) return false
    this.#add(uid, { kind, tags: [tag], checks: [check] }, COLLECT_MS)
    return true
  }

  /** Reads the annotations of all Agents. To be called when this replica begins to own Agents. */
  takeOver(): void {
    for (const agent of this.#deps.cluster.agents.list()) this.#readAnnotation(agent)
  }

  /** Passes on what waits, and resolves when that is done. */
  async stop(): Promise<void> {
    this.#coalescer.stop()
    await Promise.all(this.#running)
  }

  #add(uid: string, { kind, tags, checks }: Omit<Notification, 'receivedAt'>, delayMs: number): void {
    const { clock } = this.#deps
    const times = { since: clock.monotonic(), receivedAt: clock.now() }
    this.#postpone({ uid, kind, tags: new Set(tags), checks: new Set(checks), ...times }, delayMs)
  }

  #postpone(pending: Pending, delayMs: number): void {
    this.#coalescer.add(`${pending.uid} ${pending.kind}`, pending, delayMs)
  }

  #onEvent({ before, after }: WatchEvent<Agent>): void {
    if (after && annotationOf(after) !== (before && annotationOf(before))) this.#readAnnotation(after)
  }

  /** What another replica announced is delivered at once: it has been collected there. */
  #readAnnotation(agent: Agent): void {
    if (!this.#deps.owns(keyOf(agent))) return
    const notified = this.#opened(agent)
    if (!notified || Math.abs(this.#deps.clock.now() - notified.at) > LIFETIME_MS) return
    if (this.#nonces.tryAcquire(notified.nonce)) this.#add(agent.metadata.uid ?? '', notified, 0)
  }

  #opened(agent: Agent): ReturnType<typeof openNotified> {
    return openNotified(annotationOf(agent), agent.metadata.uid ?? '', this.#deps.keys())
  }

  #run(passingOn: Promise<void>): void {
    this.#running.add(passingOn)
    void passingOn.finally(() => this.#running.delete(passingOn))
  }

  async #passOn(pending: Pending): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const [agent] = this.#deps.cluster.agents.byIndex('uid', pending.uid)
      if (!agent) return
      try {
        return await this.#passOnOnce(agent, pending)
      } catch (error) {
        if (attempt === MAX_ATTEMPTS || !isConflict(error)) return this.#onFailure(agent, pending, error)
      }
      // The owner has just written the Agent's status. The watch reports it within a moment.
      await sleep(this.#deps.clock, CONFLICT_MS)
    }
  }

  async #passOnOnce(agent: Agent, pending: Pending): Promise<void> {
    const { clock, owns } = this.#deps
    if (owns(keyOf(agent))) return this.#deliver(keyOf(agent), pending)
    const waitMs = this.#untilNextAnnotation(agent)
    if (waitMs > 0) await sleep(clock, waitMs)
    await this.#annotate(agent, pending)
  }

  #deliver(agentKey: string, { receivedAt, kind, tags, checks }: Pending): void {
    const notification = { receivedAt, kind, tags: [...tags], checks: [...checks] }
    for (const listener of this.#listeners) listener(agentKey, notification)
  }

  /** Another replica may have written the annotation just now. */
  #untilNextAnnotation(agent: Agent): number {
    const sinceMs = this.#deps.clock.now() - (this.#opened(agent)?.at ?? -Infinity)
    return sinceMs >= 0 && sinceMs < INTERVAL_MS ? INTERVAL_MS - sinceMs : 0
  }

  async #annotate(agent: Agent, { uid, kind, tags, checks }: Pending): Promise<void> {
    const { cluster, clock, randomBytes } = this.#deps
    const [key] = this.#deps.keys()
    if (!key) return
    const notified = { at: clock.now(), kind, tags: [...tags], checks: [...checks] }
    const value = sealNotified(notified, uid, key, randomBytes)
    await cluster.patch(agent, { metadata: { annotations: { [NOTIFIED]: value } } })
  }

  #onFailure(agent: Agent, pending: Pending, error: unknown): void {
    if (this.#deps.clock.monotonic() - pending.since >= LIFETIME_MS) return
    const isReported = error instanceof ApiError && error.isReported
    if (!isReported && this.#logLimiter.tryAcquire(NOTIFIED))
      this.#deps.log.warn({ agent: keyOf(agent), error }, 'a notification from Google could not be passed on')
    this.#postpone(pending, RETRY_MS)
  }
}

const annotationOf = ({ metadata }: Agent): string | undefined => metadata.annotations?.[NOTIFIED]
