/**
 * The room of Google: the only one that speaks to it. `port.ts` says what the others may ask; here each client gets its gate
 * (`limits.ts`), its flights, and the two APIs (`oauth.ts`, `calendar.ts`) over one transport. It may touch nothing but the
 * three origins that it is given, and keeps nothing but what it learned of limits.
 */
import type { Clock, Random } from '../platform/clock.ts'
import { CalendarRefusal, createCalendarAPI, type CalendarAPI } from './calendar.ts'
import { Gate } from './limits.ts'
import { proveClient, refreshToken, revokeToken, type OAuthDeps } from './oauth.ts'
import { GoogleError, type Google, type GoogleClient, type OAuthClient, type TokenAnswer } from './port.ts'
import { createTransport } from './transport.ts'

export interface GoogleDeps {
  /** Origins, such as `https://oauth2.googleapis.com`. */
  oauthUrl: string
  apiUrl: string
  clock: Clock
  random: Random
  /** Called once a request. */
  observe?: (kind: RequestKind, outcome: string, seconds: number) => void
}

export type RequestKind = 'prove' | 'refresh' | 'revoke' | 'calendarList.get' | 'events.list'

export interface RunningGoogle extends Google {
  close(): Promise<void>
}

export function createGoogle(deps: GoogleDeps): RunningGoogle {
  const transport = createTransport(deps.clock)
  const oauth: OAuthDeps = { transport, clock: deps.clock, oauthUrl: deps.oauthUrl }
  const api = createCalendarAPI({ transport, clock: deps.clock, apiUrl: deps.apiUrl })
  const gates = new Map<string, Gate>()
  const clients = new Map<string, Client>()
  const observed = observer(deps)
  return {
    client(credentials) {
      const { clientId, clientSecret } = credentials
      const known = clients.get(clientId)
      if (known?.credentials.clientSecret === clientSecret) return known
      // Limits are the project's: another secret of the same client changes nothing about them.
      const gate = gates.get(clientId) ?? new Gate(deps)
      gates.set(clientId, gate)
      const client = new Client({ clientId, clientSecret }, { oauth, api, gate, observed })
      clients.set(clientId, client)
      return client
    },
    revoke: (token) => observed('revoke', () => revokeToken(oauth, token)),
    close: () => transport.close(),
  }
}

type Observed = <T>(kind: RequestKind, send: () => Promise<T>) => Promise<T>

function observer({ clock, observe }: GoogleDeps): Observed {
  return async (kind, send) => {
    const startedAt = clock.now()
    let outcome = 'ok'
    try {
      return await send()
    } catch (error) {
      outcome = error instanceof GoogleError ? error.failure : 'Unknown'
      throw error
    } finally {
      observe?.(kind, outcome, (clock.now() - startedAt) / 1000)
    }
  }
}

interface ClientDeps {
  oauth: OAuthDeps
  api: CalendarAPI
  gate: Gate
  observed: Observed
}

class Client implements GoogleClient {
  readonly credentials: OAuthClient
  readonly #deps: ClientDeps
  readonly #flights = new Map<string, Promise<TokenAnswer>>()

  constructor(credentials: OAuthClient, deps: ClientDeps) {
    this.credentials = credentials
    this.#deps = deps
  }

  limit(): ReturnType<GoogleClient['limit']> {
    return this.#deps.gate.limit
  }

  prove(): Promise<void> {
    return this.#through('prove', () => proveClient(this.#deps.oauth, this.credentials))
  }

  refresh(token: string): Promise<TokenAnswer> {
    const flight = this.#flights.get(token)
    if (flight) return flight
    const started = this.#through('refresh', () => refreshToken(this.#deps.oauth, this.credentials, token)).finally(
      () => this.#flights.delete(token),
    )
    this.#flights.set(token, started)
    return started
  }

  calendar(accessToken: string, calendarId: string): ReturnType<GoogleClient['calendar']> {
    return this.#through('calendarList.get', () => this.#deps.api.calendar(accessToken, calendarId))
  }

  events(...[accessToken, request]: Parameters<GoogleClient['events']>): ReturnType<GoogleClient['events']> {
    return this.#deps.api.events(accessToken, request, (page) => this.#through('events.list', page))
  }

  /** One request, through the gate; what it tells of limits is told to the gate. */
  async #through<T>(kind: RequestKind, send: () => Promise<T>): Promise<T> {
    const { gate, observed } = this.#deps
    await gate.enter()
    try {
      const answer = await observed(kind, send)
      gate.passed()
      return answer
    } catch (error) {
      throw this.#limited(error)
    }
  }

  #limited(error: unknown): unknown {
    const { gate } = this.#deps
    if (!(error instanceof GoogleError)) return error
    const { failure, status } = error
    const limit = failure === 'RateLimited' || failure === 'DailyQuotaExceeded' ? failure : undefined
    if (!limit) {
      // Any answer but a limit says that there is none; no answer says nothing.
      if (failure === 'Unreachable') gate.failed()
      else gate.passed()
      return error
    }
    // One person's limit is no reason to keep the others waiting.
    if (error instanceof CalendarRefusal && error.personal) {
      gate.failed()
      return error
    }
    const retryAfterMs = gate.close(limit, error.retryAfterMs)
    return new GoogleError(limit, error.message, { status, retryAfterMs })
  }
}
