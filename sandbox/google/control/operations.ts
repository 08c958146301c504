/**
 * The operations that tests, the demo and people with curl use to drive the simulated Google. Each is a function of one JSON
 * object: in process a method of the handle, over HTTP `POST /_control/<name>` (docs/sandbox-google.md). An invalid request
 * throws a ControlError.
 */
import { without } from '../calendar/events.ts'
import { ControlError } from '../http/errors.ts'
import { accountOf, type AccountSettings, addAccount } from '../oauth/accounts.ts'
import { signIn, type SignIn, type SignInResult } from '../oauth/authorize.ts'
import { addClient, addSecret, clientFile, clientOf, type ClientSettings, DEFAULT_PROJECT } from '../oauth/clients.ts'
import { type GrantRequest, isAlive, endGrant, newAccessToken, newGrant, revokeAll } from '../oauth/grants.ts'
import { setProject } from '../oauth/projects.ts'
import type { Switches, GoogleState } from '../state/state.ts'
import { calendarOperations } from './calendar-operations.ts'
import { checkFault } from './faults.ts'
import { personOperations } from './person-operations.ts'
import { type RequestFilter, type RequestSummary, resetLog, summarize } from '../state/request-log.ts'
import { type ChannelInfo, endSilently, listChannels } from '../push/channels.ts'
import { type DeliveryFilter, listDeliveries, resetDeliveries } from '../push/delivery.ts'
import { reportBusiest, resetBusiest } from '../quota/traffic.ts'
import { fill, type FillRequest, type SeedRequest, type Seeded, seed } from './seed.ts'
import type { Mail } from '../state/mail-records.ts'
import type { Grant, ProjectSettings } from '../state/oauth-records.ts'
import type { FaultRequest, FaultRule } from '../state/fault-rules.ts'

/** The control operations, by name. */
export type Operations = ReturnType<typeof operationsOn>

/** One grant, with its refresh token: the user of the sandbox made it. */
interface GrantInfo {
  refreshToken: string
  client: string
  account: string
  scopes: string[]
  grantedAt: string
  /** When it expires; absent if it does not. */
  expiresAt?: string
  alive: boolean
}

/** Makes the control operations on a state. */
export function operationsOn(state: GoogleState) {
  return {
    ...timeOperations(state),
    ...projectOperations(state),
    ...accountOperations(state),
    ...grantOperations(state),
    ...calendarOperations(state),
    ...personOperations(state),
    ...faultOperations(state),
    ...pushOperations(state),
    ...logOperations(state),
    /** Makes accounts with grants and events, for benches: see SeedRequest. */
    seed: (request: SeedRequest): Seeded => seed(state, request),
    /** Makes one calendar huge: see FillRequest. */
    fill: (request: FillRequest) => fill(state, request),
  }
}

function timeOperations(state: GoogleState) {
  return {
    time: () => ({ now: new Date(state.now()).toISOString() }),
    /** Moves this server's clock ahead of the clock that it was given. */
    advance: ({ ms }: { ms: number }) => {
      if (!Number.isFinite(ms) || ms < 0) throw new ControlError('"ms" must be a number of milliseconds, not below 0')
      state.aheadMs += ms
      return { now: new Date(state.now()).toISOString() }
    },
    /** Changes the named switches; returns all of them. */
    switches: (changes: Partial<Switches> = {}): Switches => {
      for (const name of Object.keys(changes)) {
        if (!(name in state.switches)) throw new ControlError(`there is no switch "${name}"`)
      }
      return Object.assign(state.switches, changes)
    },
  }
}

