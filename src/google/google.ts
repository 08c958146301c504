/**
 * The Google room, the only one that sends requests to Google. Other rooms use `port.ts`, which this file implements. Each client
 * has a rate limiter (`client-rate-limiter.ts`, shared as `client-registry.ts` describes), sends one refresh per token at a time,
 * and uses the two APIs (`oauth.ts`, `calendar.ts`) over one transport. The room touches only the origins that it is given, and
 * its only state is what it has learned about rate limits. docs/google-behaviour.md describes how Google behaves.
 */
import type { Clock, Random } from '../platform/clock.ts'
import { canonicalAccount } from '../resources/account.ts'
import { createCalendarAPI, type WrapRequest, type CalendarAPI } from './calendar.ts'
import { ClientRegistry, type LimiterMembership } from './client-registry.ts'
import { consentURL } from './consent.ts'
import type { Endpoint, LimitOptions } from './client-rate-limiter.ts'
import { exchangeCode, verifyClient, refreshToken, revokeToken, type OAuthDeps } from './oauth.ts'
import {
  GoogleError,
  type CalendarEntry,
  type CodeExchange,
  type ConsentRequest,
  type Google,
  type GoogleClient,
  type OAuthClient,
  type RequestOptions,
  type StopRequest,
  type TokenAnswer,
  type WatchedChannel,
  type WatchRequest,
} from './port.ts'
import type { Bypass } from './bypass.ts'
import type { ReplicaRole } from './replica-role.ts'
import { isUsableToken } from './token-answer.ts'
import { createPool, createTransport, type Pool, type Proxy } from './transport.ts'

/** What `createGoogle` needs. */
interface GoogleDeps {
  /** Origins; Google's own by default. */
  accountsUrl?: string
  oauthUrl?: string
  apiUrl?: string
  /** The proxy; none by default. */
  proxy?: Proxy
  /** The connections; by default a pool over the network, which uses the proxy. */
  pool?: Pool
  clock: Clock
  random: Random
  /** The role of this replica; by default there is no other. */
  role?: () => ReplicaRole
  /** Called after each request. */
  observe?: (kind: RequestKind, outcome: string, seconds: number) => void
}

/** The kind of a request, as a metric label. */
export type RequestKind =
  | 'prove'
  | 'refresh'
  | 'exchange'
  | 'revoke'
  | 'calendarList.get'
  | 'events.list'
  | 'events.watch'
  | 'channels.stop'
  | 'events.get'
  | 'events.insert'
  | 'events.patch'
  | 'events.delete'

/** A `Google` whose connections can be closed. */
export interface RunningGoogle extends Google {
  close(): Promise<void>
}

const ACCOUNTS_URL = 'https://accounts.google.com'
const OAUTH_URL = 'https://oauth2.googleapis.com'
const API_URL = 'https://www.googleapis.com'

/** Creates the implementation of `Google`. Sends nothing. */
export function createGoogle(deps: GoogleDeps): RunningGoogle {
  const { clock, accountsUrl = ACCOUNTS_URL, oauthUrl = OAUTH_URL, apiUrl = API_URL } = deps
  const transport = createTransport(clock, deps.pool ?? createPool(deps.proxy))
  const oauth: OAuthDeps = { transport, clock, oauthUrl }
  const api = createCalendarAPI({ transport, clock, apiUrl })
  const observed = observer(deps)
  const clients = new ClientRegistry<HttpGoogleClient>(
    deps,
    (credentials, membership) => new HttpGoogleClient(credentials, { accountsUrl, oauth, api, membership, observed }),
  )
  return {
    client: (credentials) => clients.get(credentials),
    setQuota: (integration, credentials, quota) => clients.setQuota(integration, credentials, quota),
    forgetQuota: (integration) => clients.forgetQuota(integration),
    revoke: (token) => observed('revoke', () => revokeToken(oauth, token)),
    close: () => transport.close(),
  }
}

type Observed = <T>(kind: RequestKind, send: () => Promise<T>) => Promise<T>

function observer({ clock, observe }: GoogleDeps): Observed {
  return async (kind, send) => {
    const startedAt = clock.monotonic()
    let outcome = 'ok'
    try {
      return await send()
    } catch (error) {
      outcome = error instanceof GoogleError ? error.failure : 'Unknown'
      throw error
    } finally {
      observe?.(kind, outcome, (clock.monotonic() - startedAt) / 1000)
    }
  }
}

interface ClientDeps {
  accountsUrl: string
  oauth: OAuthDeps
  api: CalendarAPI
  membership: LimiterMembership
  observed: Observed
}

/** Google checks the client before the grant, so only valid credentials get these answers. */
const IMPLIES_VALID_CLIENT: readonly string[] = ['InvalidGrant', 'SessionExpired']
const IMPLIES_INVALID_CLIENT: readonly string[] = ['InvalidClient', 'ClientDeleted', 'ClientDisabled']

class HttpGoogleClient implements GoogleClient {
  readonly credentials: OAuthClient
  readonly #deps: ClientDeps
  readonly #flights = new Map<string, Promise<TokenAnswer>>()

  constructor(credentials: OAuthClient, deps: ClientDeps) {
    this.credentials = credentials
    this.#deps = deps
  }

  limit(): ReturnType<GoogleClient['limit']> {
    return this.#deps.membership.limiter().limit
  }

  tryBypass(bypass: Bypass): boolean {
    return this.#deps.membership.limiter().tryBypass(bypass)
  }

  probeCalendar(bypass: Bypass): boolean {
    return this.#deps.membership.limiter().probeCalendar(bypass)
  }

