/** A world in memory with one Agent and its integration, and what a test looks at. */
import { expect } from 'vitest'
import type { Outcome } from '../../../src/controller/outcome.ts'
import type { AgentStatus, Condition } from '../../../src/resources/types.ts'
import type { Case } from '../../fuzz/support/arbitraries.ts'
import { ACCOUNT, type Truth } from '../../memory/google.ts'
import type { Stored } from '../../memory/kubernetes.ts'
import { agentOf, clientSecretOf, grantOf, integrationOf } from '../../memory/objects.ts'
import { MemoryWorld } from '../../memory/world.ts'

export const MINUTE = 60_000
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR
export const KEY = 'booking/alice'

/** An Agent with one calendar, as most people have it. */
export const PLAIN: Case = {
  zone: 'UTC',
  interval: '5m',
  detail: 'Busy',
  kind: 'ConfigMap',
  formats: ['JSON'],
  whenStale: 'KeepLast',
  staleAfter: '15m',
  tentative: 'Busy',
  allDay: 'Busy',
  accessToken: false,
  calendars: 1,
  rotates: false,
  pageSize: 5,
  clientSecret: 'file',
  foreign: 'none',
  hostile: undefined,
  events: [],
  steps: [],
}

/** A meeting of an hour on the next day. */
export const MEETING: Truth = {
  id: 'aaaaa',
  from: 26 * 60,
  minutes: 60,
  allDay: false,
  status: 'confirmed',
  transparent: false,
  kind: 'default',
  own: undefined,
}

/** The Agent `booking/alice`, which reads calendars of a Google in memory. */
export class OneAgent {
  readonly world = new MemoryWorld()

  constructor(given: Partial<Case> = {}) {
    const wanted = { ...PLAIN, ...given }
    this.world.google.change(ACCOUNT, MEETING.id, MEETING)
    for (const object of [clientSecretOf('file'), grantOf(), integrationOf(wanted), agentOf(wanted)])
      this.world.put(object)
  }

  /** One reconcile of the integration and one of the Agent. */
  async reconcile(): Promise<Outcome> {
    await this.world.reconcile('CalendarIntegration', 'booking/google')
    return this.reconcileAlone()
  }

  /** One reconcile of the Agent, whose integration is not looked at again. */
  reconcileAlone(): Promise<Outcome> {
    return this.world.reconcile('Agent', KEY)
  }

  /** Reconciles twice: then the Agent is ready if all goes well. */
  async ready(): Promise<Outcome> {
    await this.reconcile()
    return this.reconcile()
  }

  async reconcileAfter(ms: number): Promise<Outcome> {
    await this.world.clock.advance(ms)
    return this.reconcile()
  }

  /** Reconciles for so long, as the queue would. */
  async run(ms: number): Promise<void> {
    const { clock } = this.world
    const end = clock.monotonic() + ms
    for (let rounds = 0; clock.monotonic() < end; rounds++) {
      const outcome = await this.reconcile()
      const pause = outcome.kind === 'done' ? outcome.checkAgainIn : outcome.kind === 'wait' ? outcome.for : 5_000
      expect(rounds).toBeLessThan(1_000)
      await clock.advance(Math.min(Math.max(pause ?? Infinity, 100), end - clock.monotonic() + 1))
    }
  }

  /** Ends the test: nothing has gone wrong in the background, and no object breaks its schema. */
  async end(): Promise<void> {
    expect(this.world.failures).toEqual([])
    expect(this.world.kubernetes.problems).toEqual([])
    await this.world.close()
  }

  get agent(): Stored & { spec: Record<string, unknown> } {
    return this.world.kubernetes.find('Agent', 'alice') as Stored & { spec: Record<string, unknown> }
  }

  get status(): AgentStatus {
    return this.agent.status as AgentStatus
  }

  condition(type: string): Condition | undefined {
    return this.status.conditions?.find((one) => one.type === type)
  }

  /** The status and the reason of a condition. */
  says(type: string): (string | undefined)[] {
    const { status, reason } = this.condition(type) ?? {}
    return [status, reason]
  }

  /** Changes the Agent as a user does. */
  change(spec: object, metadata: object = {}): void {
    const { agent } = this
    this.world.put({ ...agent, metadata: { ...agent.metadata, ...metadata }, spec: { ...agent.spec, ...spec } })
  }

  /** Changes the integration as a user does. */
  changeIntegration(spec: object): void {
    const object = this.world.kubernetes.find('CalendarIntegration', 'google')!
    this.world.put({ ...object, spec: { ...(object.spec as object), ...spec } })
  }

  /** Every listing of events is refused from now on. */
  refuseListings(status: number, calendar = '', body: object = {}): void {
    this.world.google.before = ({ path }) => {
      const isMeant = path.includes('/events?') && path.includes(calendar)
      if (isMeant) this.world.google.twist([{ do: 'refuse', status, body }])
    }
  }

  addMeeting(): void {
    this.world.google.change(ACCOUNT, 'bbbbb', { ...MEETING, id: 'bbbbb', from: MEETING.from + 120 })
  }

  answerAgain(): void {
    this.world.google.before = () => undefined
  }

  get busy(): object[] {
    const text = this.world.kubernetes.find('ConfigMap', 'alice-calendar')?.data?.['busy.json'] ?? '{}'
    return (JSON.parse(text) as { busy: object[] }).busy
  }
}
