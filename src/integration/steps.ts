/**
 * The steps of one reconcile that find out about an integration's client, in their order. Each takes the state and returns the next
 * one; what it has to tell the Agents it puts into the registry.
 */
import type { Bypass } from '../google/port.ts'
import { instantOf } from '../platform/clock.ts'
import { findCondition } from '../resources/conditions.ts'
import { durationMs } from '../resources/durations.ts'
import type { CalendarIntegration } from '../resources/types.ts'
import { assess, entryOf } from './assess.ts'
import type { CheckLimits } from './check-limits.ts'
import { readClient, unlessChanged } from './client-state.ts'
import type { IntegrationDeps } from './port.ts'
import { currentVerification, wasVerified, type IntegrationState } from './state.ts'
import { isVerificationDue, verifyClient } from './verification.ts'

/** What one reconcile is about. */
export interface Run {
  readonly deps: IntegrationDeps
  readonly checks: CheckLimits
  readonly key: string
  readonly integration: CalendarIntegration
  /** Set where somebody asked for this reconcile. */
  readonly bypass: Bypass | undefined
}

/** What the steps hand on. */
export interface Progress {
  readonly state: IntegrationState
  /** In how many ms a verification may be made that had to wait for its turn. */
  readonly verifyInMs?: number
}

/** One step. */
export type Step = (run: Run, progress: Progress) => Progress | Promise<Progress>

/** After a restart: what the status says of the Calendar API. */
const recallAPI: Step = ({ deps, key, integration }, progress) => {
  if (deps.registry.api(key)) return progress
  const condition = findCondition(integration.status?.conditions, 'CalendarAPIEnabled')
  const state = condition?.status === 'True' ? 'Enabled' : condition?.status === 'False' ? 'Disabled' : 'Unknown'
  const now = deps.clock.monotonic()
  deps.registry.recallAPI(key, {
    state,
    since: instantOf(deps.clock, condition?.lastTransitionTime) ?? now,
    probeAt: now,
  })
  return progress
}

/** A Secret that has changed is unread, even if reading it fails. */
const dropChangedClient: Step = ({ deps, integration }, progress) => {
  const { namespace = '' } = integration.metadata
  const cached = deps.cluster.secrets.get(`${namespace}/${integration.spec.google.clientSecretRef.name}`)
  return withState(progress, { client: unlessChanged(progress.state.client, integration, cached) })
}

/** Reads the client's Secret, unless it is known. */
const loadClient: Step = async ({ deps, integration }, progress) =>
  progress.state.client.kind === 'unread'
    ? withState(progress, { client: await readClient(deps, integration) })
    : progress

/** After a restart the Agents need not wait for a verification that says what the status says already. */
const announceVerifiedClient: Step = ({ deps, key, integration }, progress) => {
  const { state } = progress
  if (!state.verification && wasVerified(integration, state)) {
    deps.registry.put(key, entryOf(deps, state, assess(deps, key, integration, state)))
  }
  return progress
}

/** Verifies the client at Google, where that is due and its turn has come. */
const verifyIfDue: Step = async (run, progress) => {
  const { deps, key, integration, bypass } = run
  const { state } = progress
  const isSuspect = deps.registry.consumeSuspect(key)
  const known = currentVerification(state)
  const isDue = isVerificationDue(known, { clock: deps.clock, isRequested: bypass !== undefined, isSuspect })
  if (state.client.kind !== 'usable' || !isDue) return progress
  const isGood = wasVerified(integration, state)
  const waitMs = isGood ? 0 : turnIn(run)
  if (waitMs > 0) return { ...progress, verifyInMs: waitMs }
  const longestMs = durationMs(integration.spec.sync.interval)
  const { file, hash } = state.client
  const request = { file, hash, known, wasVerified: isGood, longestMs, bypass }
  return withState(progress, { verification: await verifyClient(deps, request) })
}

/** Nobody has seen these credentials work, so they take turns with others; a reconcile that somebody asked for has had its turn. */
const turnIn = ({ checks, key, integration, bypass }: Run): number =>
  bypass ? 0 : checks.admit({ key, namespace: integration.metadata.namespace ?? '' })

/** Somebody asked: an Agent finds out what only reading a calendar tells, the Calendar API that is off and its limits. */
const offerProbes: Step = ({ deps, key, bypass }, progress) => {
  if (!bypass) return progress
  const { client } = progress.state
  deps.registry.offerProbe(key)
  if (client.kind === 'usable' && deps.google.client(client.file).probeCalendar(bypass)) deps.registry.wake(key)
  return progress
}

/** The steps, in their order. */
export const STEPS: readonly Step[] = [
  recallAPI,
  dropChangedClient,
  loadClient,
  announceVerifiedClient,
  verifyIfDue,
  offerProbes,
]

const withState = (progress: Progress, change: Partial<IntegrationState>): Progress => ({
  ...progress,
  state: { ...progress.state, ...change },
})
