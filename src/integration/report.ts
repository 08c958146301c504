/** Writes what was decided into an integration's status, and the Event that goes with it. */
import { isDeepStrictEqual } from 'node:util'
import { signInOf } from '../google/sign-in.ts'
import { keyOf } from '../kubernetes/port.ts'
import { asWritten, isOverwritten, withOwnStatus, writeReport } from '../kubernetes/status-report.ts'
import { scrub } from '../platform/scrub.ts'
import { conditionsFor, findCondition, type Finding } from '../resources/conditions.ts'
import type { CalendarIntegration, CalendarIntegrationStatus } from '../resources/types.ts'
import { countAgents } from './counts.ts'
import type { Decision } from './decide.ts'
import type { IntegrationDeps } from './port.ts'
import type { Tracked } from './state.ts'

/** Reports a decision. @throws ApiError */
export async function report(
  deps: IntegrationDeps,
  integration: CalendarIntegration,
  tracked: Tracked,
  { findings }: Decision,
): Promise<void> {
  const { client } = tracked.state
  const usable = client.kind === 'usable' ? client : undefined
  const facts = {
    clientID: usable?.file.clientId,
    projectID: usable?.file.projectId,
    credentialsHash: usable?.hash,
    signIn: signInStatus(deps, integration, tracked),
  }
  await write(deps, integration, tracked, { findings, facts })
  const now = findings.own.CredentialsValid
  if (usable?.file.stripped.length && now?.status === 'True') reportStripped(deps, integration, now)
}

/** What was taken off a pasted value is reported once, although the credentials are valid. */
function reportStripped(deps: IntegrationDeps, integration: CalendarIntegration, now: Finding<string>): void {
  const before = findCondition(integration.status?.conditions, 'CredentialsValid')?.message
  if (now.message === before) return
  const note = scrub(now.message)
  deps.cluster.recordEvent({ regarding: integration, type: 'Normal', reason: now.reason, action: 'Reconcile', note })
}

/** Keeps the status of a suspended integration as it is; one that never had a status gets one. @throws ApiError */
export async function reportSuspended(
  deps: IntegrationDeps,
  integration: CalendarIntegration,
  tracked: Tracked,
): Promise<void> {
  const known = findCondition(integration.status?.conditions, 'Ready')
  const message = 'Suspended: nothing is asked of Google until spec.suspend is false.'
  const ready = { status: 'Unknown', reason: 'Suspended', message } as const
  const findings = known && known.reason !== 'Suspended' ? undefined : { ready, own: {} }
  await write(deps, integration, tracked, findings && { findings, facts: {} })
}

/** What to register at Google. The mode is unknown until the client was read. */
function signInStatus(
  { signInPrefix }: IntegrationDeps,
  { spec }: CalendarIntegration,
  { state: { client } }: Tracked,
): CalendarIntegrationStatus['signIn'] {
  const file = client.kind === 'usable' ? client.file : undefined
  const { mode, redirectURI, javascriptOrigin } = signInOf(file ?? {}, spec.google.siteURI, signInPrefix)
  return { ...(file && { mode }), redirectURI, javascriptOrigin }
}

interface Found {
  findings: Decision['findings']
  facts: Partial<CalendarIntegrationStatus>
}

/** Writes the status if it says something new, or if somebody else has written over it. */
async function write(
  deps: IntegrationDeps,
  reconciled: CalendarIntegration,
  tracked: Tracked,
  found: Found | undefined,
): Promise<void> {
  const object = deps.cluster.integrations.get(keyOf(reconciled))
  if (!object || object.metadata.uid !== reconciled.metadata.uid) return
  const { generation } = reconciled.metadata
  const before = withOwnStatus<'CalendarIntegration'>(object, tracked).status ?? {}
  const at = { conditions: before.conditions, generation, now: deps.clock.now() }
  const status = asWritten('CalendarIntegration', {
    ...(found ? { ...found.facts, conditions: conditionsFor('CalendarIntegration', found.findings, at) } : before),
    observedGeneration: generation,
    lastHandledReconcileAt: (found && tracked.handledRequest) ?? before.lastHandledReconcileAt,
    agents: countAgents(deps.cluster, reconciled),
  })
  if (isDeepStrictEqual(status, object.status) && !isOverwritten(object, tracked)) return
  const statusReport = { kind: 'CalendarIntegration', object, memory: tracked, generation, refused } as const
  await writeReport(deps, statusReport, status)
}

/** None of the reasons is about a refused status; while nothing can be reported, the credentials are reported as unknown. */
function refused(message: string): Decision['findings'] {
  const unknown = { status: 'Unknown', reason: 'NotYetKnown', message } as const
  return { ready: unknown, own: { CredentialsValid: unknown } }
}
