/**
 * The push channels of all Agents that this replica reconciles. The reconcile of an Agent reports what it has read (`observe`)
 * and asks what the status says (`report`); notifications prove channels and name the calendars to read (`onNotification`,
 * `takeChanged`). Requests to Google are made by `reconcile`, which runs on its own workers, so that reading and publishing never
 * wait for a channel. Push brings changes sooner and replaces no reading.
 *
 * This part of the room speaks to Google through the client of the Agent's integration, and to Kubernetes not at all. Its state
 * is in memory; channels are restored from the statuses.
 */
import { done, type Outcome } from '../controller/outcome.ts'
import { ObjectState } from '../kubernetes/object-states.ts'
import { keyOf, type Cluster, type Key } from '../kubernetes/port.ts'
import { withSharedParts } from '../platform/shared-parts.ts'
import { KeyedRateLimiter } from '../rate-limit/keyed-rate-limiter.ts'
import type { RateLimit } from '../rate-limit/rate-limit.ts'
import { integrationKey } from '../resources/references.ts'
import type { Agent } from '../resources/types.ts'
import { isAtRest, newAgentPush, type AgentPush } from './agent-push.ts'
import { isChannelIdAccepted, type ChannelKey } from './channel-token.ts'
import { dueIn } from './due.ts'
import type { RequestDeps } from './make-channel.ts'
import { calendarsOf, withEarly, withEarlyMessages, withMessage, withMissed, type EarlyMessages } from './messages.ts'
import { modeOf, type ModeOptions } from './mode.ts'
import { observed, takenChanged, type Observation } from './observe.ts'
import type { Notification } from './port.ts'
import { Reachability } from './reachability.ts'
import { isReported, pushReport, reportDigest, type PushReport } from './report.ts'
import { rememberedTrial, restored } from './restore.ts'
import {
  dropChannels,
  keepChannels,
  noteReachable,
  stopChannels,
  type ChannelRun,
  type TrackedPush,
} from './run-channels.ts'
import { newPushState, onlyWatched, withoutPauses, type Validity } from './state.ts'
import type { PushMode } from './watching.ts'

/** What the manager needs from outside. */
interface ChannelManagerDeps extends ModeOptions, RequestDeps {
  cluster: Pick<Cluster, 'agents' | 'integrations'>
  /** Whether this replica reconciles the Agent: each replica tries a site with a channel of an Agent of its own. */
  owns(agentKey: Key): boolean
  /** The keys of channel tokens that are accepted, the current one first; empty while there are none. */
  channelKeys(): readonly ChannelKey[]
  /** Reconciles an Agent as soon as possible: one of its calendars has changed. */
  read(agentKey: Key): void
  /** Reconciles an Agent soon: its status has changed. */
  statusChanged(agentKey: Key): void
  /** Runs `reconcile` for an Agent. */
  wake(agentKey: Key): void
  /** Counts changes that Google did not announce, by the integration. */
  missed(integration: { namespace: string; name: string }): void
}

/** As for requests to reconcile. */
const RETRY_LIMIT: RateLimit = { burst: 1, intervalMs: 10_000 }

/** Holds the state of each Agent, and runs the steps that replace it. */
export class ChannelManager {
  readonly #deps: ChannelManagerDeps
  readonly #agents = new Map<Key, TrackedPush>()
  /** Messages for Agents that were not observed yet: this replica may have begun to lead just now. */
  readonly #early = new Map<Key, EarlyMessages>()
  readonly #reachability: Reachability
  /** That of the Agent that was observed last: most Agents have the same one. */
  #mode: PushMode | undefined
  /** Limits how often somebody may ask for a trial. */
  readonly #retries: KeyedRateLimiter

