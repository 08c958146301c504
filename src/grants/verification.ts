/** Verifies the account and the scopes of a grant. */
import { manualFixInterval } from '../controller/manual-fix-interval.ts'
import { CALENDAR_DISABLED, passingFailure } from '../failures/google-failures.ts'
import { stepFailure, type StepFailure } from '../failures/step-failure.ts'
import { sameAccount } from '../resources/account.ts'
import { GoogleError, needsNewToken } from '../google/port.ts'
import { missingScopes } from '../google/scopes.ts'
import { hasCome } from '../platform/clock.ts'
import { whenKnown, type MaybePromise } from '../platform/maybe-promise.ts'
import { clean } from '../platform/scrub.ts'
import type { ReasonOf } from '../resources/reasons.ts'
import type { GrantState } from './grant-state.ts'
import { ofAccount, verified, type Grant } from './grant.ts'
import type { TokenRequest } from './port.ts'
import type { TokenStep } from './refusals.ts'
import { adviceOf, renewToken, type GrantedState, type StepDeps } from './renewal.ts'

/** Checks the scopes and the account of the grant, and saves it. If the account is not known yet, Google is asked for it. */
export function verifyGrant(deps: StepDeps, request: TokenRequest, before: GrantedState): MaybePromise<TokenStep> {
  const { grant } = before
  const missing = grant.scopes ? missingScopes(request.integration.spec.google.scopes, grant.scopes) : []
  if (missing.length > 0) return refusedBy(before, scopesMissing(deps, request, missing))
  const isUnknown = grant.account === undefined && !grant.accountHidden
  const determined: MaybePromise<TokenStep> = isUnknown ? determineAccount(deps, request, before) : { state: before }
  return whenKnown(determined, (step) =>
    (step.refusal ?? step.thrown) ? step : saveVerified(deps, request, step.state),
  )
}

/** Asks Google for the account although the Secret names one. What the Secret says is kept unless Google contradicts it. */
export async function confirmAccount(deps: StepDeps, request: TokenRequest, before: GrantedState): Promise<TokenStep> {
  const { account, accountHidden } = before.grant
  const grant = { ...before.grant, account: undefined, accountHidden: undefined }
  const step = await determineAccount(deps, request, { ...before, grant })
  const found = step.state.grant
  if (!found || (found.account && !(account && sameAccount(found.account, account)))) return step
  return { ...step, state: { ...step.state, grant: { ...found, account, accountHidden } } }
}

function saveVerified(deps: StepDeps, request: TokenRequest, state: GrantState): MaybePromise<TokenStep> {
  const { grant } = state
  if (!grant) return { state }
  if (grant.account && !sameAccount(grant.account, request.agent.spec.account)) {
    return refusedBy(state, blockedFailure(deps, request, 'WrongAccount', wrongAccountMessage(deps, request, grant)))
  }
  return deps.store.save(request.agent, grant.checked ? state : { ...state, grant: verified(grant) })
}

const refusedBy = (state: GrantState, refusal: StepFailure): TokenStep => ({ state, refusal })

const scopesMissing = (deps: StepDeps, request: TokenRequest, missing: readonly string[]): StepFailure =>
  blockedFailure(
    deps,
    request,
    'ScopeMissing',
    `The grant lacks ${missing.join(' and ')}: ${adviceOf(deps, request)}, with every permission ticked.`,
  )

/** The maximum length of an e-mail address. */
const MAX_ACCOUNT_LENGTH = 254

const wrongAccountMessage = (deps: StepDeps, request: TokenRequest, grant: Grant): string =>
  `The grant belongs to ${clean(grant.account ?? 'another account', MAX_ACCOUNT_LENGTH)}, but spec.account says ${request.agent.spec.account}: ${adviceOf(deps, request)}, or correct spec.account.`

