/**
 * The OAuth 2.0 authorization code flow (RFC 6749 §4.1, with PKCE, RFC 7636) for one sign-in. A grant is saved only after every
 * check has passed: Google sent a refresh token, every scope was granted, and Google confirms that the account is `spec.account`.
 */
import { createHash } from 'node:crypto'
import { keyOf } from '../kubernetes/port.ts'
import { canonicalAccount, sameAccount } from '../resources/account.ts'
import {
  GoogleError,
  type CodeExchange,
  type GoogleClient,
  type GoogleFailure,
  type RequestOptions,
  type TokenAnswer,
} from '../google/port.ts'
import { missingScopes } from '../google/scopes.ts'
import type { StoredGrant } from '../grants/grant-store.ts'
import { revokeReplaced } from '../grants/revocation.ts'
import { consentOf } from '../resources/consent.ts'
import type { Agent } from '../resources/types.ts'
import type { Key } from './key-ring.ts'
import type { Outcome } from './pages/pages.ts'
import type { SignInConcurrency } from './sign-in-concurrency.ts'
import type { WebDeps } from './port.ts'
import { toRecordedConsent, toShownConsent } from './shown-consent.ts'
import { sha256, sealState, STATE_LIFETIME_MS, type OAuthState } from './oauth-state.ts'
import type { SignInContext } from './sign-in-context.ts'

/** Google's response, as the browser brings it back. */
export interface AuthorizationResponse {
  code?: string
  error?: string
}

/** The parameters that the browser takes to Google. */
export interface AuthorizationRequest {
  state: string
  /** The PKCE challenge, for the redirect flow. */
  codeChallenge: string
}

const VERIFIER_BYTES = 32
const ID_BYTES = 16

const random = ({ randomBytes }: WebDeps, count: number): string =>
  Buffer.from(randomBytes(count)).toString('base64url')

/** Starts an attempt. Nothing is stored: the state contains everything needed to complete it. */
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

/** The outcome of an attempt, and Google's error if it refused. */
export interface AttemptResult {
  outcome: Outcome
  error?: GoogleError
}

/** What completing an attempt needs. */
type AuthorizationDeps = WebDeps & { concurrency: SignInConcurrency }

/** An attempt that has returned from Google. */
interface ReturnedAttempt {
  context: SignInContext
  /** The current Agent, if it still has a page: both may have changed during the requests to Google. */
  agentNow: () => Agent | undefined
  state: OAuthState
  response: AuthorizationResponse
}

/**
 * Exchanges the code and saves the grant.
 *
 * @returns undefined if another replica has completed this attempt (a code is not sent to Google twice, because that may revoke
 *   the grant), or if the Agent lost its page in the meantime.
 * @throws ApiError
 * @throws BusyError if the attempt could not start in time.
 * @throws Error if somebody else's Secret has the name of the grant Secret.
 */
export async function completeAuthorization(
  deps: AuthorizationDeps,
  returned: ReturnedAttempt,
): Promise<AttemptResult | undefined> {
  const { context, state, response } = returned
  const before = await deps.concurrency.runRead(context, () => deps.grants.readToReplace(context.agent))
  if (isFrom(before, state)) return undefined
  if (context.suspended) return { outcome: 'suspended' }
  if (response.error !== undefined) return { outcome: outcomeOfError(response.error) }
  const { client } = context
  // A code is valid only for the client that it was issued to; the client Secret has changed in the meantime.
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

/** Whether a grant comes from this attempt, whichever replica completed it. */
const isFrom = (grant: StoredGrant | undefined, { id }: OAuthState): boolean => grant?.signedInBy === sha256(id)

async function resultOfFailure(
  deps: AuthorizationDeps,
  { context, state }: ReturnedAttempt,
  error: GoogleError,
): Promise<AttemptResult> {
  // Another replica may have completed the same attempt at the same time.
  const isCode = error.failure === 'InvalidCode'
  const now = isCode
    ? await deps.concurrency.runRead(context, () => deps.grants.readToReplace(context.agent))
    : undefined
  if (isFrom(now, state)) return { outcome: 'connected' }
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

/** The outcome for an error that Google returns to the operator. Google shows other errors to the person itself. */
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
  // With scopes that hide the account, nobody can sign in.
  ScopeInsufficient: 'settings-not-in-effect',
  Forbidden: 'settings-not-in-effect',
}

interface ExchangedGrant {
  tokens: TokenAnswer & { refreshToken: string }
  /** The id of the primary calendar, which is the address of the account. */
  account: string
}

/** Exchanges the code and asks Google for the account. Returns an outcome if the grant is not what was asked for. */
async function exchangeCode(
  client: GoogleClient,
  { context, state, response }: ReturnedAttempt,
): Promise<ExchangedGrant | Outcome> {
  const tokens = await client.exchange(codeExchange(context, state, response))
  const { refreshToken, scopes = [] } = tokens
  if (refreshToken === undefined) return 'no-refresh-token'
  if (missingScopes(context.integration.spec.google.scopes, scopes).length > 0) return 'scope-missing'
  const { id: account } = await client.calendar(tokens.accessToken, 'primary', limitsOf(context))
  return sameAccount(account, context.agent.spec.account)
    ? { tokens: { ...tokens, refreshToken }, account }
    : 'wrong-account'
}

/** Somebody waits. Until Google answers, only `spec.account` says whose the grant is. */
const limitsOf = ({ agent, integration }: SignInContext): RequestOptions => ({
  priority: 'interactive',
  payer: { integration: keyOf(integration), account: canonicalAccount(agent.spec.account), isClaimed: true },
})

async function saveGrant(
  deps: AuthorizationDeps,
  { context, agentNow, state }: ReturnedAttempt,
  { tokens, account, before }: ExchangedGrant & { before: StoredGrant | undefined },
): Promise<AttemptResult | undefined> {
  const agent = agentNow()
  if (!agent) return undefined
  if (!sameAccount(account, agent.spec.account)) return { outcome: 'wrong-account' }
  const grant = {
    signedInBy: sha256(state.id),
    before: before?.secret,
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
  const replaced = await deps.concurrency.runWrite(context, () => deps.grants.saveSignedIn(agent, grant))
  revokeReplaced(deps, agent, { replaced: replaced?.authorized, by: state.clientId })
  deps.connected(context.agentKey)
  return { outcome: 'connected' }
}
