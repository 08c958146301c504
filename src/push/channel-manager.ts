/**
 * The push channels of all Agents that this replica reconciles. The reconcile of an Agent reports what it has read (`observe`)
 * and asks what the status says (`report`); notifications prove channels and name the calendars to read (`onNotification`,
 * `takeChanged`). Requests to Google are made by `reconcile`, which runs on its own workers, so that reading and publishing never
 * wait for a channel. Push brings changes sooner and replaces no reading.
 *
 * This part of the room speaks to Google through the client of the Agent's integration, and to Kubernetes not at all. Its state
 * is in memory; channels are restored from the statuses.
 */
import { createHash } from 'node:crypto'
import type { Resolution } from '../clients/resolve-integration.ts'
import { done, type Outcome } from '../controller/outcome.ts'
import type { Payer } from '../google/port.ts'
import { keyOf, type Cluster, type Key } from '../kubernetes/port.ts'
import type { Clock, Random } from '../platform/clock.ts'
import { KeyedRateLimiter } from '../rate-limit/keyed-rate-limiter.ts'
import type { RateLimit } from '../rate-limit/rate-limit.ts'
import { findCondition } from '../resources/conditions.ts'
import type { Agent } from '../resources/types.ts'
import { rememberedTrial, restored, type AgentPush, type PushAccess } from './agent-push.ts'
import { announced, judged, MISSED_LIMIT, newAnnouncements, noted } from './announcements.ts'
import { calendarTag, isChannelIdAccepted, type ChannelKey } from './channel-token.ts'
import { requestChannel, stopChannels } from './channel-requests.ts'
import { dueIn } from './due.ts'
import type { Notification } from './port.ts'
import { modeOf, type ModeOptions } from './mode.ts'
import { Reachability } from './reachability.ts'
import {
  BRAND_NEW_MS,
  isValid,
  lacksChannel,
  newCalendarPush,
  newPushState,
  onlyWatched,
  proved,
  timedOut,
  withCalendarPush,
  withoutInvalid,
  withoutPauses,
  type CalendarPush,
  type Validity,
} from './state.ts'
import { channelStatus, decideWatching, TRIAL_FAILED, type Watching, type WatchedCalendar } from './watching.ts'

/** What the manager needs from outside. */
export interface ChannelManagerDeps extends ModeOptions {
  cluster: Pick<Cluster, 'agents' | 'integrations'>
  clock: Clock
  random: Random
  /** Cryptographically secure. */
  randomBytes: (count: number) => Uint8Array
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

/** What a reconcile of an Agent has found. */
export interface Observation {
  agent: Agent
  resolution: Resolution
  /** The calendars that the spec names and the person consented to. */
  calendars: readonly WatchedCalendar[]
  /** A valid access token; undefined if the grant was not found valid. */
  accessToken: string | undefined
  /** In whose budgets requests for the Agent count. */
  payer: Payer | undefined
  /** Somebody asked for a look now. */
  isRequested: boolean
}

/** What the status says about push. */
export interface PushReport {
  /** Undefined: the condition stays as it is. */
  watching: Exclude<Watching, 'unknown'> | undefined
  /** The channel of a calendar. */
  channelOf(calendarId: string): ReturnType<typeof channelStatus>
}

/** As for requests to reconcile. */
const RETRY_LIMIT: RateLimit = { burst: 1, intervalMs: 10_000 }

/** A calendar, and the URL that its notifications are posted to. */
interface Target {
  id: string
  address: string
}

/** Makes, proves, replaces and stops the push channels of Agents. */
export class ChannelManager {
  readonly #deps: ChannelManagerDeps
  readonly #agents = new Map<Key, AgentPush>()
  readonly #reachability: Reachability
  /** Limits how often somebody may ask for a trial. */
  readonly #retries: KeyedRateLimiter

