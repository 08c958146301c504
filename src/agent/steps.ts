/**
 * The steps of one agent's reconcile, each as far as the one before allows. What goes wrong in a step, whatever it is, is that
 * step's failure: the others run, and the status tells.
 */
import type { Permit } from '../google/port.ts'
import { ApiError } from '../kubernetes/port.ts'
import { UnexpectedError } from '../controller/outcome.ts'
import { consentedAgent, inWords, widenings } from '../resources/consent.ts'
import type { Agent, CalendarIntegration } from '../resources/types.ts'
import { noteAbsence, standingAbsence } from './absence.ts'
import { ensureAccess, type AccessRequest } from './access.ts'
import { askingClient } from './asking-client.ts'
import { withoutGrant, type Gate, type OpenGate } from './gate.ts'
import { keepFormer } from './former-objects.ts'
import { gatherGrant } from './grant.ts'
import { consentIn, type AgentMemory, type Grant } from './memory.ts'
import { removeOrphans } from './owned-object.ts'
import type { AgentDeps } from './port.ts'
import { publishCalendar, publishToken } from './publish.ts'
import { isSetback, setback, type Setback } from './setback.ts'
import { consentAdvice } from './sign-in.ts'
import { syncCalendars, wantedCalendars } from './sync.ts'

const AN_HOUR = 60 * 60_000

export interface Scene {
  agent: Agent
  memory: AgentMemory
  gate: Gate
  integration: CalendarIntegration | undefined
  /** Somebody asked for a look now: what was put off is done, and one request passes over a pause. */
  permit?: Permit
}

/** What reading came to. */
export interface Read {
  setbacks: Setback[]
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
  const { agent, memory, gate: open, permit } = scene
  if (open === 'Suspended') return { setbacks: [], grant: undefined, complete: false }
  if (isSetback(open)) return { setbacks: [open], grant: undefined, complete: false }
  const client = askingClient(open.view.client, { integrations: deps.integrations, key: open.key, permit })
  const gate = { ...open, view: { ...open.view, client } }
  const request = { deps, agent, memory, gate, force: permit !== undefined }
  const grant = await guarded(deps, memory, () => gatherGrant(request))
  if (isSetback(grant)) return { setbacks: unlessBarred(gate, grant), grant: undefined, complete: false }
  const absence = standingAbsence(request, grant)
  const found = absence ? { ...absence, complete: absence.grant !== undefined } : await useGrant(request, grant)
  if (!absence) noteAbsence(request, grant, found)
  if (!absence && found.complete) found.setbacks.push(...besideReading(memory))
  const setbacks = withRefused(request, found.setbacks)
  return { ...found, setbacks: found.grant ? [...setbacks, ...beyondConsent(deps, scene)] : setbacks }
}

/** What went wrong with the grant although the calendars could be read. */
const besideReading = ({ unsaved, lateRenewal }: AgentMemory): Setback[] =>
  [unsaved, lateRenewal?.setback].filter((one) => one !== undefined)

async function useGrant(request: AccessRequest, grant: Grant): Promise<Read> {
  const { deps, agent, memory, gate } = request
  const access = await guarded(deps, memory, async () => (await ensureAccess(request, grant)) ?? grant)
  if (isSetback(access)) return { setbacks: unlessBarred(gate, access), grant: undefined, complete: false }
  const consented = { ...request, agent: consentedAgent(agent, consentIn(memory)) }
  const result = await guarded(deps, memory, () => syncCalendars(consented, access))
  const setbacks = isSetback(result) ? [result] : result
  // A token may have been found dead, or renewed and rotated, on the way.
  const refused = setbacks.some(({ condition }) => condition === 'Authorized')
  return { setbacks, grant: refused ? undefined : access, complete: true }
}

/** A calendar that was refused for good stays so while something else keeps us from asking about it again. */
function withRefused({ agent, memory }: AccessRequest, setbacks: Setback[]): Setback[] {
  // Its turn comes with the other calendars'.
  const again = { kind: 'wait', for: AN_HOUR } as const
  const wanted = wantedCalendars(consentedAgent(agent, consentIn(memory)), memory.grant)
  const refused = [...wanted.keys()].flatMap((id) => {
    const trouble = memory.calendars.get(id)?.trouble
    const isTold = setbacks.some(({ message }) => message === trouble?.setback.message)
    return trouble?.refused && !isTold ? [{ ...trouble.setback, again }] : []
  })
  return [...setbacks, ...refused]
}

