/**
 * The steps of a reconcile that need Google. Each takes the state and returns what is different in the next one, with its findings.
 * The first that fails ends the reading. What is known is published in any case.
 */
import type { ReadInput } from '../calendars/port.ts'
import { knownCalendars } from '../calendars/query.ts'
import { readCalendars } from '../calendars/read-calendars.ts'
import { withAnotherGrant, type CalendarsState } from '../calendars/state.ts'
import {
  findingsOf,
  refusedIntegration,
  withoutGrant,
  type ResolvedIntegration,
} from '../clients/resolve-integration.ts'
import { isStepFailure, stepFailure, type StepFailure } from '../failures/step-failure.ts'
import { consentAdvice, renewalAdvice } from '../grants/advice.ts'
import { consentIn } from '../grants/grant-state.ts'
import type { IntegrationRefusal, TokenRefusal } from '../grants/port.ts'
import { whenKnown } from '../platform/maybe-promise.ts'
import { HOUR_MS } from '../platform/time-units.ts'
import { integrationKey } from '../resources/references.ts'
import { inWords, widenings } from '../resources/consent.ts'
import { durationMs } from '../resources/durations.ts'
import { quotaOf } from '../resources/quota.ts'
import { allowsWriting, asksForNoWriteScope, WRITE_SCOPE } from '../resources/write-scopes.ts'
import { backoffAfter, failuresOf, isInForce, type GoogleAttempt, type GoogleBackoff } from './google-backoff.ts'
import { ended, progressBefore, withFailures, type AgentProgress } from './progress.ts'
import { consentedPart, type AgentState } from './state.ts'
import type { AgentStep, ReadRun, StepResult } from './steps.ts'

/** Brings the grant up to date with its Secrets. Calendars that were read with another grant are read again. */
const loadGrant: AgentStep<ReadRun> = ({ deps, agent, request, resolution }, { grantGeneration, calendars }) =>
  whenKnown(deps.tokens.load(request), (failed) => {
    const { generation } = deps.tokens.current(agent)
    const isOther = generation !== grantGeneration
    const state = isOther ? { grantGeneration: generation, calendars: withAnotherGrant(calendars) } : undefined
    if (failed) return { state, progress: ended(progressBefore(unlessBarred(resolution, failed))) }
    return { state, progress: progressBefore(undefined, 'grant') }
  })

/** While the backoff after failed requests is in force, its failures are reported again and nothing is requested. */
const awaitBackoff: AgentStep<ReadRun> = (run, { googleBackoff }, progress) => {
  const { deps, agent, request } = run
  if (request.force || !googleBackoff || !isInForce(deps.clock, googleBackoff, attemptOf(run))) {
    return { progress: { ...progress, reached: 'Google' } }
  }
  const grant = googleBackoff.authorized ? deps.tokens.current(agent).grant : undefined
  const failures = failuresOf(deps.clock, googleBackoff)
  return { progress: ended({ ...progress, failures, grant, isAuthorized: grant !== undefined }) }
}

/** Renews the access token if that is due. */
const ensureToken: AgentStep<ReadRun> = (run, _, progress) =>
  whenKnown(run.deps.tokens.ensure(run.request), (refusal) => afterTokenStep(run, progress, refusal))

/** Checks that the grant is of the right account and has the right scopes. */
const verifyAccount: AgentStep<ReadRun> = (run, _, progress) =>
  whenKnown(run.deps.tokens.verify(run.request), (refusal) => {
    if (refusal) return afterTokenStep(run, progress, refusal)
    return { progress: { ...progress, grant: run.deps.tokens.current(run.agent).grant, isAuthorized: true } }
  })

/**
 * Reads the calendars that are due, as far as the person has consented. Not async: a suspended function keeps its arguments alive,
 * and with the state every earlier snapshot.
 */
const readDueCalendars: AgentStep<ReadRun> = (run, { calendars, readWanted }, progress) =>
  readWith(run, olderThan(calendars, readWanted), progress)(calendars)

/** The calendars that were read before that time. */
const olderThan = ({ byId }: CalendarsState, at = -Infinity): string[] =>
  [...byId].flatMap(([id, { lastRead = -Infinity }]) => (lastRead < at ? [id] : []))

/** The steps that read, in order. After the first one that fails, the others are skipped. */
export const READ_STEPS: readonly AgentStep<ReadRun>[] = [
  loadGrant,
  awaitBackoff,
  ensureToken,
  verifyAccount,
  readDueCalendars,
]

