/**
 * From a grant to an access token that works: renewed ahead of its time, for the right account, with the right scopes,
 * and kept before it is used.
 */
import { manualFixInterval } from '../controller/manual-fix-interval.ts'
import type { Grant } from '../grants/grant.ts'
import { sameAccount } from '../resources/account.ts'
import { clientIdShown } from '../google/client-id.ts'
import { GoogleError, type GoogleFailure, type TokenAnswer } from '../google/port.ts'
import { pauseAfter } from '../controller/backoff.ts'
import { hasCome } from '../platform/clock.ts'
import { clean } from '../platform/scrub.ts'
import { missingScopes } from '../google/scopes.ts'
import { timestamp } from '../resources/conditions.ts'
import { durationMs } from '../resources/durations.ts'
import type { ReasonOf } from '../resources/reasons.ts'
import type { Agent } from '../resources/types.ts'
import { deathOf, type Death } from './death.ts'
import { untilAPIAsked, type ResolvedIntegration } from './resolve-integration.ts'
import type { AgentState } from './state.ts'
import type { AgentDeps } from './port.ts'
import { saveGrant } from './save-grant.ts'
import { stepFailure, type StepFailure } from '../failures/step-failure.ts'
import { renewalAdvice } from './sign-in.ts'

export interface AccessRequest {
  deps: AgentDeps
  agent: Agent
  memory: AgentState
  gate: ResolvedIntegration
  /** Somebody asked for a look now: what was put off is done. */
  force: boolean
}

/** Makes sure that `grant.accessToken` is good for use; `undefined` means that it is. */
export async function ensureAccess(request: AccessRequest, grant: Grant): Promise<StepFailure | undefined> {
  const changed = clientChanged(request, grant)
  if (changed) return changed
  const remembered = rememberedRefusal(request, grant)
  if (remembered) return remembered
  if (needsRenewal(request, grant)) {
    const failed = await renew(request, grant)
    if (failed && !isPutOff(request, grant, failed)) return failed
  }
  return checkGrant(request, grant)
}

/**
 * Tokens are renewed ahead of time: while the one in hand is good, it is read with although a renewal has failed for a reason
 * that may pass. That is told, and tried again after a backoff of its own.
 */
function isPutOff({ deps, memory, gate }: AccessRequest, grant: Grant, failed: StepFailure): boolean {
  const { requeue } = failed
  if (requeue.kind !== 'retry' || failed.condition === 'Ready' || !isGood(deps, grant)) return false
  const attempts = (memory.grant.lateRenewal?.attempts ?? 0) + 1
  const longest = durationMs(gate.integration.spec.sync.interval)
  const pause = pauseAfter(attempts, { random: deps.random, longest, notBefore: requeue.notBefore })
  const until = deps.clock.monotonic() + pause
  const message = `The access token could not be renewed, and is good until ${timestamp(grant.expiresAt)}: ${failed.message}`
  const told = stepFailure('Authorized', 'GoogleUnreachable', message, { kind: 'wait', for: pause, readsOn: true })
  memory.grant.lateRenewal = { stepFailure: told, attempts, until, credentialsHash: gate.view.credentialsHash }
  grant.renewAt = until
  return true
}

const isGood = ({ clock }: AgentDeps, { accessToken, expiresAt }: Grant): boolean =>
  accessToken !== undefined && clock.now() < expiresAt

/** Renews the access token now, whatever its age; a rotated refresh token is kept before anything else happens. */
export async function renew(request: AccessRequest, grant: Grant): Promise<StepFailure | undefined> {
  const { deps, agent, memory, gate } = request
  let answer: TokenAnswer
  try {
    answer = await gate.view.client.refresh(grant.refreshToken)
  } catch (error) {
    return refused(request, grant, error)
  }
  Object.assign(memory.grant, { refusal: undefined, lateRenewal: undefined })
  const rotated = answer.refreshToken !== undefined && answer.refreshToken !== grant.refreshToken
  take(grant, answer, deps.clock.monotonic() + renewalAfter(answer, deps.random()))
  grant.clientId = gate.view.client.credentials.clientId
  grant.credentialsHash = gate.view.credentialsHash
  // A new grant is written once, with its account; a rotated token must not wait for anything.
  if (rotated || grant.account !== undefined) await saveGrant(deps, agent, memory)
  return undefined
}

