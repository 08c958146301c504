/**
 * The room of the integrations. One reconcile reads the OAuth client of a `CalendarIntegration` from its Secret, verifies it at
 * Google, decides whose its site is, tells its Agents what they may use (through the `IntegrationRegistry`), counts them, and
 * reports. The room touches Kubernetes and Google through their ports only.
 */
import { done, requeueWithin, retry, UnexpectedError, wait, type Outcome } from '../controller/outcome.ts'
import { Bypass } from '../google/bypass.ts'
import { ApiError } from '../kubernetes/port.ts'
import { withOwnStatus } from '../kubernetes/status-report.ts'
import { remainingRequest, takeRequest, type DueRequest } from '../resources/reconcile-request.ts'
import type { CalendarIntegration } from '../resources/types.ts'
import { assess, entryOf } from './assess.ts'
import { CheckLimits } from './check-limits.ts'
import { readClient } from './client-state.ts'
import type { IntegrationDeps } from './port.ts'
import { report, reportSuspended } from './report.ts'
import { newTracked, oneAtATime, type Tracked } from './state.ts'
import { STEPS, type Progress, type Run } from './steps.ts'

/** How soon a first status is tried again that the API server did not take. */
const FIRST_STATUS_AGAIN_MS = 5_000

/** Reconciles integrations, each by its key. */
export interface IntegrationReconciler {
  /** Brings the integration as far as it can get. It may have to wait for Google. */
  reconcile: (key: string) => Promise<Outcome>
  /** Writes a first status, which can't wait for Google. It runs beside `reconcile`, on workers of its own. */
  attend: (key: string) => Promise<Outcome>
}

/** Creates the reconciler, which remembers the state of every integration. */
export function createIntegrationReconciler(deps: IntegrationDeps): IntegrationReconciler {
  const all = new Map<string, Tracked>()
  const checks = new CheckLimits(deps.clock)
  /** An integration that was deleted and created again starts anew. */
  const track = (key: string, { metadata: { uid = '' } }: CalendarIntegration): Tracked => {
    const known = all.get(key)
    const tracked = known?.uid === uid ? known : newTracked(uid)
    all.set(key, tracked)
    return tracked
  }
  return {
    async reconcile(key) {
      const found = deps.cluster.integrations.get(key)
      if (!found || found.metadata.deletionTimestamp) {
        all.delete(key)
        deps.registry.forget(key)
        deps.sites.sweep()
        return done()
      }
      const tracked = track(key, found)
      const integration = withOwnStatus<'CalendarIntegration'>(found, tracked)
      if (!integration.spec.suspend) return reconcile({ deps, checks, key, integration }, tracked)
      await oneAtATime(tracked, () => reportSuspended(deps, integration, tracked))
      return done()
    },
    async attend(key) {
      const found = deps.cluster.integrations.get(key)
      if (!found || found.metadata.deletionTimestamp || found.spec.suspend) return done()
      return writeFirstStatus(deps, key, track(key, found))
    },
  }
}

async function reconcile(about: Omit<Run, 'bypass'>, tracked: Tracked): Promise<Outcome> {
  const { deps, key, integration } = about
  const turn = takeRequest(deps.clock, integration, tracked)
  const bypass = turn.request === undefined ? undefined : new Bypass()
  const { verifyInMs, error } = await runSteps({ ...about, bypass }, tracked)
  const left: DueRequest = bypass ? remainingRequest(bypass, turn, tracked) : turn
  tracked.handledRequest = left.request ?? tracked.handledRequest
  const decision = assess(deps, key, integration, tracked.state)
  const write = (): Promise<void> => report(deps, integration, tracked, decision)
  // The Agents are told even if the API server refuses the status.
  await oneAtATime(tracked, write).finally(() => deps.registry.put(key, entryOf(deps, tracked.state, decision)))
  return requeueWithin(requeueWithin(error ? retry(error) : decision.outcome, left.waitMs), verifyInMs)
}

/**
 * Runs the steps, and keeps the state that each returns. After an error of our own the rest is skipped: what is known is reported.
 *
 * @throws ApiError
 */
async function runSteps(
  run: Run,
  tracked: Tracked,
): Promise<Pick<Progress, 'verifyInMs'> & { error?: UnexpectedError }> {
  let progress: Progress = { state: tracked.state }
  try {
    for (const step of STEPS) {
      progress = await step(run, progress)
      tracked.state = progress.state
    }
    return progress
  } catch (error) {
    if (error instanceof ApiError) throw error
    return { error: new UnexpectedError(error) }
  }
}

/** Only for whoever waits for a status: the one at the end of the reconcile is the one that counts and that Events tell of. */
async function writeFirstStatus(deps: IntegrationDeps, key: string, tracked: Tracked): Promise<Outcome> {
  const withoutStatus = (): CalendarIntegration | undefined => {
    const found = deps.cluster.integrations.get(key)
    const known = found && withOwnStatus<'CalendarIntegration'>(found, tracked)
    return known?.metadata.uid === tracked.uid && !known.status?.conditions?.length ? known : undefined
  }
  try {
    const integration = withoutStatus()
    // The reconcile may not have had its turn yet.
    if (integration && isUnread(tracked)) {
      const client = await readClient(deps, integration)
      // The reconcile may have read it meanwhile.
      if (isUnread(tracked)) tracked.state = { ...tracked.state, client }
    }
    await oneAtATime(tracked, async () => {
      const still = withoutStatus()
      if (still) await report(deps, still, tracked, assess(deps, key, still, tracked.state))
    })
    return done()
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    return wait(error.message, FIRST_STATUS_AGAIN_MS)
  }
}

const isUnread = ({ state }: Tracked): boolean => state.client.kind === 'unread'
