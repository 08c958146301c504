/**
 * The room of the integrations: one reconcile reads an integration's OAuth client, proves it at Google, tells its agents
 * (through the registry) whether they may use it, counts them, and reports. It speaks to Kubernetes and Google through
 * their ports only.
 */
import { isDeepStrictEqual } from 'node:util'
import { ApiError, keyOf } from '../kubernetes/port.ts'
import { asWritten, isOverwritten, withOwnStatus, writeReport, type StatusMemory } from '../kubernetes/status-report.ts'
import { done, retry, UnexpectedError, wait, requeueWithin, type Outcome } from '../controller/outcome.ts'
import { requestLeft, Bypass } from '../google/bypass.ts'
import { signInOf } from '../google/sign-in.ts'
import { instantOf, type Clock } from '../platform/clock.ts'
import { scrub } from '../platform/scrub.ts'
import { conditionsFor, findCondition } from '../resources/conditions.ts'
import { durationMs } from '../resources/durations.ts'
import { takeTurn, type RequestMemory, type RequestTurn } from '../resources/run-now.ts'
import type { CalendarIntegration, CalendarIntegrationStatus } from '../resources/types.ts'
import { CheckLimits } from './check-limits.ts'
import { countAgents } from './counts.ts'
import {
  isVerificationDue,
  verifyClient,
  verifiedFinding,
  readCredentials,
  type CredentialsFinding,
  type CredentialsMemory,
} from './credentials.ts'
import { decide, type Decision } from './decide.ts'
import type { APIKnowledge } from './integration-registry.ts'
import type { IntegrationDeps } from './port.ts'

/** How soon a first status is tried again that the API server did not take. */
const FIRST_STATUS_AGAIN_MS = 5_000

interface Memory extends CredentialsMemory, StatusMemory<CalendarIntegrationStatus>, RequestMemory {
  uid: string
  /** Ends when what is being reported is; never fails. */
  writing?: Promise<unknown>
}

export interface IntegrationReconciler {
  /** Brings the integration as far as it can get. It may have to wait for Google. */
  reconcile: (key: string) => Promise<Outcome>
  /** What can't wait for Google: a first status. It runs beside `reconcile`, on workers of its own. */
  attend: (key: string) => Promise<Outcome>
}

export function createIntegrationReconciler(deps: IntegrationDeps): IntegrationReconciler {
  const memories = new Map<string, Memory>()
  const checks = new CheckLimits(deps.clock)
  const remember = (key: string, uid = ''): Memory => {
    const known = memories.get(key)
    const memory: Memory = known?.uid === uid ? known : { uid }
    memories.set(key, memory)
    return memory
  }
  return {
    async reconcile(key) {
      const found = deps.cluster.integrations.get(key)
      if (!found || found.metadata.deletionTimestamp) {
        memories.delete(key)
        deps.registry.forget(key)
        deps.sites.sweep()
        return done()
      }
      const memory = remember(key, found.metadata.uid)
      const integration = withOwnStatus<'CalendarIntegration'>(found, memory)
      return integration.spec.suspend
        ? alone(memory, () => suspended(deps, integration, memory))
        : reconcile({ ...deps, checks }, key, integration, memory)
    },
    async attend(key) {
      const found = deps.cluster.integrations.get(key)
      if (!found || found.metadata.deletionTimestamp || found.spec.suspend) return done()
      return firstStatus(deps, key, remember(key, found.metadata.uid))
    },
  }
}

/** One at a time for each integration: whoever reports sees what was reported before. */
function alone<T>(memory: Memory, run: () => Promise<T>): Promise<T> {
  const result = (memory.writing ?? Promise.resolve()).then(run)
  memory.writing = result.catch(() => undefined)
  return result
}

interface CheckDeps extends IntegrationDeps {
  checks: CheckLimits
}

async function reconcile(
  deps: CheckDeps,
  key: string,
  integration: CalendarIntegration,
  memory: Memory,
): Promise<Outcome> {
  if (!deps.registry.api(key)) deps.registry.recallAPI(key, recalled(integration, deps.clock))
  const taken = takeTurn(deps.clock, integration, memory)
  const bypass = taken.request === undefined ? undefined : new Bypass()
  const { checkIn, mistake } = await lookAround(deps, { key, integration, memory, bypass })
  const turn: RequestTurn = bypass ? requestLeft(bypass, taken, memory) : taken
  memory.handledRequest = turn.request ?? memory.handledRequest
  const decision = decisionOf(deps, key, integration, memory)
  // The agents need not do without because the API server refuses a status.
  const write = (): Promise<void> => report(deps, integration, memory, decision)
  await alone(memory, write).finally(() => publishEntry(deps, key, memory, decision))
  return requeueWithin(requeueWithin(mistake ? retry(mistake) : decision.outcome, turn.waitMs), checkIn)
}

