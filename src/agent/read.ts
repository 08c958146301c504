/**
 * The steps of a reconcile that need Google, in order: load the grant, ensure a token, verify the account, read the calendars.
 * The first step that fails ends the reading, and the status reports it; what is known is published in any case.
 */
import type { ReadInput } from '../calendars/port.ts'
import { knownCalendars } from '../calendars/query.ts'
import { readCalendars } from '../calendars/read-calendars.ts'
import { withAnotherGrant } from '../calendars/state.ts'
import { failureOf, isConflict } from '../failures/thrown.ts'
import { isStepFailure, stepFailure, type StepFailure } from '../failures/step-failure.ts'
import type { Bypass } from '../google/port.ts'
import { consentAdvice, renewalAdvice } from '../grants/advice.ts'
import { consentIn } from '../grants/grant-state.ts'
import type { Grant } from '../grants/grant.ts'
import type { TokenRefusal, TokenRequest } from '../grants/port.ts'
import { publishedBytes } from '../publishing/state.ts'
import { inWords, widenings } from '../resources/consent.ts'
import { HOUR_MS } from '../platform/time-units.ts'
import { durationMs } from '../resources/durations.ts'
import { backoffAfter, failuresOf, stands, type Asked } from './google-backoff.ts'
import { agentClient } from '../clients/agent-client.ts'
import { reportRefusal, withoutGrant, type ResolvedIntegration } from '../clients/resolve-integration.ts'
import { isPatient } from './conflicts.ts'
import type { AgentDeps } from './port.ts'
import { consentedPart, nothingRead, type Context, type Read } from './state.ts'

/** A reconcile whose integration can be used. */
interface Reading extends Context {
  readonly deps: AgentDeps
  readonly resolution: ResolvedIntegration
  readonly request: TokenRequest
}

/** A step of the reading. It returns the result if the reading ends with it, and undefined if the next step follows. */
type Step = (reading: Reading) => Promise<Read | undefined>

/**
 * Reads the calendars that are due, as far as the person has consented.
 * @param bypass somebody asked for a reconcile now: postponed steps are taken, and one request may ignore a limit.
 * @throws ApiError of kind `Conflict`.
 */
export async function read(deps: AgentDeps, context: Context, bypass?: Bypass): Promise<Read> {
  const { resolution } = context
  if (resolution.kind === 'suspended') return nothingRead([])
  if (resolution.kind === 'failed') return nothingRead([resolution.failure])
  const reading = readingOf(deps, context, resolution, bypass)
  const unloaded = await loadGrant(reading)
  if (unloaded) return unloaded
  const found = standingAbsence(reading) ?? withAbsence(reading, await askGoogle(reading))
  const failures = [...found.failures, ...refusedBefore(reading, found.failures)]
  return { ...found, failures: found.grant ? [...failures, ...beyondConsent(reading)] : failures }
}

/** The steps that send requests to Google, in order. The first one that has a result ends the reading. */
const askGoogle = async (reading: Reading): Promise<Read> =>
  (await ensureToken(reading)) ?? (await verifyAccount(reading)) ?? (await readDueCalendars(reading))

function readingOf(
  deps: AgentDeps,
  context: Context,
  resolution: ResolvedIntegration,
  bypass: Bypass | undefined,
): Reading {
  const { key, integration, entry } = resolution
  const { agent, state } = context
  const client = agentClient(entry.client, { integrations: deps.integrations, key, bypass })
  const { credentialsHash } = entry
  const force = bypass !== undefined
  const request = { agent, integration, client, credentialsHash, since: state.firstSeen, force }
  return { ...context, deps, resolution, request }
}

const loadGrant: Step = async (reading) => {
  const { deps, state, request, agent, resolution } = reading
  const failed = await guarded(reading, () => deps.tokens.load(request))
  const { generation } = deps.tokens.current(agent)
  if (state.grantGeneration !== generation) state.calendars = withAnotherGrant(state.calendars)
  state.grantGeneration = generation
  return failed && nothingRead(unlessBarred(resolution, failed))
}

const ensureToken: Step = async (reading) =>
  refused(reading, await guarded(reading, () => reading.deps.tokens.ensure(reading.request)))

const verifyAccount: Step = async (reading) =>
  refused(reading, await guarded(reading, () => reading.deps.tokens.verify(reading.request)))

const refused = (reading: Reading, refusal: TokenRefusal | undefined): Read | undefined =>
  refusal && nothingRead([failureOfRefusal(reading, refusal)])

/** Reports to the integration what concerns all of its agents. */
const failureOfRefusal = ({ deps, resolution }: Reading, refusal: TokenRefusal): StepFailure =>
  isStepFailure(refusal) ? refusal : reportRefusal(deps, resolution.key, refusal)

async function readDueCalendars(reading: Reading): Promise<Read> {
  const { deps, agent, state, resolution } = reading
  const result = await guarded(reading, () => readCalendars(deps, readInput(reading), state.calendars))
  const grantNow = (): Grant | undefined => deps.tokens.current(agent).grant
  if (isStepFailure(result)) return { failures: [result], grant: grantNow(), complete: true }
  state.calendars = result.state
  const disabled = result.apiDisabled ? [reportRefusal(deps, resolution.key, { refused: 'CalendarAPI' })] : []
  const failures = [...result.failures, ...disabled]
  // The token may have been refused, or renewed and rotated, while the calendars were read.
  const isRefused = failures.some(({ condition }) => condition === 'Authorized')
  return { failures, grant: isRefused ? undefined : grantNow(), complete: true }
}

