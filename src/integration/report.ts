/** Writes a decision into an integration's status, and records the Event that belongs to it. */
import { isDeepStrictEqual } from 'node:util'
import { signInOf } from '../google/sign-in.ts'
import { keyOf } from '../kubernetes/port.ts'
import { asWritten, isOverwritten, withOwnStatus, writeReport, type ReportResult } from '../kubernetes/status-report.ts'
import { scrub } from '../platform/scrub.ts'
import { conditionsFor, findCondition, type Finding, type Findings } from '../resources/conditions.ts'
import type { CalendarIntegration, CalendarIntegrationStatus } from '../resources/types.ts'
import type { ClientState } from './client-state.ts'
import { countAgents } from './counts.ts'
import type { Decision } from './decide.ts'
import type { IntegrationDeps } from './port.ts'
import type { IntegrationState } from './state.ts'

/** The status that we wrote last, and why the present one could not be written, if it could not. */
export type Reported = ReportResult<CalendarIntegrationStatus>

/** Another replica writes the status. When this one begins to, it takes the status as it then is. */
const NOT_OURS: Reported = { written: undefined }

const isKeptHere = (deps: IntegrationDeps, integration: CalendarIntegration): boolean =>
  deps.isKeptHere?.(integration) ?? true

/** Reports a decision. */
export async function report(
  deps: IntegrationDeps,
  integration: CalendarIntegration,
  state: IntegrationState,
  { findings }: Decision,
): Promise<Reported> {
  if (!isKeptHere(deps, integration)) return NOT_OURS
  const { client } = state
  const usable = client.kind === 'usable' ? client : undefined
  const facts = {
    clientID: usable?.file.clientId,
    projectID: usable?.file.projectId,
    credentialsHash: usable?.hash,
    signIn: signInStatus(deps, integration, client),
  }
  const reported = await write(deps, integration, state, { findings, facts })
  const now = findings.own.CredentialsValid
  if (!reported.error && usable?.file.stripped.length && now.status === 'True') reportStripped(deps, integration, now)
  return reported
}

/** What was stripped from a pasted value is reported once, although the credentials are valid. */
function reportStripped(deps: IntegrationDeps, integration: CalendarIntegration, now: Finding<string>): void {
  const before = findCondition(integration.status?.conditions, 'CredentialsValid')?.message
  if (now.message === before) return
  const note = scrub(now.message)
  deps.cluster.recordEvent({ regarding: integration, type: 'Normal', reason: now.reason, action: 'Reconcile', note })
}

/** Keeps the status of a suspended integration as it is; one that never had a status gets one. */
export async function reportSuspended(
  deps: IntegrationDeps,
  integration: CalendarIntegration,
  state: IntegrationState,
): Promise<Reported> {
  if (!isKeptHere(deps, integration)) return NOT_OURS
  const known = findCondition(integration.status?.conditions, 'Ready')
  const message = 'Suspended: no requests are sent to Google until spec.suspend is false.'
  const ready = { status: 'Unknown', reason: 'Suspended', message } as const
  const findings = known && known.reason !== 'Suspended' ? undefined : { ready, own: {} }
  return write(deps, integration, state, findings && { findings, facts: {} })
}

/** What has to be registered at Google. The mode is unknown until the client was read. */
function signInStatus(
  { signInPrefix }: IntegrationDeps,
  { spec }: CalendarIntegration,
  client: ClientState,
): CalendarIntegrationStatus['signIn'] {
  const file = client.kind === 'usable' ? client.file : undefined
  const { mode, redirectURI, javascriptOrigin } = signInOf(file ?? {}, spec.google.siteURI, signInPrefix)
  return { ...(file && { mode }), redirectURI, javascriptOrigin }
}

/** What goes into the status. */
interface StatusContent {
  findings: Findings<'CalendarIntegration'>
  facts: Partial<CalendarIntegrationStatus>
}

/** Writes the status if it has changed, or if somebody else has written over it. */
async function write(
  deps: IntegrationDeps,
  reconciled: CalendarIntegration,
  { writtenStatus: written, requests }: IntegrationState,
  content: StatusContent | undefined,
): Promise<Reported> {
  const object = deps.cluster.integrations.get(keyOf(reconciled))
  if (!object || object.metadata.uid !== reconciled.metadata.uid) return { written }
  const { generation } = reconciled.metadata
  const before = withOwnStatus<'CalendarIntegration'>(object, written).status ?? {}
  const at = { conditions: before.conditions, generation, now: deps.clock.now() }
  const status = asWritten('CalendarIntegration', {
    ...(content
      ? { ...content.facts, conditions: conditionsFor('CalendarIntegration', content.findings, at) }
      : before),
    observedGeneration: generation,
    lastHandledReconcileAt: (content && requests.handledRequest) ?? before.lastHandledReconcileAt,
    agents: countAgents(deps.cluster, reconciled),
  })
  if (isDeepStrictEqual(status, object.status) && !isOverwritten(object, written)) {
    // Ours and the store's are equal: one copy is kept in memory.
    return { written: written && object.status }
  }
  const statusReport = { kind: 'CalendarIntegration', object, written, generation, refused } as const
  return writeReport(deps, statusReport, status)
}

/** None of the reasons is about a refused status; while nothing can be reported, the credentials are reported as unknown. */
function refused(message: string): Findings<'CalendarIntegration'> {
  const unknown = { status: 'Unknown', reason: 'NotYetKnown', message } as const
  return { ready: unknown, own: { CredentialsValid: unknown } }
}
