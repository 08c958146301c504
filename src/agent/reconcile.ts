/**
 * The room of the agents: it reconciles `Agent` objects. The steps, in order:
 *
 * 1. resolve the integration (`resolve-integration.ts`);
 * 2. load the grant, ensure a token, verify the account, read the calendars (`read.ts`): the first failure ends these;
 * 3. keep the calendars watched (`watch.ts`), which waits for nothing;
 * 4. publish, prune, report (`conclude.ts`): always, and one at a time for each agent.
 *
 * The room uses Kubernetes and Google through their ports only, and holds nothing that it could not find out again.
 */
import { keptOf, MemoryBudget } from '../calendars/memory-budget.ts'
import { alignedWithTimeOfDay } from '../calendars/state.ts'
import { done, type Outcome } from '../controller/outcome.ts'
import type { UnresolvedIntegration } from '../clients/resolve-integration.ts'
import { Bypass } from '../google/bypass.ts'
import { keyOf } from '../kubernetes/port.ts'
import { withOwnStatus } from '../kubernetes/status-report.ts'
import { publishedBytes } from '../publishing/state.ts'
import type { OutputState } from '../publishing/trust.ts'
import { integrationKey } from '../resources/allowed-namespaces.ts'
import { durationMs } from '../resources/durations.ts'
import { REVOKE_FINALIZER } from '../resources/names.ts'
import { meaningOf } from '../resources/reasons.ts'
import { isRequested, remainingRequest, takeRequest } from '../resources/reconcile-request.ts'
import type { Agent } from '../resources/types.ts'
import { isUnreachable, shortened } from './google-backoff.ts'
import { attend } from './attend.ts'
import { alone, attendAtEndOfTrust, decideAndReport, publish } from './conclude.ts'
import { retryingConflicts } from './conflicts.ts'
import type { AgentDeps } from './port.ts'
import { read } from './read.ts'
import { Recovery } from './recovery.ts'
import { remove } from './remove.ts'
import { contextOf, knownOf, newAgentState, type AgentState, type Context } from './state.ts'
import { integrationSuspended, suspended } from './suspended.ts'
import { outputsOf } from './trust.ts'
import { watch } from './watch.ts'

/** How long a new agent waits for its integration before its status reports that. */
const INTEGRATION_GRACE_MS = 3_000

/** What the two queues of agents run. */
export interface AgentReconciler {
  /** Takes all steps for an agent. It may have to wait for Google. */
  reconcile: (key: string) => Promise<Outcome>
  /**
   * Does what must not wait for Google: a first status, and publishing and reporting at the end of trust. It runs beside
   * `reconcile`, on its own workers, when `deps.attendIn` has scheduled it.
   */
  attend: (key: string) => Promise<Outcome>
  /** The published objects of all agents that are not suspended, as far as this replica has looked at them. */
  outputs: () => OutputState[]
}

type Reconcile = (deps: AgentDeps, agent: Agent, state: AgentState) => Promise<Outcome>

/** Reconciles an agent that exists. */
async function reconcileExisting(deps: AgentDeps, agent: Agent, state: AgentState): Promise<Outcome> {
  if (agent.metadata.deletionTimestamp) {
    state.deletingSince ??= deps.clock.monotonic()
    return remove(deps, agent, state.deletingSince)
  }
  if (await correctFinalizer(deps, agent)) return done(0)
  if (agent.spec.suspend) return alone(state, () => suspended(deps, agent, state))
  return reconcile(deps, contextOf(deps, agent, state))
}

async function reconcile(deps: AgentDeps, context: Context): Promise<Outcome> {
  const { agent, state, resolution } = context
  if (resolution.kind === 'suspended') return alone(state, () => integrationSuspended(deps, context))
  if (resolution.kind === 'failed' && waitsForIntegration(deps, context, resolution)) return done(INTEGRATION_GRACE_MS)
  attendAtEndOfTrust(deps, context)
  const turn = takeRequest(deps.clock, agent, state.requests)
  const bypass = turn.request === undefined ? undefined : new Bypass()
  const found = await read(deps, context, bypass)
  state.found = found
  watch(deps, context, bypass)
  return alone(state, async () => {
    const left = bypass ? remainingRequest(bypass, turn, state.requests) : turn
    const published = await publish(deps, context, found)
    attendAtEndOfTrust(deps, context)
    return decideAndReport(deps, context, published, left)
  })
}