/** Answers in how many ms it is the turn of a check that has to wait; or a mistake: what is known all the same is reported. */
async function lookAround(
  deps: CheckDeps,
  look: Omit<Look, 'knownGood'>,
): Promise<{ checkIn?: number; mistake?: UnexpectedError }> {
  const { key, integration, memory, bypass } = look
  try {
    await readCredentials(deps, integration, memory)
    const knownGood = wasVerified(integration, memory)
    // Agents need not wait for a proof that says what the status says already.
    if (knownGood && !memory.verification) publishEntry(deps, key, memory, decisionOf(deps, key, integration, memory))
    const checkIn = await lookAtCredentials(deps, { ...look, knownGood })
    if (bypass) askForTheAPI(deps, { key, memory, bypass })
    return { checkIn }
  } catch (error) {
    if (error instanceof ApiError) throw error
    return { mistake: new UnexpectedError(error) }
  }
}

interface Look {
  key: string
  integration: CalendarIntegration
  memory: Memory
  /** Somebody asked for this look. */
  bypass: Bypass | undefined
  knownGood: boolean
}

/** Answers in how many ms it is the turn of a check that has to wait. */
async function lookAtCredentials(deps: CheckDeps, look: Look): Promise<number | undefined> {
  const { key, integration, memory, bypass, knownGood } = look
  const isSuspect = deps.registry.consumeSuspect(key)
  if (!memory.file || !isVerificationDue(memory, { clock: deps.clock, asked: bypass !== undefined, isSuspect }))
    return undefined
  const namespace = integration.metadata.namespace ?? ''
  // Nobody has seen new credentials work. Who asks for a look waits for a turn of its own.
  const waitMs = bypass || knownGood ? 0 : deps.checks.tryAcquire({ key, namespace })
  if (waitMs > 0) return waitMs
  const longest = durationMs(integration.spec.sync.interval)
  await verifyClient(deps, memory, { knownGood, longest, bypass })
  return undefined
}

/** What is only found out by reading a calendar, an agent finds out: the API that is switched off, the API's limits. */
function askForTheAPI(
  { registry, google }: IntegrationDeps,
  { key, memory, bypass }: { key: string; memory: Memory; bypass: Bypass },
): void {
  registry.offerProbe(key)
  if (memory.file && google.client(memory.file).probeCalendar(bypass)) registry.wake(key)
}

/** Whether the status says that these very credentials were proved. */
const wasVerified = ({ status }: CalendarIntegration, memory: Memory): boolean =>
  memory.hash !== undefined &&
  status?.credentialsHash === memory.hash &&
  findCondition(status.conditions, 'CredentialsValid')?.status === 'True'

/** What the status says of the Calendar API, after a restart. */
function recalled({ status }: CalendarIntegration, clock: Clock): APIKnowledge {
  const condition = findCondition(status?.conditions, 'CalendarAPIEnabled')
  const state = condition?.status === 'True' ? 'Enabled' : condition?.status === 'False' ? 'Disabled' : 'Unknown'
  const since = instantOf(clock, condition?.lastTransitionTime) ?? clock.monotonic()
  return { state, since, askAgainAt: clock.monotonic() }
}

function decisionOf(deps: IntegrationDeps, key: string, integration: CalendarIntegration, memory: Memory): Decision {
  const credentials = credentialsOf(deps, integration, memory)
  return decide({
    now: deps.clock.now(),
    monotonic: deps.clock.monotonic(),
    integration,
    credentials,
    site: deps.sites.decide(integration, credentials),
    verification: memory.verification?.hash === memory.hash ? memory.verification : undefined,
    api: deps.registry.api(key),
    limit: memory.file && deps.google.client(memory.file).limit(),
  })
}

function credentialsOf(deps: IntegrationDeps, integration: CalendarIntegration, memory: Memory): CredentialsFinding {
  if (memory.unusable) return memory.unusable
  const { verification, file } = memory
  const known = verification?.hash === memory.hash ? verification : undefined
  const good = known ? known.finding.status === 'True' : wasVerified(integration, memory)
  if (good && file) return verifiedFinding(file, signInOf(file, integration.spec.google.siteURI, deps.signInPrefix))
  if (known) return known.finding
  return { status: 'Unknown', reason: 'NotYetKnown', message: 'The credentials are about to be proved at Google.' }
}

