/** The push channels of Agents beside a simulated Google, on a clock of the test. Channels are reconciled as soon as they are woken. */
import type { Resolution } from '../../../src/clients/resolve-integration.ts'
import type { GoogleError } from '../../../src/google/port.ts'
import { type GoogleClient } from '../../../src/google/port.ts'
import { createCaches, type Caches } from '../../../src/kubernetes/caches.ts'
import { ChannelManager } from '../../../src/push/channel-manager.ts'
import { verifyChannel, type ChannelKey } from '../../../src/push/channel-token.ts'
import type { Notification } from '../../../src/push/port.ts'
import type { PushReport } from '../../../src/push/report.ts'
import type { WatchedCalendar } from '../../../src/push/watching.ts'
import { sleep, TIMER_TOLERANCE_MS } from '../../../src/platform/clock.ts'
import type { Agent, Condition } from '../../../src/resources/types.ts'
import { ManualClock, settle } from '../../support/clock.ts'
import { randomBytes } from 'node:crypto'
import { silent } from '../../support/log.ts'
import { anAgent, anIntegration } from '../../support/resources.ts'

/** A channel at the simulated Google. */
interface MadeChannel {
  agent: string
  calendarId: string
  address: string
  id: string
  token: string
  isStopped: boolean
}

const WEEK_MS = 7 * 24 * 60 * 60_000

/** The uid of the Agent with this name. */
export const uidOf = (name: string): string =>
  `8f0c1f52-3a5e-4c8b-9d6a-${Buffer.from(name).toString('hex').padEnd(12, '0').slice(0, 12)}`

export class PushHarness {
  readonly clock = new ManualClock()
  readonly channels: MadeChannel[] = []
  /** The requests for channels, those that failed included. */
  watches = 0
  stops = 0
  /** Where Google's messages arrive; undefined: everywhere. */
  reachable: ((address: string) => boolean) | undefined
  /** What the requests fail with. */
  failure: GoogleError | undefined
  stopFailure: GoogleError | undefined
  lifeMs = WEEK_MS
  /** How long Google takes for a channel. */
  answerMs = 0
  /** How far the operator's time of day is ahead of Google's. */
  aheadMs = 0
  hasToken = true
  siteAccepted = true
  apiDisabled = false
  /** The next reconciles are those that somebody asked for. */
  isRequested = false
  /** The Agents that refer to another integration, and its key. It has the same client and site. */
  readonly movedTo = new Map<string, string>()
  /** The Agents that the integration does not admit. */
  readonly refused = new Set<string>()
  /** The keys of Agents that another replica reconciles. */
  readonly elsewhere = new Set<string>()
  /** False: the operator crashes before it writes that a channel was made. */
  writesStatus = true
  keys: ChannelKey[] = [{ channel: Buffer.alloc(32, 1) }]
  /** The Agents that were to be read because a change was announced. */
  readonly read: string[] = []
  missed = 0
  manager!: ChannelManager
  readonly #caches: Caches = createCaches(silent)
  readonly #calendars = new Map<string, WatchedCalendar[]>()
  #running = new Map<string, boolean>()
  /** A look that was due later is not due any more when another one begins. */
  readonly #cancelTimers = new Map<string, () => void>()
  #incarnation = 0
  #version = 0

  constructor() {
    this.integrate({})
    this.restart()
  }

