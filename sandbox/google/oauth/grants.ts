/**
 * Grants: a refresh token that one account gave one client, and the access tokens made from it.
 * Every way in which a refresh token dies is here (docs/google-behaviour.md#end-of-a-grant), decided when the token is used.
 */
import { ControlError } from '../errors.ts'
import { freshName, type World } from '../world.ts'
import { type Account, accountOf } from './accounts.ts'
import { type Client, clientOf } from './clients.ts'
import { type Project, projectOf } from './projects.ts'

export interface Grant {
  refreshToken: string
  /** Good as well, until the one above is used. */
  previousToken?: string
  client: string
  account: string
  scopes: string[]
  grantedAt: number
  lastUsedAt: number
  /** When it ends by time: Testing, or a time-based consent. */
  expiresAt?: number
  deadSince?: number
  /** Set when a session policy wants the person back: the `error_subtype`. */
  rapt?: 'invalid_rapt' | 'rapt_required'
  accessTokens: Set<string>
}

export interface AccessToken {
  value: string
  /** Absent when the consent was for online access only. */
  grant?: Grant
  client: string
  account: string
  scopes: string[]
  expiresAt: number
}

export interface GrantRequest {
  client: string
  account: string
  scopes: string[]
  /** Seconds after which a time-based consent ends. */
  expiresIn?: number
}

const DAY = 86_400_000
const TESTING_LIFE = 7 * DAY
const UNUSED_LIFE = 183 * DAY
const LIVE_TOKENS = 100

export const SIGN_IN_SCOPES = new Set([
  'openid',
  'email',
  'profile',
  'https://www.googleapis.com/auth/userinfo.email',
  'https://www.googleapis.com/auth/userinfo.profile',
])

/** Why this account can't consent to this client, as Google's error pages call it. */
export function consentObstacle(world: World, client: Client, account: Account): string | undefined {
  const project = projectOf(world, client.project)
  if (isRestricted(world, client.clientId, account)) return 'admin_policy_enforced'
  if (project.userType === 'Internal') return account.org === project.orgDomain ? undefined : 'org_internal'
  if (project.publishing === 'Production' || !project.testUsers) return undefined
  const listed = project.testUsers.some((email) => email.toLowerCase() === account.email)
  return listed ? undefined : 'access_denied'
}

export function isRestricted(world: World, clientId: string, account: Account): boolean {
  if (world.restrictions.size === 0) return false
  return (
    world.restrictions.has(`${clientId} ${account.email}`) ||
    (account.org !== undefined && world.restrictions.has(`${clientId} ${account.org}`))
  )
}

/** A new refresh token; the hundred-and-first live one of this account and client kills the oldest, silently. */
export function newGrant(world: World, request: GrantRequest): Grant {
  const client = clientOf(world, request.client)
  const account = accountOf(world, request.account)
  const obstacle = account.deleted ? 'account_deleted' : consentObstacle(world, client, account)
  if (obstacle !== undefined)
    throw new ControlError(`${account.email} can't consent to ${client.clientId}: ${obstacle}`)
  const now = world.now()
  const grant: Grant = {
    refreshToken: freshName(world, '1//0', 48),
    client: client.clientId,
    account: account.email,
    scopes: [...request.scopes],
    grantedAt: now,
    lastUsedAt: now,
    accessTokens: new Set(),
  }
  const expiresAt = endOf(projectOf(world, client.project), request, now)
  if (expiresAt !== undefined) grant.expiresAt = expiresAt
  world.refreshTokens.set(grant.refreshToken, grant)
  account.grants.push(grant)
  evictOldest(world, account, client.clientId)
  return grant
}

function endOf(project: Project, request: GrantRequest, now: number): number | undefined {
  const ends = []
  if (request.expiresIn !== undefined) ends.push(now + request.expiresIn * 1000)
  const dies = project.userType === 'External' && project.publishing === 'Testing'
  if (dies && !request.scopes.every((scope) => SIGN_IN_SCOPES.has(scope))) ends.push(now + TESTING_LIFE)
  return ends.length > 0 ? Math.min(...ends) : undefined
}

function evictOldest(world: World, account: Account, clientId: string): void {
  const now = world.now()
  account.grants = account.grants.filter((grant) => isAlive(grant, now))
  const mine = account.grants.filter((grant) => grant.client === clientId)
  for (const grant of mine.slice(0, Math.max(0, mine.length - LIVE_TOKENS))) kill(world, grant)
}

/** When the grant died, or undefined while it lives. */
export function deathOf(grant: Grant, now: number): number | undefined {
  const deaths = [grant.deadSince, grant.expiresAt, grant.lastUsedAt + UNUSED_LIFE]
  const first = Math.min(...deaths.filter((at) => at !== undefined))
  return first <= now ? first : undefined
}

export const isAlive = (grant: Grant, now: number): boolean => deathOf(grant, now) === undefined

/** Ends the grant and all access tokens that came from it. */
export function kill(world: World, grant: Grant): void {
  grant.deadSince ??= world.now()
  for (const value of grant.accessTokens) world.accessTokens.delete(value)
  grant.accessTokens.clear()
}

/** The person removes the application at their account's page: every grant of that client ends. */
export function revokeAll(world: World, account: string, client?: string): number {
  const mine = accountOf(world, account).grants.filter((grant) => client === undefined || grant.client === client)
  const alive = mine.filter((grant) => isAlive(grant, world.now()))
  for (const grant of alive) kill(world, grant)
  return alive.length
}

export interface TokenOwner {
  client: string
  account: string
  scopes: string[]
  grant?: Grant
}

export function newAccessToken(world: World, owner: TokenOwner): AccessToken {
  const now = world.now()
  const expiresAt = now + world.switches.accessTokenLifetime * 1000
  const value = freshName(world, 'ya29.a0', 60)
  const token: AccessToken = { ...owner, value, expiresAt }
  world.accessTokens.set(value, token)
  if (owner.grant) {
    dropExpired(world, owner.grant, now)
    owner.grant.accessTokens.add(value)
  }
  return token
}

function dropExpired(world: World, grant: Grant, now: number): void {
  for (const value of grant.accessTokens) {
    if ((world.accessTokens.get(value)?.expiresAt ?? 0) > now) continue
    world.accessTokens.delete(value)
    grant.accessTokens.delete(value)
  }
}

/** The grant goes on under a new refresh token; of the old ones only that which was used now may live on. */
export function rotate(world: World, grant: Grant, used: string): string {
  const dead: Grant = { ...grant, deadSince: world.now(), accessTokens: new Set() }
  const kept = world.switches.rotationOverlap ? used : undefined
  for (const token of [grant.refreshToken, grant.previousToken]) {
    if (token !== undefined && token !== kept) world.refreshTokens.set(token, dead)
  }
  grant.previousToken = kept
  grant.refreshToken = freshName(world, '1//0', 48)
  world.refreshTokens.set(grant.refreshToken, grant)
  return grant.refreshToken
}
