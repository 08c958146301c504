/**
 * What tests, the demo and people with curl may do to the simulated Google: one function for each wish, all of them
 * taking one JSON object. In process they are methods of the handle; over HTTP they are `POST /_control/<name>`
 * (docs/sandbox-google.md). A mistake in a request is a ControlError.
 */
import { calendarOf, type AccessRole, type CalendarSettings, newCalendar, share } from '../calendar/calendars.ts'
import { type EventFields, type EventRecord, findEvent, without } from '../calendar/events.ts'
import { resourceOf } from '../calendar/resource.ts'
import { addEvent, changeEvent, mergePatch, removeEvent } from '../calendar/writes.ts'
import { ControlError } from '../errors.ts'
import { accountOf, type AccountSettings, addAccount } from '../oauth/accounts.ts'
import { signIn, type SignIn, type SignInResult } from '../oauth/authorize.ts'
import { addClient, addSecret, clientFile, clientOf, type ClientSettings, DEFAULT_PROJECT } from '../oauth/clients.ts'
import { type Grant, type GrantRequest, isAlive, kill, newAccessToken, newGrant, revokeAll } from '../oauth/grants.ts'
import { type ProjectSettings, setProject } from '../oauth/projects.ts'
import type { Switches, World } from '../world.ts'
import { checkFault, type FaultRequest, type FaultRule } from './faults.ts'
import { type RequestFilter, type RequestSummary, resetLog, summarize } from './request-log.ts'
import { fill, type FillRequest, type SeedRequest, type Seeded, seed } from './seed.ts'

export type Operations = ReturnType<typeof operationsOn>

/** One grant as it may be told: with the refresh token, since whoever drives the sandbox made it. */
export interface GrantInfo {
  refreshToken: string
  client: string
  account: string
  scopes: string[]
  grantedAt: string
  /** When it ends by time; absent when it doesn't. */
  expiresAt?: string
  alive: boolean
}

export function operationsOn(world: World) {
  return {
    ...timeOperations(world),
    ...projectOperations(world),
    ...accountOperations(world),
    ...grantOperations(world),
    ...calendarOperations(world),
    ...faultOperations(world),
    ...logOperations(world),
    /** Makes accounts with grants and events, for benches: see SeedRequest. */
    seed: (request: SeedRequest): Seeded => seed(world, request),
    /** Makes one calendar huge: see FillRequest. */
    fill: (request: FillRequest) => fill(world, request),
  }
}

function timeOperations(world: World) {
  return {
    time: () => ({ now: new Date(world.now()).toISOString() }),
    /** Moves this server's clock ahead of the one it was given. */
    advance: ({ ms }: { ms: number }) => {
      if (!Number.isFinite(ms) || ms < 0) throw new ControlError('"ms" must be a number of milliseconds, not below 0')
      world.aheadMs += ms
      return { now: new Date(world.now()).toISOString() }
    },
    /** Changes the named switches; answers all of them. */
    switches: (changes: Partial<Switches> = {}): Switches => {
      for (const name of Object.keys(changes)) {
        if (!(name in world.switches)) throw new ControlError(`there is no switch "${name}"`)
      }
      return Object.assign(world.switches, changes)
    },
  }
}

function projectOperations(world: World) {
  return {
    /** Makes a project, or changes one; left out, `id` is the default project's. */
    setProject: ({ id, ...settings }: { id?: string } & Partial<ProjectSettings>) => {
      return without(setProject(world, id ?? DEFAULT_PROJECT, settings), 'usage')
    },
    addClient: (settings: ClientSettings = {}) => {
      const client = addClient(world, settings)
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
      const client = clientOf(world, id)
      Object.assign(client, changes)
      return {
        clientId: id,
        state: client.state,
        redirectUris: client.redirectUris,
        javascriptOrigins: client.javascriptOrigins,
      }
    },
    addSecret: ({ client }: { client: string }) => ({ clientSecret: addSecret(world, clientOf(world, client)) }),
    disableSecret: ({ client, secret }: { client: string; secret: string }) => {
      const found = clientOf(world, client).secrets.find(({ value }) => value === secret)
      if (!found) throw new ControlError(`client ${client} has no such secret`)
      found.disabled = true
      return {}
    },
    removeSecret: ({ client: id, secret }: { client: string; secret: string }) => {
      const client = clientOf(world, id)
      client.secrets = client.secrets.filter(({ value }) => value !== secret)
      return {}
    },
    /** The file that Google's console lets people download. */
    clientFile: (client: string | { client: string }) =>
      clientFile(clientOf(world, typeof client === 'string' ? client : client.client)),
  }
}

