/**
 * Resolves an Agent's integration: whether it exists, admits the Agent's namespace, and has a client that can be used. This is the
 * only look-up of an integration in a reconcile of an Agent; the later steps are given its result.
 */
import { manualFixInterval } from '../controller/manual-fix-interval.ts'
import { stepFailure, type StepFailure } from '../failures/step-failure.ts'
import type { IntegrationRefusal } from '../grants/port.ts'
import type { Key } from '../kubernetes/port.ts'
import { isAllowed, notAllowedMessage } from '../resources/allowed-namespaces.ts'
import { integrationKey } from '../resources/references.ts'
import { HOUR_MS } from '../platform/time-units.ts'
import { isRequested } from '../resources/reconcile-request.ts'
import type { Agent, CalendarIntegration } from '../resources/types.ts'
import { FIRST_PROBE_MS } from './api-state.ts'
import type { ClientsDeps, IntegrationEntry, IntegrationFindings } from './port.ts'

/** An integration whose client can be used. */
export interface ResolvedIntegration {
  readonly kind: 'resolved'
  readonly key: Key
  readonly integration: CalendarIntegration
  readonly entry: IntegrationEntry & { client: NonNullable<IntegrationEntry['client']> }
}

/** An integration that is suspended: its Agents are suspended, too. */
interface SuspendedIntegration {
  readonly kind: 'suspended'
  readonly key: Key
  readonly integration: CalendarIntegration
}

/** An integration that cannot be used. */
interface UnresolvedIntegration {
  readonly kind: 'failed'
  readonly key: Key
  /** Undefined if it does not exist. */
  readonly integration: CalendarIntegration | undefined
  /** Undefined if it was not reconciled yet. */
  readonly entry: IntegrationEntry | undefined
  readonly failure: StepFailure
}

/** The result of looking up an Agent's integration. */
export type Resolution = ResolvedIntegration | SuspendedIntegration | UnresolvedIntegration

/** What the resolution depends on besides the two objects. */
interface ResolutionInput {
  /** When the Agent was first seen, by the monotonic clock. */
  firstSeen: number
  /** The last request to reconcile that was served. */
  handledRequest: string | undefined
}

/** Looks up the integration, and whether it can be used. */
export function resolveIntegration(deps: ClientsDeps, agent: Agent, input: ResolutionInput): Resolution {
  const key = integrationKey(agent)
  const integration = deps.cluster.integrations.get(key)
  const entry = deps.integrations.get(key)
  const failed = (failure: StepFailure): Resolution => ({ kind: 'failed', key, integration, entry, failure })
  if (!integration && refersToOwnNamespace(agent)) return failed(notFound(key))
  const labelsOf = namespaceLabels(deps)
  if (!integration || !isAllowed(agent, integration, labelsOf)) {
    return failed(notAllowed(deps, notAllowedMessage(agent, labelsOf), input.firstSeen))
  }
  if (integration.spec.suspend) return { kind: 'suspended', key, integration }
  const usable = entry && usableEntry(deps, { key, entry, isRequested: isRequested(agent, input.handledRequest) })
  return usable ? { kind: 'resolved', key, integration, entry: usable } : failed(notReady(deps, key, entry?.message))
}

const refersToOwnNamespace = ({ metadata, spec }: Agent): boolean =>
  (spec.integrationRef.namespace ?? metadata.namespace) === metadata.namespace

function namespaceLabels({ cluster: { namespaces } }: ClientsDeps): LabelsOf {
  return namespaces && ((name) => namespaces.get(name)?.metadata.labels)
}

type LabelsOf = Parameters<typeof isAllowed>[2]

function notFound(key: Key): StepFailure {
  const message = `There is no CalendarIntegration ${key}: create it, or correct spec.integrationRef.`
  return stepFailure('Ready', 'IntegrationNotFound', message, { kind: 'wait', for: HOUR_MS })
}

function notAllowed({ clock }: ClientsDeps, message: string, firstSeen: number): StepFailure {
  const now = clock.monotonic()
  const at = now + manualFixInterval(firstSeen, now)
  return stepFailure('Ready', 'IntegrationNotAllowed', message, { kind: 'blocked', at })
}

/** Also while the API is switched off: the request that probes it is sent for an Agent that has a grant. */
function usableEntry(
  { integrations }: ClientsDeps,
  { key, entry, isRequested }: { key: Key; entry: IntegrationEntry; isRequested: boolean },
): ResolvedIntegration['entry'] | undefined {
  const isUsable = entry.ready || (entry.apiDisabled && integrations.canProbe(key, isRequested))
  return isUsable && hasClient(entry) ? entry : undefined
}

const hasClient = (entry: IntegrationEntry): entry is ResolvedIntegration['entry'] => entry.client !== undefined

function notReady(deps: ClientsDeps, key: Key, reason = 'The operator has not looked at it yet.'): StepFailure {
  const message = `CalendarIntegration ${key} is not ready: ${reason}`
  return stepFailure('Ready', 'IntegrationNotReady', message, { kind: 'wait', for: untilProbe(deps, key) })
}

/** The failure of an Agent without a grant whose integration is not ready. */
export function withoutGrant({ key, entry }: ResolvedIntegration): StepFailure {
  const message = `CalendarIntegration ${key} is not ready: ${entry.message}`
  return stepFailure('Ready', 'IntegrationNotReady', message, { kind: 'wait', for: HOUR_MS })
}

/** A change of the integration reconciles its Agents anyway; only a switched-off API has to be probed for one of them. */
function untilProbe({ integrations, clock }: ClientsDeps, key: Key): number {
  const at = integrations.probeDueAt(key)
  return at === undefined ? HOUR_MS : Math.max(at - clock.monotonic(), 0) + AFTER_PROBE_MS
}

/** An Agent is reconciled this long after the next probe is due. */
const AFTER_PROBE_MS = 1_000

/** What it means for an Agent that Google has refused its integration's client or API. The integration checks and reports it, too. */
export function refusedIntegration(deps: ClientsDeps, key: Key, refusal: IntegrationRefusal): StepFailure {
  const notReady = `CalendarIntegration ${key} is not ready`
  if (refusal.refused === 'OAuthClient') {
    const { error } = refusal
    const message = `${notReady}: Google refused its OAuth client (${error.message}).`
    return stepFailure('Ready', 'IntegrationNotReady', message, { kind: 'retry', error })
  }
  const message = `${notReady}: the Calendar API is switched off in its Google Cloud project.`
  const isKnown = deps.integrations.probeDueAt(key) !== undefined
  const wait = isKnown ? untilProbe(deps, key) : FIRST_PROBE_MS + AFTER_PROBE_MS
  return stepFailure('Ready', 'IntegrationNotReady', message, { kind: 'wait', for: wait })
}

/** What such a refusal means for the integration. */
export const findingsOf = ({ refused }: IntegrationRefusal): IntegrationFindings =>
  refused === 'OAuthClient' ? { clientRefused: true } : { api: 'Disabled' }