/** A failure that lasts until something in the cluster changes; asking Google again would not help. */
function blockedFailure(
  { clock }: StepDeps,
  { since }: TokenRequest,
  reason: ReasonOf<'Agent', 'Authorized'>,
  message: string,
): StepFailure {
  const now = clock.monotonic()
  return stepFailure('Authorized', reason, message, { kind: 'blocked', at: now + manualFixInterval(since, now) })
}

/** Asks for the id of the primary calendar, which is the account: the only way that needs no further scope. */
async function determineAccount(deps: StepDeps, request: TokenRequest, state: GrantedState): Promise<TokenStep> {
  const known = rememberedAccountRefusal(deps, request, state)
  if (known) return refusedBy(state, known)
  const first = await askAccount(request, state)
  if (!(first instanceof GoogleError)) return first
  const isTokenProven = state.grant.isTokenProven === true
  if (!needsNewToken(first, { isTokenProven })) return withAccountRefusal(deps, request, state, first)
  // The access token was refused before it expired, or may be another client's: renew it once and try once more.
  const renewed = await renewToken(deps, request, state)
  if (renewed.refusal ?? renewed.thrown) return renewed
  const retried: GrantedState = { grant: state.grant, ...renewed.state }
  const second = await askAccount(request, retried)
  return second instanceof GoogleError ? withAccountRefusal(deps, request, retried, second) : second
}

async function askAccount({ client }: TokenRequest, state: GrantedState): Promise<TokenStep | GoogleError> {
  try {
    const { id } = await client.calendar(state.grant.accessToken ?? '', 'primary')
    return { state: { ...state, grant: ofAccount(state.grant, id), accountRefusal: undefined } }
  } catch (error) {
    if (error instanceof GoogleError) return error
    throw error
  }
}

/** The last refusal, until its pause is over. */
function rememberedAccountRefusal(
  { clock }: StepDeps,
  { force }: TokenRequest,
  { accountRefusal: known, grant }: GrantedState,
): StepFailure | undefined {
  if (!known || known.token !== grant.refreshToken || force || hasCome(clock, known.askAgainAt)) return undefined
  return known.stepFailure
}

function withAccountRefusal(deps: StepDeps, request: TokenRequest, state: GrantedState, error: GoogleError): TokenStep {
  switch (error.failure) {
    case 'APIDisabled':
      return { state, refusal: { refused: 'CalendarAPI' } }
    case 'CalendarDisabled':
      return calendarDisabled(deps, state)
    case 'ScopeInsufficient':
      return accountHidden(deps, request, state)
    default: {
      const message = `The account's primary calendar can't be read (${error.message}).`
      const other = stepFailure('Synced', 'SyncFailed', message, { kind: 'retry', error })
      return { state, refusal: passingFailure(error) ?? other }
    }
  }
}

function accountHidden(deps: StepDeps, request: TokenRequest, state: GrantedState): TokenStep {
  // Every requested scope was granted, but they are too narrow to determine the account.
  if (state.grant.scopes !== undefined) return { state: { ...state, grant: { ...state.grant, accountHidden: true } } }
  const message = `Google says that the grant's scopes don't reach the calendar list: ${adviceOf(deps, request)}, with every permission ticked.`
  return refusedBy(state, blockedFailure(deps, request, 'ScopeMissing', message))
}

/** Google's 403 `notACalendarUser`: there are no calendars to read, and no primary calendar that shows the account. */
function calendarDisabled({ clock }: StepDeps, state: GrantedState): TokenStep {
  const { refreshToken: token } = state.grant
  const now = clock.monotonic()
  const since = state.accountRefusal?.token === token ? state.accountRefusal.since : now
  const askAgainAt = now + manualFixInterval(since, now)
  const refusal = stepFailure('Synced', 'CalendarDisabled', CALENDAR_DISABLED, { kind: 'blocked', at: askAgainAt })
  return { state: { ...state, accountRefusal: { stepFailure: refusal, since, askAgainAt, token } }, refusal }
}