/** Creates the reconciler, which holds the state of all agents. */
export function createAgentReconciler(given: Omit<AgentDeps, 'budget'>): AgentReconciler {
  const deps: AgentDeps = { ...given, budget: new MemoryBudget() }
  const states = new Map<string, AgentState>()
  const recovery = new Recovery({
    random: deps.random,
    wake(key, delayMs) {
      const state = states.get(key)
      if (!state?.googleBackoff || !isUnreachable(state.googleBackoff)) return
      state.googleBackoff = shortened(deps.clock, state.googleBackoff, delayMs)
      deps.wake(key, state.googleBackoff.until - deps.clock.monotonic())
    },
  })
  const reconcileAndNote: Reconcile = async (_, agent, state) => {
    const startedAt = deps.clock.monotonic()
    const outcome = await reconcileExisting(deps, agent, state)
    deps.budget.note(keyOf(agent), keptOf(state.calendars, publishedBytes(state.publication)).bytes)
    noteAnswer(deps, recovery, { agent, state, startedAt })
    return outcome
  }
  function forget(key: string): void {
    states.delete(key)
    recovery.forget(key)
    deps.tokens.forget(key)
    deps.push.forget(key)
    deps.budget.note(key, 0)
  }
  const withState =
    (run: Reconcile) =>
    async (key: string): Promise<Outcome> => {
      const agent = deps.cluster.agents.get(key)
      if (!agent) {
        forget(key)
        return done()
      }
      const state = stateOf(states, agent, deps.clock.monotonic())
      state.calendars = alignedWithTimeOfDay(state.calendars, deps.clock)
      return retryingConflicts(deps.clock, state, () => run(deps, withOwnStatus<'Agent'>(agent, state.status), state))
    }
  return {
    reconcile: withState(reconcileAndNote),
    attend: withState(attend),
    outputs: () => outputsOfAll(deps, states),
  }
}

/** The state of this object. An object that was deleted and created again starts with a new state. */
function stateOf(states: Map<string, AgentState>, agent: Agent, now: number): AgentState {
  const known = states.get(keyOf(agent))
  if (known && known.uid === agent.metadata.uid) return known
  const state = newAgentState(agent.metadata.uid ?? '', now)
  states.set(keyOf(agent), state)
  return state
}

const outputsOfAll = (deps: AgentDeps, states: ReadonlyMap<string, AgentState>): OutputState[] =>
  [...states].flatMap(([key, state]) => {
    const agent = deps.cluster.agents.get(key)
    const integration = agent && deps.cluster.integrations.get(integrationKey(agent))
    return !agent || agent.spec.suspend || integration?.spec.suspend
      ? []
      : outputsOf(agent, knownOf(deps, agent, state))
  })

/** Notes whether Google answers, so that agents that wait for it are reconciled. */
function noteAnswer(
  { cluster }: AgentDeps,
  recovery: Recovery,
  { agent, state, startedAt }: { agent: Agent; state: AgentState; startedAt: number },
): void {
  const key = keyOf(agent)
  const of = integrationKey(agent)
  const interval = cluster.integrations.get(of)?.spec.sync.interval
  const wasRead = [...state.calendars.byId.values()].some(({ lastRead = -Infinity }) => lastRead >= startedAt)
  if (isUnreachable(state.googleBackoff)) recovery.failed(of, key)
  else if (wasRead && interval !== undefined) recovery.answered(of, key, durationMs(interval))
  else recovery.forget(key)
}

/** Adds the finalizer for `Revoke`, and removes it for `Retain`. Returns whether it had to be changed. */
async function correctFinalizer(deps: AgentDeps, agent: Agent): Promise<boolean> {
  const finalizers = agent.metadata.finalizers ?? []
  const has = finalizers.includes(REVOKE_FINALIZER)
  if (has === (agent.spec.deletionPolicy === 'Revoke')) return false
  const wanted = has ? finalizers.filter((one) => one !== REVOKE_FINALIZER) : [...finalizers, REVOKE_FINALIZER]
  await deps.cluster.patch(agent, { metadata: { finalizers: wanted } })
  return true
}

/**
 * At the start of the process all objects are seen at once: that an integration was not reconciled yet is not reported. An agent
 * that has a status waits for nothing else, because what that status says may no longer be true.
 */
function waitsForIntegration(
  deps: AgentDeps,
  { agent, state }: Context,
  { integration, entry, failure }: UnresolvedIntegration,
): boolean {
  if (agent.status?.conditions?.length) return integration !== undefined && !entry
  const young = deps.clock.monotonic() - state.firstSeen < INTEGRATION_GRACE_MS
  // An integration of another namespace may still be created, too. Nothing must reveal whether it exists, not even the timing.
  const mayCome = failure.reason === 'IntegrationNotAllowed' || meaningOf('Agent', failure.reason) === 'passing'
  return young && mayCome && !isRequested(agent, state.requests.handledRequest)
}