function projectOperations(state: GoogleState) {
  return {
    /** Makes or changes a project; by default the one named `sandbox-project`. */
    setProject: ({ id, ...settings }: { id?: string } & Partial<ProjectSettings>) => {
      return without(setProject(state, id ?? DEFAULT_PROJECT, settings), 'usage')
    },
    addClient: (settings: ClientSettings = {}) => {
      const client = addClient(state, settings)
      return { clientId: client.clientId, clientSecret: client.secrets[0]!.value, project: client.project }
    },
    /** Changes URIs or the state: `active`, `disabled`, `deleted`. */
    setClient: ({
      client: id,
      ...changes
    }: {
      client: string
      redirectUris?: string[]
      javascriptOrigins?: string[]
      state?: 'active' | 'disabled' | 'deleted'
    }) => {
      const client = clientOf(state, id)
      Object.assign(client, changes)
      return {
        clientId: id,
        state: client.state,
        redirectUris: client.redirectUris,
        javascriptOrigins: client.javascriptOrigins,
      }
    },
    addSecret: ({ client }: { client: string }) => ({ clientSecret: addSecret(state, clientOf(state, client)) }),
    disableSecret: ({ client, secret }: { client: string; secret: string }) => {
      const found = clientOf(state, client).secrets.find(({ value }) => value === secret)
      if (!found) throw new ControlError(`client ${client} has no such secret`)
      found.disabled = true
      return {}
    },
    removeSecret: ({ client: id, secret }: { client: string; secret: string }) => {
      const client = clientOf(state, id)
      client.secrets = client.secrets.filter(({ value }) => value !== secret)
      return {}
    },
    /** The file that Google's console lets people download. */
    clientFile: (client: string | { client: string }) =>
      clientFile(clientOf(state, typeof client === 'string' ? client : client.client)),
  }
}

function accountOperations(state: GoogleState) {
  return {
    addAccount: (settings: AccountSettings) => {
      const { email, org } = addAccount(state, settings)
      return { email, ...(org === undefined ? {} : { org }) }
    },
    deleteAccount: ({ account }: { account: string }) => {
      accountOf(state, account).deleted = true
      return {}
    },
    /** Switches Google Calendar off for an account, as for a suspended one, or on again. */
    switchCalendar: ({ account, on }: { account: string; on: boolean }) => {
      accountOf(state, account).calendarOff = !on
      return {}
    },
    /** Plays an administrator who blocks a client for an account or an organisation (`for`), or admits it again. */
    restrict: ({ client, for: whom, restricted = true }: { client: string; for: string; restricted?: boolean }) => {
      const key = `${clientOf(state, client).clientId} ${whom.toLowerCase()}`
      if (restricted) state.restrictions.add(key)
      else state.restrictions.delete(key)
      return {}
    },
    /** Plays a session policy: refreshes fail with this subtype until a new consent. */
    requireReauthentication: ({ account, subtype = 'invalid_rapt' }: { account: string; subtype?: Grant['rapt'] }) => {
      for (const grant of accountOf(state, account).grants) grant.rapt = subtype
      return {}
    },
  }
}

function grantOperations(state: GoogleState) {
  const info = (grant: Grant): GrantInfo => ({
    refreshToken: grant.refreshToken,
    client: grant.client,
    account: grant.account,
    scopes: grant.scopes,
    grantedAt: new Date(grant.grantedAt).toISOString(),
    ...(grant.expiresAt === undefined ? {} : { expiresAt: new Date(grant.expiresAt).toISOString() }),
    alive: isAlive(grant, state.now()),
  })
  return {
    /** Gives a grant, as if the account had consented on the page. */
    grant: (request: GrantRequest): GrantInfo => info(newGrant(state, request)),
    /** Plays a person who opens the application's sign-in URL and decides, without a browser. */
    signIn: (request: SignIn): SignInResult => signIn(state, request),
    /** Makes an access token without a refresh, for a program that calls Google itself. */
    accessToken: ({ refreshToken }: { refreshToken: string }) => {
      const grant = state.refreshTokens.get(refreshToken)
      if (!grant) throw new ControlError('there is no such refresh token')
      const { client, account, scopes } = grant
      return { accessToken: newAccessToken(state, { client, account, scopes, grant }).value }
    },
    grants: ({ account }: { account?: string } = {}): GrantInfo[] => {
      const accounts = account === undefined ? [...state.accounts.values()] : [accountOf(state, account)]
      return accounts.flatMap((one) => one.grants.map(info))
    },
    /** Plays a person who revokes one refresh token, or everything that they granted to one client or to all. */
    revoke: (request: { refreshToken: string } | { account: string; client?: string }) => {
      if (!('refreshToken' in request)) return { revoked: revokeAll(state, request.account, request.client) }
      const grant = state.refreshTokens.get(request.refreshToken)
      if (!grant) throw new ControlError('there is no such refresh token')
      endGrant(state, grant)
      return { revoked: 1 }
    },
    /** Expires access tokens early. Refresh tokens stay valid. */
    expireAccessTokens: ({ account }: { account?: string } = {}) => {
      for (const token of state.accessTokens.values()) {
        if (account === undefined || token.account === account.toLowerCase()) token.expiresAt = state.now()
      }
      return {}
    },
  }
}

