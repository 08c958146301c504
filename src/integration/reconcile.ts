/**
 * The room of the integrations: one reconcile reads an integration's OAuth client, proves it at Google, tells its agents
 * (through the directory) whether they may use it, counts them, and reports. It speaks to Kubernetes and Google through
 * their ports only.
 */
import { isDeepStrictEqual } from 'node:util'
import { keyOf } from '../kubernetes/port.ts'
import { done, type Outcome } from '../loop/outcome.ts'
import { scrub } from '../platform/scrub.ts'
import { conditionsFor, findCondition } from '../resources/conditions.ts'
import { requestedAt } from '../resources/names.ts'
import { meaningOf } from '../resources/reasons.ts'
import type { CalendarIntegration, CalendarIntegrationStatus, Condition } from '../resources/types.ts'
import { countAgents } from './counts.ts'
import { proofIsDue, prove, readCredentials, type CredentialsFinding, type CredentialsMemory } from './credentials.ts'
import { decide, type Decision } from './decide.ts'
import type { APIKnowledge } from './directory.ts'
import type { IntegrationDeps } from './port.ts'

interface Memory extends CredentialsMemory {
  uid: string
  handledRequest?: string
}

export type ReconcileIntegration = (key: string) => Promise<Outcome>

/** A first status must stand soon, even when Google keeps us waiting. */
const FIRST_STATUS_AFTER_MS = 5_000

export function createIntegrationReconciler(deps: IntegrationDeps): ReconcileIntegration {
  const memories = new Map<string, Memory>()
  return async (key) => {
    const integration = deps.cluster.integrations.get(key)
    if (!integration || integration.metadata.deletionTimestamp) {
      memories.delete(key)
      deps.directory.forget(key)
      return done()
    }
    const known = memories.get(key)
    const uid = integration.metadata.uid ?? ''
    const memory: Memory = known?.uid === uid ? known : { uid }
    memories.set(key, memory)
    return integration.spec.suspend ? suspended(deps, integration) : reconcile(deps, key, integration, memory)
  }
}

async function reconcile(
  deps: IntegrationDeps,
  key: string,
  integration: CalendarIntegration,
  memory: Memory,
): Promise<Outcome> {
  if (!deps.directory.api(key)) deps.directory.recallAPI(key, recalled(integration, deps.clock.now()))
  await readCredentials(deps, integration, memory)
  const provedBefore = wasProved(integration, memory)
  // Agents need not wait for a proof that says what the status says already.
  if (provedBefore && !memory.proof) tellAgents(deps, key, memory, decisionOf(deps, key, integration, memory))
  const asked = isRequested(integration, memory) || deps.directory.takeSuspicion(key)
  if (memory.file && proofIsDue(memory, deps.clock.now(), asked)) {
    await withFirstStatus(deps, key, integration, memory, () => prove(deps, memory, provedBefore))
  }
  const decision = decisionOf(deps, key, integration, memory)
  await report(deps, integration, memory, decision)
  memory.handledRequest = requestedAt(integration)
  tellAgents(deps, key, memory, decision)
  return decision.outcome
}

/** Whether the status says that these very credentials were proved. */
const wasProved = ({ status }: CalendarIntegration, memory: Memory): boolean =>
  memory.hash !== undefined &&
  status?.credentialsHash === memory.hash &&
  findCondition(status.conditions, 'CredentialsValid')?.status === 'True'

/** What the status says of the Calendar API, after a restart. */
function recalled({ status }: CalendarIntegration, now: number): APIKnowledge {
  const condition = findCondition(status?.conditions, 'CalendarAPIEnabled')
  const state = condition?.status === 'True' ? 'Enabled' : condition?.status === 'False' ? 'Disabled' : 'Unknown'
  const since = Date.parse(condition?.lastTransitionTime ?? '') || now
  return { state, since, askAgainAt: now }
}

function decisionOf(deps: IntegrationDeps, key: string, integration: CalendarIntegration, memory: Memory): Decision {
  return decide({
    now: deps.clock.now(),
    integration,
    credentials: credentialsOf(integration, memory),
    proof: memory.proof?.hash === memory.hash ? memory.proof : undefined,
    api: deps.directory.api(key),
    limit: memory.file && deps.google.client(memory.file).limit(),
  })
}

function credentialsOf(integration: CalendarIntegration, memory: Memory): CredentialsFinding {
  if (memory.unusable) return memory.unusable
  if (memory.proof && memory.proof.hash === memory.hash) return memory.proof.finding
  const before = findCondition(integration.status?.conditions, 'CredentialsValid')
  if (wasProved(integration, memory) && before) return { status: 'True', reason: 'Proved', message: before.message }
  return { status: 'Unknown', reason: 'NotYetKnown', message: 'The credentials are about to be proved at Google.' }
}