/** Remembers whether Google answered. If it did not, the failures are retried after a backoff. */
const recordBackoff: AgentStep<ReadRun> = (run, before, progress) => {
  if (progress.reached !== 'Google') return { progress }
  const { deps, agent } = run
  const googleBackoff = progress.failures.length > 0 ? backoffOf(run, before, progress) : undefined
  const after = googleBackoff ? { ...progress, failures: failuresOf(deps.clock, googleBackoff) } : progress
  if (!progress.isAuthorized) return { state: { googleBackoff }, progress: after }
  const { unsaved, lateRenewal } = deps.tokens.current(agent)
  // Failures that concern the grant, although the calendars could be read.
  const ofGrant = [unsaved, lateRenewal?.stepFailure].filter((one) => one !== undefined)
  return { state: { googleBackoff }, progress: withFailures(after, ofGrant) }
}

const backoffOf = (
  run: ReadRun,
  { googleBackoff }: AgentState,
  { failures, grant }: AgentProgress,
): GoogleBackoff | undefined =>
  backoffAfter(run.deps, googleBackoff, {
    ...attemptOf(run),
    failures,
    authorized: grant !== undefined,
    longest: durationMs(run.request.integration.spec.sync.interval),
  })

/** A calendar that was refused stays refused until it is read again, even if another failure prevents that now. */
const addRefusedCalendars: AgentStep<ReadRun> = ({ deps, agent }, { calendars }, progress) => {
  if (progress.reached === 'nothing' || !hasRefused(calendars)) return { progress }
  // It is read again with the other calendars.
  const requeue = { kind: 'wait', for: HOUR_MS } as const
  const grant = deps.tokens.current(agent)
  const known = knownCalendars(calendars, consentedPart(agent, { grant }), grant.grant?.account)
  const refused = known.flatMap(({ failure }) => {
    const isReported = progress.failures.some(({ message }) => message === failure?.stepFailure.message)
    return failure?.refused && !isReported ? [{ ...failure.stepFailure, requeue }] : []
  })
  return { progress: withFailures(progress, refused) }
}

const hasRefused = ({ byId }: CalendarsState): boolean => [...byId.values()].some(({ failure }) => failure?.refused)

/**
 * If the integration asks for no scope that allows writing, nobody can resolve that by signing in, so it is reported before the
 * consent that may be missing as well. What was granted is kept up to date.
 */
const addMissingWriteScope: AgentStep<ReadRun> = ({ deps, agent, request: { integration } }, _, progress) => {
  if (!asksForNoWriteScope(agent, integration)) return { progress }
  const { grant } = deps.tokens.current(agent)
  if (grant && (grant.scopes === undefined || allowsWriting(grant.scopes))) return { progress }
  const message = `spec.calendars.write is set, but no scope in spec.google.scopes of CalendarIntegration ${integrationKey(agent)} allows writing events: add ${WRITE_SCOPE} there, or take calendars.write out of the spec.`
  const requeue = { kind: 'wait', for: HOUR_MS, readsOn: true } as const
  const others = progress.failures.filter(({ reason }) => reason !== 'AwaitingSignIn')
  return {
    progress: { ...progress, failures: [stepFailure('Authorized', 'ScopeMissing', message, requeue), ...others] },
  }
}

/** The person has to consent to what the spec adds; the rest is kept up to date. */
const addMissingConsent: AgentStep<ReadRun> = ({ deps, agent, request: { integration } }, _, progress) => {
  const consent = progress.grant && consentIn(deps.tokens.current(agent))
  const more = consent ? widenings(consent, agent.spec) : []
  if (more.length === 0) return { progress }
  const message = `The spec asks for more than the person agreed to on the sign-in page: ${inWords(more)}. What they agreed to is kept up to date. For the rest, ${consentAdvice(deps, agent, integration)}.`
  const requeue = { kind: 'wait', for: HOUR_MS, readsOn: true } as const
  return { progress: withFailures(progress, [stepFailure('Authorized', 'AwaitingSignIn', message, requeue)]) }
}

/** What is added to the result of reading, whatever it is. */
export const CONCLUDING_STEPS: readonly AgentStep<ReadRun>[] = [
  recordBackoff,
  addRefusedCalendars,
  addMissingWriteScope,
  addMissingConsent,
]