  constructor(deps: ChannelManagerDeps) {
    this.#deps = deps
    this.#retries = new KeyedRateLimiter(deps.clock, RETRY_LIMIT)
    this.#reachability = new Reachability({
      clock: deps.clock,
      recall: (integration, address) => {
        const { isAccepted } = this.#validity(address)
        return rememberedTrial(deps.cluster.agents.byIndex('integration', integration), { address, isAccepted })
      },
      canTry: (integration, agent) => this.#canTry(integration, agent),
      wake: (agent) => deps.wake(agent),
    })
  }

  /** Notes what a reconcile has read, and which calendars the spec names now. */
  observe(observation: Observation): void {
    const { agent, resolution, isRequested } = observation
    // Nothing is requested while anything is suspended, and everything stays as it is.
    if (resolution.kind === 'suspended') return
    const key = keyOf(agent)
    const mode = withSharedParts(modeOf(this.#deps, resolution), this.#mode)
    this.#mode = mode
    const tracked = this.#trackedOf(observation, mode)
    const before = tracked.value
    if (before.integration !== resolution.key) this.#reachability.leave(before.integration, key)
    tracked.update(observed(before, observation, mode))
    this.#applyEarly(key, tracked)
    if (isRequested) this.#retryNow(tracked)
    // Its trial may be known from its status only: then nothing has to be reconciled, and yet another Agent may try.
    if (isAtRest(tracked.value)) this.#reachability.leave(resolution.key, key)
    const isGone = !this.#deps.cluster.integrations.get(resolution.key)
    // Without push, each read would cost a reconcile that has nothing to do.
    if (isGone || !isAtRest(before) || !isAtRest(tracked.value)) this.#deps.wake(key)
  }

  /** What the status says about push; undefined if the Agent was not observed yet. */
  report(agent: Agent): PushReport | undefined {
    const tracked = this.#knownOf(agent)
    if (!tracked) return undefined
    tracked.update({ reported: this.#digestOf(tracked.value) })
    return pushReport(agent, tracked.value, this.#validityOf(tracked.value))
  }

  /** Whether the status of the Agent says that. */
  isReported(agent: Agent): boolean {
    const push = this.#knownOf(agent)?.value
    return !push || isReported(agent, push, this.#validityOf(push))
  }

  /** Takes the calendars that were announced as changed: they are to be read now. */
  takeChanged(agent: Agent): ReadonlySet<string> {
    const tracked = this.#agents.get(keyOf(agent))
    tracked?.update(takenChanged(tracked.value, this.#deps.clock.monotonic()))
    return new Set(tracked?.value.reading.keys())
  }

  /** Takes a notification whose token was verified. */
  onNotification(agentKey: Key, notification: Notification): void {
    const { kind, tags, checks } = notification
    const tracked = this.#agents.get(agentKey)
    const now = this.#deps.clock.monotonic()
    if (!tracked) {
      this.#early.set(agentKey, withEarly(this.#early.get(agentKey), notification, now))
      return
    }
    for (const id of calendarsOf(tracked.value, tags)) {
      tracked.update(withMessage(tracked.value, id, { kind, checks, at: now }))
      noteReachable(this.#runOf(agentKey, tracked), id)
    }
    if (kind === 'change' && tracked.value.changed.size > 0) this.#deps.read(agentKey)
    this.#deps.wake(agentKey)
  }

  /** Makes and stops the channels of an Agent. */
  async reconcile(key: Key): Promise<Outcome> {
    const tracked = this.#agents.get(key)
    if (!tracked) return done()
    const agent = this.#deps.cluster.agents.get(key)
    if (agent?.metadata.uid !== tracked.uid || agent.metadata.deletionTimestamp) return this.#end(key, tracked)
    if (this.#isSuspended(agent, tracked.value)) {
      this.#reachability.leave(tracked.value.integration, key)
      return done()
    }
    const lookedAt = this.#deps.clock.monotonic()
    this.#countMissed(tracked)
    await this.#keepUpToDate(key, tracked)
    // The Agent may have been deleted while a request was under way.
    if (this.#agents.get(key) !== tracked) return this.#end(key, tracked)
    const { reported } = tracked.value
    if (reported !== undefined && this.#digestOf(tracked.value) !== reported) this.#deps.statusChanged(key)
    return done(dueIn(this.#deps.clock, tracked.value, lookedAt))
  }

  /** Stops all channels of an Agent that is being deleted, before its grant is revoked. */
  async stop(agent: Agent): Promise<void> {
    const tracked = this.#knownOf(agent)
    if (tracked) await this.#end(keyOf(agent), tracked)
  }

  /** The Agent is gone. */
  forget(key: Key): void {
    this.#early.delete(key)
    if (this.#agents.has(key)) this.#deps.wake(key)
  }

  /** Another replica looks after the Agent's channels from now on. They stay as they are, and the status names them. */
  release(key: Key): void {
    this.#early.delete(key)
    const tracked = this.#agents.get(key)
    if (tracked) this.#reachability.leave(tracked.value.integration, key)
    this.#agents.delete(key)
  }

  /** Looks at all Agents: the keys of channel tokens have changed. */
  wakeAll(): void {
    for (const key of this.#agents.keys()) this.#deps.wake(key)
  }

  /** Somebody asked for a look at an integration: its next trial begins now. */
  retryIntegration(integration: Key): void {
    if (!this.#retries.tryAcquire(integration)) return
    const holder = this.#reachability.retryNow(integration)
    const tracked = holder === undefined ? undefined : this.#agents.get(holder)
    if (holder === undefined || !tracked) return
    tracked.update({ state: withoutPauses(tracked.value.state) })
    this.#deps.wake(holder)
  }

  #retryNow(tracked: TrackedPush): void {
    tracked.update({ state: withoutPauses(tracked.value.state) })
    this.retryIntegration(tracked.value.integration)
  }

  /** Nothing is requested while it is; its channels stay. */
  #isSuspended({ spec }: Agent, { integration }: AgentPush): boolean {
    return spec.suspend || (this.#deps.cluster.integrations.get(integration)?.spec.suspend ?? false)
  }

  /** Whether the others may wait for this Agent. One that was not observed yet may try, unless its object says that it can't. */
  #canTry(integration: Key, key: Key): boolean {
    const agent = this.#deps.cluster.agents.get(key)
    if (!agent || agent.metadata.deletionTimestamp || agent.spec.suspend || !this.#deps.owns(key)) return false
    const known = this.#knownOf(agent)?.value
    return integrationKey(agent) === integration && !(known && isAtRest(known))
  }

  /** The state of this very Agent, and not of an earlier one of its name. */
  #knownOf(agent: Agent): TrackedPush | undefined {
    const tracked = this.#agents.get(keyOf(agent))
    return tracked?.uid === agent.metadata.uid ? tracked : undefined
  }

  #trackedOf({ agent, resolution, calendars }: Observation, mode: PushMode): TrackedPush {
    const known = this.#knownOf(agent)
    if (known) return known
    const { clock, random } = this.#deps
    const state = restored(agent, calendars, { monotonic: clock.monotonic(), now: clock.now() }, random)
    // An earlier Agent of the same name left these.
    const former = this.#agents.get(keyOf(agent))?.value.state ?? newPushState()
    const { stopping } = onlyWatched(former, () => false)
    const uid = agent.metadata.uid ?? ''
    const tracked = new ObjectState(
      uid,
      newAgentPush({ uid, integration: resolution.key, mode, state: { ...state, stopping } }),
    )
    this.#agents.set(keyOf(agent), tracked)
    return tracked
  }

  #applyEarly(key: Key, tracked: TrackedPush): void {
    const early = this.#early.get(key)
    if (!early) return
    this.#early.delete(key)
    tracked.update(withEarlyMessages(tracked.value, early))
    for (const { id } of tracked.value.calendars) noteReachable(this.#runOf(key, tracked), id)
    if (tracked.value.changed.size > 0) this.#deps.read(key)
  }

  #countMissed(tracked: TrackedPush): void {
    const { push, newlyMissed } = withMissed(tracked.value, this.#deps.clock.monotonic())
    tracked.update(push)
    const [namespace = '', name = ''] = push.integration.split('/')
    for (let count = 0; count < newlyMissed; count++) this.#deps.missed({ namespace, name })
  }

  async #keepUpToDate(key: Key, tracked: TrackedPush): Promise<void> {
    const { mode, integration } = tracked.value
    const run = this.#runOf(key, tracked)
    if (mode.kind === 'enabled') await keepChannels(run, mode.address)
    else if (mode.kind === 'unknown') this.#reachability.leave(integration, key)
    else this.#drop(run)
    await stopChannels(run)
  }

  #runOf(key: Key, tracked: TrackedPush): ChannelRun {
    return {
      ...{ deps: this.#deps, key, tracked, reachability: this.#reachability },
      channelKey: () => this.#deps.channelKeys()[0],
      validity: (address) => this.#validity(address),
    }
  }

  /** Stops all channels, with one attempt for each: nobody is left to try again. */
  async #end(key: Key, tracked: TrackedPush): Promise<Outcome> {
    if (this.#agents.get(key) === tracked) this.#agents.delete(key)
    const run = this.#runOf(key, tracked)
    this.#drop(run)
    await stopChannels(run)
    tracked.update({ state: newPushState() })
    return done()
  }

  #drop(run: ChannelRun): void {
    const { integration } = run.tracked.value
    dropChannels(run)
    if (!this.#deps.cluster.integrations.get(integration)) this.#reachability.forget(integration)
  }

  #validity(address: string): Validity {
    const keys = this.#deps.channelKeys()
    // Without keys nobody can tell; the channels stay.
    const isAccepted = (id: string): boolean => keys.length === 0 || isChannelIdAccepted(keys, id, address)
    return { now: this.#deps.clock.now(), isAccepted }
  }

  #validityOf({ mode }: AgentPush): Validity | undefined {
    return mode.kind === 'enabled' ? this.#validity(mode.address) : undefined
  }

  #digestOf(push: AgentPush): string {
    return reportDigest(push, this.#validityOf(push))
  }
}