  /** Changes the integration. */
  integrate({ push = 'Enabled' as 'Enabled' | 'Disabled', siteURI = 'https://a.example.com', suspend = false }): void {
    const { spec, ...rest } = anIntegration({ siteURI })
    this.#version += 1
    const metadata = { ...rest.metadata, resourceVersion: String(this.#version) }
    this.#caches.integrations.put({ ...rest, metadata, spec: { ...spec, suspend, sync: { ...spec.sync, push } } })
  }

  /** A new process, or another replica that leads from now on: only the statuses are left. */
  restart(): void {
    this.#incarnation += 1
    this.#running = new Map()
    const incarnation = this.#incarnation
    this.manager = new ChannelManager({
      ...{ cluster: this.#caches, clock: this.clock, random: () => 0.5, randomBytes },
      ...{ servesPages: true, channelKeys: () => this.keys, owns: (key) => !this.elsewhere.has(key) },
      read: (key) => void this.read.push(key),
      statusChanged: (key) =>
        incarnation === this.#incarnation && this.writesStatus && this.writeStatus(key.split('/')[1] ?? ''),
      wake: (key) => incarnation === this.#incarnation && this.#run(key),
      missed: () => void (this.missed += 1),
    })
    this.#calendars.clear()
  }

  /** An Agent with these calendars was reconciled: they were read now, unless `lastRead` says something else. */
  async reconciled(name = 'alice', calendars = [`${name}@example.com`], read: Partial<WatchedCalendar> = {}) {
    const agent = this.agent(name)
    const now = this.clock.monotonic()
    const known = calendars.map((id): WatchedCalendar => ({
      ...{ id, name: id, lastRead: now, changedAt: undefined, hasFailed: false, isRefused: false, ...read },
    }))
    this.#calendars.set(name, known)
    this.manager.observe({
      ...{ agent, calendars: known, isRequested: this.isRequested, payer: undefined },
      resolution: this.#resolution(name),
      accessToken: this.hasToken ? 'token' : undefined,
    })
    this.writeStatus(name)
    await settle()
  }

  agent(name = 'alice'): Agent {
    const key = `booking/${name}`
    const known = this.#caches.agents.get(key)
    if (known) return known
    const agent = anAgent({}, name)
    this.#caches.agents.put({ ...agent, metadata: { ...agent.metadata, uid: uidOf(name) } })
    return this.agent(name)
  }

  /** The integration is gone. */
  deleteIntegration(): void {
    this.#caches.integrations.remove('booking/google')
  }

  /** Changes the Agent's spec, or its metadata; with another uid it is another object. */
  change(spec: Partial<Agent['spec']>, metadata: Partial<Agent['metadata']> = {}, name = 'alice'): void {
    const agent = this.agent(name)
    const resourceVersion = String(Number(agent.metadata.resourceVersion) + 1)
    const changed = { ...agent.metadata, ...metadata, resourceVersion }
    const status = metadata.uid === undefined ? agent.status : undefined
    this.#caches.agents.put({ ...agent, metadata: changed, spec: { ...agent.spec, ...spec }, status })
  }

  /** The operator's time of day leaps; Google's does not. */
  leap(byMs: number): void {
    this.clock.setTimeOfDay(byMs)
    this.aheadMs += byMs
    this.manager.wakeAll()
  }

  /** The object is gone. */
  delete(name = 'alice'): void {
    this.#caches.agents.remove(`booking/${name}`)
    this.manager.forget(`booking/${name}`)
  }

  watching(name = 'alice'): Partial<Condition> {
    return this.agent(name).status?.conditions?.find(({ type }) => type === 'Watching') ?? {}
  }

  /** The ids of the channels that the status shows. */
  shown(name = 'alice'): (string | undefined)[] {
    return (this.agent(name).status?.sync?.calendars ?? []).map(({ channel }) => channel?.id)
  }

  /** The channels that were not stopped. */
  get alive(): MadeChannel[] {
    return this.channels.filter(({ isStopped }) => !isStopped)
  }

  /** Google posts a message of this channel; the web server of a replica checks it. */
  post({ id, token, agent }: MadeChannel, kind: Notification['kind'] = 'change'): boolean {
    const verified = verifyChannel(this.keys, id, token)
    if (!verified) return false
    const { tag, check } = verified
    this.manager.onNotification(`booking/${agent}`, {
      receivedAt: this.clock.now(),
      kind,
      tags: [tag],
      checks: [check],
    })
    return true
  }

  /** Writes what the manager says into the status, as the reconcile of the Agent does. */
  writeStatus(name: string): void {
    const agent = this.agent(name)
    const report = this.manager.report(agent)
    if (!report) return
    const calendars = (this.#calendars.get(name) ?? []).map(({ id }) => ({ id, channel: report.channelOf(id) }))
    const resourceVersion = String(Number(agent.metadata.resourceVersion) + 1)
    this.#caches.agents.put({
      ...agent,
      metadata: { ...agent.metadata, resourceVersion },
      status: { ...agent.status, conditions: conditionsOf(agent, report), sync: { calendars } },
    } as Agent)
  }

  /** The simulated Google as the client of an Agent. */
  client(agent: string): GoogleClient {
    const watch: GoogleClient['watch'] = async (_, { calendarId, channelId: id, token, address }) => {
      this.watches += 1
      if (this.answerMs > 0) await sleep(this.clock, this.answerMs)
      await Promise.resolve()
      if (this.failure) throw this.failure
      const channel = { agent, calendarId, address, id, token, isStopped: false }
      this.channels.push(channel)
      if (this.reachable?.(address) ?? true) this.clock.setTimer(100, () => this.post(channel, 'sync'))
      return { resourceId: `resource-${calendarId}`, expiresAt: this.clock.now() - this.aheadMs + this.lifeMs }
    }
    const stopChannel: GoogleClient['stopChannel'] = async (_, { channelId }) => {
      this.stops += 1
      await Promise.resolve()
      if (this.stopFailure) throw this.stopFailure
      for (const channel of this.channels) if (channel.id === channelId) channel.isStopped = true
    }
    return { watch, stopChannel } as unknown as GoogleClient
  }

  #resolution(name: string): Resolution {
    const key = this.movedTo.get(name) ?? 'booking/google'
    const integration = this.#caches.integrations.get('booking/google')
    if (!integration) return { kind: 'failed', key, failure: {} } as unknown as Resolution
    if (this.refused.has(name)) {
      return { kind: 'failed', key, integration, failure: { reason: 'IntegrationNotAllowed' } } as unknown as Resolution
    }
    const entry = {
      client: this.client(name),
      siteAccepted: this.siteAccepted,
      apiDisabled: this.apiDisabled,
      ready: true,
    }
    return { kind: 'resolved', key, integration, entry } as unknown as Resolution
  }

  /** Runs one reconcile of a key at a time, as a controller does. */
  #run(key: string): void {
    if (this.#running.has(key)) {
      this.#running.set(key, true)
      return
    }
    this.#running.set(key, false)
    this.#cancelTimers.get(key)?.()
    const incarnation = this.#incarnation
    void this.manager.reconcile(key).then((outcome) => {
      if (incarnation !== this.#incarnation) return
      const isWokenAgain = this.#running.get(key) === true
      this.#running.delete(key)
      if (isWokenAgain) return this.#run(key)
      const { checkAgainIn } = outcome as { checkAgainIn?: number }
      const again = (): void => {
        if (incarnation === this.#incarnation) this.#run(key)
      }
      if (checkAgainIn === undefined) return
      this.#cancelTimers.set(key, this.clock.setTimer(checkAgainIn + TIMER_TOLERANCE_MS, again))
    })
  }
}

function conditionsOf({ status }: Agent, { watching }: PushReport): Partial<Condition>[] {
  const before = status?.conditions ?? []
  if (watching === undefined) return before
  return watching === 'absent' ? [] : [{ type: 'Watching', ...watching }]
}