function publishEntry(deps: IntegrationDeps, key: string, memory: Memory, { findings }: Decision): void {
  const { CredentialsValid: credentials, CalendarAPIEnabled: api, SiteAccepted: site } = findings.own
  const proved = credentials?.status === 'True'
  const apiDisabled = proved && api?.status === 'False'
  deps.registry.put(key, {
    client: memory.file && deps.google.client(memory.file),
    credentialsHash: memory.hash ?? '',
    // A site that is somebody else's takes away pages and links only: whoever has a grant is read.
    ready: proved && !apiDisabled,
    apiDisabled,
    siteAccepted: site?.status === 'True',
    message: findings.ready.message,
  })
}

/** Frozen, with its agents; only who never had a status gets one. */
async function suspended(deps: IntegrationDeps, integration: CalendarIntegration, memory: Memory): Promise<Outcome> {
  const known = findCondition(integration.status?.conditions, 'Ready')
  const message = 'Suspended: nothing is asked of Google until spec.suspend is false.'
  const ready = { status: 'Unknown', reason: 'Suspended', message } as const
  const findings = known && known.reason !== 'Suspended' ? undefined : { ready, own: {} }
  await write(deps, integration, memory, findings && { findings, facts: {} })
  return done()
}

async function report(
  deps: IntegrationDeps,
  integration: CalendarIntegration,
  memory: Memory,
  { findings }: Decision,
): Promise<void> {
  const { clientId, projectId } = memory.file ?? {}
  const before = findCondition(integration.status?.conditions, 'CredentialsValid')?.message
  const facts = { clientID: clientId, projectID: projectId, credentialsHash: memory.hash }
  const signIn = signInStatus(deps, integration, memory)
  await write(deps, integration, memory, { findings, facts: { ...facts, signIn } })
  const now = findings.own.CredentialsValid
  // What was taken off a pasted value is said once, though all is well.
  if (memory.file?.stripped.length && now?.status === 'True' && now.message !== before) {
    const note = scrub(now.message)
    deps.cluster.recordEvent({ regarding: integration, type: 'Normal', reason: now.reason, action: 'Reconcile', note })
  }
}

/** What to register at Google. The mode is unknown until the client was read. */
function signInStatus(
  { signInPrefix }: IntegrationDeps,
  { spec }: CalendarIntegration,
  { file }: Memory,
): CalendarIntegrationStatus['signIn'] {
  const { mode, redirectURI, javascriptOrigin } = signInOf(file ?? {}, spec.google.siteURI, signInPrefix)
  return { ...(file && { mode }), redirectURI, javascriptOrigin }
}

interface Found {
  findings: Decision['findings']
  facts: Partial<CalendarIntegrationStatus>
}

/** Writes the status if it says something new, or somebody has written over it. Fails with an `ApiError`. */
async function write(
  deps: IntegrationDeps,
  looked: CalendarIntegration,
  memory: Memory,
  found: Found | undefined,
): Promise<void> {
  const object = deps.cluster.integrations.get(keyOf(looked))
  if (!object || object.metadata.uid !== looked.metadata.uid) return
  const { generation } = looked.metadata
  const before = withOwnStatus<'CalendarIntegration'>(object, memory).status ?? {}
  const at = { conditions: before.conditions, generation, now: deps.clock.now() }
  const status = asWritten('CalendarIntegration', {
    ...(found ? { ...found.facts, conditions: conditionsFor('CalendarIntegration', found.findings, at) } : before),
    observedGeneration: generation,
    lastHandledReconcileAt: (found && memory.handledRequest) ?? before.lastHandledReconcileAt,
    agents: countAgents(deps.cluster, looked),
  })
  if (isDeepStrictEqual(status, object.status) && !isOverwritten(object, memory)) return
  const report = { kind: 'CalendarIntegration', object, memory, generation, refused } as const
  await writeReport(deps, report, status)
}

/** None of the reasons is about this; and while it can't be told, nobody knows. */
function refused(message: string): Decision['findings'] {
  const unknown = { status: 'Unknown', reason: 'NotYetKnown', message } as const
  return { ready: unknown, own: { CredentialsValid: unknown } }
}

/** A courtesy to whoever waits: the status at the end of the reconcile is the one that counts, and the one that is told. */
async function firstStatus(deps: IntegrationDeps, key: string, memory: Memory): Promise<Outcome> {
  const unseen = (): CalendarIntegration | undefined => {
    const found = deps.cluster.integrations.get(key)
    const known = found && withOwnStatus<'CalendarIntegration'>(found, memory)
    return known?.metadata.uid === memory.uid && !known.status?.conditions?.length ? known : undefined
  }
  try {
    const integration = unseen()
    // It may not have been its turn yet.
    if (integration && !memory.secretVersion && !memory.unusable) await readCredentials(deps, integration, memory)
    await alone(memory, async () => {
      const still = unseen()
      if (still) await report(deps, still, memory, decisionOf(deps, key, still, memory))
    })
    return done()
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    return wait(error.message, FIRST_STATUS_AGAIN_MS)
  }
}
