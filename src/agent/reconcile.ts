/**
 * Reconciles `Agent` objects. The steps, in order:
 *
 * 1. resolve the integration (`clients/resolve-integration.ts`);
 * 2. load the grant, wait for the end of a backoff, ensure a token, verify the account, read the calendars (`read-steps.ts`): the
 *    first one that fails ends these;
 * 3. keep the calendars watched (`watch.ts`), which waits for nothing;
 * 4. publish, prune, report (`write-steps.ts`): always, and one at a time for each Agent.
 *
 * The room uses Kubernetes and Google through their ports only, and holds nothing that it could not find out again.
 */
import { keptOf, MemoryBudget } from '../calendars/memory-budget.ts'
import type { CalendarsReader, KnownCalendars } from '../calendars/port.ts'
import { alignedWithTimeOfDay } from '../calendars/state.ts'
import { WrittenEvents, type WrittenEvent } from '../calendars/written-events.ts'
import { resolveIntegration } from '../clients/resolve-integration.ts'
import { done, type Outcome } from '../controller/outcome.ts'
import { afterConflict } from '../failures/thrown.ts'
import { Bypass } from '../google/bypass.ts'
import { ObjectStates } from '../kubernetes/object-states.ts'
import { isConflict, keyOf, type Key } from '../kubernetes/port.ts'
import { withOwnStatus } from '../kubernetes/status-report.ts'
import type { MaybePromise } from '../platform/maybe-promise.ts'
import type { OutputState } from '../publishing/trust.ts'
import { integrationKey } from '../resources/references.ts'
import { durationMs } from '../resources/durations.ts'
import { REVOKE_FINALIZER } from '../resources/names.ts'
import { meaningOf } from '../resources/reasons.ts'
import { isRequested, remainingRequest, takeRequest } from '../resources/reconcile-request.ts'
import type { Agent } from '../resources/types.ts'
import { isTolerated, withConflict } from './conflicts.ts'
import { deadlineSteps } from './deadline.ts'
import { scheduleEndOfTrust } from './end-of-trust.ts'
import { isUnreachable, shortened } from './google-backoff.ts'
import type { AgentDeps } from './port.ts'
import { Recovery } from './recovery.ts'
import { remove } from './remove.ts'
import { newAgentState, observedState, type AgentState } from './state.ts'
import { read, write, type AgentTracked } from './run-steps.ts'
import type { AgentRun } from './steps.ts'
import { isSuspended, suspendedSteps } from './suspended.ts'
import { terminatingSteps } from './terminating.ts'
import { outputsOf } from './trust.ts'
import { watch } from './watch.ts'
import { WRITE_STEPS } from './write-steps.ts'

/** How long a new Agent waits for its integration before its status reports that. */
const INTEGRATION_GRACE_MS = 3_000

/** What the two queues of Agents run, and what others may ask about Agents. */
export interface AgentReconciler extends CalendarsReader {
  /** Takes all steps for an Agent. It may have to wait for Google. */
  reconcile: (key: Key) => Promise<Outcome>
  /**
   * Does what must not wait for Google: a first status, and publishing and reporting at the end of trust. It runs beside
   * `reconcile`, on its own workers, when `deps.scheduleDeadline` has scheduled it.
   */
  runDeadline: (key: Key) => Promise<Outcome>
  /** Writes the status if a channel was made since it was written: the replica that is next restores channels from it. */
  reportChannels: (key: Key) => Promise<void>
  /** Another replica reconciles the Agent from now on: forgets its state, and changes nothing outside of this process. */
  release: (key: Key) => void
  /** The published objects of all Agents that are not suspended, as far as this replica has observed them. */
  outputs: () => OutputState[]
  /** Calls the listener with the key of each Agent whose calendars were read, or could not be read: Bookings may wait for that. */
  onCalendarsRead: (listener: (agentKey: Key) => void) => void
}

/**
 * Reconciles an Agent that exists. Each step is given a value and returns what is different in the next one; only this file and
 * `run-steps.ts` replace the state.
 */
async function reconcile(run: AgentRun, tracked: AgentTracked): Promise<Outcome> {
  const { deps, agent } = run
  if (agent.metadata.deletionTimestamp) return removeAgent(run, tracked)
  const finalizers = correctFinalizers(agent)
  if (finalizers) {
    await deps.cluster.patch(agent, { metadata: { finalizers } })
    return done(0)
  }
  if (isSuspended(run)) return write(suspendedSteps(run), run, tracked)
  if (waitsForIntegration(run, tracked.value)) return done(INTEGRATION_GRACE_MS)
  scheduleEndOfTrust(run, tracked.value)
  const { due, state: requests } = takeRequest(deps.clock, agent, tracked.value.requests)
  tracked.update({ requests })
  const bypass = due.request === undefined ? undefined : new Bypass()
  const { readWanted } = tracked.value
  const readProgress = await read(run, tracked, bypass)
  const remaining = remainingRequest(bypass, due, tracked.value.requests)
  // What was asked for while they were read is read by the next reconcile.
  const stillWanted = tracked.value.readWanted === readWanted ? undefined : tracked.value.readWanted
  tracked.update({ readProgress, requests: remaining.state, readWanted: stillWanted })
  deps.calendarsRead(keyOf(agent))
  watch(run, tracked.value, { isRequested: bypass !== undefined })
  return write(WRITE_STEPS, { ...run, due: remaining.due }, tracked, readProgress)
}

