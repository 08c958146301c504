/**
 * The integration's client, as one reconcile for an Agent uses it. It passes the bypass of that reconcile on with each request.
 * While the Calendar API is known to be switched off, it sends only the one request that probes it.
 */
import { GoogleError, type Bypass, type GoogleClient, type GoogleFailure, type RequestOptions } from '../google/port.ts'
import type { Key } from '../kubernetes/port.ts'
import type { IntegrationFindings, IntegrationReader } from './port.ts'

/** Failures that only a project with the API switched on returns. */
const API_ANSWERS: readonly GoogleFailure[] = ['NotFound', 'Forbidden', 'Refused', 'SyncTokenExpired']

/** To which integration the client belongs, and with which bypass it is used. */
interface AgentClientOptions {
  integrations: Pick<IntegrationReader, 'tryAcquireProbe'>
  /** The integration's key. */
  key: Key
  bypass?: Bypass
  /** In whose budgets a request counts that is sent now, and with which priority. */
  limits?: () => Omit<RequestOptions, 'bypass'>
}

/** The client of an integration for one reconcile. */
export interface AgentClient extends GoogleClient {
  /** Returns what its requests have found out since the last call. */
  takeFindings(): IntegrationFindings
}

/** Wraps the client of an integration. Not an object of functions: one is made for each reconcile. */
export const agentClient = (client: GoogleClient, options: AgentClientOptions): AgentClient =>
  new LimitedClient(client, options)

type Parameter<K extends keyof GoogleClient> = GoogleClient[K] extends (...given: infer P) => unknown ? P : never
type Returned<K extends keyof GoogleClient> = GoogleClient[K] extends (...given: never[]) => infer R ? R : never

class LimitedClient implements AgentClient {
  readonly credentials: GoogleClient['credentials']
  readonly #client: GoogleClient
  readonly #options: AgentClientOptions
  #findings: IntegrationFindings = {}
  /** This reconcile has seen the API answer. The registry may not know that yet. */
  #isAPIOn = false

  constructor(client: GoogleClient, options: AgentClientOptions) {
    this.credentials = client.credentials
    this.#client = client
    this.#options = options
  }

  limit(): Returned<'limit'> {
    return this.#client.limit()
  }

  tryBypass(bypass: Bypass): boolean {
    return this.#client.tryBypass(bypass)
  }

  probeCalendar(bypass: Bypass): boolean {
    return this.#client.probeCalendar(bypass)
  }

  verify(): Returned<'verify'> {
    return this.#client.verify(this.#options.bypass)
  }

  refresh(token: string): Returned<'refresh'> {
    const { bypass } = this.#options
    const send = (): Returned<'refresh'> => this.#client.refresh(token, bypass)
    return bypass ? this.#bypassing(bypass, send) : send()
  }

  consentURL(...given: Parameter<'consentURL'>): string {
    return this.#client.consentURL(...given)
  }

  exchange(...given: Parameter<'exchange'>): Returned<'exchange'> {
    return this.#client.exchange(...given)
  }

  calendar(token: string, id: string): Returned<'calendar'> {
    return this.#probing(() => this.#client.calendar(token, id, this.#limits()))
  }

  events(...[token, request, onPage, more]: Parameter<'events'>): Returned<'events'> {
    return this.#probing(() => this.#client.events(token, request, onPage, { ...this.#limits(), ...more }))
  }

  event(...[token, request]: Parameter<'event'>): Returned<'event'> {
    return this.#probing(() => this.#client.event(token, request, this.#limits()))
  }

  insertEvent(...[token, request]: Parameter<'insertEvent'>): Returned<'insertEvent'> {
    return this.#probing(() => this.#client.insertEvent(token, request, this.#limits()))
  }

  patchEvent(...[token, request]: Parameter<'patchEvent'>): Returned<'patchEvent'> {
    return this.#probing(() => this.#client.patchEvent(token, request, this.#limits()))
  }

  deleteEvent(...[token, request]: Parameter<'deleteEvent'>): Returned<'deleteEvent'> {
    return this.#probing(() => this.#client.deleteEvent(token, request, this.#limits()))
  }

  watch(...[token, request]: Parameter<'watch'>): Returned<'watch'> {
    return this.#probing(() => this.#client.watch(token, request, this.#limits()))
  }

  stopChannel(...[token, request]: Parameter<'stopChannel'>): Returned<'stopChannel'> {
    return this.#client.stopChannel(token, request, this.#limits())
  }

  takeFindings(): IntegrationFindings {
    const taken = this.#findings
    this.#findings = {}
    return taken
  }

  #limits(): RequestOptions {
    const { limits, bypass } = this.#options
    return { ...limits?.(), bypass }
  }

  #apiAnswered(): void {
    this.#isAPIOn = true
    this.#findings = { ...this.#findings, api: 'Enabled' }
  }

  async #probing<T>(send: () => Promise<T>): Promise<T> {
    const { integrations, key, bypass } = this.#options
    const giveBack = this.#isAPIOn ? () => undefined : integrations.tryAcquireProbe(key, bypass)
    if (!giveBack) throw new GoogleError('APIDisabled', 'one request finds out whether the API is on again')
    try {
      const answer = await (bypass ? this.#bypassing(bypass, send) : send())
      this.#apiAnswered()
      return answer
    } catch (error) {
      const failure = error instanceof GoogleError ? error.failure : undefined
      if (failure !== undefined && API_ANSWERS.includes(failure)) this.#apiAnswered()
      else if (failure !== 'APIDisabled') giveBack()
      throw error
    }
  }

  /** If a request that bypassed a limit was answered, the limit has ended. */
  async #bypassing<T>(bypass: Bypass, send: () => Promise<T>): Promise<T> {
    const wasLimited = this.#client.limit() !== undefined
    try {
      return await send()
    } finally {
      const hasEnded = bypass.isUsed && wasLimited && this.#client.limit() === undefined
      if (hasEnded) this.#findings = { ...this.#findings, limitEnded: true }
    }
  }
}
