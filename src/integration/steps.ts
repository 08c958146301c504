/**
 * The steps of one reconcile that find out about an integration's client, in order. Each takes the state and returns what is
 * different in the next one. What the Agents are told is part of the result, too (`announcements.ts`).
 */
import type { APIState } from '../clients/api-state.ts'
import type { Bypass } from '../google/port.ts'
import { instantOf } from '../platform/clock.ts'
import { findCondition } from '../resources/conditions.ts'
import { durationMs } from '../resources/durations.ts'
import { quotaOf } from '../resources/quota.ts'
import type { CalendarIntegration } from '../resources/types.ts'
import type { Announcements } from './announcements.ts'
import { assess } from './assess.ts'
import type { CheckLimits } from './check-limits.ts'
import { readClient, unlessChanged } from './client-state.ts'
import type { IntegrationDeps } from './port.ts'
import { currentVerification, wasVerified, type IntegrationState } from './state.ts'
import { isVerificationDue, verifyClient } from './verification.ts'

/** What one reconcile is about. Nothing in it changes. */
export interface IntegrationRun {
  readonly deps: IntegrationDeps
  readonly checks: CheckLimits
  readonly key: string
  readonly integration: CalendarIntegration
  /** Set if somebody asked for this reconcile. */
  readonly bypass: Bypass | undefined
}

/** What a step returns. */
interface IntegrationStepResult {
  /** The fields of the state that it replaces. */
  readonly state?: Partial<IntegrationState>
  /** What the Agents are told. */
  readonly announcements?: Announcements
  /** A verification is due, but may not be made for so many ms. */
  readonly verifyInMs?: number
}

/** One step. It changes nothing that it is given. */
type IntegrationStep = (
  run: IntegrationRun,
  state: IntegrationState,
) => IntegrationStepResult | Promise<IntegrationStepResult>

/**
 * After a restart: what the status says about the Calendar API. Until an Agent of this replica has used it, those that other replicas
 * have read tell that it is on.
 */
const recallAPI: IntegrationStep = ({ deps, key, integration }) => {
  const known = deps.registry.api(key) ?? apiAsReported(deps, integration)
  const isOn = known.state === 'Unknown' && hasSyncedAgent(deps, key)
  if (deps.registry.api(key) && !isOn) return {}
  return { announcements: { recalledAPI: isOn ? { ...known, state: 'Enabled' } : known } }
}

function apiAsReported({ clock }: IntegrationRun['deps'], { status }: CalendarIntegration): APIState {
  const condition = findCondition(status?.conditions, 'CalendarAPIEnabled')
  const state = condition?.status === 'True' ? 'Enabled' : condition?.status === 'False' ? 'Disabled' : 'Unknown'
  const now = clock.monotonic()
  return { state, since: instantOf(clock, condition?.lastTransitionTime) ?? now, probeAt: now }
}

const hasSyncedAgent = ({ cluster }: IntegrationRun['deps'], key: string): boolean =>
  cluster.agents
    .byIndex('integration', key)
    .some(({ status }) => findCondition(status?.conditions, 'Synced')?.status === 'True')

/** A Secret that has changed is unread, even if reading it fails. */
const dropChangedClient: IntegrationStep = ({ deps, integration }, { client }) => {
  const { namespace = '' } = integration.metadata
  const cached = deps.cluster.secrets.get(`${namespace}/${integration.spec.google.clientSecretRef.name}`)
  return { state: { client: unlessChanged(client, integration, cached) } }
}

/** Reads the client's Secret, unless that was done before. */
const loadClient: IntegrationStep = async ({ deps, integration }, { client }) =>
  client.kind === 'unread' ? { state: { client: await readClient(deps, integration) } } : {}

/** The client's requests keep to the quota, from the first one on. */
const setQuota: IntegrationStep = ({ deps, key, integration }, { client }) => {
  if (client.kind === 'usable') deps.google.setQuota(key, client.file, quotaOf(integration))
  return {}
}

/** After a restart the Agents need not wait for a verification that says what the status says already. */
const announceVerifiedClient: IntegrationStep = ({ deps, key, integration }, state) =>
  !state.verification && wasVerified(integration, state)
    ? { announcements: { decision: assess(deps, key, integration, state) } }
    : {}

/** An Agent's request was refused because of the client: it is verified again. */
const takeSuspicion: IntegrationStep = ({ deps, key }, { isSuspect }) => ({
  state: { isSuspect: isSuspect || deps.registry.isSuspect(key) },
  announcements: { isSuspicionTaken: true },
})

/** Verifies the client at Google, if that is due and the limits allow it. */
const verifyIfDue: IntegrationStep = async (run, state) => {
  const { deps, integration, bypass } = run
  const { isSuspect } = state
  const answered = { isSuspect: false }
  const known = currentVerification(state)
  const isDue = isVerificationDue(known, { clock: deps.clock, isRequested: bypass !== undefined, isSuspect })
  if (state.client.kind !== 'usable' || !isDue) return { state: answered }
  const isGood = wasVerified(integration, state)
  const waitMs = isGood ? 0 : limitedForMs(run)
  if (waitMs > 0) return { state: answered, verifyInMs: waitMs }
  const longestMs = durationMs(integration.spec.sync.interval)
  const { file, hash } = state.client
  const request = { file, hash, known, wasVerified: isGood, longestMs, bypass }
  return { state: { ...answered, verification: await verifyClient(deps, request) } }
}

/** Verifications of credentials that Google has never accepted are limited, unless somebody asked for this reconcile. */
const limitedForMs = ({ checks, key, integration, bypass }: IntegrationRun): number =>
  bypass ? 0 : checks.admit({ key, namespace: integration.metadata.namespace ?? '' })

/** Somebody asked: an Agent finds out what only reading a calendar tells, namely whether the API is on and its limits have ended. */
const offerProbes: IntegrationStep = ({ deps, bypass }, { client }) => {
  if (!bypass) return {}
  const wakesAgents = client.kind === 'usable' && deps.google.client(client.file).probeCalendar(bypass)
  return { announcements: { isProbeOffered: true, wakesAgents } }
}

/** The steps, in order. */
export const STEPS: readonly IntegrationStep[] = [
  recallAPI,
  dropChangedClient,
  loadClient,
  setQuota,
  announceVerifiedClient,
  takeSuspicion,
  verifyIfDue,
  offerProbes,
]