/** Does what must not wait for Google. */
async function runDeadline(run: AgentRun, tracked: AgentTracked): Promise<Outcome> {
  const steps = deadlineSteps(run, tracked.value)
  return steps.length > 0 ? write(steps, run, tracked) : done()
}

/**
 * Takes the steps that write, after the last reading, unless the spec has changed since. A status that the API server refuses keeps no
 * Agent from moving: the next replica then makes a channel of its own, and the one that no status names ends within a week.
 * @throws ApiError of kind `Conflict`.
 */
async function reportChannels(run: AgentRun, tracked: AgentTracked): Promise<void> {
  const { metadata, status } = run.agent
  const isCurrent = status?.observedGeneration === metadata.generation && !metadata.deletionTimestamp
  const { readProgress } = tracked.value
  if (!readProgress || !isCurrent || isSuspended(run)) return
  await write(WRITE_STEPS, run, tracked, readProgress)
}

/** Creates the reconciler, which holds the last state of each Agent. */
export function createAgentReconciler(given: Omit<AgentDeps, 'budget' | 'written' | 'calendarsRead'>): AgentReconciler {
  const written = new WrittenEvents(given.zones)
  const listeners: ((agentKey: Key) => void)[] = []
  const calendarsRead = (key: Key): void => listeners.forEach((listener) => listener(key))
  const deps: AgentDeps = { ...given, budget: new MemoryBudget(), written, calendarsRead }
  const states = new ObjectStates(() => newAgentState(deps.clock.monotonic()))
  const recovery = new Recovery({
    random: deps.random,
    wake: (key, delayMs) => shortenBackoff(deps, states, key, delayMs),
  })

  const reconcileAndNote: Reconcile = async (run, tracked) => {
    const startedAt = deps.clock.monotonic()
    const outcome = await reconcile(run, tracked)
    deps.budget.note(keyOf(run.agent), keptOf(tracked.value.calendars).bytes)
    noteAnswer(recovery, run, tracked.value, startedAt)
    return outcome
  }

  function forget(key: Key): void {
    states.forget(key)
    recovery.forget(key)
    deps.tokens.forget(key)
    deps.budget.note(key, 0)
  }

  const withState =
    (reconcileOne: Reconcile) =>
    (key: Key): Promise<Outcome> => {
      const agent = deps.cluster.agents.get(key)
      if (!agent) {
        forget(key)
        deps.push.forget(key)
        return Promise.resolve(done())
      }
      const tracked = states.of(agent)
      tracked.update({ calendars: alignedWithTimeOfDay(tracked.value.calendars, deps.clock) })
      return retryingConflicts(deps, tracked, () => reconcileOne(runOf(deps, agent, tracked.value), tracked))
    }

  return {
    reconcile: withState(reconcileAndNote),
    runDeadline: withState(runDeadline),
    async reportChannels(key) {
      const [agent, tracked] = [deps.cluster.agents.get(key), states.get(key)]
      // The next replica reads the status as it stands, whoever wrote it last.
      if (!agent || !tracked || deps.push.isReported(agent)) return
      await reportChannels(runOf(deps, agent, tracked.value), tracked)
    },
    release(key) {
      forget(key)
      deps.push.release(key)
    },
    calendars: (key) => knownOf(states.get(key)?.value),
    refresh: (key, olderThan) => refresh(deps, states, key, olderThan),
    onWritten: (event) => applyWritten(deps, states, event),
    outputs: () => outputsOfAll(deps, states),
    onCalendarsRead: (listener) => void listeners.push(listener),
  }
}

const knownOf = (state: AgentState | undefined): KnownCalendars | undefined =>
  state && {
    state: state.calendars,
    failures: state.readProgress?.failures ?? [],
    isAwaited: state.readWanted !== undefined,
  }

/** Makes the next reconcile read those calendars, at once. */
function refresh(deps: AgentDeps, states: ObjectStates<AgentState>, key: Key, olderThan: number): void {
  const agent = deps.cluster.agents.get(key)
  if (!agent) return
  const tracked = states.of(agent)
  tracked.update({ readWanted: Math.max(tracked.value.readWanted ?? -Infinity, olderThan) })
  deps.readNow(key)
}

