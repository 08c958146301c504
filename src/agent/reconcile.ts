/**
 * The room of the agents: one reconcile brings one `Agent` as far as it can get. It opens the way to the integration,
 * gathers the grant, makes sure of an access token, reads the calendars that are due, publishes, decides what all of that
 * means, and reports it. It speaks to Kubernetes and Google through their ports only, and holds nothing that it could not
 * find again.
 */
import { requestLeft, Bypass } from '../google/bypass.ts'
import { done, retry, wait, requeueWithin, type Outcome } from '../controller/outcome.ts'
import { ApiError, keyOf } from '../kubernetes/port.ts'
import { isConflict } from '../failures/thrown.ts'
import { publishedBytes } from '../publishing/state.ts'
import { withOwnStatus } from '../kubernetes/status-report.ts'
import { TIMER_TOLERANCE_MS } from '../platform/clock.ts'
import { integrationKey } from '../resources/allowed-namespaces.ts'
import { findCondition } from '../resources/conditions.ts'
import { REVOKE_FINALIZER } from '../resources/names.ts'
import { meaningOf } from '../resources/reasons.ts'
import { takeTurn, type RequestTurn } from '../resources/run-now.ts'
import { isRequested } from '../resources/status.ts'
import type { Agent } from '../resources/types.ts'
import { durationMs } from '../resources/durations.ts'
import { hurry, isAway } from './absence.ts'
import { decide } from './decide.ts'
import { endOfTrust, factsOf, outputsOf, rememberFailing } from './facts.ts'
import { resolveIntegration } from './resolve-integration.ts'
import { MemoryBudget, keptOf } from '../calendars/memory-budget.ts'
import { newAgentState, type AgentState } from './state.ts'
import type { AgentDeps } from './port.ts'
import { staleAfterMs } from '../publishing/freshness.ts'
import type { OutputState } from '../publishing/trust.ts'
import { Recovery } from './recovery.ts'
import { remove } from './remove.ts'
import { report, type Report } from './report.ts'
import { isStepFailure, stepFailure, type StepFailure } from '../failures/step-failure.ts'
import { isPatient, publish, read, type Found, type Read, type Scene } from './steps.ts'
import { followTimeOfDay } from './time-of-day.ts'

/** A first status must stand soon, even when Google keeps us waiting. */
const FIRST_STATUS_AFTER_MS = 5_000
/** How long an agent that nothing is known of waits for its integration before its status says so. */
const INTEGRATION_GRACE_MS = 3_000
/** Whose write came too late looks again after so long, or once its watch tells what was written. */
const BEATEN_PAUSE_MS = 1_000

export interface AgentReconciler {
  /** Brings the agent as far as it can get. It may have to wait for Google. */
  reconcile: (key: string) => Promise<Outcome>
  /**
   * What can't wait for Google: a first status, and what is to be said and published at the end of trust. It runs beside
   * `reconcile`, on workers of its own, when `deps.attendIn` asks for it.
   */
  attend: (key: string) => Promise<Outcome>
  /** What stands in the cluster of every agent that is not suspended, as far as this replica has looked. */
  outputs: () => OutputState[]
}

type Look = (deps: AgentDeps, agent: Agent, memory: AgentState) => Promise<Outcome>

/** The reconcile of one agent, with its memory of all of them. */
export function createAgentReconciler(given: Omit<AgentDeps, 'budget'>): AgentReconciler {
  const deps: AgentDeps = { ...given, budget: new MemoryBudget() }
  const memories = new Map<string, AgentState>()
  const recovery = new Recovery({
    random: deps.random,
    wake(key, delayMs) {
      const memory = memories.get(key)
      if (memory && isAway(memory)) deps.wake(key, hurry(deps.clock, memory, delayMs))
    },
  })
  const reconcileNow: Look = async (_, agent, memory) => {
    const startedAt = deps.clock.monotonic()
    const outcome = await look(deps, agent, memory)
    deps.budget.note(keyOf(agent), keptOf(memory.calendars, publishedBytes(memory.publication)).bytes)
    noteAnswer(deps, recovery, { key: keyOf(agent), agent, memory, startedAt })
    return outcome
  }
  const looking =
    (run: Look) =>
    async (key: string): Promise<Outcome> => {
      const found = deps.cluster.agents.get(key)
      if (!found) {
        memories.delete(key)
        recovery.forget(key)
        deps.budget.note(key, 0)
        return done()
      }
      const memory = remember(memories, key, found, deps.clock.monotonic())
      followTimeOfDay(deps.clock, memory)
      return patiently(deps, memory, () => run(deps, withOwnStatus<'Agent'>(found, memory), memory))
    }
  const outputs = (): OutputState[] =>
    [...memories].flatMap(([key, memory]) => {
      const agent = deps.cluster.agents.get(key)
      const integration = agent && deps.cluster.integrations.get(integrationKey(agent))
      return !agent || agent.spec.suspend || integration?.spec.suspend ? [] : outputsOf(agent, memory)
    })
  return { reconcile: looking(reconcileNow), attend: looking(attend), outputs }
}