  constructor(deps: ChannelManagerDeps) {
    this.#deps = deps
    this.#retries = new KeyedRateLimiter(deps.clock, RETRY_LIMIT)
    this.#reachability = new Reachability({
      clock: deps.clock,
      recall: (integration) => rememberedTrial(deps.cluster.agents.byIndex('integration', integration), keyOf),
      wake: (agent) => deps.wake(agent),
    })
  }

  /** Notes what a reconcile has read, and which calendars the spec names now. */
  observe(observation: Observation): void {
    const { agent, resolution, calendars, isRequested } = observation
    // Nothing is requested while anything is suspended, and everything stays as it is.
    if (resolution.kind === 'suspended') return
    const key = keyOf(agent)
    const push = this.#pushOf(observation)
    if (push.integration !== resolution.key) this.#reachability.leave(push.integration, key)
    push.integration = resolution.key
    push.mode = modeOf(this.#deps, resolution)
    push.calendars = calendars
    push.access = accessOf(observation)
    push.lastAccess = push.access ?? push.lastAccess
    for (const calendar of calendars) this.#noteReading(push, calendar)
    push.changed = new Set([...push.changed, ...unread(push)])
    push.reading = NOTHING_READ
    if (isRequested) this.#retryNow(push)
    this.#deps.wake(key)
  }

  /** What the status says about push; undefined if the Agent was not observed yet. */
  report(agent: Agent): PushReport | undefined {
    const push = this.#agents.get(keyOf(agent))
    if (push?.uid !== agent.metadata.uid || !push) return undefined
    push.reported = this.#digestOf(push)
    const watching = this.#watching(push)
    return {
      watching: watching === 'unknown' || isKept(agent, watching) ? undefined : watching,
      channelOf: (id) => (watching === 'absent' ? undefined : channelStatus(push.state.byCalendar.get(id))),
    }
  }

  /** Takes the calendars that were announced as changed: they are to be read now. */
  takeChanged(agent: Agent): ReadonlySet<string> {
    const push = this.#agents.get(keyOf(agent))
    if (!push) return NOTHING_CHANGED
    const changed = new Set([...push.changed, ...push.reading.keys()])
    const now = this.#deps.clock.monotonic()
    push.reading = changed.size > 0 ? new Map([...changed].map((id) => [id, now])) : NOTHING_READ
    push.changed = NOTHING_CHANGED
    return changed
  }

  /** Takes a notification whose token was verified. */
  onNotification(agentKey: Key, { kind, tags }: Notification): void {
    const push = this.#agents.get(agentKey)
    if (!push) return
    const now = this.#deps.clock.monotonic()
    for (const { id } of push.calendars.filter((one) => tags.includes(calendarTag(push.uid, one.id)))) {
      push.announcements = new Map(push.announcements).set(
        id,
        announced(this.#announcementsOf(push, id), now, kind === 'sync'),
      )
      // A change is announced by the channel that is being replaced, too.
      if (kind === 'sync' || !push.state.byCalendar.get(id)?.proved) push.state = proved(push.state, id, now)
      if (kind === 'change') push.changed = new Set(push.changed).add(id)
      this.#onReachable(push)
    }
    if (kind === 'change' && push.changed.size > 0) this.#deps.read(agentKey)
    this.#deps.wake(agentKey)
  }

  /** Makes and stops the channels of an Agent. */
  async reconcile(key: Key): Promise<Outcome> {
    const push = this.#agents.get(key)
    if (!push) return done()
    const agent = this.#deps.cluster.agents.get(key)
    if (agent?.metadata.uid !== push.uid || agent.metadata.deletionTimestamp) return this.#end(key, push)
    if (this.#isSuspended(agent, push)) {
      this.#reachability.leave(push.integration, key)
      return done()
    }
    await this.#keepUpToDate(key, push)
    // The Agent may have been deleted while a request was under way.
    if (this.#agents.get(key) !== push) return this.#end(key, push)
    if (push.reported !== undefined && this.#digestOf(push) !== push.reported) this.#deps.statusChanged(key)
    return done(dueIn(this.#deps.clock, push))
  }

  /** Stops all channels of an Agent that is being deleted, before its grant is revoked. */
  async stop(agent: Agent): Promise<void> {
    const push = this.#agents.get(keyOf(agent))
    if (push?.uid === agent.metadata.uid && push) await this.#end(keyOf(agent), push)
  }

  /** The Agent is gone. */
  forget(key: Key): void {
    if (this.#agents.has(key)) this.#deps.wake(key)
  }

  /** Looks at all Agents: the keys of channel tokens have changed, or the time of day was set. */
  wakeAll(): void {
    for (const key of this.#agents.keys()) this.#deps.wake(key)
  }

  /** Somebody asked for a look at an integration: its next trial begins now. */
  retryIntegration(integration: Key): void {
    if (!this.#retries.tryAcquire(integration)) return
    const holder = this.#reachability.retryNow(integration)
    const push = holder === undefined ? undefined : this.#agents.get(holder)
    if (holder === undefined || !push) return
    push.state = withoutPauses(push.state)
    this.#deps.wake(holder)
  }

  /** Nothing is requested while it is; its channels stay. */
  #isSuspended({ spec }: Agent, { integration }: AgentPush): boolean {
    return spec.suspend || (this.#deps.cluster.integrations.get(integration)?.spec.suspend ?? false)
  }

  #pushOf({ agent, resolution, calendars }: Observation): AgentPush {
    const { clock, random } = this.#deps
    const key = keyOf(agent)
    const known = this.#agents.get(key)
    if (known?.uid === agent.metadata.uid && known) return known
    const instants = { monotonic: clock.monotonic(), now: clock.now() }
    const push: AgentPush = {
      uid: agent.metadata.uid ?? '',
      integration: resolution.key,
      mode: { kind: 'unknown' },
      calendars,
      state: restored(agent, calendars, instants, random),
      announcements: new Map(),
      changed: NOTHING_CHANGED,
      reading: NOTHING_READ,
      access: undefined,
      lastAccess: undefined,
      waitsForOther: false,
      reported: undefined,
    }
    // An earlier Agent of the same name left these.
    if (known) push.state = { ...push.state, stopping: onlyWatched(known.state, () => false).stopping }
    this.#agents.set(key, push)
    return push
  }

  #noteReading(push: AgentPush, { id, lastRead, changedAt }: WatchedCalendar): void {
    const provedAt = push.state.byCalendar.get(id)?.proved?.provedAt
    const announcements = noted(this.#announcementsOf(push, id), { lastRead, changedAt, provedAt })
    push.announcements = new Map(push.announcements).set(id, announcements)
  }

  #announcementsOf(push: AgentPush, id: string): ReturnType<typeof newAnnouncements> {
    return push.announcements.get(id) ?? newAnnouncements()
  }

  /** Counts what was missed. After three in a row, the channel is replaced. */
  #judgeMissed(push: AgentPush): void {
    for (const [id, before] of push.announcements) {
      const { announcements, newlyMissed } = judged(before, this.#deps.clock.monotonic())
      if (newlyMissed === 0) continue
      const [namespace = '', name = ''] = push.integration.split('/')
      for (let count = 0; count < newlyMissed; count++) this.#deps.missed({ namespace, name })
      const isSilent = announcements.missed >= MISSED_LIMIT
      push.announcements = new Map(push.announcements).set(
        id,
        isSilent ? { ...announcements, missed: 0 } : announcements,
      )
      const calendar = push.state.byCalendar.get(id)
      if (isSilent && calendar) push.state = withCalendarPush(push.state, id, { ...calendar, isSilent })
    }
  }

  #onReachable(push: AgentPush): void {
    if (push.mode.kind !== 'enabled' || this.#reachability.isProved(push.mode.address)) return
    this.#reachability.prove(push.mode.address)
    push.state = withoutPauses(push.state)
  }

  #retryNow(push: AgentPush): void {
    push.state = withoutPauses(push.state)
    this.retryIntegration(push.integration)
  }

  async #keepUpToDate(key: Key, push: AgentPush): Promise<void> {
    this.#judgeMissed(push)
    if (push.mode.kind === 'enabled') await this.#keepChannels(key, push, push.mode.address)
    else if (push.mode.kind === 'unknown') this.#reachability.leave(push.integration, key)
    else this.#dropChannels(key, push)
    await stopChannels(this.#deps, push, push.access ?? push.lastAccess)
  }

  async #keepChannels(key: Key, push: AgentPush, address: string): Promise<void> {
    const watched = new Set(push.calendars.map(({ id }) => id))
    push.state = onlyWatched(push.state, (id) => watched.has(id))
    for (const { id } of push.calendars) this.#expire(key, push, { id, address })
    let waits = false
    for (const calendar of push.calendars) {
      if (!this.#lacksChannel(push, calendar, address)) continue
      waits = (await this.#ensureChannel(key, push, { id: calendar.id, address })) === 'waits' || waits
    }
    push.waitsForOther = waits
    if (!waits && !(push.access && isTrying(push))) this.#reachability.leave(push.integration, key)
  }

  #expire(key: Key, push: AgentPush, { id, address }: Target): void {
    const before = push.state.byCalendar.get(id)
    push.state = timedOut(push.state, id, this.#deps.clock.monotonic())
    if (push.state.byCalendar.get(id) !== before) this.#reachability.fail(push.integration, key)
    if (this.#deps.channelKeys().length > 0) push.state = withoutInvalid(push.state, id, this.#validity(address))
  }

  #lacksChannel(push: AgentPush, { id, lastRead, isRefused }: WatchedCalendar, address: string): boolean {
    if (lastRead === undefined || isRefused) return false
    const now = this.#deps.clock.monotonic()
    const calendar = push.state.byCalendar.get(id) ?? newCalendarPush()
    if ((calendar.notSupportedUntil ?? -Infinity) > now || calendar.retryAt > now) return false
    return lacksChannel(calendar, this.#validity(address))
  }

  async #ensureChannel(key: Key, push: AgentPush, { id, address }: Target): Promise<'waits' | undefined> {
    const [current] = this.#deps.channelKeys()
    const { access } = push
    if (!access || !current || !this.#mayTry(push, address)) return undefined
    const permission = this.#reachability.request(push.integration, key, address)
    if (permission !== 'granted') {
      if (permission.waitsFor === 'other') return 'waits'
      this.#pause(push, id, permission.until)
      return undefined
    }
    await requestChannel(this.#deps, push, { calendarId: id, address, key: current, access })
    if (push.state.byCalendar.get(id)?.proved?.address === address) this.#onReachable(push)
    return undefined
  }

  /** Until the site is proved, one channel tries. The spec may have changed while another request was under way. */
  #mayTry(push: AgentPush, address: string): boolean {
    const isCurrent = push.mode.kind === 'enabled' && push.mode.address === address
    return isCurrent && (this.#reachability.isProved(address) || !hasUnproved(push))
  }

  #pause(push: AgentPush, id: string, until: number): void {
    const calendar = push.state.byCalendar.get(id) ?? newCalendarPush()
    push.state = withCalendarPush(push.state, id, { ...calendar, failure: { reason: 'NotReachable' }, retryAt: until })
  }

  #dropChannels(key: Key, push: AgentPush): void {
    push.state = onlyWatched(push.state, () => false)
    this.#reachability.leave(push.integration, key)
  }

  /** Stops all channels, with one attempt for each: nobody is left to try again. */
  async #end(key: Key, push: AgentPush): Promise<Outcome> {
    if (this.#agents.get(key) === push) this.#agents.delete(key)
    this.#reachability.leave(push.integration, key)
    push.state = onlyWatched(push.state, () => false)
    await stopChannels(this.#deps, push, push.access ?? push.lastAccess)
    push.state = newPushState()
    return done()
  }

  #validity(address: string): Validity {
    const keys = this.#deps.channelKeys()
    // Without keys nobody can tell; the channels stay.
    const isAccepted = (id: string): boolean => keys.length === 0 || isChannelIdAccepted(keys, id)
    return { now: this.#deps.clock.now(), address, isAccepted }
  }

  #watching(push: AgentPush): Watching {
    const { mode, calendars, state, waitsForOther } = push
    const validity = mode.kind === 'enabled' ? this.#validity(mode.address) : undefined
    const isWatched: Parameters<typeof decideWatching>[0]['isValid'] = ({ proved: channel }) =>
      channel !== undefined && validity !== undefined && isValid(channel, validity)
    return decideWatching({ mode, calendars, state, waitsForOther, isValid: isWatched })
  }

  /** What the status would say, as a digest, to tell whether it has changed. */
  #digestOf(push: AgentPush): string {
    const now = this.#deps.clock.monotonic()
    const channels = [...push.state.byCalendar.values()].map((calendar) =>
      isBrandNew(calendar, now) ? undefined : channelStatus(calendar),
    )
    return createHash('sha256')
      .update(JSON.stringify([this.#watching(push), channels]))
      .digest('base64')
  }
}

const NOTHING_CHANGED: ReadonlySet<string> = new Set()
const NOTHING_READ: ReadonlyMap<string, number> = new Map()

/** The changed calendars that another failure kept from being read: they are read when the next reading comes to them. */
const unread = ({ calendars, reading }: AgentPush): string[] =>
  calendars
    .filter(({ id, lastRead = -Infinity, hasFailed }) => !hasFailed && lastRead < (reading.get(id) ?? -Infinity))
    .map(({ id }) => id)

/** A channel is usually proved at once: one write of the status tells both. */
const isBrandNew = ({ proved: current, unproved }: CalendarPush, now: number): boolean =>
  !current && unproved !== undefined && now < unproved.askedAt + BRAND_NEW_MS

/** With which client and token channels are made; undefined while none can be made. */
function accessOf({ resolution, accessToken, payer }: Observation): PushAccess | undefined {
  if (resolution.kind !== 'resolved' || resolution.entry.apiDisabled || accessToken === undefined) return undefined
  return { client: resolution.entry.client, accessToken, payer }
}

const hasUnproved = ({ state }: AgentPush): boolean =>
  [...state.byCalendar.values()].some(({ unproved }) => unproved !== undefined)

/** Whether the Agent finds out whether notifications arrive. It keeps doing so after a trial has failed. */
const isTrying = (push: AgentPush): boolean =>
  hasUnproved(push) || [...push.state.byCalendar.values()].some(({ failure }) => failure?.reason === 'NotReachable')

/** A failure is reported until push works: while another attempt is under way, and after a restart. */
function isKept(agent: Agent, watching: Watching): boolean {
  if (typeof watching === 'string' || watching.reason !== 'NotYetWatching') return false
  const before = findCondition(agent.status?.conditions, 'Watching')
  return before?.reason === 'WatchFailed' || (before?.message.startsWith(TRIAL_FAILED) ?? false)
}
