/** Renews access tokens before they expire. A rotated refresh token is saved before the access token is used. */
import { pauseAfter } from '../controller/backoff.ts'
import { manualFixInterval } from '../controller/manual-fix-interval.ts'
import { isStepFailure, stepFailure, type StepFailure } from '../failures/step-failure.ts'
import { clientIdShown } from '../google/client-id.ts'
import type { TokenAnswer } from '../google/port.ts'
import { hasCome, type Clock } from '../platform/clock.ts'
import type { MaybePromise } from '../platform/maybe-promise.ts'
import { timestamp } from '../resources/conditions.ts'
import { durationMs } from '../resources/durations.ts'
import { renewalAdvice } from './advice.ts'
import type { GrantState } from './grant-state.ts'
import type { GrantStore } from './grant-store.ts'
import { renewed, type Grant } from './grant.ts'
import type { TokenDeps, TokenRequest } from './port.ts'
import { withRefusal, type TokenStep } from './refusals.ts'
import { followTimeOfDay } from './time-of-day.ts'

/** What the steps of the token source need. */
export interface StepDeps extends TokenDeps {
  store: Pick<GrantStore, 'save'>
}

/** The state of an agent that has a grant. */
export interface GrantedState extends GrantState {
  readonly grant: Grant
}

/** What the owner of the grant has to do, as the second half of a sentence. */
export const adviceOf = (deps: StepDeps, { agent, integration }: TokenRequest): string =>
  renewalAdvice(deps, agent, integration)

/** Renews the access token if it is due. After a refusal, Google is asked again only after a pause. */
export function ensureToken(deps: StepDeps, request: TokenRequest, before: GrantedState): MaybePromise<TokenStep> {
  const known = clientChanged(deps, request, before.grant) ?? rememberedRefusal(deps, request, before)
  if (known) return { state: before, refusal: known }
  const { state, isDue } = checkDue(deps.clock, request, before)
  return isDue ? renewDueToken(deps, request, state) : { state }
}

async function renewDueToken(deps: StepDeps, request: TokenRequest, before: GrantedState): Promise<TokenStep> {
  const step = await renewToken(deps, request, before)
  return isStepFailure(step.refusal) ? postpone(deps, request, step, step.refusal) : step
}

/** Renews the access token now, whatever its age. */
export async function renewToken(deps: StepDeps, request: TokenRequest, before: GrantedState): Promise<TokenStep> {
  const { agent, client, credentialsHash } = request
  let answer: TokenAnswer
  try {
    answer = await client.refresh(before.grant.refreshToken)
  } catch (error) {
    const advice = adviceOf(deps, request)
    return withRefusal(deps.clock, request, before, { grant: before.grant, error, advice })
  }
  const state = followTimeOfDay(deps.clock, before)
  const current = state.grant ?? before.grant
  const rotated = answer.refreshToken !== undefined && answer.refreshToken !== current.refreshToken
  const renewAt = deps.clock.monotonic() + renewalAfter(answer, deps.random())
  const grant = renewed(current, answer, { clientId: client.credentials.clientId, credentialsHash, renewAt })
  const after = { ...state, grant, refusal: undefined, lateRenewal: undefined }
  // A new grant is written once, together with its account; a rotated token must be written at once.
  return rotated || grant.account !== undefined ? deps.store.save(agent, after) : { state: after }
}

/** After how many ms a token is renewed: two thirds of its lifetime, minus up to a twentieth so that agents spread out. */
const renewalAfter = ({ expiresAt, obtainedAt }: TokenAnswer, chance: number): number =>
  Math.floor(((expiresAt - obtainedAt) * (2 / 3 - chance / 20)) / 1000) * 1000

/**
 * Postpones a renewal that failed for a reason that may pass. Tokens are renewed early, so the current token is used while it is
 * valid; the failure is reported, and the renewal is retried after a backoff of its own.
 */
function postpone(deps: StepDeps, request: TokenRequest, step: TokenStep, failed: StepFailure): TokenStep {
  const { state } = step
  const { requeue } = failed
  const { grant } = state
  if (requeue.kind !== 'retry' || !grant || !isValid(deps.clock, grant)) return step
  const attempts = (state.lateRenewal?.attempts ?? 0) + 1
  const longest = durationMs(request.integration.spec.sync.interval)
  const pause = pauseAfter(attempts, { random: deps.random, longest, notBefore: requeue.notBefore })
  const until = deps.clock.monotonic() + pause
  const message = `The access token could not be renewed, and is good until ${timestamp(grant.expiresAt)}: ${failed.message}`
  const reported = stepFailure('Authorized', 'GoogleUnreachable', message, { kind: 'wait', for: pause, readsOn: true })
  const lateRenewal = { stepFailure: reported, attempts, until, credentialsHash: request.credentialsHash }
  return { state: { ...state, lateRenewal, grant: { ...grant, renewAt: until } }, thrown: step.thrown }
}

const isValid = (clock: Clock, { accessToken, expiresAt }: Grant): boolean =>
  accessToken !== undefined && clock.now() < expiresAt

function checkDue(
  clock: Clock,
  { credentialsHash, force }: TokenRequest,
  state: GrantedState,
): { state: GrantedState; isDue: boolean } {
  const { grant, lateRenewal } = state
  if (hasCome(clock, grant.renewAt) || !isValid(clock, grant)) return { state, isDue: true }
  if (lateRenewal && lateRenewal.credentialsHash === credentialsHash) return { state, isDue: force }
  // After a restart, the token in the Secret is assumed to belong to the current credentials.
  if (grant.credentialsHash === undefined)
    return { state: { ...state, grant: { ...grant, credentialsHash } }, isDue: false }
  return { state, isDue: grant.credentialsHash !== credentialsHash }
}

function clientChanged(deps: StepDeps, request: TokenRequest, grant: Grant): StepFailure | undefined {
  const { clientId } = request.client.credentials
  if (grant.clientId === undefined || grant.clientId === clientId) return undefined
  const message = `The grant was made by another OAuth client (${clientIdShown(grant.clientId)}) than the integration has now (${clientId}): ${adviceOf(deps, request)}.`
  const now = deps.clock.monotonic()
  const at = now + manualFixInterval(request.since, now)
  return stepFailure('Authorized', 'ClientChanged', message, { kind: 'blocked', at })
}

/** The last refusal, unless its pause is over, or the credentials or the advice has changed. Another token ends it by itself. */
function rememberedRefusal(deps: StepDeps, request: TokenRequest, state: GrantedState): StepFailure | undefined {
  const { refusal } = state
  if (!refusal || request.force || refusal.advice !== adviceOf(deps, request)) return undefined
  const same = refusal.credentialsHash === request.credentialsHash
  const { requeue } = refusal.stepFailure
  if (same && requeue.kind === 'blocked' && !hasCome(deps.clock, requeue.at)) return refusal.stepFailure
  return undefined
}