/** That somebody was faster is looked at again, and not reported. */
async function patiently(deps: AgentDeps, memory: AgentState, run: () => Promise<Outcome>): Promise<Outcome> {
  try {
    const outcome = await run()
    memory.conflictingSince = undefined
    return outcome
  } catch (error) {
    if (!isConflict(error) || !isPatient(deps, memory)) throw error
    memory.conflictingSince ??= deps.clock.monotonic()
    return wait('somebody else has just written the same object', BEATEN_PAUSE_MS)
  }
}

/** Tells the others whether Google answers: who waits for it is woken then. */
function noteAnswer(
  { cluster }: AgentDeps,
  recovery: Recovery,
  { key, agent, memory, startedAt }: { key: string; agent: Agent; memory: AgentState; startedAt: number },
): void {
  const of = integrationKey(agent)
  const interval = cluster.integrations.get(of)?.spec.sync.interval
  const read = [...memory.calendars.byId.values()].some(({ lastRead = -Infinity }) => lastRead >= startedAt)
  if (isAway(memory)) recovery.failed(of, key)
  else if (read && interval !== undefined) recovery.answered(of, key, durationMs(interval))
  else recovery.forget(key)
}

async function look(deps: AgentDeps, agent: Agent, memory: AgentState): Promise<Outcome> {
  if (agent.metadata.deletionTimestamp) return remove(deps, agent, memory)
  if (await correctFinalizer(deps, agent)) return done(0)
  if (agent.spec.suspend) return alone(memory, () => suspended(deps, agent, memory))
  return reconcile(deps, agent, memory)
}

/** One at a time for each agent: whoever publishes and reports sees what was published and reported before. */
function alone<T>(memory: AgentState, run: () => Promise<T>): Promise<T> {
  const result = (memory.writing ?? Promise.resolve()).then(run)
  memory.writing = result.catch(() => undefined)
  return result
}

