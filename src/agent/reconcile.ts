/**
 * The room of the agents: one reconcile brings one `Agent` as far as it can get. It opens the way to the integration,
 * gathers the grant, makes sure of an access token, reads the calendars that are due, publishes, decides what all of that
 * means, and reports it. It speaks to Kubernetes and Google through their ports only, and holds nothing that it could not
 * find again.
 */
import { withWordIfLate } from '../loop/pace.ts'
import { done, wait, type Outcome } from '../loop/outcome.ts'
import { ApiError, keyOf } from '../kubernetes/port.ts'
import { monotonicAt, timeOfDay } from '../platform/clock.ts'
import { integrationKey } from '../resources/allowed-namespaces.ts'
import { findCondition } from '../resources/conditions.ts'
import { durationMs } from '../resources/durations.ts'
import { requestedAt, REVOKE_FINALIZER } from '../resources/names.ts'
import { meaningOf } from '../resources/reasons.ts'
import { isRequested } from '../resources/status.ts'
import type { Agent, CalendarIntegration } from '../resources/types.ts'
import { ensureAccess, type AccessRequest } from './access.ts'
import { grantEnd } from './death.ts'
import { fromTimestamp } from '../resources/encoding.ts'
import { decide, type Facts } from './decide.ts'
import { openGate, siteRefused, type OpenGate } from './gate.ts'
import { gatherGrant } from './grant.ts'
import { newMemory, type AgentMemory, type Grant } from './memory.ts'
import type { AgentDeps } from './port.ts'
import { removeOrphans } from './owned-object.ts'
import { publishCalendar, publishToken, staleAfterMs, trustedUntil } from './publish.ts'
import { remove } from './remove.ts'
import { report } from './report.ts'
import { isSetback, setback, type Setback } from './setback.ts'
import { renewalAdvice } from './sign-in.ts'
import { nextReading, syncCalendars } from './sync.ts'

/** A first status must stand soon, even when Google keeps us waiting. */
const FIRST_STATUS_AFTER_MS = 5_000
/** How long an agent that nothing is known of waits for its integration before its status says so. */
const INTEGRATION_GRACE_MS = 3_000
/** Whose write came too late looks again after so long, or once its watch tells what was written. */
const BEATEN_PAUSE_MS = 1_000
const BEATEN_PATIENCE_MS = 30_000
/** What is stamped this much later than it can be was stamped by a clock that was wrong. */
const CLOCKS_DIFFER_MS = 5_000

export type ReconcileAgent = (key: string) => Promise<Outcome>

/** The reconcile of one agent, with its memory of all of them. */
export function createAgentReconciler(deps: AgentDeps): ReconcileAgent {
  const memories = new Map<string, AgentMemory>()
  return async (key) => {
    const agent = deps.cluster.agents.get(key)
    if (!agent) {
      memories.delete(key)
      return done()
    }
    const memory = remember(memories, key, agent, deps.clock.monotonic())
    try {
      const outcome = await look(deps, agent, memory)
      memory.beatenSince = undefined
      return outcome
    } catch (error) {
      if (!isConflict(error) || !isPatient(deps, memory)) throw error
      memory.beatenSince ??= deps.clock.monotonic()
      return wait('somebody else has just written the same object', BEATEN_PAUSE_MS)
    }
  }
}

async function look(deps: AgentDeps, agent: Agent, memory: AgentMemory): Promise<Outcome> {
  if (agent.metadata.deletionTimestamp) return remove(deps, agent, memory)
  if (await correctFinalizer(deps, agent)) return done(0)
  if (agent.status?.conditions?.length) return reconcile(deps, agent, memory)
  const late = (): Promise<void> => firstStatus(deps, agent, memory)
  return withWordIfLate(deps.clock, FIRST_STATUS_AFTER_MS, late, () => reconcile(deps, agent, memory))
}

const isConflict = (error: unknown): boolean => error instanceof ApiError && error.failure === 'Conflict'

/** That somebody was faster is no news: it is looked at again. Only what goes on for long is trouble. */
const isPatient = ({ clock }: AgentDeps, { beatenSince = clock.monotonic() }: AgentMemory): boolean =>
  clock.monotonic() - beatenSince < BEATEN_PATIENCE_MS

/** What is remembered of this very object: one that was deleted and made again starts anew. */
function remember(memories: Map<string, AgentMemory>, key: string, agent: Agent, now: number): AgentMemory {
  const known = memories.get(key)
  if (known && known.uid === agent.metadata.uid) return known
  const memory = newMemory(agent.metadata.uid ?? '', now)
  memories.set(key, memory)
  return memory
}

/** Revoke needs a finalizer, Retain none. Answers whether it had to be changed. */
async function correctFinalizer(deps: AgentDeps, agent: Agent): Promise<boolean> {
  const finalizers = agent.metadata.finalizers ?? []
  const has = finalizers.includes(REVOKE_FINALIZER)
  if (has === (agent.spec.deletionPolicy === 'Revoke')) return false
  const wanted = has ? finalizers.filter((one) => one !== REVOKE_FINALIZER) : [...finalizers, REVOKE_FINALIZER]
  await deps.cluster.patch(agent, { metadata: { finalizers: wanted } })
  return true
}