/** Two thirds of the lifetime, whole seconds, and up to a twentieth of it earlier so that agents spread out. In ms. */
const renewalAfter = ({ expiresAt, obtainedAt }: TokenAnswer, chance: number): number =>
  Math.floor(((expiresAt - obtainedAt) * (2 / 3 - chance / 20)) / 1000) * 1000

function take(grant: Grant, answer: TokenAnswer, renewAt: number): void {
  Object.assign(grant, {
    refreshToken: answer.refreshToken ?? grant.refreshToken,
    accessToken: answer.accessToken,
    obtainedAt: answer.obtainedAt,
    expiresAt: answer.expiresAt,
    renewAt,
    scopes: answer.scopes ?? grant.scopes,
    grantExpiresAt: answer.grantExpiresAt ?? grant.grantExpiresAt,
    lastUsedAt: answer.obtainedAt,
    saved: false,
  })
}

function needsRenewal(
  {
    deps,
    memory: {
      grant: { lateRenewal },
    },
    gate,
    force,
  }: AccessRequest,
  grant: Grant,
): boolean {
  if (hasCome(deps.clock, grant.renewAt) || !isGood(deps, grant)) return true
  if (lateRenewal && lateRenewal.credentialsHash === gate.view.credentialsHash) return force
  // After a restart the token in the Secret is taken to belong to the credentials in force.
  grant.credentialsHash ??= gate.view.credentialsHash
  return grant.credentialsHash !== gate.view.credentialsHash
}

function clientChanged(request: AccessRequest, grant: Grant): StepFailure | undefined {
  const { deps, memory, gate } = request
  const clientId = gate.view.client.credentials.clientId
  if (grant.clientId === undefined || grant.clientId === clientId) return undefined
  const message = `The grant was made by another OAuth client (${clientIdShown(grant.clientId)}) than the integration has now (${clientId}): ${adviceOf(request)}.`
  return stepFailure('Authorized', 'ClientChanged', message, {
    kind: 'blocked',
    at: deps.clock.monotonic() + manualFixInterval(memory.firstSeen, deps.clock.monotonic()),
  })
}

/** A dead grant is not asked about again before its time, unless the token, the client or the way to renew it has changed. */
function rememberedRefusal(request: AccessRequest, grant: Grant): StepFailure | undefined {
  const { deps, memory, gate } = request
  const refusal = memory.grant.refusal
  if (!refusal || request.force || refusal.advice !== adviceOf(request)) return undefined
  const same = refusal.token === grant.refreshToken && refusal.credentialsHash === gate.view.credentialsHash
  const requeue = refusal.stepFailure.requeue
  if (same && requeue.kind === 'blocked' && !hasCome(deps.clock, requeue.at)) return refusal.stepFailure
  return undefined
}

function refused(request: AccessRequest, grant: Grant, error: unknown): StepFailure {
  if (!(error instanceof GoogleError)) throw error
  const passing = passingFailure(error)
  if (passing) return passing
  if (error.failure === 'Unknown') {
    const message = `Google answered in a way that the operator does not know (${error.message}); it keeps trying.`
    return stepFailure('Synced', 'SyncFailed', message, { kind: 'retry', error })
  }
  const { deps, memory, gate } = request
  const verdict = grantVerdict(request, grant, error.failure)
  if (!verdict) {
    // It is the client that was refused: the integration has to prove it again, and it speaks for all of its agents.
    deps.integrations.markSuspect(gate.key)
    const message = `CalendarIntegration ${gate.key} is not ready: Google refused its OAuth client (${error.message}).`
    return stepFailure('Ready', 'IntegrationNotReady', message, { kind: 'retry', error })
  }
  const now = deps.clock.monotonic()
  const since = memory.grant.refusal?.stepFailure.reason === verdict.reason ? memory.grant.refusal.since : now
  const result = stepFailure('Authorized', verdict.reason, verdict.message, {
    kind: 'blocked',
    at: now + manualFixInterval(since, now),
  })
  memory.grant.refusal = {
    stepFailure: result,
    since,
    token: grant.refreshToken,
    credentialsHash: gate.view.credentialsHash,
    advice: adviceOf(request),
    likelyCause: verdict.likelyCause,
  }
  return result
}