  verify(bypass?: Bypass): Promise<void> {
    return this.#token('prove', () => verifyClient(this.#deps.oauth, this.credentials), bypass)
  }

  refresh(token: string, bypass?: Bypass): Promise<TokenAnswer> {
    const flight = this.#flights.get(token)
    if (flight) return flight
    const { oauth } = this.#deps
    const started = this.#token('refresh', () => refreshToken(oauth, this.credentials, token), bypass).finally(() =>
      this.#flights.delete(token),
    )
    this.#flights.set(token, started)
    return started
  }

  consentURL(request: ConsentRequest): string {
    return consentURL(this.#deps.accountsUrl, this.credentials.clientId, request)
  }

  exchange(exchange: CodeExchange): Promise<TokenAnswer> {
    return this.#token('exchange', () => exchangeCode(this.#deps.oauth, this.credentials, exchange))
  }

  async calendar(...[accessToken, id, options = {}]: Parameters<GoogleClient['calendar']>): Promise<CalendarEntry> {
    assertUsable(accessToken)
    const accountOf = (entry: CalendarEntry): string | undefined =>
      id === 'primary' ? canonicalAccount(entry.id) : undefined
    const send = (): Promise<CalendarEntry> => this.#deps.api.calendar(accessToken, id)
    return this.#limited('calendar', 'calendarList.get', send, this.#limits(options, undefined, accountOf))
  }

  async events(
    ...[accessToken, request, onPage, options = {}]: Parameters<GoogleClient['events']>
  ): ReturnType<GoogleClient['events']> {
    assertUsable(accessToken)
    let { priority } = options
    const wrap: WrapRequest = (page) => {
      const limits = this.#limits(options, priority)
      // A listing that has begun is finished: if it is turned away in between, all of its requests were for nothing.
      if (priority === undefined || priority === 'routine') priority = 'interactive'
      return this.#limited('calendar', 'events.list', page, limits)
    }
    const owner = { client: this.credentials.clientId, account: accessToken }
    return this.#deps.api.events({ accessToken, owner, request, wrap }, onPage)
  }

  async event(...[token, request, options]: Parameters<GoogleClient['event']>): ReturnType<GoogleClient['event']> {
    return this.#write('events.get', token, () => this.#deps.api.event(token, request), options)
  }

  async insertEvent(
    ...[token, request, options]: Parameters<GoogleClient['insertEvent']>
  ): ReturnType<GoogleClient['insertEvent']> {
    return this.#write('events.insert', token, () => this.#deps.api.insertEvent(token, request), options)
  }

  async patchEvent(
    ...[token, request, options]: Parameters<GoogleClient['patchEvent']>
  ): ReturnType<GoogleClient['patchEvent']> {
    return this.#write('events.patch', token, () => this.#deps.api.patchEvent(token, request), options)
  }

  async deleteEvent(
    ...[token, request, options]: Parameters<GoogleClient['deleteEvent']>
  ): ReturnType<GoogleClient['deleteEvent']> {
    return this.#write('events.delete', token, () => this.#deps.api.deleteEvent(token, request), options)
  }

  async watch(accessToken: string, request: WatchRequest, options: RequestOptions = {}): Promise<WatchedChannel> {
    assertUsable(accessToken)
    const send = (): Promise<WatchedChannel> => this.#deps.api.watch(accessToken, request)
    return this.#limited('calendar', 'events.watch', send, this.#limits(options))
  }

  async stopChannel(accessToken: string, request: StopRequest, options: RequestOptions = {}): Promise<void> {
    assertUsable(accessToken)
    const send = (): Promise<void> => this.#deps.api.stopChannel(accessToken, request)
    return this.#limited('calendar', 'channels.stop', send, this.#limits(options))
  }

  /** A request about one event. Somebody waits for it, so it goes before routine reads. */
  async #write<T>(
    kind: RequestKind,
    accessToken: string,
    send: () => Promise<T>,
    options: RequestOptions = {},
  ): Promise<T> {
    assertUsable(accessToken)
    return this.#limited('calendar', kind, send, this.#limits(options, 'interactive'))
  }

  /** Sends a request to the token endpoint. Every token response shows whether the credentials are valid. */
  async #token<T>(kind: RequestKind, send: () => Promise<T>, bypass?: Bypass): Promise<T> {
    const { membership } = this.#deps
    try {
      const answer = await this.#limited('token', kind, send, { bypass })
      membership.onAccepted()
      return answer
    } catch (error) {
      const failure = error instanceof GoogleError ? error.failure : ''
      if (IMPLIES_VALID_CLIENT.includes(failure)) membership.onAccepted()
      if (IMPLIES_INVALID_CLIENT.includes(failure)) membership.onRefused()
      throw error
    }
  }

  #limited<T>(endpoint: Endpoint, kind: RequestKind, send: () => Promise<T>, options: LimitOptions<T>): Promise<T> {
    const { membership, observed } = this.#deps
    return membership.limiter().run(endpoint, () => observed(kind, send), options)
  }

  #limits<T>(
    { payer, bypass, isTokenUnproven, priority: asked }: RequestOptions,
    priority = asked,
    accountOf?: LimitOptions<T>['accountOf'],
  ): LimitOptions<T> {
    const integration = payer && this.#deps.membership.budgetOf(payer.integration)
    return { payer, priority, bypass, isTokenUnproven, integration, accountOf }
  }
}

/** A token that a user put into a Secret may be any text. One that cannot be sent is treated as one that Google refuses. */
function assertUsable(accessToken: string): void {
  if (!isUsableToken(accessToken)) throw new GoogleError('Unauthenticated', 'this cannot be an access token')
}