/** Other Agents may read the same calendar. */
function applyWritten(deps: AgentDeps, states: ObjectStates<AgentState>, event: WrittenEvent): void {
  deps.written.add(event, deps.clock.monotonic())
  for (const [key, tracked] of states.entries()) {
    const before = tracked.value.calendars
    const calendars = deps.written.applyTo(before)
    if (calendars === before) continue
    tracked.update({ calendars, written: tracked.value.written + 1 })
    deps.scheduleDeadline(key, 0)
  }
}

type Reconcile = (run: AgentRun, tracked: AgentTracked) => Promise<Outcome>

/** What a reconcile is about. The integration is looked up here, and nowhere else. */
function runOf(deps: AgentDeps, object: Agent, { writtenStatus, firstSeen, requests }: AgentState): AgentRun {
  const agent = withOwnStatus<'Agent'>(object, writtenStatus)
  const { handledRequest } = requests
  return { deps, agent, resolution: resolveIntegration(deps, agent, { firstSeen, handledRequest }) }
}

/** Runs a reconcile; a conflict makes it wait, without being reported. */
async function retryingConflicts(
  { clock }: AgentDeps,
  tracked: AgentTracked,
  run: () => Promise<Outcome>,
): Promise<Outcome> {
  try {
    const outcome = await run()
    if (tracked.value.conflictingSince !== undefined) tracked.update({ conflictingSince: undefined })
    return outcome
  } catch (error) {
    if (!isConflict(error) || !isTolerated(clock, tracked.value)) throw error
    tracked.update(withConflict(clock, tracked.value))
    return afterConflict()
  }
}

function removeAgent(run: AgentRun, tracked: AgentTracked): MaybePromise<Outcome> {
  const deletingSince = tracked.value.deletingSince ?? run.deps.clock.monotonic()
  tracked.update({ deletingSince })
  const hasOwn = run.agent.metadata.finalizers?.includes(REVOKE_FINALIZER)
  return hasOwn ? remove(run, deletingSince) : write(terminatingSteps(run), run, tracked)
}

/** Google answers again: an Agent that it did not answer is reconciled soon. */
function shortenBackoff(deps: AgentDeps, states: ObjectStates<AgentState>, key: Key, delayMs: number): void {
  const tracked = states.get(key)
  const before = tracked?.value.googleBackoff
  if (!tracked || !before || !isUnreachable(before)) return
  const googleBackoff = shortened(deps.clock, before, delayMs)
  tracked.update({ googleBackoff })
  deps.wake(key, googleBackoff.until - deps.clock.monotonic())
}

const outputsOfAll = (deps: AgentDeps, states: ObjectStates<AgentState>): OutputState[] =>
  [...states.entries()].flatMap(([key, { value }]) => {
    const agent = deps.cluster.agents.get(key)
    const integration = agent && deps.cluster.integrations.get(integrationKey(agent))
    return !agent || agent.spec.suspend || integration?.spec.suspend
      ? []
      : outputsOf(agent, observedState(deps, agent, value))
  })

/** Notes whether Google answers, so that Agents that wait for it are reconciled. */
function noteAnswer(
  recovery: Recovery,
  { agent, resolution: { key: of, integration } }: AgentRun,
  { calendars, googleBackoff }: AgentState,
  startedAt: number,
): void {
  const key = keyOf(agent)
  const wasRead = [...calendars.byId.values()].some(({ lastRead = -Infinity }) => lastRead >= startedAt)
  if (isUnreachable(googleBackoff)) recovery.failed(of, key)
  else if (wasRead && integration) recovery.answered(of, key, durationMs(integration.spec.sync.interval))
  else recovery.forget(key)
}

/** With the finalizer for `Revoke`, and without it for `Retain`; undefined if that is so already. */
function correctFinalizers({ metadata: { finalizers = [] }, spec }: Agent): string[] | undefined {
  const has = finalizers.includes(REVOKE_FINALIZER)
  if (has === (spec.deletionPolicy === 'Revoke')) return undefined
  return has ? finalizers.filter((one) => one !== REVOKE_FINALIZER) : [...finalizers, REVOKE_FINALIZER]
}

/**
 * At the start of the process all objects are seen at once: that an integration was not reconciled yet is not reported. An agent
 * that has a status waits for nothing else, because what that status says may no longer be true.
 */
function waitsForIntegration({ deps, agent, resolution }: AgentRun, { firstSeen, requests }: AgentState): boolean {
  if (resolution.kind !== 'failed') return false
  const { integration, entry, failure } = resolution
  if (agent.status?.conditions?.length) return integration !== undefined && !entry
  const young = deps.clock.monotonic() - firstSeen < INTEGRATION_GRACE_MS
  // An integration of another namespace may still be created, too. Nothing must reveal whether it exists, not even the timing.
  const mayCome = failure.reason === 'IntegrationNotAllowed' || meaningOf('Agent', failure.reason) === 'passing'
  return young && mayCome && !isRequested(agent, requests.handledRequest)
}
