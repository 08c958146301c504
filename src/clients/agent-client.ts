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

/** Wraps the client of an integration. */
export function agentClient(client: GoogleClient, options: AgentClientOptions): AgentClient {
  const { integrations, key, bypass } = options
  const limits = (): RequestOptions => ({ ...options.limits?.(), bypass })
  let findings: IntegrationFindings = {}
  /** This reconcile has seen the API answer. The registry may not know that yet. */
  let isAPIOn = false

  function apiAnswered(): void {
    isAPIOn = true
    findings = { ...findings, api: 'Enabled' }
  }

  async function probing<T>(send: () => Promise<T>): Promise<T> {
    const giveBack = isAPIOn ? () => undefined : integrations.tryAcquireProbe(key, bypass)
    if (!giveBack) throw new GoogleError('APIDisabled', 'one request finds out whether the API is on again')
    try {
      const answer = await send()
      apiAnswered()
      return answer
    } catch (error) {
      const failure = error instanceof GoogleError ? error.failure : undefined
      if (failure !== undefined && API_ANSWERS.includes(failure)) apiAnswered()
      else if (failure !== 'APIDisabled') giveBack()
      throw error
    }
  }

  /** If a request that bypassed a limit was answered, the limit has ended. */
  async function bypassing<T>(send: () => Promise<T>): Promise<T> {
    const wasLimited = client.limit() !== undefined
    try {
      return await send()
    } finally {
      if (bypass?.isUsed && wasLimited && client.limit() === undefined) findings = { ...findings, limitEnded: true }
    }
  }

  return {
    credentials: client.credentials,
    limit: () => client.limit(),
    tryBypass: (one) => client.tryBypass(one),
    probeCalendar: (one) => client.probeCalendar(one),
    verify: () => client.verify(bypass),
    refresh: (token) => bypassing(() => client.refresh(token, bypass)),
    consentURL: (request) => client.consentURL(request),
    exchange: (exchange) => client.exchange(exchange),
    calendar: (token, id) => probing(() => bypassing(() => client.calendar(token, id, limits()))),
    events: (token, request, onPage, more) =>
      probing(() => bypassing(() => client.events(token, request, onPage, { ...limits(), ...more }))),
    event: (token, request) => probing(() => bypassing(() => client.event(token, request, limits()))),
    insertEvent: (token, request) => probing(() => bypassing(() => client.insertEvent(token, request, limits()))),
    patchEvent: (token, request) => probing(() => bypassing(() => client.patchEvent(token, request, limits()))),
    deleteEvent: (token, request) => probing(() => bypassing(() => client.deleteEvent(token, request, limits()))),
    watch: (token, request) => probing(() => bypassing(() => client.watch(token, request, limits()))),
    stopChannel: (token, request) => client.stopChannel(token, request, limits()),
    takeFindings() {
      const taken = findings
      findings = {}
      return taken
    },
  }
}
