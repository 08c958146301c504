/**
 * One sign-in: how it begins, and how a code becomes a grant. Nothing is kept until everything is right: a refresh token is
 * there, every scope was granted, and the account is the one that the Agent names, as Google says and not the browser.
 */
import { createHash } from 'node:crypto'
import { sameAccount } from '../resources/account.ts'
import {
  GoogleError,
  type CodeExchange,
  type GoogleClient,
  type GoogleFailure,
  type TokenAnswer,
} from '../google/port.ts'
import { missingScopes } from '../google/scopes.ts'
import { consentOf } from '../resources/consent.ts'
import type { Agent } from '../resources/types.ts'
import { isOf, keepGrant, readKept, type NewGrant } from './keep.ts'
import type { Key } from './key-ring.ts'
import type { Outcome } from './pages/pages.ts'
import type { SignInConcurrency } from './sign-in-concurrency.ts'
import type { WebDeps } from './port.ts'
import { toRecordedConsent, toShownConsent } from './shown-consent.ts'
import { sha256, sealState, STATE_LIFETIME_MS, type OAuthState } from './oauth-state.ts'
import type { SignInContext } from './sign-in-context.ts'

/** What came back from Google by way of the browser. */
export interface AuthorizationResponse {
  code?: string
  error?: string
}

export interface AuthorizationRequest {
  state: string
  /** PKCE's, for the redirect. */
  codeChallenge: string
}

const VERIFIER_BYTES = 32
const ID_BYTES = 16

const random = ({ randomBytes }: WebDeps, count: number): string =>
  Buffer.from(randomBytes(count)).toString('base64url')

/** Makes the state of a new attempt; nothing is remembered of it here. */
export async function createAuthorizationRequest(
  deps: WebDeps,
  { agent, signIn: { mode }, client, consent }: SignInContext,
  browser: string,
  key: Key,
): Promise<AuthorizationRequest> {
  const verifier = random(deps, VERIFIER_BYTES)
  const state: OAuthState = {
    id: random(deps, ID_BYTES),
    uid: agent.metadata.uid ?? '',
    mode,
    browser: sha256(browser),
    clientId: client?.credentials.clientId ?? '',
    ...(mode === 'Redirect' ? { verifier } : {}),
    shown: toShownConsent(consent),
    expiresAt: deps.clock.now() + STATE_LIFETIME_MS,
  }
  const codeChallenge = createHash('sha256').update(verifier).digest('base64url')
  return { state: await sealState(state, key), codeChallenge }
}

/** How an attempt ended, and what Google refused it with where it did. */
export interface AttemptResult {
  outcome: Outcome
  error?: GoogleError
}

export type AuthorizationDeps = WebDeps & { concurrency: SignInConcurrency }

/** One attempt that has come back. */
export interface ReturnedAttempt {
  context: SignInContext
  /** The Agent as it stands when this is called, while it has a page: both may have changed while Google was asked. */
  agentNow: () => Agent | undefined
  state: OAuthState
  answer: AuthorizationResponse
}

/**
 * Undefined where another replica has seen this very attempt to its end: a code is not taken to Google twice, which might
 * end the grant that came of it. Undefined, too, where whom it speaks of lost its page while Google was asked. Fails with an
 * `ApiError`, with a `BusyError`, or with an `Error` where somebody else's Secret is in the way.
 */
export async function completeAuthorization(
  deps: AuthorizationDeps,
  returned: ReturnedAttempt,
): Promise<AttemptResult | undefined> {
  const { context, state, answer } = returned
  const before = await deps.concurrency.runRead(context, () => readKept(deps, context.agent))
  if (isOf(before, state)) return undefined
  if (context.suspended) return { outcome: 'suspended' }
  if (answer.error !== undefined) return { outcome: outcomeOfError(answer.error) }
  const { client } = context
  // A code is its client's: the Secret was changed in the meantime.
  if (!client || client.credentials.clientId !== state.clientId) return { outcome: 'settings-not-in-effect' }
  try {
    const exchanged = await deps.concurrency.runAtGoogle(context, () => exchangeCode(client, returned))
    return typeof exchanged === 'string'
      ? { outcome: exchanged }
      : await saveGrant(deps, returned, { before, ...exchanged })
  } catch (error) {
    if (error instanceof GoogleError) return resultOfFailure(deps, returned, error)
    throw error
  }
}

