/** One agent's access by itself: its Secrets in a small cluster, and a Google that answers what a test says. */
import { createZones } from '../../src/calendar/zones.ts'
import { WrittenEvents } from '../../src/calendars/written-events.ts'
import { newAgentState, type AgentState } from '../../src/agent/state.ts'
import type { AgentRun } from '../../src/agent/steps.ts'
import type { AgentDeps } from '../../src/agent/port.ts'
import { isStepFailure, type StepFailure } from '../../src/failures/step-failure.ts'
import type { GrantState } from '../../src/grants/grant-state.ts'
import { GrantStore } from '../../src/grants/grant-store.ts'
import type { Grant } from '../../src/grants/grant.ts'
import type { TokenRequest, TokenSource } from '../../src/grants/port.ts'
import { createTokenSource } from '../../src/grants/token-source.ts'
import type { GoogleClient } from '../../src/google/port.ts'
import { GoogleError, type GoogleFailure, type TokenAnswer } from '../../src/google/port.ts'
import type { Agent } from '../../src/resources/types.ts'
import { ObjectState } from '../../src/kubernetes/object-states.ts'
import { ManualClock } from './clock.ts'
import { noPush } from './push.ts'
import { anAgent, anIntegration } from './resources.ts'
import { SmallCluster } from './small-cluster.ts'

export const CLIENT = '100000000001-a.apps.googleusercontent.com'
const AN_HOUR = 60 * 60_000

/** What Google is asked, in order, and what our Secret holds at that moment. */
export interface Asked {
  what: 'refresh' | 'calendar' | 'revoke'
  token: string
  kept: string | undefined
}

const newTracked = (agent: Agent, now: number): ObjectState<AgentState> =>
  new ObjectState(agent.metadata.uid ?? '', newAgentState(now))

export class Bench {
  readonly clock = new ManualClock()
  readonly small = new SmallCluster()
  readonly asked: Asked[] = []
  agent: Agent
  tracked: ObjectState<AgentState>
  tokens: TokenSource
  chance = 0
  /** What Google refuses requests with. */
  refuses: Partial<Record<Asked['what'], GoogleFailure>> = {}
  /** The pause that Google asks for with a refusal. */
  retryAfterMs: number | undefined
  /** The response to a refresh, if it differs from the usual one. */
  answer: Partial<TokenAnswer> = {}
  /** The refresh token that Google rotates to. */
  rotatesTo: string | undefined
  account = 'alice@example.com'
  integration = anIntegration()
  /** Identifies the client's credentials. */
  credentialsHash = 'c'

  constructor(agent = anAgent()) {
    this.agent = agent
    this.tracked = newTracked(agent, 0)
    this.tokens = this.#newTokens()
    this.small.agents = [agent]
  }

  /** What the next reconcile of the agent gets. */
  get run(): AgentRun {
    const { deps, agent, integration, credentialsHash } = this
    const entry = {
      client: this.client,
      credentialsHash,
      ready: true,
      siteAccepted: true,
      apiDisabled: false,
      message: '',
    }
    return { deps, agent, resolution: { kind: 'resolved', key: 'booking/google', integration, entry } }
  }

  /** One reconcile's way to a valid access token. */
  async gain(force = false, client = this.client): Promise<Grant | StepFailure> {
    const { tokens } = this
    const request = { ...this.request, client, force }
    const failed = (await tokens.load(request)) ?? (await tokens.ensure(request)) ?? (await tokens.verify(request))
    if (failed && !isStepFailure(failed)) throw new Error(failed.refused)
    return failed ?? this.known.grant!
  }

  /** What the token source is asked with. */
  get request(): TokenRequest {
    const { agent, integration, client, credentialsHash } = this
    return { agent, integration, client, credentialsHash, since: this.tracked.value.firstSeen, force: false }
  }

  /** What is known of the grant. */
  get known(): GrantState {
    return this.tokens.current(this.agent)
  }

  /** As after a restart: nothing is remembered. */
  forget(): void {
    this.tracked = newTracked(this.agent, this.clock.monotonic())
    this.tokens = this.#newTokens()
  }

  #newTokens(): TokenSource {
    const { clock } = this
    const store = new GrantStore({ cluster: this.small.cluster, clock })
    const signInURL = (): string => 'https://booking.example.com/google-calendar/sign-in/tag'
    return createTokenSource({ store, clock, random: () => this.chance, signInURL })
  }

  get deps(): AgentDeps {
    const random = (): number => this.chance
    return {
      cluster: this.small.cluster,
      tokens: this.tokens,
      grants: new GrantStore({ cluster: this.small.cluster, clock: this.clock }),
      clock: this.clock,
      random,
      zones: createZones(),
      written: new WrittenEvents(createZones()),
      readNow: () => undefined,
      calendarsRead: () => undefined,
      google: { client: () => this.client, revoke: (token: string) => this.#ask('revoke', token) },
      integrations: {
        report: () => undefined,
        tryAcquireProbe: () => () => undefined,
      },
      log: { info: () => undefined, debug: () => undefined },
      signInURL: () => 'https://booking.example.com/google-calendar/sign-in/tag',
      reported: () => undefined,
      progress: () => undefined,
      push: noPush,
    } as unknown as AgentDeps
  }

  get client(): GoogleClient {
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
          ...this.answer,
        }
      },
      calendar: async (token: string) => {
        await this.#ask('calendar', token)
        return { id: this.account }
      },
    } as unknown as GoogleClient
  }

  async #ask(what: Asked['what'], token: string): Promise<void> {
    await Promise.resolve()
    this.asked.push({ what, token, kept: this.small.text('alice-google-grant').refresh_token })
    const failure = this.refuses[what]
    if (failure) throw new GoogleError(failure, failure, { retryAfterMs: this.retryAfterMs })
  }
}
