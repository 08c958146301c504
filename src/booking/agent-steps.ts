/** The steps that find the Agent of a Booking, and get a valid access token. What fails here is the Agent's business. */
import { writeCalendar } from '../calendars/wanted-calendars.ts'
import { agentAccess } from '../clients/agent-access.ts'
import {
  findingsOf,
  refusedIntegration,
  resolveIntegration,
  type ResolvedIntegration,
} from '../clients/resolve-integration.ts'
import { wait } from '../controller/outcome.ts'
import { isStepFailure } from '../failures/step-failure.ts'
import { Bypass } from '../google/bypass.ts'
import { consentIn } from '../grants/grant-state.ts'
import type { TokenRefusal } from '../grants/port.ts'
import { keyOf } from '../kubernetes/port.ts'
import { HOUR_MS } from '../platform/time-units.ts'
import { consentedAgent } from '../resources/consent.ts'
import { agentKey } from '../resources/references.ts'
import { allowsWriting } from '../resources/write-scopes.ts'
import { writeCalendarKey } from '../resources/write-calendar.ts'
import type { Agent } from '../resources/types.ts'
import { notYetKnown, refused, type Accepted } from './findings.ts'
import {
  ended,
  endedSilently,
  type BookingProgress,
  type BookingRun,
  type AgentStep,
  type BookingStep,
} from './steps.ts'
import { stuckOutcome } from './stuck.ts'

/** What is wrong with an Agent whose grant is too narrow. */
export const NO_WRITE_SCOPE =
  'its grant does not allow writing events: the person has to sign in again, with every permission ticked.'

/** After this time it is tried again, even if nothing that is watched has changed. */
const AGENT_PAUSE_MS = 60_000

/** Finds the Agent, and through which client it is used. */
export const findAgent: BookingStep = (run, state, progress) => {
  const { deps, booking } = run
  const key = agentKey(booking)
  const agent = deps.cluster.agents.get(key)
  if (!agent) {
    const message = `There is no Agent ${booking.spec.agentRef.name} in this namespace: create it, or correct spec.agentRef in a new Booking.`
    return { progress: agentFailed(progress, refused('AgentNotFound', message), HOUR_MS) }
  }
  if (agent.metadata.deletionTimestamp !== undefined) {
    return { progress: agentFailed(progress, notReady(agent, 'it is being deleted.')) }
  }
  const [calendar, turn] = [writeCalendar(agent), writeCalendarKey(agent.spec)]
  if (calendar === undefined || turn === undefined) {
    const message = `Agent ${agent.metadata.name} has no calendar to write to: set its spec.calendars.write.`
    return stuckOutcome(run, state, ended(progress, wait('', 0), { accepted: refused('NoWriteCalendar', message) }))
  }
  const { firstSeen } = state
  const handledRequest = agent.status?.lastHandledReconcileAt
  const resolution = resolveIntegration(deps, agent, { firstSeen, handledRequest })
  if (agent.spec.suspend || resolution.kind === 'suspended') return { progress: suspendedAgent(run, progress, agent) }
  if (resolution.kind === 'failed') {
    return { progress: agentFailed(progress, notReady(agent, resolution.failure.message)) }
  }
  const bypass = run.isRequested ? new Bypass() : undefined
  const access = agentAccess(deps, agent, resolution, { since: firstSeen, bypass })
  return { progress: { ...progress, agent: { ...access, agent, key, resolution, account: undefined, calendar, turn } } }
}

/** Gets a valid access token of the right account, and reduces the Agent to what the person has consented to. */
export const authorize: AgentStep = async (run, _, progress) => {
  const { tokens } = run.deps
  const { agent: known } = progress
  const { request, agent, resolution, client } = known
  const refusal = (await tokens.load(request)) ?? (await tokens.ensure(request)) ?? (await tokens.verify(request))
  report(run, resolution, client.takeFindings())
  if (refusal) return { progress: agentFailed(progress, notReady(agent, messageOf(run, resolution, refusal))) }
  const state = tokens.current(agent)
  const { scopes } = state.grant ?? {}
  if (scopes && !allowsWriting(scopes)) return { progress: agentFailed(progress, notReady(agent, NO_WRITE_SCOPE)) }
  const consented = consentedAgent(agent, consentIn(state))
  const account = state.grant?.account
  const calendar = writeCalendar(consented, account)
  if (!calendar) {
    const message =
      'the person has not yet agreed that appointments may be written to the calendar that spec.calendars.write names.'
    return { progress: agentFailed(progress, notReady(agent, message)) }
  }
  return { progress: { ...progress, agent: { ...known, agent: consented, account, calendar } } }
}

function messageOf(run: BookingRun, resolution: ResolvedIntegration, refusal: TokenRefusal): string {
  if (isStepFailure(refusal)) return refusal.message
  report(run, resolution, findingsOf(refusal))
  return refusedIntegration(run.deps, resolution.key, refusal).message
}

const report = ({ deps }: BookingRun, { key }: ResolvedIntegration, findings: ReturnType<typeof findingsOf>): void => {
  if (Object.keys(findings).length > 0) deps.integrations.report(key, findings)
}

/** Nothing can be decided or written for this Agent now. */
export const notReady = (agent: Agent, message: string): Accepted =>
  refused('AgentNotReady', `Agent ${keyOf(agent)} can't be used now: ${message}`)

/** What stands keeps its conditions: only a Booking that waits for something says that its Agent fails. */
export const agentFailed = (progress: BookingProgress, accepted: Accepted, forMs = AGENT_PAUSE_MS): BookingProgress => {
  const outcome = wait(accepted.message, forMs)
  return progress.reportsFailures ? ended(progress, outcome, { accepted }) : endedSilently(progress, outcome)
}

/** A Booking that was never decided says so; every other one stays as it is. */
function suspendedAgent({ booking }: BookingRun, progress: BookingProgress, agent: Agent): BookingProgress {
  const outcome = wait('the Agent is suspended', HOUR_MS)
  const isNew = !booking.status?.conditions?.some(({ type, status }) => type === 'Accepted' && status !== 'Unknown')
  const message = `Agent ${keyOf(agent)} or its integration is suspended: nothing is decided until spec.suspend is false in both.`
  return isNew ? ended(progress, outcome, { accepted: notYetKnown(message) }) : endedSilently(progress, outcome)
}