/** Remembers whether Google answered. If it did not, the failures are retried after a backoff. */
function withAbsence(reading: Reading, found: Read): Read {
  const { deps, state, agent, request } = reading
  state.googleBackoff = backoffAfter(deps, state.googleBackoff, {
    ...askedOf(reading),
    failures: found.failures,
    authorized: found.grant !== undefined,
    longest: durationMs(request.integration.spec.sync.interval),
  })
  const failures = state.googleBackoff ? failuresOf(deps.clock, state.googleBackoff) : found.failures
  if (!found.complete) return { ...found, failures }
  const { unsaved, lateRenewal } = deps.tokens.current(agent)
  // Failures that concern the grant, although the calendars could be read.
  const beside = [unsaved, lateRenewal?.stepFailure].filter((one) => one !== undefined)
  return { ...found, failures: [...failures, ...beside] }
}

function readInput(reading: Reading): ReadInput {
  const { deps, agent, state, request } = reading
  const grant = deps.tokens.current(agent)
  const accessToken = (): string => deps.tokens.current(agent).grant?.accessToken ?? ''
  return {
    agent: consentedPart(agent, { grant }),
    integration: request.integration,
    client: request.client,
    account: grant.grant?.account,
    accessToken: accessToken(),
    renew: async () => {
      const refusal = await deps.tokens.renew(request)
      return refusal ? failureOfRefusal(reading, refusal) : { accessToken: accessToken() }
    },
    advice: renewalAdvice(deps, agent, request.integration),
    force: request.force,
    changed: deps.push.takeChanged(agent),
    keptBesides: publishedBytes(state.publication),
    keep: (calendars) => void (state.calendars = calendars),
  }
}

const askedOf = ({ deps, agent, request, resolution }: Reading): Asked => ({
  token: deps.tokens.current(agent).grant?.refreshToken ?? '',
  credentialsHash: request.credentialsHash,
  limited: (resolution.entry.client.limit()?.leftMs ?? 0) > 0,
})

/** The result of the last attempt while its backoff holds; undefined if a request may be sent. */
function standingAbsence(reading: Reading): Read | undefined {
  const { deps, agent, state, request } = reading
  const { googleBackoff } = state
  if (request.force || !stands(deps.clock, googleBackoff, askedOf(reading))) return undefined
  const grant = googleBackoff.authorized ? deps.tokens.current(agent).grant : undefined
  return { failures: failuresOf(deps.clock, googleBackoff), grant, complete: grant !== undefined }
}

/** A calendar that was refused stays refused until it is read again, even if another failure prevents that now. */
function refusedBefore({ deps, agent, state }: Reading, failures: readonly StepFailure[]): StepFailure[] {
  // It is read again with the other calendars.
  const requeue = { kind: 'wait', for: HOUR_MS } as const
  const grant = deps.tokens.current(agent)
  const known = knownCalendars(state.calendars, consentedPart(agent, { grant }), grant.grant?.account)
  return known.flatMap(({ failure }) => {
    const isTold = failures.some(({ message }) => message === failure?.stepFailure.message)
    return failure?.refused && !isTold ? [{ ...failure.stepFailure, requeue }] : []
  })
}

/** The person has to consent to what the spec adds; the rest is kept up to date. */
function beyondConsent({ deps, agent, request: { integration } }: Reading): StepFailure[] {
  const consent = consentIn(deps.tokens.current(agent))
  const more = consent ? widenings(consent, agent.spec) : []
  if (more.length === 0) return []
  const message = `The spec asks for more than the person agreed to on the sign-in page: ${inWords(more)}. What they agreed to is kept up to date. For the rest, ${consentAdvice(deps, agent, integration)}.`
  return [stepFailure('Authorized', 'AwaitingSignIn', message, { kind: 'wait', for: HOUR_MS, readsOn: true })]
}

/**
 * Nobody can sign in on a site that belongs to another namespace, so that is reported first. And an agent without a grant
 * cannot probe whether the API is switched on again.
 */
function unlessBarred(resolution: ResolvedIntegration, failed: StepFailure): StepFailure[] {
  const lacksGrant = failed.condition === 'Authorized' && LACKS_GRANT.includes(failed.reason)
  if (!lacksGrant) return [failed]
  if (resolution.entry.apiDisabled) return [withoutGrant(resolution)]
  return resolution.entry.siteAccepted ? [failed] : [withoutGrant(resolution), failed]
}

const LACKS_GRANT: readonly string[] = ['AwaitingSignIn', 'GrantSecretNotFound', 'GrantSecretKeyMissing']

/** Turns what a step throws into its failure, except for a conflict, which repeats the whole reconcile. */
async function guarded<T>({ deps, state }: Reading, step: () => Promise<T>): Promise<T | StepFailure> {
  try {
    return await step()
  } catch (error) {
    if (isConflict(error) && isPatient(deps.clock, state)) throw error
    return failureOf(error)
  }
}