function grantVerdict(request: AccessRequest, grant: Grant, failure: GoogleFailure): Death | undefined {
  const { deps, gate } = request
  switch (failure) {
    case 'InvalidGrant':
    case 'SessionExpired':
      return deathOf(grant, gate.integration, { failure, now: deps.clock.now(), advice: adviceOf(request) })
    case 'UnauthorizedClient':
      return {
        reason: 'ClientChanged',
        message: `Google says that this OAuth client may not use the grant, though the client itself is good: the grant was made by another client. To repair it, ${adviceOf(request)}.`,
        likelyCause: 'The grant was made by another OAuth client.',
      }
    case 'BlockedByAdmin':
      return {
        reason: 'BlockedByAdmin',
        message:
          'The administrator of the account’s organisation blocks this app: ask them to allow the OAuth client under Security, API controls, in the Google Admin console.',
        likelyCause: 'A policy of the Google Workspace organisation blocks the app.',
      }
    default:
      return undefined
  }
}

/** A failure that says nothing about this grant: Google away, or its limits. Undefined where it does say something. */
export function passingFailure(error: GoogleError): StepFailure | undefined {
  const requeue = { kind: 'retry', error, notBefore: error.retryAfterMs } as const
  switch (error.failure) {
    case 'RateLimited':
      return stepFailure(
        'Synced',
        'RateLimited',
        'Google limits the rate of requests; the operator slows down and goes on.',
        requeue,
      )
    case 'DailyQuotaExceeded':
      return stepFailure(
        'Synced',
        'RateLimited',
        'The Google Cloud project has used up its daily quota of the Calendar API; the operator goes on when Google does.',
        requeue,
      )
    case 'Unreachable':
      return stepFailure(
        'Authorized',
        'GoogleUnreachable',
        `Google can't be reached (${error.message}); the operator keeps trying.`,
        requeue,
      )
    default:
      return undefined
  }
}

/** What the person who owns the grant has to do, as the second half of a sentence. */
export const adviceOf = ({ deps, agent, gate }: AccessRequest): string => renewalAdvice(deps, agent, gate.integration)

async function checkGrant(request: AccessRequest, grant: Grant): Promise<StepFailure | undefined> {
  const required = request.gate.integration.spec.google.scopes
  const missing = grant.scopes ? missingScopes(required, grant.scopes) : []
  if (missing.length > 0) return standing(request, 'ScopeMissing', scopeMessage(request, missing))
  if (grant.account === undefined && !grant.accountHidden) {
    const failed = await learnAccount(request, grant)
    if (failed) return failed
  }
  if (grant.account && !sameAccount(grant.account, request.agent.spec.account)) {
    return standing(request, 'WrongAccount', wrongAccountMessage(request, grant))
  }
  if (!grant.checked) Object.assign(grant, { checked: true, saved: false })
  await saveGrant(request.deps, request.agent, request.memory)
  return undefined
}

const scopeMessage = (request: AccessRequest, missing: string[]): string =>
  `The grant lacks ${missing.join(' and ')}: ${adviceOf(request)}, with every permission ticked.`

/** As long as an e-mail address can be. */
const LONGEST_ACCOUNT = 254

const wrongAccountMessage = (request: AccessRequest, grant: Grant): string =>
  `The grant belongs to ${clean(grant.account ?? 'another account', LONGEST_ACCOUNT)}, but spec.account says ${request.agent.spec.account}: ${adviceOf(request)}, or correct spec.account.`

