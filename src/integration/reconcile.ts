/**
 * Reconciles `CalendarIntegration` objects: reads the OAuth client of a `CalendarIntegration` from its Secret, verifies it at
 * Google, decides whose its site is, tells its Agents what they may use (through the `IntegrationRegistry`), counts them, and
 * reports. The room uses Kubernetes and Google through their ports only.
 */
import { done, requeueWithin, retry, UnexpectedError, wait, type Outcome } from '../controller/outcome.ts'
import { Bypass } from '../google/bypass.ts'
import { ObjectStates, type ObjectState } from '../kubernetes/object-states.ts'
import { ApiError, type Key } from '../kubernetes/port.ts'
import { withOwnStatus } from '../kubernetes/status-report.ts'
import { remainingRequest, takeRequest, withHandled } from '../resources/reconcile-request.ts'
import type { CalendarIntegration } from '../resources/types.ts'
import { announce } from './announcements.ts'
import { assess } from './assess.ts'
import { CheckLimits } from './check-limits.ts'
import { readClient } from './client-state.ts'
import type { IntegrationDeps } from './port.ts'
import { report, reportSuspended, type Reported } from './report.ts'
import { newIntegrationState, type IntegrationState } from './state.ts'
import { STEPS, type IntegrationRun } from './steps.ts'

/** A first status that the API server refused is tried again after this time. */
const FIRST_STATUS_AGAIN_MS = 5_000

/** What the two queues of integrations run. */
export interface IntegrationReconciler {
  /** Takes all steps for an integration. It may have to wait for Google. */
  reconcile: (key: Key) => Promise<Outcome>
  /** Writes a first status, which must not wait for Google. It runs beside `reconcile`, on its own workers. */
  runDeadline: (key: Key) => Promise<Outcome>
}

type Tracked = ObjectState<IntegrationState>

/** Creates the reconciler, which holds the last state of each integration. */
export function createIntegrationReconciler(deps: IntegrationDeps): IntegrationReconciler {
  const states = new ObjectStates(newIntegrationState)
  const checks = new CheckLimits(deps.clock)
  return {
    async reconcile(key) {
      const object = deps.cluster.integrations.get(key)
      if (!object || object.metadata.deletionTimestamp) {
        states.forget(key)
        deps.registry.forget(key)
        deps.sites.sweep()
        return done()
      }
      const tracked = states.of(object)
      const integration = withOwnStatus<'CalendarIntegration'>(object, tracked.value.writtenStatus)
      if (!integration.spec.suspend) return reconcile({ deps, checks, key, integration }, tracked)
      await write(tracked, () => reportSuspended(deps, integration, tracked.value))
      return done()
    },
    async runDeadline(key) {
      const object = deps.cluster.integrations.get(key)
      if (!object || object.metadata.deletionTimestamp || object.spec.suspend) return done()
      return writeFirstStatus(deps, key, states.of(object))
    },
  }
}

async function reconcile(about: Omit<IntegrationRun, 'bypass'>, tracked: Tracked): Promise<Outcome> {
  const { deps, key, integration } = about
  const { due, state: requests } = takeRequest(deps.clock, integration, tracked.value.requests)
  tracked.update({ requests })
  const bypass = due.request === undefined ? undefined : new Bypass()
  const { verifyInMs, error } = await runSteps({ ...about, bypass }, tracked)
  const remaining = remainingRequest(bypass, due, tracked.value.requests)
  tracked.update({ requests: withHandled(remaining.state, remaining.due) })
  const decision = assess(deps, key, integration, tracked.value)
  // The Agents are told even if the API server refuses the status.
  await write(tracked, () => report(deps, integration, tracked.value, decision)).finally(() =>
    announce(deps, key, tracked.value, { decision }),
  )
  return requeueWithin(requeueWithin(error ? retry(error) : decision.outcome, remaining.due.waitMs), verifyInMs)
}

/**
 * Runs the steps in order. This is the only place that keeps the state that a step returns, and that announces what it found out.
 * After an error of our own the rest is skipped: what is known is reported.
 *
 * @throws ApiError
 */
async function runSteps(
  run: IntegrationRun,
  tracked: Tracked,
): Promise<{ verifyInMs?: number; error?: UnexpectedError }> {
  let verifyInMs: number | undefined
  try {
    for (const step of STEPS) {
      const result = await step(run, tracked.value)
      tracked.update(result.state ?? {})
      announce(run.deps, run.key, tracked.value, result.announcements ?? {})
      verifyInMs = result.verifyInMs ?? verifyInMs
    }
    return { verifyInMs }
  } catch (error) {
    if (error instanceof ApiError) throw error
    return { verifyInMs, error: new UnexpectedError(error) }
  }
}

/** Runs one report at a time for each integration, and keeps what was written. @throws ApiError why it could not be written. */
function write(tracked: Tracked, run: () => Promise<Reported>): Promise<void> {
  return tracked.runExclusive(async () => {
    const { written, error } = await run()
    tracked.update({ writtenStatus: written })
    if (error) throw error
  })
}

/** A preliminary status. Events are recorded only for the status that the reconcile writes. */
async function writeFirstStatus(deps: IntegrationDeps, key: Key, tracked: Tracked): Promise<Outcome> {
  const withoutStatus = (): CalendarIntegration | undefined => {
    const object = deps.cluster.integrations.get(key)
    const known = object && withOwnStatus<'CalendarIntegration'>(object, tracked.value.writtenStatus)
    return known?.metadata.uid === tracked.uid && !known.status?.conditions?.length ? known : undefined
  }
  try {
    const integration = withoutStatus()
    // The reconcile may not have run yet.
    if (integration && isUnread(tracked)) {
      const client = await readClient(deps, integration)
      // The reconcile may have read it meanwhile.
      if (isUnread(tracked)) tracked.update({ client })
    }
    await write(tracked, async () => {
      const still = withoutStatus()
      const { value } = tracked
      return still ? report(deps, still, value, assess(deps, key, still, value)) : { written: value.writtenStatus }
    })
    return done()
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    return wait(error.message, FIRST_STATUS_AGAIN_MS)
  }
}

const isUnread = ({ value }: Tracked): boolean => value.client.kind === 'unread'