async function reconcile(deps: AgentDeps, agent: Agent, memory: AgentMemory): Promise<Outcome> {
  const gate = agent.spec.suspend ? 'Suspended' : openGate(deps, agent, memory.firstSeen)
  if (gate === 'Suspended') return suspended(deps, agent, memory)
  if (isSetback(gate) && waitsForIntegration(deps, agent, memory, gate)) return done(INTEGRATION_GRACE_MS)
  const integration = deps.cluster.integrations.get(integrationKey(agent))
  const facts = await act(deps, { agent, memory, gate, integration })
  rememberTrouble(deps, memory, facts)
  const { findings, outcome } = decide(facts)
  const staleAfter = integration && staleAfterMs(agent, integration.spec.sync)
  await report(deps, { agent, memory, findings, integration, staleAfter })
  memory.handledRequest = requestedAt(agent)
  return outcome
}

/**
 * At a start everything is seen at once: an integration that is about to be looked at is no news worth writing, least of
 * all to an agent that has a status already.
 */
function waitsForIntegration(deps: AgentDeps, agent: Agent, memory: AgentMemory, gate: Setback): boolean {
  const seen = deps.integrations.view(integrationKey(agent)) !== undefined
  const exists = deps.cluster.integrations.get(integrationKey(agent)) !== undefined
  if (exists && !seen && agent.status?.conditions?.length) return true
  const young = deps.clock.monotonic() - memory.firstSeen < INTEGRATION_GRACE_MS
  return young && meaningOf('Agent', gate.reason) === 'passing' && !isRequested(agent, memory.handledRequest)
}

interface Scene {
  agent: Agent
  memory: AgentMemory
  gate: OpenGate | Setback
  integration: CalendarIntegration | undefined
}

/** The steps, each as far as the one before allows; publishing is tried in any case. */
async function act(deps: AgentDeps, scene: Scene): Promise<Facts> {
  const { agent, memory, gate, integration } = scene
  const setbacks: Setback[] = []
  let grant: Grant | undefined
  let complete = false
  if (isSetback(gate)) setbacks.push(gate)
  else {
    const request = { deps, agent, memory, gate, force: isRequested(agent, memory.handledRequest) }
    const access = await guarded(deps, memory, () => gainAccess(request))
    if (isSetback(access)) setbacks.push(...unlessBarred(gate, access))
    else {
      const result = await guarded(deps, memory, () => syncCalendars(request, access))
      setbacks.push(...(isSetback(result) ? [result] : result))
      // A token may have been found dead, or renewed and rotated, on the way.
      if (!setbacks.some(({ condition }) => condition === 'Authorized')) grant = access
      complete = true
    }
  }
  const publishedAt = deps.clock.now()
  if (integration) setbacks.push(...(await publish(deps, scene, integration, grant !== undefined)))
  return factsOf(deps, scene, { setbacks, grant, complete, publishedAt })
}

/** Nobody may sign in on a site that is another namespace's: that comes before the word that somebody should. */
function unlessBarred(gate: OpenGate, access: Setback): Setback[] {
  const lacksGrant = access.condition === 'Authorized' && LACKS_GRANT.includes(access.reason)
  return lacksGrant && !gate.view.siteAccepted ? [siteRefused(gate), access] : [access]
}

const LACKS_GRANT: readonly string[] = ['AwaitingSignIn', 'GrantSecretNotFound', 'GrantSecretKeyMissing']

async function gainAccess(request: AccessRequest): Promise<Grant | Setback> {
  const grant = await gatherGrant(request)
  if (isSetback(grant)) return grant
  return (await ensureAccess(request, grant)) ?? grant
}

async function publish(
  deps: AgentDeps,
  { agent, memory }: Scene,
  integration: CalendarIntegration,
  authorized: boolean,
): Promise<Setback[]> {
  const context = { deps, agent, memory, sync: integration.spec.sync }
  const calendar = await guarded(deps, memory, () => publishCalendar(context))
  const token = authorized ? await guarded(deps, memory, () => publishToken(context)) : undefined
  // Only once the new name holds everything does the old one go.
  if (!calendar && !token && authorized) await guarded(deps, memory, () => removeOrphans(deps, agent, memory))
  return [calendar, token].filter((one) => one !== undefined)
}

/** The API server's refusals, as a setback: a write that failed now is made again later. */
async function guarded<T>(deps: AgentDeps, memory: AgentMemory, step: () => Promise<T>): Promise<T | Setback> {
  try {
    return await step()
  } catch (error) {
    if (!(error instanceof ApiError) || (isConflict(error) && isPatient(deps, memory))) throw error
    const message = `The Kubernetes API refused (${error.message}); the operator keeps trying.`
    return setback('Synced', 'PublishFailed', message, { kind: 'retry', error, notBefore: error.retryAfterMs })
  }
}