function accountOperations(world: World) {
  return {
    addAccount: (settings: AccountSettings) => {
      const { email, org } = addAccount(world, settings)
      return { email, ...(org === undefined ? {} : { org }) }
    },
    deleteAccount: ({ account }: { account: string }) => {
      accountOf(world, account).deleted = true
      return {}
    },
    /** Google Calendar is switched off for an account (or it is suspended), or on again. */
    switchCalendar: ({ account, on }: { account: string; on: boolean }) => {
      accountOf(world, account).calendarOff = !on
      return {}
    },
    /** An administrator blocks a client for an account or an organisation (`for`), or lets it in again. */
    restrict: ({ client, for: whom, restricted = true }: { client: string; for: string; restricted?: boolean }) => {
      const key = `${clientOf(world, client).clientId} ${whom.toLowerCase()}`
      if (restricted) world.restrictions.add(key)
      else world.restrictions.delete(key)
      return {}
    },
    /** A session policy wants the person back: refreshes fail with this subtype until a new consent. */
    requireReauthentication: ({ account, subtype = 'invalid_rapt' }: { account: string; subtype?: Grant['rapt'] }) => {
      for (const grant of accountOf(world, account).grants) grant.rapt = subtype
      return {}
    },
  }
}

function grantOperations(world: World) {
  const info = (grant: Grant): GrantInfo => ({
    refreshToken: grant.refreshToken,
    client: grant.client,
    account: grant.account,
    scopes: grant.scopes,
    grantedAt: new Date(grant.grantedAt).toISOString(),
    ...(grant.expiresAt === undefined ? {} : { expiresAt: new Date(grant.expiresAt).toISOString() }),
    alive: isAlive(grant, world.now()),
  })
  return {
    /** The account consents, as if at the consent page. */
    grant: (request: GrantRequest): GrantInfo => info(newGrant(world, request)),
    /** The person opens the application's sign-in URL and decides, without a browser. */
    signIn: (request: SignIn): SignInResult => signIn(world, request),
    /** An access token without a refresh, to play a program that calls Google itself. */
    accessToken: ({ refreshToken }: { refreshToken: string }) => {
      const grant = world.refreshTokens.get(refreshToken)
      if (!grant) throw new ControlError('there is no such refresh token')
      const { client, account, scopes } = grant
      return { accessToken: newAccessToken(world, { client, account, scopes, grant }).value }
    },
    grants: ({ account }: { account?: string } = {}): GrantInfo[] => {
      const accounts = account === undefined ? [...world.accounts.values()] : [accountOf(world, account)]
      return accounts.flatMap((one) => one.grants.map(info))
    },
    /** The person revokes: one refresh token, or everything they gave a client (or any). */
    revoke: (request: { refreshToken: string } | { account: string; client?: string }) => {
      if (!('refreshToken' in request)) return { revoked: revokeAll(world, request.account, request.client) }
      const grant = world.refreshTokens.get(request.refreshToken)
      if (!grant) throw new ControlError('there is no such refresh token')
      kill(world, grant)
      return { revoked: 1 }
    },
    /** Access tokens end early; refresh tokens live on. */
    expireAccessTokens: ({ account }: { account?: string } = {}) => {
      for (const token of world.accessTokens.values()) {
        if (account === undefined || token.account === account.toLowerCase()) token.expiresAt = world.now()
      }
      return {}
    },
  }
}

