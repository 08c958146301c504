/**
 * Grants: a refresh token that one account gave to one client, and the access tokens made from it. A refresh token ends in
 * the ways of docs/google-behaviour.md#end-of-a-grant; this is decided when the token is used.
 */
import { ControlError } from '../http/errors.ts'
import { freshName, type GoogleState } from '../state/state.ts'
import { accountOf } from './accounts.ts'
import { clientOf } from './clients.ts'
import { projectOf } from './projects.ts'
import type { AccessToken, Account, Client, Grant, Project } from '../state/oauth-records.ts'
import { SIGN_IN_SCOPES } from './scopes.ts'

/** What a grant is made from. */
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

/** Why an account cannot consent to a client, in the words of Google's error pages. */
export function consentObstacle(state: GoogleState, client: Client, account: Account): string | undefined {
  const project = projectOf(state, client.project)
  if (isRestricted(state, client.clientId, account)) return 'admin_policy_enforced'
  if (project.userType === 'Internal') return account.org === project.orgDomain ? undefined : 'org_internal'
  if (project.publishing === 'Production' || !project.testUsers) return undefined
  const listed = project.testUsers.some((email) => email.toLowerCase() === account.email)
  return listed ? undefined : 'access_denied'
}

/** Whether an administrator blocks the client for the account or its organisation. */
export function isRestricted(state: GoogleState, clientId: string, account: Account): boolean {
  if (state.restrictions.size === 0) return false
  return (
    state.restrictions.has(`${clientId} ${account.email}`) ||
    (account.org !== undefined && state.restrictions.has(`${clientId} ${account.org}`))
  )
}

/** Makes a refresh token. The 101st live one of an account and client silently ends the oldest. */
export function newGrant(state: GoogleState, request: GrantRequest): Grant {
  const client = clientOf(state, request.client)
  const account = accountOf(state, request.account)
  const obstacle = account.deleted ? 'account_deleted' : consentObstacle(state, client, account)
  if (obstacle !== undefined)
    throw new ControlError(`${account.email} can't consent to ${client.clientId}: ${obstacle}`)
  const now = state.now()
  const grant: Grant = {
    refreshToken: freshName(state, '1//0', 48),
    client: client.clientId,
    account: account.email,
    scopes: [...request.scopes],
    grantedAt: now,
    lastUsedAt: now,
    accessTokens: new Set(),
  }
  const expiresAt = endOf(projectOf(state, client.project), request, now)
  if (expiresAt !== undefined) grant.expiresAt = expiresAt
  state.refreshTokens.set(grant.refreshToken, grant)
  account.grants.push(grant)
  evictOldest(state, account, client.clientId)
  return grant
}

function endOf(project: Project, request: GrantRequest, now: number): number | undefined {
  const ends = []
  if (request.expiresIn !== undefined) ends.push(now + request.expiresIn * 1000)
  const dies = project.userType === 'External' && project.publishing === 'Testing'
  if (dies && !request.scopes.every((scope) => SIGN_IN_SCOPES.has(scope))) ends.push(now + TESTING_LIFE)
  return ends.length > 0 ? Math.min(...ends) : undefined
}

function evictOldest(state: GoogleState, account: Account, clientId: string): void {
  const now = state.now()
  account.grants = account.grants.filter((grant) => isAlive(grant, now))
  const mine = account.grants.filter((grant) => grant.client === clientId)
  for (const grant of mine.slice(0, Math.max(0, mine.length - LIVE_TOKENS))) endGrant(state, grant)
}

/** When the grant ended; undefined while it is valid. */
export function endedAt(grant: Grant, now: number): number | undefined {
  const ends = [grant.endedAt, grant.expiresAt, grant.lastUsedAt + UNUSED_LIFE]
  const first = Math.min(...ends.filter((at) => at !== undefined))
  return first <= now ? first : undefined
}

/** Whether the grant is valid. */
export const isAlive = (grant: Grant, now: number): boolean => endedAt(grant, now) === undefined

/** Ends the grant and all of its access tokens. */
export function endGrant(state: GoogleState, grant: Grant): void {
  grant.endedAt ??= state.now()
  for (const value of grant.accessTokens) state.accessTokens.delete(value)
  grant.accessTokens.clear()
}

/** Ends every grant of a client, as a person does who removes the application from their account. */
export function revokeAll(state: GoogleState, account: string, client?: string): number {
  const mine = accountOf(state, account).grants.filter((grant) => client === undefined || grant.client === client)
  const alive = mine.filter((grant) => isAlive(grant, state.now()))
  for (const grant of alive) endGrant(state, grant)
  return alive.length
}

/** The grant, account and client that an access token belongs to. */
interface TokenOwner {
  client: string
  account: string
  scopes: string[]
  grant?: Grant
}

/** Makes an access token. */
export function newAccessToken(state: GoogleState, owner: TokenOwner): AccessToken {
  const now = state.now()
  const expiresAt = now + state.switches.accessTokenLifetime * 1000
  const value = freshName(state, 'ya29.a0', 60)
  const token: AccessToken = { ...owner, value, expiresAt }
  state.accessTokens.set(value, token)
  if (owner.grant) {
    dropExpired(state, owner.grant, now)
    owner.grant.accessTokens.add(value)
  }
  return token
}

function dropExpired(state: GoogleState, grant: Grant, now: number): void {
  for (const value of grant.accessTokens) {
    if ((state.accessTokens.get(value)?.expiresAt ?? 0) > now) continue
    state.accessTokens.delete(value)
    grant.accessTokens.delete(value)
  }
}

/** Gives the grant a new refresh token. Of the old ones, only the one that was just used may stay valid. */
export function rotate(state: GoogleState, grant: Grant, used: string): string {
  const ended: Grant = { ...grant, endedAt: state.now(), accessTokens: new Set() }
  const kept = state.switches.rotationOverlap ? used : undefined
  for (const token of [grant.refreshToken, grant.previousToken]) {
    if (token !== undefined && token !== kept) state.refreshTokens.set(token, ended)
  }
  grant.previousToken = kept
  grant.refreshToken = freshName(state, '1//0', 48)
  state.refreshTokens.set(grant.refreshToken, grant)
  return grant.refreshToken
}