/** That the person is to be asked for what they have not agreed to; what they have agreed to goes on meanwhile. */
function beyondConsent(deps: AgentDeps, { agent, memory, integration }: Scene): Setback[] {
  const consent = consentIn(memory)
  const more = consent ? widenings(consent, agent.spec) : []
  if (more.length === 0 || !integration) return []
  const message = `The spec asks for more than the person agreed to on the sign-in page: ${inWords(more)}. What they agreed to is kept up to date. For the rest, ${consentAdvice(deps, agent, integration)}.`
  return [setback('Authorized', 'AwaitingSignIn', message, { kind: 'wait', for: AN_HOUR, readsOn: true })]
}

/**
 * Nobody may sign in on a site that is another namespace's: that comes before the word that somebody should. And who has no
 * grant can't find out whether a switched-off API is on again.
 */
function unlessBarred(gate: OpenGate, access: Setback): Setback[] {
  const lacksGrant = access.condition === 'Authorized' && LACKS_GRANT.includes(access.reason)
  if (!lacksGrant) return [access]
  if (gate.view.apiDisabled) return [withoutGrant(gate)]
  return gate.view.siteAccepted ? [access] : [withoutGrant(gate), access]
}

const LACKS_GRANT: readonly string[] = ['AwaitingSignIn', 'GrantSecretNotFound', 'GrantSecretKeyMissing']

/** What needs the API server only. It is done in any case: what stands is repaired, blocked, or at least known. */
export async function publish(deps: AgentDeps, scene: Scene, found: Read): Promise<Found> {
  const { agent: wanted, memory, gate, integration } = scene
  const publishedAt = deps.clock.now()
  const sync = gate === 'Suspended' ? undefined : integration?.spec.sync
  const agent = consentedAgent(wanted, consentIn(memory))
  const context = { deps, agent, memory, sync }
  const authorized = found.grant !== undefined
  const calendar = await guarded(deps, memory, () => publishCalendar(context))
  const token = await guarded(deps, memory, () => publishToken(context, authorized))
  // Only once the new name holds everything does the old one go.
  const whole = !calendar && !token && authorized && agent === wanted
  if (whole) await guarded(deps, memory, () => removeOrphans(deps, agent, memory))
  else if (agent !== wanted) await guarded(deps, memory, () => keepFormer(deps, agent, memory))
  const failed = [calendar, token].filter((one) => one !== undefined)
  return { ...found, setbacks: [...found.setbacks, ...failed], publishedAt }
}

/** What a step fails with, as a setback: it is tried again later. Only a conflict is the whole reconcile's. */
async function guarded<T>(deps: AgentDeps, memory: AgentMemory, step: () => Promise<T>): Promise<T | Setback> {
  try {
    return await step()
  } catch (error) {
    if (!(error instanceof ApiError)) return unexpected(error)
    if (isConflict(error) && isPatient(deps, memory)) throw error
    const message = `The Kubernetes API refused (${error.message}); the operator keeps trying.`
    return setback('Synced', 'PublishFailed', message, { kind: 'retry', error, notBefore: error.retryAfterMs })
  }
}

/** A mistake of ours, over something that nobody thought of. Its own words may hold anything: they stay out of the status. */
function unexpected(cause: unknown): Setback {
  const error = new UnexpectedError(cause)
  const message = `The operator failed over something that it does not understand (${error.kind}); it keeps trying, and its log says where.`
  return setback('Synced', 'SyncFailed', message, { kind: 'retry', error })
}

export const isConflict = (error: unknown): boolean => error instanceof ApiError && error.failure === 'Conflict'

/** That somebody was faster is no news: it is looked at again. Only what goes on for long is trouble. */
export const isPatient = ({ clock }: AgentDeps, { beatenSince = clock.monotonic() }: AgentMemory): boolean =>
  clock.monotonic() - beatenSince < BEATEN_PATIENCE_MS

/** Whose write came too late looks again after so long, or once its watch tells what was written. */
const BEATEN_PATIENCE_MS = 30_000
