/**
 * The steps of one agent's reconcile, each as far as the one before allows. What goes wrong in a step, whatever it is, is that
 * step's failure: the others run, and the status tells.
 */
import type { Grant } from '../grants/grant.ts'
import { consentIn } from '../grants/grant-state.ts'
import type { Bypass } from '../google/port.ts'
import { failureOf, isConflict } from '../failures/thrown.ts'
import { consentedAgent, inWords, widenings } from '../resources/consent.ts'
import type { Agent, CalendarIntegration } from '../resources/types.ts'
import { noteAbsence, standingAbsence } from './absence.ts'
import { adviceOf, apiDisabled, ensureAccess, renew, type AccessRequest } from './access.ts'
import { agentClient } from './agent-client.ts'
import { withoutGrant, type Gate, type ResolvedIntegration } from './resolve-integration.ts'
import { gatherGrant } from './grant.ts'
import { type AgentState } from './state.ts'
import type { AgentDeps } from './port.ts'
import type { PublishInput } from '../publishing/port.ts'
import { publishOutputs } from '../publishing/publish-outputs.ts'
import { publishedBytes } from '../publishing/state.ts'
import { isStepFailure, stepFailure, type StepFailure } from '../failures/step-failure.ts'
import { consentAdvice } from './sign-in.ts'
import type { ReadInput } from '../calendars/port.ts'
import { knownCalendars } from '../calendars/query.ts'
import { readCalendars } from '../calendars/read-calendars.ts'

const AN_HOUR = 60 * 60_000

export interface Scene {
  agent: Agent
  memory: AgentState
  gate: Gate
  integration: CalendarIntegration | undefined
  /** Somebody asked for a look now: what was put off is done, and one request passes over a pause. */
  bypass?: Bypass
}

/** What reading came to. */
export interface Read {
  failures: StepFailure[]
  /** The grant in use, once it has proved itself. */
  grant: Grant | undefined
  /** The way to the calendars was open to its end. */
  complete: boolean
}

/** What all steps came to. */
export interface Found extends Read {
  /** The time of day at which what is published was judged. */
  publishedAt: number
}

/** What of this agent's needs Google: its grant, and its calendars, as far as the person has consented. */
export async function read(deps: AgentDeps, scene: Scene): Promise<Read> {
  const { agent, memory, gate: open, bypass } = scene
  if (open === 'Suspended') return { failures: [], grant: undefined, complete: false }
  if (isStepFailure(open)) return { failures: [open], grant: undefined, complete: false }
  const client = agentClient(open.view.client, { integrations: deps.integrations, key: open.key, bypass })
  const gate = { ...open, view: { ...open.view, client } }
  const request = { deps, agent, memory, gate, force: bypass !== undefined }
  const grant = await guarded(deps, memory, () => gatherGrant(request))
  if (isStepFailure(grant)) return { failures: unlessBarred(gate, grant), grant: undefined, complete: false }
  const absence = standingAbsence(request, grant)
  const found = absence ? { ...absence, complete: absence.grant !== undefined } : await useGrant(request, grant)
  if (!absence) noteAbsence(request, grant, found)
  if (!absence && found.complete) found.failures.push(...besideReading(memory))
  const failures = withRefused(request, found.failures)
  return { ...found, failures: found.grant ? [...failures, ...beyondConsent(deps, scene)] : failures }
}

/** What went wrong with the grant although the calendars could be read. */
const besideReading = ({ grant: { unsaved, lateRenewal } }: AgentState): StepFailure[] =>
  [unsaved, lateRenewal?.stepFailure].filter((one) => one !== undefined)

async function useGrant(request: AccessRequest, grant: Grant): Promise<Read> {
  const { deps, memory, gate } = request
  const access = await guarded(deps, memory, async () => (await ensureAccess(request, grant)) ?? grant)
  if (isStepFailure(access)) return { failures: unlessBarred(gate, access), grant: undefined, complete: false }
  const result = await guarded(deps, memory, () => readCalendars(deps, readInput(request, access), memory.calendars))
  if (isStepFailure(result)) return { failures: [result], grant: access, complete: true }
  memory.calendars = result.state
  const failures = result.apiDisabled ? [...result.failures, apiDisabled(request)] : result.failures
  // A token may have been found dead, or renewed and rotated, on the way.
  const refused = failures.some(({ condition }) => condition === 'Authorized')
  return { failures, grant: refused ? undefined : access, complete: true }
}