function faultOperations(state: GoogleState) {
  const addFault = (request: FaultRequest): { id: string } => {
    checkFault(request)
    state.counter += 1
    const rule: FaultRule = { ...request, id: `fault-${state.counter}`, struck: 0, passed: 0 }
    state.faults.push(rule)
    return { id: rule.id }
  }
  return {
    addFault,
    /** Makes the n-th page of every listing fail, with 503 by default. */
    failPage: ({ page, ...request }: Partial<FaultRequest> & { page: number }) =>
      addFault({ fault: '503', kind: 'events.list', ...request, page }),
    /** Cuts and refuses connections, for so long or until `endOutage`. */
    outage: ({ ms }: { ms?: number } = {}) => {
      state.listener.beginOutage()
      if (ms !== undefined) state.setTimer(ms, () => state.listener.endOutage())
      return {}
    },
    /** Ends an outage. During one, it cannot be called over HTTP. */
    endOutage: () => {
      state.listener.endOutage()
      return {}
    },
    faults: (): FaultRule[] => state.faults.map((rule) => ({ ...rule })),
    /** Ends one fault, or all of them. Requests that hang are answered. */
    clearFaults: ({ id }: { id?: string } = {}) => {
      state.faults = id === undefined ? [] : state.faults.filter((rule) => rule.id !== id)
      for (const [release, fault] of [...state.hanging]) if (id === undefined || fault === id) release()
      return {}
    },
  }
}

function pushOperations(state: GoogleState) {
  return {
    /** Returns the push channels, including those that ended. */
    channels: (): ChannelInfo[] => listChannels(state),
    /** Ends a channel without notice, before its expiration. */
    endChannel: ({ id }: { id: string }) => {
      endSilently(state, id)
      return {}
    },
    /** Returns the attempts to deliver messages. */
    deliveries: (filter: DeliveryFilter = {}) => listDeliveries(state.push, filter),
    resetDeliveries: () => {
      resetDeliveries(state.push)
      return {}
    },
  }
}

function logOperations(state: GoogleState) {
  return {
    /** Returns the mails to guests that writes through the API caused, oldest first. */
    mails: (filter: Partial<Pick<Mail, 'calendar' | 'event' | 'to' | 'kind'>> = {}): Mail[] =>
      state.mails.filter((mail) => Object.entries(filter).every(([name, value]) => mail[name as keyof Mail] === value)),
    resetMails: () => {
      state.mails = []
      return {}
    },
    requests: (filter: RequestFilter = {}): RequestSummary => summarize(state.log, filter),
    resetRequests: () => {
      resetLog(state.log)
      return {}
    },
    /** Returns the most requests that any sliding minute held, by project, client and account, since the last reset. */
    busiestMinutes: () => reportBusiest(state.traffic),
    resetBusiestMinutes: () => {
      resetBusiest(state.traffic)
      return {}
    },
  }
}