function factsOf(
  deps: AgentDeps,
  { agent, memory, integration }: Scene,
  found: { setbacks: Setback[]; grant: Grant | undefined; complete: boolean; publishedAt: number },
): Facts {
  const now = deps.clock.now()
  const staleAfter = integration && staleAfterMs(agent, integration.spec.sync)
  const end = found.grant && integration && grantEnd(found.grant, integration)
  return {
    now,
    monotonic: deps.clock.monotonic(),
    publishedAt: found.publishedAt,
    interval: integration && durationMs(integration.spec.sync.interval),
    agent,
    setbacks: found.setbacks,
    grant: found.grant &&
      integration && {
        end,
        grantedAt: found.grant.grantedAt,
        guess: found.grant.grantedAtIsGuess,
        accountHidden: found.grant.accountHidden === true,
        advice: renewalAdvice(deps, agent, integration),
      },
    synced:
      found.complete && found.setbacks.length === 0
        ? { calendars: memory.calendars.size, staleAfterRaised: raised(agent, staleAfter) }
        : undefined,
    freshUntil:
      credible(trustedUntil(memory), now + (staleAfter ?? Infinity)) ??
      lastTrust(agent, { now, staleAfter, oldest: oldestReading(deps, memory) }),
    due: [
      nextReading(memory),
      memory.grant?.renewAt,
      ...warnings(end, now).map((at) => monotonicAt(deps.clock, at)),
    ].filter((at) => at !== undefined),
  }
}

/** The time of day as of which all calendars are known; undefined while one was never read. */
function oldestReading({ clock }: AgentDeps, memory: AgentMemory): number | undefined {
  const reads = [...memory.calendars.values()].map(({ lastRead }) => lastRead)
  const known = reads.filter((read) => read !== undefined)
  return reads.length > 0 && known.length === reads.length ? timeOfDay(clock, Math.min(...known)) : undefined
}

const raised = (agent: Agent, staleAfter: number | undefined): number | undefined =>
  staleAfter !== undefined && staleAfter > durationMs(agent.spec.publish.staleAfter) ? staleAfter : undefined

/** What is stamped later than it can be was written while the time of day was wrong: it says nothing. */
const credible = (stamp: number | undefined, latest: number): number | undefined =>
  stamp !== undefined && stamp <= latest + CLOCKS_DIFFER_MS ? stamp : undefined

/** Where nothing is published: the last reading, or what the status says of it. */
function lastTrust(
  agent: Agent,
  { now, staleAfter, oldest = 0 }: { now: number; staleAfter: number | undefined; oldest: number | undefined },
): number | undefined {
  const told = credible(fromTimestamp(agent.status?.sync?.lastSyncTime), now) ?? 0
  const last = Math.max(oldest, told)
  return last === 0 || staleAfter === undefined ? undefined : last + staleAfter
}

/** The instants at which the end of a grant is warned about. */
function warnings(end: number | undefined, now: number): number[] {
  if (end === undefined) return []
  return [48, 12].map((hours) => end - hours * 60 * 60_000).filter((at) => at > now)
}

function rememberTrouble({ clock }: AgentDeps, memory: AgentMemory, facts: Facts): void {
  const passing = facts.setbacks.some(({ reason }) => meaningOf('Agent', reason) === 'passing')
  memory.troubleSince = passing ? (memory.troubleSince ?? facts.monotonic) : undefined
  facts.troubleSince = memory.troubleSince === undefined ? undefined : timeOfDay(clock, memory.troubleSince)
}

/** Frozen: nothing is asked or published, and the conditions stay; only who never had any gets one. */
async function suspended(deps: AgentDeps, agent: Agent, memory: AgentMemory): Promise<Outcome> {
  const message = 'Suspended: nothing is read or published until spec.suspend, here and in the integration, is false.'
  const ready = { status: 'Unknown', reason: 'Suspended', message } as const
  const known = findCondition(agent.status?.conditions, 'Ready')
  const findings = known && known.reason !== 'Suspended' ? undefined : { ready, own: {} }
  await report(deps, { agent, memory, findings, integration: undefined, staleAfter: undefined })
  return done()
}

/** A courtesy to whoever waits: the status at the end of the reconcile is the one that counts. */
async function firstStatus(deps: AgentDeps, agent: Agent, memory: AgentMemory): Promise<void> {
  if (deps.cluster.agents.get(keyOf(agent))?.status?.conditions?.length) return
  const message = 'Waiting for Google to answer.'
  const ready = { status: 'Unknown', reason: 'NotYetKnown', message } as const
  const own = { Authorized: ready, Synced: { ...ready, reason: 'NotYetSynced' } } as const
  const what = { agent, memory, findings: { ready, own }, integration: undefined, staleAfter: undefined }
  await report(deps, what).catch((error: unknown) => deps.log.debug({ error }, 'provisional status not written'))
}