function calendarOperations(world: World) {
  const shown = (calendarId: string, record: EventRecord) => {
    const calendar = calendarOf(world, calendarId)
    return resourceOf({ calendar, role: 'owner', account: calendar.owner }, record) as {
      id: string
      status: string
    } & EventFields
  }
  return {
    addCalendar: (settings: CalendarSettings) => {
      const { id, owner, summary, timeZone } = newCalendar(world, settings)
      return { id, owner, summary, timeZone }
    },
    /** Gives a role, or with `none` takes it away; ends the calendar's sync tokens. */
    share: ({ calendar, account, role }: { calendar: string; account: string; role: AccessRole | 'none' }) => {
      share(world, calendarOf(world, calendar), account, role)
      return {}
    },
    /** Takes the calendar out of an account's list, or hides it there; access stays. */
    setListed: ({
      calendar,
      account,
      listed = true,
      hidden = false,
    }: {
      calendar: string
      account: string
      listed?: boolean
      hidden?: boolean
    }) => {
      const { list } = accountOf(world, account)
      if (listed) list.set(calendarOf(world, calendar).id, { selected: true, hidden })
      else list.delete(calendar.toLowerCase())
      return {}
    },
    /** An event as the API takes it; `organizer` may be set too, as for an invitation. */
    addEvent: ({ calendar, event }: { calendar: string; event: EventFields & { id?: string } }) => {
      const { id, ...fields } = event
      return shown(calendar, addEvent(world, calendarOf(world, calendar), fields, id))
    },
    /** Merges like a patch; `id` may be an instance's. */
    changeEvent: ({ calendar, id, changes }: { calendar: string; id: string; changes: EventFields }) => {
      const found = calendarOf(world, calendar)
      const before = findEvent(found, id)
      return shown(calendar, changeEvent(world, found, before, mergePatch(before.fields, changes)))
    },
    deleteEvent: ({ calendar, id }: { calendar: string; id: string }) => {
      const found = calendarOf(world, calendar)
      removeEvent(world, found, findEvent(found, id))
      return {}
    },
    /** What is in a calendar, recurring events unexpanded. */
    events: ({ calendar }: { calendar: string }) =>
      [...calendarOf(world, calendar).events.values()]
        .filter(({ orphan }) => !orphan)
        .map((record) => shown(calendar, record)),
    /** Push channels, the ended ones included. */
    channels: () =>
      [...world.channels.values()].map((channel) => ({ ...channel, alive: channel.expiration > world.now() })),
    /** All sync tokens of a calendar (left out: of all) are answered 410 from now on. */
    expireSyncTokens: ({ calendar }: { calendar?: string } = {}) => {
      const calendars = calendar === undefined ? world.calendars.values() : [calendarOf(world, calendar)]
      for (const one of calendars) one.epoch += 1
      return {}
    },
  }
}

function faultOperations(world: World) {
  const addFault = (request: FaultRequest): { id: string } => {
    checkFault(request)
    world.counter += 1
    const rule: FaultRule = { ...request, id: `fault-${world.counter}`, struck: 0, passed: 0 }
    world.faults.push(rule)
    return { id: rule.id }
  }
  return {
    addFault,
    /** The n-th page of every listing fails, with 503 unless another fault is named. */
    failPage: ({ page, ...request }: Partial<FaultRequest> & { page: number }) =>
      addFault({ fault: '503', kind: 'events.list', ...request, page }),
    /** Connections are cut and refused: for so long, or (left out) until `comeBack`. */
    outage: ({ ms }: { ms?: number } = {}) => {
      world.listener.leave()
      if (ms !== undefined) world.setTimer(ms, () => world.listener.comeBack())
      return {}
    },
    /** Ends an outage. Over HTTP nobody hears this during one. */
    comeBack: () => {
      world.listener.comeBack()
      return {}
    },
    faults: (): FaultRule[] => world.faults.map((rule) => ({ ...rule })),
    /** Ends one fault, or all; the requests that hang by it are answered. */
    clearFaults: ({ id }: { id?: string } = {}) => {
      world.faults = id === undefined ? [] : world.faults.filter((rule) => rule.id !== id)
      for (const [release, fault] of [...world.hanging]) if (id === undefined || fault === id) release()
      return {}
    },
  }
}

function logOperations(world: World) {
  return {
    requests: (filter: RequestFilter = {}): RequestSummary => summarize(world.log, filter),
    resetRequests: () => {
      resetLog(world.log)
      return {}
    },
  }
}
