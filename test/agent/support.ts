/** One agent's access by itself: its Secrets in a small cluster, and a Google that answers what a test says. */
import { createZones } from '../../src/calendar/zones.ts'
import type { AccessRequest } from '../../src/agent/access.ts'
import { newAgentState, type AgentState } from '../../src/agent/state.ts'
import type { AgentDeps } from '../../src/agent/port.ts'
import { GoogleError, type GoogleFailure, type TokenAnswer } from '../../src/google/port.ts'
import type { Agent } from '../../src/resources/types.ts'
import { ManualClock } from '../support/clock.ts'
import { anAgent, anIntegration } from '../support/resources.ts'
import { SmallCluster } from '../support/small-cluster.ts'

export const CLIENT = '100000000001-a.apps.googleusercontent.com'
const AN_HOUR = 60 * 60_000

/** What Google is asked, in order, and what our Secret holds at that moment. */
export interface Asked {
  what: 'refresh' | 'calendar' | 'revoke'
  token: string
  kept: string | undefined
}

export class Bench {
  readonly clock = new ManualClock()
  readonly small = new SmallCluster()
  readonly asked: Asked[] = []
  agent: Agent
  memory: AgentState
  chance = 0
  /** What Google refuses requests with. */
  refuses: Partial<Record<Asked['what'], GoogleFailure>> = {}
  /** The refresh token that Google rotates to. */
  rotatesTo: string | undefined
  account = 'alice@example.com'

  constructor(agent = anAgent()) {
    this.agent = agent
    this.memory = newAgentState(agent.metadata.uid ?? '', 0)
    this.small.agents = [agent]
  }

  /** The next reconcile's, with what is remembered. */
  request(force = false): AccessRequest {
    const { agent, memory } = this
    const view = {
      client: this.client,
      credentialsHash: 'c',
      ready: true,
      siteAccepted: true,
      apiDisabled: false,
      message: '',
    }
    const gate = { key: 'booking/google', integration: anIntegration(), view }
    return { deps: this.deps, agent, memory, gate, force }
  }

  /** As after a restart: nothing is remembered. */
  forget(): void {
    this.memory = newAgentState(this.agent.metadata.uid ?? '', this.clock.monotonic())
  }

  get deps(): AgentDeps {
    const random = (): number => this.chance
    return {
      cluster: this.small.cluster,
      clock: this.clock,
      random,
      zones: createZones(),
      google: { client: () => this.client, revoke: (token: string) => this.#ask('revoke', token) },
      integrations: {
        markSuspect: () => undefined,
        observeAPI: () => undefined,
        wake: () => undefined,
        tryAcquireProbe: () => () => undefined,
      },
      log: { info: () => undefined, debug: () => undefined },
      signInURL: () => 'https://booking.example.com/google-calendar/sign-in/tag',
      reported: () => undefined,
      progress: () => undefined,
    } as unknown as AgentDeps
  }

  get client(): AccessRequest['gate']['view']['client'] {
    return {
      credentials: { clientId: CLIENT, clientSecret: 's' },
      limit: () => undefined,
      refresh: async (token: string): Promise<TokenAnswer> => {
        await this.#ask('refresh', token)
        const now = this.clock.now()
        const rotated = this.rotatesTo === undefined ? {} : { refreshToken: this.rotatesTo }
        const scopes = ['https://www.googleapis.com/auth/calendar']
        return {
          accessToken: `ya29.${this.asked.length}`,
          obtainedAt: now,
          expiresAt: now + AN_HOUR,
          scopes,
          ...rotated,
        }
      },
      calendar: async (token: string) => {
        await this.#ask('calendar', token)
        return { id: this.account }
      },
    } as unknown as AccessRequest['gate']['view']['client']
  }

  async #ask(what: Asked['what'], token: string): Promise<void> {
    await Promise.resolve()
    this.asked.push({ what, token, kept: this.small.text('alice-google-grant').refresh_token })
    const failure = this.refuses[what]
    if (failure) throw new GoogleError(failure, failure)
  }
}