/** A finding that stays until something of ours changes: there is nothing to ask Google about. */
function standing(
  { deps, memory }: AccessRequest,
  reason: ReasonOf<'Agent', 'Authorized'>,
  message: string,
): StepFailure {
  return stepFailure('Authorized', reason, message, {
    kind: 'blocked',
    at: deps.clock.monotonic() + manualFixInterval(memory.firstSeen, deps.clock.monotonic()),
  })
}

/** The id of the primary calendar is the account: the one way to know it without a further scope. */
async function learnAccount(request: AccessRequest, grant: Grant, again = true): Promise<StepFailure | undefined> {
  const refused = rememberedAccountRefusal(request, grant)
  if (refused) return refused
  try {
    const primary = await request.gate.view.client.calendar(grant.accessToken ?? '', 'primary')
    Object.assign(grant, { account: primary.id, saved: false })
    request.memory.grant.accountRefusal = undefined
    return undefined
  } catch (error) {
    if (!(error instanceof GoogleError)) throw error
    // The access token was refused before its time: one new one, one more try.
    if (again && error.failure === 'Unauthenticated') {
      return (await renew(request, grant)) ?? learnAccount(request, grant, false)
    }
    return accountFailure(request, grant, error)
  }
}

/** Whatever wakes the agent meanwhile, Google is not asked before it is time. */
function rememberedAccountRefusal({ deps, memory, force }: AccessRequest, grant: Grant): StepFailure | undefined {
  const known = memory.grant.accountRefusal
  if (!known || known.token !== grant.refreshToken || force || hasCome(deps.clock, known.askAgainAt)) return undefined
  return known.stepFailure
}

async function accountFailure(
  request: AccessRequest,
  grant: Grant,
  error: GoogleError,
): Promise<StepFailure | undefined> {
  if (error.failure === 'APIDisabled') return apiDisabled(request)
  if (error.failure === 'CalendarDisabled') return calendarDisabled(request, grant)
  if (error.failure === 'ScopeInsufficient') {
    // Every scope that the integration asks for is there; they are just too narrow to tell whose grant it is.
    grant.accountHidden = grant.scopes !== undefined
    if (grant.accountHidden) return undefined
    return standing(
      request,
      'ScopeMissing',
      `Google says that the grant's scopes don't reach the calendar list: ${adviceOf(request)}, with every permission ticked.`,
    )
  }
  return (
    passingFailure(error) ??
    stepFailure('Synced', 'SyncFailed', `The account's primary calendar can't be read (${error.message}).`, {
      kind: 'retry',
      error,
    })
  )
}

/** Google's 403 `notACalendarUser`: there is nothing to read, and no primary calendar to know the account by. */
function calendarDisabled({ deps, memory }: AccessRequest, { refreshToken: token }: Grant): StepFailure {
  const now = deps.clock.monotonic()
  const since = memory.grant.accountRefusal?.token === token ? memory.grant.accountRefusal.since : now
  const askAgainAt = now + manualFixInterval(since, now)
  const found = stepFailure('Synced', 'CalendarDisabled', CALENDAR_DISABLED, { kind: 'blocked', at: askAgainAt })
  memory.grant.accountRefusal = { stepFailure: found, since, askAgainAt, token }
  return found
}

/** For people, wherever it is met. */
export const CALENDAR_DISABLED =
  'Google Calendar is switched off for this account, or the account is suspended: have Google Calendar switched on for it (in a Google Workspace organisation its administrator does that, in the Admin console under Apps), or correct spec.account.'

/** The API is off for the whole project: its integration is told, and says so for all of its agents. */
export function apiDisabled({ deps, gate }: AccessRequest): StepFailure {
  deps.integrations.observeAPI(gate.key, 'Disabled')
  const message = `CalendarIntegration ${gate.key} is not ready: the Calendar API is switched off in its Google Cloud project.`
  return stepFailure('Ready', 'IntegrationNotReady', message, { kind: 'wait', for: untilAPIAsked(deps, gate.key) })
}