async function resultOfFailure(
  deps: AuthorizationDeps,
  { context, state }: ReturnedAttempt,
  error: GoogleError,
): Promise<AttemptResult> {
  // The same answer came to another replica at the same time, which was quicker.
  const isCode = error.failure === 'InvalidCode'
  const now = isCode ? await deps.concurrency.runRead(context, () => readKept(deps, context.agent)) : undefined
  if (isOf(now, state)) return { outcome: 'connected' }
  return { outcome: OUTCOME_BY_FAILURE[error.failure] ?? 'google-unreachable', error }
}

function codeExchange(
  { signIn }: SignInContext,
  { mode, verifier }: OAuthState,
  { code = '' }: AuthorizationResponse,
): CodeExchange {
  const redirectURI = mode === 'Popup' ? 'postmessage' : signIn.redirectURI
  return { code, redirectURI, ...(verifier === undefined ? {} : { codeVerifier: verifier }) }
}

/** Errors that Google sends back to us; the others it shows to the person itself. */
function outcomeOfError(error: string): Outcome {
  return OUTCOME_BY_ERROR.get(error) ?? 'settings-not-in-effect'
}

const OUTCOME_BY_ERROR = new Map<string, Outcome>([
  ['access_denied', 'denied'],
  ['admin_policy_enforced', 'blocked-by-admin'],
  ['org_internal', 'not-a-member'],
  ['server_error', 'google-unreachable'],
  ['temporarily_unavailable', 'google-unreachable'],
])

const OUTCOME_BY_FAILURE: Partial<Record<GoogleFailure, Outcome>> = {
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

interface ExchangedGrant {
  tokens: TokenAnswer & { refreshToken: string }
  /** The primary calendar's id: whose the grant is. */
  account: string
}

/** Takes the code to Google, and asks whose it is. Answers the outcome where it is not what was asked for. */
async function exchangeCode(
  client: GoogleClient,
  { context, state, answer }: ReturnedAttempt,
): Promise<ExchangedGrant | Outcome> {
  const tokens = await client.exchange(codeExchange(context, state, answer))
  const { refreshToken, scopes = [] } = tokens
  if (refreshToken === undefined) return 'no-refresh-token'
  if (missingScopes(context.integration.spec.google.scopes, scopes).length > 0) return 'scope-missing'
  const { id: account } = await client.calendar(tokens.accessToken, 'primary')
  return sameAccount(account, context.agent.spec.account)
    ? { tokens: { ...tokens, refreshToken }, account }
    : 'wrong-account'
}

async function saveGrant(
  deps: AuthorizationDeps,
  { context, agentNow, state }: ReturnedAttempt,
  { tokens, account, before }: ExchangedGrant & Pick<NewGrant, 'before'>,
): Promise<AttemptResult | undefined> {
  const agent = agentNow()
  if (!agent) return undefined
  if (!sameAccount(account, agent.spec.account)) return { outcome: 'wrong-account' }
  const grant = {
    attempt: state,
    before,
    refreshToken: tokens.refreshToken,
    accessToken: tokens.accessToken,
    expiresAt: tokens.expiresAt,
    scopes: tokens.scopes ?? [],
    account,
    grantedAt: deps.clock.now(),
    ...(tokens.grantExpiresAt === undefined ? {} : { grantExpiresAt: tokens.grantExpiresAt }),
    clientId: state.clientId,
    consent: toRecordedConsent(state.shown, consentOf(agent.spec)),
  }
  await deps.concurrency.runWrite(context, () => keepGrant(deps, agent, grant))
  deps.connected(context.agentKey)
  return { outcome: 'connected' }
}