function tellAgents(deps: IntegrationDeps, key: string, memory: Memory, { findings }: Decision): void {
  deps.directory.put(key, {
    client: memory.file && deps.google.client(memory.file),
    credentialsHash: memory.hash ?? '',
    ready: findings.ready.status === 'True',
    apiDisabled: findings.ready.reason === 'APIDisabled',
    message: findings.ready.message,
  })
}

const isRequested = (integration: CalendarIntegration, memory: Memory): boolean => {
  const request = requestedAt(integration)
  return request !== undefined && request !== integration.status?.lastHandledReconcileAt && request !== memory.handledRequest
}

/** Frozen, with its agents; only who never had a status gets one. */
async function suspended(deps: IntegrationDeps, integration: CalendarIntegration): Promise<Outcome> {
  const known = findCondition(integration.status?.conditions, 'Ready')
  const message = 'Suspended: nothing is asked of Google until spec.suspend is false.'
  const ready = { status: 'False', reason: 'Suspended', message } as const
  const findings = known && known.reason !== 'Suspended' ? undefined : { ready, own: {} }
  await write(deps, integration, findings, {})
  return done()
}

async function report(
  deps: IntegrationDeps,
  integration: CalendarIntegration,
  memory: Memory,
  { findings }: Decision,
): Promise<void> {
  const { clientId, projectId } = memory.file ?? {}
  await write(deps, integration, findings, { clientID: clientId, projectID: projectId, credentialsHash: memory.hash })
}

/** Writes the status if it says something new. Fails with an `ApiError`. */
async function write(
  deps: IntegrationDeps,
  looked: CalendarIntegration,
  findings: Decision['findings'] | undefined,
  facts: Partial<CalendarIntegrationStatus>,
): Promise<void> {
  const key = keyOf(looked)
  const integration = deps.cluster.integrations.get(key)
  if (!integration || integration.metadata.uid !== looked.metadata.uid) return
  const before = integration.status
  const at = { conditions: before?.conditions, generation: looked.metadata.generation, now: deps.clock.now() }
  const conditions = findings ? conditionsFor('CalendarIntegration', findings, at) : before?.conditions
  const status: CalendarIntegrationStatus = {
    ...(findings ? {} : before),
    ...facts,
    observedGeneration: looked.metadata.generation,
    conditions,
    lastHandledReconcileAt: (findings && requestedAt(looked)) ?? before?.lastHandledReconcileAt,
    agents: countAgents(deps.cluster.agents.by('integration', key)),
  }
  const compact = JSON.parse(JSON.stringify(status)) as CalendarIntegrationStatus
  if (isDeepStrictEqual(compact, before)) return
  await deps.cluster.writeStatus(integration, compact)
  announce(deps, integration, conditions ?? [])
}

/** An Event for each condition that turned; good news of a new object is no news. */
function announce(deps: IntegrationDeps, integration: CalendarIntegration, conditions: Condition[]): void {
  for (const type of ['CredentialsValid', 'CalendarAPIEnabled', 'WithinQuota']) {
    const after = findCondition(conditions, type)
    const before = findCondition(integration.status?.conditions, type)
    if (!after || after.reason === before?.reason) continue
    if ((!before || before.status === 'Unknown') && after.status !== 'False') continue
    const good = after.status === 'True' || meaningOf('CalendarIntegration', after.reason) === 'neutral'
    const type_ = good && after.status === 'True' ? 'Normal' : 'Warning'
    const note = scrub(after.message)
    deps.cluster.note({ regarding: integration, type: type_, reason: after.reason, action: 'Reconcile', note })
  }
}

/** Where Google keeps us waiting and nothing was ever said of this integration, a provisional status is written. */
async function withFirstStatus(
  deps: IntegrationDeps,
  key: string,
  integration: CalendarIntegration,
  memory: Memory,
  run: () => Promise<void>,
): Promise<void> {
  if (integration.status?.conditions?.length) return run()
  let provisional: Promise<unknown> = Promise.resolve()
  const cancel = deps.clock.setTimer(FIRST_STATUS_AFTER_MS, () => {
    const decision = decisionOf(deps, key, integration, memory)
    provisional = report(deps, integration, memory, decision).catch((error: unknown) =>
      deps.log.debug({ error }, 'provisional status not written'),
    )
  })
  try {
    await run()
  } finally {
    cancel()
    await provisional
  }
}