/** What is remembered of this very object: one that was deleted and made again starts anew. */
function remember(memories: Map<string, AgentState>, key: string, agent: Agent, now: number): AgentState {
  const known = memories.get(key)
  if (known && known.uid === agent.metadata.uid) return known
  const memory = newAgentState(agent.metadata.uid ?? '', now)
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

async function reconcile(deps: AgentDeps, agent: Agent, memory: AgentState): Promise<Outcome> {
  const scene = sceneOf(deps, agent, memory)
  if (scene.gate === 'Suspended') return alone(memory, () => frozen(deps, scene))
  if (isStepFailure(scene.gate) && waitsForIntegration(deps, agent, memory, scene.gate))
    return done(INTEGRATION_GRACE_MS)
  attendAtEndOfTrust(deps, scene)
  const turn = takeTurn(deps.clock, agent, memory)
  const bypass = turn.request === undefined ? undefined : new Bypass()
  const found = await read(deps, { ...scene, bypass })
  memory.found = found
  return alone(memory, () => conclude(deps, scene, found, bypass ? requestLeft(bypass, turn, memory) : turn))
}

function sceneOf(deps: AgentDeps, agent: Agent, memory: AgentState): Scene {
  const asked = isRequested(agent, memory.handledRequest)
  const gate = resolveIntegration(deps, agent, { since: memory.firstSeen, asked })
  return { agent, memory, gate, integration: deps.cluster.integrations.get(integrationKey(agent)) }
}

/** Publishes what is known, decides what it means, and reports that. */
async function conclude(deps: AgentDeps, scene: Scene, found: Read, turn: RequestTurn): Promise<Outcome> {
  const published = await publish(deps, scene, found)
  attendAtEndOfTrust(deps, scene)
  return tell(deps, scene, published, turn)
}

async function tell(deps: AgentDeps, scene: Scene, found: Found, turn: RequestTurn = {}): Promise<Outcome> {
  const { memory, integration } = scene
  // What was reported while Google kept us waiting is what is decided on now.
  const agent = withOwnStatus<'Agent'>(scene.agent, memory)
  const facts = factsOf(deps, { ...scene, agent }, found)
  rememberFailing(deps, memory, facts)
  const { findings, outcome } = decide(facts)
  const staleAfter = integration && staleAfterMs(agent, integration.spec.sync)
  memory.handledRequest = turn.request ?? memory.handledRequest
  return reported(deps, { agent, memory, findings, integration, staleAfter }, requeueWithin(outcome, turn.waitMs))
}

/** Its integration is suspended: nothing is asked or said, but what can no longer be trusted is blocked where so asked. */
async function frozen(deps: AgentDeps, scene: Scene): Promise<Outcome> {
  const { agent, memory } = scene
  if (agent.spec.publish.whenStale !== 'Block') return suspended(deps, agent, memory)
  const found = await publish(deps, scene, { failures: [], grant: undefined, complete: false })
  attendAtEndOfTrust(deps, scene)
  return suspended(deps, agent, memory, decide({ ...factsOf(deps, scene, found), due: [] }).outcome)
}

/** Soon where it has passed: then whatever is under way may yet end it. */
function attendAtEndOfTrust(deps: AgentDeps, scene: Scene): void {
  const until = endOfTrust(deps, scene)
  if (until === undefined || until === -Infinity) return
  const left = until - deps.clock.now()
  deps.attendIn(keyOf(scene.agent), left > 0 ? left + TIMER_TOLERANCE_MS : FIRST_STATUS_AFTER_MS)
}

const isFrozen = ({ metadata, spec }: Agent): boolean => metadata.deletionTimestamp !== undefined || spec.suspend

async function attend(deps: AgentDeps, agent: Agent, memory: AgentState): Promise<Outcome> {
  if (isFrozen(agent)) return done()
  if (!agent.status?.conditions?.length) return alone(memory, () => firstStatus(deps, agent, memory))
  const scene = sceneOf(deps, agent, memory)
  if (scene.gate === 'Suspended') return alone(memory, () => frozen(deps, scene))
  if (isTrusted(deps, scene)) return done()
  return alone(memory, () => endTrust(deps, scene))
}

const isTrusted = (deps: AgentDeps, scene: Scene): boolean => (endOfTrust(deps, scene) ?? Infinity) > deps.clock.now()

/** What was read since, but not published yet, may extend it; else it is over, for whatever reason is known. */
async function endTrust(deps: AgentDeps, scene: Scene): Promise<Outcome> {
  const before = scene.memory.found ?? { failures: [], grant: undefined, complete: false }
  const known = before.failures.length
  const found = await publish(deps, scene, before)
  const mayPass = found.failures.slice(known).some(({ requeue }) => requeue.kind === 'retry')
  // Once it is told, the reconciles say what is new; only what may yet be published is tried again soon.
  if (isTrusted(deps, scene) || mayPass) attendAtEndOfTrust(deps, scene)
  if (!isTrusted(deps, scene)) {
    const failures = found.failures.length > 0 ? found.failures : [unanswered()]
    // Nothing new is known of the grant.
    await tell(deps, scene, { ...found, failures, grant: undefined })
  }
  return done()
}

/** Google was asked in time, and has not answered yet; or it is a while until this agent's turn comes. */
function unanswered(): StepFailure {
  const message = 'The calendars could not be read in time; the operator keeps trying.'
  return stepFailure('Synced', 'SyncFailed', message, { kind: 'retry', error: new Error(message) })
}

/** The outcome; where the API server does not take the status, what was to come next goes on beside trying that again. */
async function reported(deps: AgentDeps, what: Report, outcome: Outcome): Promise<Outcome> {
  try {
    await report(deps, what)
    return outcome
  } catch (error) {
    if (!(error instanceof ApiError) || isConflict(error)) throw error
    const longest = outcome.kind === 'retry' ? outcome.longest : undefined
    return retry(error, error.retryAfterMs, pauseOf(outcome), longest)
  }
}

function pauseOf(outcome: Outcome): number | undefined {
  if (outcome.kind === 'retry') return outcome.atLatest
  return outcome.kind === 'wait' ? outcome.for : outcome.checkAgainIn
}

/**
 * At a start everything is seen at once: an integration that is about to be looked at is no news worth writing, least of
 * all to an agent that has a status already.
 */
function waitsForIntegration(deps: AgentDeps, agent: Agent, memory: AgentState, gate: StepFailure): boolean {
  const seen = deps.integrations.view(integrationKey(agent)) !== undefined
  const exists = deps.cluster.integrations.get(integrationKey(agent)) !== undefined
  if (exists && !seen && agent.status?.conditions?.length) return true
  const young = deps.clock.monotonic() - memory.firstSeen < INTEGRATION_GRACE_MS
  // Of another namespace it may be about to be created, too; whether it exists shows in nothing, not even in the time taken.
  const mayCome = gate.reason === 'IntegrationNotAllowed' || meaningOf('Agent', gate.reason) === 'passing'
  return young && mayCome && !isRequested(agent, memory.handledRequest)
}

/** Frozen: nothing is asked or published, and the conditions stay; only who never had any gets one. */
async function suspended(
  deps: AgentDeps,
  agent: Agent,
  memory: AgentState,
  outcome: Outcome = done(),
): Promise<Outcome> {
  const message = 'Suspended: nothing is read or published until spec.suspend, here and in the integration, is false.'
  const ready = { status: 'Unknown', reason: 'Suspended', message } as const
  const known = findCondition(agent.status?.conditions, 'Ready')
  const findings = known && known.reason !== 'Suspended' ? undefined : { ready, own: {} }
  return reported(deps, { agent, memory, findings, integration: undefined, staleAfter: undefined }, outcome)
}

/** A courtesy to whoever waits: the status at the end of the reconcile is the one that counts. */
async function firstStatus(deps: AgentDeps, agent: Agent, memory: AgentState): Promise<Outcome> {
  if (deps.cluster.agents.get(keyOf(agent))?.status?.conditions?.length) return done()
  const message = 'Waiting for Google to answer.'
  const ready = { status: 'Unknown', reason: 'NotYetKnown', message } as const
  const own = { Authorized: ready, Synced: { ...ready, reason: 'NotYetSynced' } } as const
  return reported(
    deps,
    { agent, memory, findings: { ready, own }, integration: undefined, staleAfter: undefined },
    done(),
  )
}
