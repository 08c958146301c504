/**
 * One sign-in: how it begins, and how a code becomes a grant. Nothing is kept until everything is right: a refresh token is
 * there, every scope was granted, and the account is the one that the Agent names, as Google says and not the browser.
 */
import { createHash } from 'node:crypto'
import { sameAccount } from '../google/account.ts'
import { GoogleError, type CodeExchange, type GoogleFailure, type TokenAnswer } from '../google/port.ts'
import { missingScopes } from '../google/scopes.ts'
import { isOf, keepGrant, readKept, type NewGrant } from './keep.ts'
import type { Key } from './keys.ts'
import type { Outcome } from './pages/pages.ts'
import type { WebDeps } from './port.ts'
import { hashed, sealState, STATE_LIFETIME_MS, type State } from './state.ts'
import type { Visit } from './visit.ts'

/** What came back from Google by way of the browser. */
export interface Answer {
  code?: string
  error?: string
}

export interface Attempt {
  state: string
  /** PKCE's, for the redirect. */
  codeChallenge: string
}

const VERIFIER_BYTES = 32
const ID_BYTES = 16

const random = ({ randomBytes }: WebDeps, count: number): string =>
  Buffer.from(randomBytes(count)).toString('base64url')

/** Makes the state of a new attempt; nothing is remembered of it here. */
export async function begin(
  deps: WebDeps,
  { agent, signIn: { mode }, client }: Visit,
  browser: string,
  key: Key,
): Promise<Attempt> {
  const verifier = random(deps, VERIFIER_BYTES)
  const state: State = {
    id: random(deps, ID_BYTES),
    uid: agent.metadata.uid ?? '',
    mode,
    browser: hashed(browser),
    clientId: client?.credentials.clientId ?? '',
    ...(mode === 'Redirect' ? { verifier } : {}),
    expiresAt: deps.clock.now() + STATE_LIFETIME_MS,
  }
  const codeChallenge = createHash('sha256').update(verifier).digest('base64url')
  return { state: await sealState(state, key), codeChallenge }
}

/**
 * Undefined where another replica has seen this very attempt to its end: a code is not taken to Google twice, which might
 * end the grant that came of it. Fails with an `ApiError`, or with an `Error` where somebody else's Secret is in the way.
 */
export async function finish(deps: WebDeps, visit: Visit, state: State, answer: Answer): Promise<Outcome | undefined> {
  const before = await readKept(deps, visit.agent)
  if (isOf(before, state)) return undefined
  if (visit.suspended) return 'suspended'
  if (answer.error !== undefined) return refusalOf(answer.error)
  const { client } = visit
  // A code is its client's: the Secret was changed in the meantime.
  if (!client || client.credentials.clientId !== state.clientId) return 'settings-not-in-effect'
  try {
    const tokens = await client.exchange(exchangeOf(visit, state, answer))
    return await judge(deps, visit, { attempt: state, before, tokens })
  } catch (error) {
    if (error instanceof GoogleError) return failed(deps, visit, state, error)
    throw error
  }
}

async function failed(deps: WebDeps, visit: Visit, state: State, error: GoogleError): Promise<Outcome> {
  // The same answer came to another replica at the same time, which was quicker.
  if (error.failure === 'InvalidCode' && isOf(await readKept(deps, visit.agent), state)) return 'connected'
  deps.log.info({ agent: visit.agentKey, error }, 'sign-in refused by Google')
  return FAILURES[error.failure] ?? 'google-unreachable'
}

function exchangeOf({ signIn }: Visit, { mode, verifier }: State, { code = '' }: Answer): CodeExchange {
  const redirectURI = mode === 'Popup' ? 'postmessage' : signIn.redirectURI
  return { code, redirectURI, ...(verifier === undefined ? {} : { codeVerifier: verifier }) }
}

/** Errors that Google sends back to us; the others it shows to the person itself. */
function refusalOf(error: string): Outcome {
  return REFUSALS.get(error) ?? 'settings-not-in-effect'
}

const REFUSALS = new Map<string, Outcome>([
  ['access_denied', 'denied'],
  ['admin_policy_enforced', 'blocked-by-admin'],
  ['org_internal', 'not-a-member'],
  ['server_error', 'google-unreachable'],
  ['temporarily_unavailable', 'google-unreachable'],
])

const FAILURES: Partial<Record<GoogleFailure, Outcome>> = {
  InvalidCode: 'expired',
  RedirectURIMismatch: 'settings-not-in-effect',
  InvalidClient: 'settings-not-in-effect',
  ClientDeleted: 'settings-not-in-effect',
  ClientDisabled: 'settings-not-in-effect',
  UnauthorizedClient: 'settings-not-in-effect',
  InvalidRequest: 'settings-not-in-effect',
  BlockedByAdmin: 'blocked-by-admin',
  APIDisabled: 'settings-not-in-effect',
  // The account can't be told: with scopes that hide it nobody can sign in.
  ScopeInsufficient: 'settings-not-in-effect',
  Forbidden: 'settings-not-in-effect',
}

interface Judged extends Pick<NewGrant, 'attempt' | 'before'> {
  tokens: TokenAnswer
}

async function judge(deps: WebDeps, visit: Visit, { tokens, ...about }: Judged): Promise<Outcome> {
  const { agent, integration, client } = visit
  const { refreshToken, scopes = [] } = tokens
  if (refreshToken === undefined) return 'no-refresh-token'
  if (missingScopes(integration.spec.google.scopes, scopes).length > 0) return 'scope-missing'
  const primary = await client?.calendar(tokens.accessToken, 'primary')
  if (!primary || !sameAccount(primary.id, agent.spec.account)) return 'wrong-account'
  await keepGrant(deps, agent, {
    ...about,
    refreshToken,
    accessToken: tokens.accessToken,
    expiresAt: tokens.expiresAt,
    scopes,
    account: primary.id,
    grantedAt: deps.clock.now(),
    ...(tokens.grantExpiresAt === undefined ? {} : { grantExpiresAt: tokens.grantExpiresAt }),
    clientId: client?.credentials.clientId ?? '',
  })
  deps.connected(visit.agentKey)
  return 'connected'
}