function readInput(request: AccessRequest, grant: Grant): ReadInput {
  const { agent, memory, gate, force } = request
  return {
    agent: consentedAgent(agent, consentIn(memory.grant)),
    integration: gate.integration,
    client: gate.view.client,
    account: grant.account,
    accessToken: grant.accessToken ?? '',
    renew: async () => (await renew(request, grant)) ?? { accessToken: grant.accessToken ?? '' },
    advice: adviceOf(request),
    force,
    keptBesides: publishedBytes(memory.publication),
    keep: (state) => void (memory.calendars = state),
  }
}

/** A calendar that was refused for good stays so while something else keeps us from asking about it again. */
function withRefused({ agent, memory }: AccessRequest, failures: StepFailure[]): StepFailure[] {
  // Its turn comes with the other calendars'.
  const requeue = { kind: 'wait', for: AN_HOUR } as const
  const consented = consentedAgent(agent, consentIn(memory.grant))
  const refused = knownCalendars(memory.calendars, consented, memory.grant.grant?.account).flatMap(({ failure }) => {
    const isTold = failures.some(({ message }) => message === failure?.stepFailure.message)
    return failure?.refused && !isTold ? [{ ...failure.stepFailure, requeue }] : []
  })
  return [...failures, ...refused]
}

/** That the person is to be asked for what they have not agreed to; what they have agreed to goes on meanwhile. */
function beyondConsent(deps: AgentDeps, { agent, memory, integration }: Scene): StepFailure[] {
  const consent = consentIn(memory.grant)
  const more = consent ? widenings(consent, agent.spec) : []
  if (more.length === 0 || !integration) return []
  const message = `The spec asks for more than the person agreed to on the sign-in page: ${inWords(more)}. What they agreed to is kept up to date. For the rest, ${consentAdvice(deps, agent, integration)}.`
  return [stepFailure('Authorized', 'AwaitingSignIn', message, { kind: 'wait', for: AN_HOUR, readsOn: true })]
}

/**
 * Nobody may sign in on a site that is another namespace's: that comes before the word that somebody should. And who has no
 * grant can't find out whether a switched-off API is on again.
 */
function unlessBarred(gate: ResolvedIntegration, access: StepFailure): StepFailure[] {
  const lacksGrant = access.condition === 'Authorized' && LACKS_GRANT.includes(access.reason)
  if (!lacksGrant) return [access]
  if (gate.view.apiDisabled) return [withoutGrant(gate)]
  return gate.view.siteAccepted ? [access] : [withoutGrant(gate), access]
}

const LACKS_GRANT: readonly string[] = ['AwaitingSignIn', 'GrantSecretNotFound', 'GrantSecretKeyMissing']

/** What needs the API server only. It is done in any case: what stands is repaired, blocked, or at least known. */
export async function publish(deps: AgentDeps, scene: Scene, found: Read): Promise<Found> {
  const { memory } = scene
  const input = publishInput(deps, scene, found.grant !== undefined)
  const { state, failures, publishedAt, conflict } = await publishOutputs(deps, input, memory.publication)
  memory.publication = state
  if (conflict) throw conflict
  return { ...found, failures: [...found.failures, ...failures], publishedAt }
}

function publishInput(deps: AgentDeps, { agent, memory, gate, integration }: Scene, authorized: boolean): PublishInput {
  const consent = consentIn(memory.grant)
  const { account, accessToken, expiresAt } = memory.grant.grant ?? {}
  return {
    agent: consentedAgent(agent, consent),
    isNarrowed: consent !== undefined && widenings(consent, agent.spec).length > 0,
    calendars: memory.calendars,
    account,
    sync: gate === 'Suspended' ? undefined : integration?.spec.sync,
    authorized,
    token: accessToken && expiresAt !== undefined ? { accessToken, expiresAt } : undefined,
    reportsConflicts: !isPatient(deps, memory),
  }
}

/** What a step fails with: it is tried again later. Only a conflict is the whole reconcile's. */
async function guarded<T>(deps: AgentDeps, memory: AgentState, step: () => Promise<T>): Promise<T | StepFailure> {
  try {
    return await step()
  } catch (error) {
    if (isConflict(error) && isPatient(deps, memory)) throw error
    return failureOf(error)
  }
}

/** Conflicts are retried, and not reported unless they go on for long. */
export const isPatient = ({ clock }: AgentDeps, { conflictingSince = clock.monotonic() }: AgentState): boolean =>
  clock.monotonic() - conflictingSince < CONFLICT_PATIENCE_MS

const CONFLICT_PATIENCE_MS = 30_000
