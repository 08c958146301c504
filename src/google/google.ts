/**
 * The room of Google: the only one that speaks to it. `port.ts` says what the others may ask; here each client gets its gate
 * (`limits.ts`), its flights, and the two APIs (`oauth.ts`, `calendar.ts`) over one transport. It may touch nothing but the
 * origins that it is given, and keeps nothing but what it learned of limits.
 */
import type { Clock, Random } from '../platform/clock.ts'
import { createCalendarAPI, type Around, type CalendarAPI } from './calendar.ts'
import { Gate, type Lane } from './limits.ts'
import { consentURL } from './consent.ts'
import { exchangeCode, proveClient, refreshToken, revokeToken, type OAuthDeps } from './oauth.ts'
import {
  GoogleError,
  type CodeExchange,
  type ConsentRequest,
  type Google,
  type GoogleClient,
  type OAuthClient,
  type TokenAnswer,
} from './port.ts'
import { createTransport, type Proxy } from './transport.ts'

export interface GoogleDeps {
  /** Origins; Google's own where they are not given. */
  accountsUrl?: string
  oauthUrl?: string
  apiUrl?: string
  /** None where it is not given. */
  proxy?: Proxy
  /** The Calendar API's quota of a project, 10,000 where it is not given. */
  requestsPerMinute?: number
  clock: Clock
  random: Random
  /** Called once a request. */
  observe?: (kind: RequestKind, outcome: string, seconds: number) => void
}

export type RequestKind = 'prove' | 'refresh' | 'exchange' | 'revoke' | 'calendarList.get' | 'events.list'

export interface RunningGoogle extends Google {
  close(): Promise<void>
}

const ACCOUNTS_URL = 'https://accounts.google.com'
const OAUTH_URL = 'https://oauth2.googleapis.com'
const API_URL = 'https://www.googleapis.com'

export function createGoogle(deps: GoogleDeps): RunningGoogle {
  const { clock, accountsUrl = ACCOUNTS_URL, oauthUrl = OAUTH_URL, apiUrl = API_URL } = deps
  const transport = createTransport(clock, deps.proxy)
  const oauth: OAuthDeps = { transport, clock, oauthUrl }
  const api = createCalendarAPI({ transport, clock, apiUrl })
  const observed = observer(deps)
  const projects = new Map<string, Project>()
  return {
    client({ clientId, clientSecret }) {
      const { gate, clients } = projects.get(clientId) ?? { gate: new Gate(deps, deps.requestsPerMinute), clients: [] }
      const known = clients.find(({ credentials }) => credentials.clientSecret === clientSecret)
      const client = known ?? new Client({ clientId, clientSecret }, { accountsUrl, oauth, api, gate, observed })
      const others = clients.filter((other) => other !== client)
      projects.set(clientId, { gate, clients: [client, ...others].slice(0, MOST_SECRETS) })
      return client
    },
    revoke: (token) => observed('revoke', () => revokeToken(oauth, token)),
    close: () => transport.close(),
  }
}

/** What the secrets of one client id share: limits are the project's, whichever secret was used. */
interface Project {
  gate: Gate
  /** The latest first. */
  clients: Client[]
}

/** A client has at most two secrets at once, at Google's: those that were rotated away are forgotten. */
const MOST_SECRETS = 2

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
  accountsUrl: string
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
    return this.#through('token', 'prove', () => proveClient(this.#deps.oauth, this.credentials))
  }

  refresh(token: string): Promise<TokenAnswer> {
    const flight = this.#flights.get(token)
    if (flight) return flight
    const { oauth } = this.#deps
    const started = this.#through('token', 'refresh', () => refreshToken(oauth, this.credentials, token)).finally(() =>
      this.#flights.delete(token),
    )
    this.#flights.set(token, started)
    return started
  }

  consentURL(request: ConsentRequest): string {
    return consentURL(this.#deps.accountsUrl, this.credentials.clientId, request)
  }

  exchange(exchange: CodeExchange): Promise<TokenAnswer> {
    return this.#through('token', 'exchange', () => exchangeCode(this.#deps.oauth, this.credentials, exchange))
  }

  calendar(accessToken: string, calendarId: string): ReturnType<GoogleClient['calendar']> {
    return this.#through('calendar', 'calendarList.get', () => this.#deps.api.calendar(accessToken, calendarId))
  }

  events(...[accessToken, request, onPage]: Parameters<GoogleClient['events']>): ReturnType<GoogleClient['events']> {
    const around: Around = (page) => this.#through('calendar', 'events.list', page)
    const owner = { client: this.credentials.clientId, account: accessToken }
    return this.#deps.api.events({ accessToken, owner, request, around }, onPage)
  }

  #through<T>(lane: Lane, kind: RequestKind, send: () => Promise<T>): Promise<T> {
    const { gate, observed } = this.#deps
    return gate.pass(lane, () => observed(kind, send))
  }
}