function afterTokenStep(run: ReadRun, progress: AgentProgress, refusal: TokenRefusal | undefined): StepResult {
  if (!refusal) return { progress }
  const { deps, resolution } = run
  if (isStepFailure(refusal)) return { progress: ended(withFailures(progress, [refusal])) }
  const failure = refusedIntegration(deps, resolution.key, refusal)
  return { progress: ended(withFailures(progress, [failure])), findings: findingsOf(refusal) }
}

/**
 * Prepares the reading without the state, so that nothing keeps the snapshots that are replaced while it goes on.
 * @param wanted the calendars that somebody waits for.
 */
function readWith(run: ReadRun, wanted: readonly string[], progress: AgentProgress) {
  const { deps, agent, resolution } = run
  const refusals: IntegrationRefusal[] = []
  const failureOf = (refusal: IntegrationRefusal): StepFailure => {
    refusals.push(refusal)
    return refusedIntegration(deps, resolution.key, refusal)
  }
  let isTokenRefused = false
  const input = readInput(run, wanted, failureOf, () => void (isTokenRefused = true))
  return (calendars: CalendarsState): Promise<StepResult> =>
    readCalendars(deps, input, calendars).then(({ state, failures, apiDisabled }) => {
      const all = apiDisabled ? [...failures, failureOf({ refused: 'CalendarAPI' })] : failures
      // The token may have been refused, or renewed and rotated, while the calendars were read. That a listing was not answered
      // says nothing about the token: a good one is published during an outage, too.
      const isRefused = isTokenRefused || all.some((one) => one.condition === 'Authorized' && !isUnreachable(one))
      const grant = isRefused ? undefined : deps.tokens.current(agent).grant
      const findings = refusals.map(findingsOf).reduce((before, one) => ({ ...before, ...one }), {})
      return { state: { calendars: state }, progress: { ...withFailures(progress, all), grant }, findings }
    })
}

const isUnreachable = ({ reason }: StepFailure): boolean => reason === 'GoogleUnreachable'

/** @param onRefusedToken Google has refused the access token, and there is no other one. */
function readInput(
  { deps, agent, request, keep }: ReadRun,
  wanted: readonly string[],
  failureOf: (refusal: IntegrationRefusal) => StepFailure,
  onRefusedToken: () => void,
): ReadInput {
  const grant = deps.tokens.current(agent)
  return {
    agent: consentedPart(agent, { grant }),
    integration: request.integration,
    client: request.client,
    account: grant.grant?.account,
    accessToken: grant.grant?.accessToken ?? '',
    isTokenProven: grant.grant?.isTokenProven === true,
    renew: async () => {
      const refusal = await deps.tokens.renew(request)
      if (!refusal) return { accessToken: deps.tokens.current(agent).grant?.accessToken ?? '' }
      onRefusedToken()
      return isStepFailure(refusal) ? refusal : failureOf(refusal)
    },
    advice: renewalAdvice(deps, agent, request.integration),
    force: request.force,
    changed: wanted.length > 0 ? new Set([...deps.push.takeChanged(agent), ...wanted]) : deps.push.takeChanged(agent),
    keep: (calendars) => keep({ calendars }),
  }
}

const attemptOf = ({ deps, agent, request, resolution }: ReadRun): GoogleAttempt => ({
  token: deps.tokens.current(agent).grant?.refreshToken ?? '',
  credentialsHash: request.credentialsHash,
  quota: JSON.stringify(quotaOf(request.integration)),
  limited: (resolution.entry.client.limit()?.leftMs ?? 0) > 0,
})

/**
 * Nobody can sign in on a site that belongs to another namespace, so that is reported first. And an Agent without a grant
 * cannot probe whether the API is switched on again.
 */
function unlessBarred(resolution: ResolvedIntegration, failed: StepFailure): StepFailure[] {
  const lacksGrant = failed.condition === 'Authorized' && LACKS_GRANT.includes(failed.reason)
  if (!lacksGrant) return [failed]
  if (resolution.entry.apiDisabled) return [withoutGrant(resolution)]
  return resolution.entry.siteAccepted ? [failed] : [withoutGrant(resolution), failed]
}

const LACKS_GRANT: readonly string[] = ['AwaitingSignIn', 'GrantSecretNotFound', 'GrantSecretKeyMissing']
