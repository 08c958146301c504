/** Gathers the facts that `decide.ts` decides on. Pure, except for the clock. */
import { nextReading } from '../calendars/schedule.ts'
import type { CalendarsState } from '../calendars/state.ts'
import { wantedCalendars } from '../calendars/wanted-calendars.ts'
import type { AccountShortage } from '../clients/port.ts'
import { renewalAdvice } from '../grants/advice.ts'
import { grantEnd, isEndDisproved } from '../grants/grant-diagnosis.ts'
import type { Grant } from '../grants/grant.ts'
import { monotonicAt, timeOfDay } from '../platform/clock.ts'
import { staleAfterMs } from '../publishing/freshness.ts'
import { canonicalAccount } from '../resources/account.ts'
import { integrationKey } from '../resources/references.ts'
import { durationMs } from '../resources/durations.ts'
import { meaningOf } from '../resources/reasons.ts'
import type { Agent, CalendarIntegration } from '../resources/types.ts'
import type { AgentFacts } from './decide.ts'
import type { AgentDeps } from './port.ts'
import type { AgentProgress } from './progress.ts'
import { consentedPart, type ObservedState } from './state.ts'
import { endOfTrust } from './trust.ts'

/** What is decided on: an Agent, its integration, and what is known about it. */
interface DecisionInput extends ObservedState {
  agent: Agent
  integration: CalendarIntegration | undefined
  /** Since when it has been failing for a reason that may pass, by the monotonic clock. */
  failingSince: number | undefined
}

/** Gathers the facts from the result of the steps and from what is known. */
export function factsOf(deps: AgentDeps, input: DecisionInput, progress: AgentProgress): AgentFacts {
  const { agent, integration, calendars, failingSince } = input
  const now = deps.clock.now()
  const staleAfter = integration && staleAfterMs(agent, integration.spec.sync)
  const grant = integration && progress.grant && grantFacts(deps, { ...input, integration }, progress.grant)
  return {
    now,
    monotonic: deps.clock.monotonic(),
    publishedAt: progress.publishedAt,
    staleAfter,
    interval: integration && durationMs(integration.spec.sync.interval),
    agent,
    failures: [...progress.failures],
    grant,
    synced: isSynced(progress) ? syncedFacts(deps, input, staleAfter) : undefined,
    freshUntil: endOfTrust(deps.clock, agent, integration, input),
    unread: isUnread(consentedPart(agent, input), calendars, input.grant.grant?.account),
    failingSince: failingSince === undefined ? undefined : timeOfDay(deps.clock, failingSince),
    due: [
      nextReading(calendars),
      input.grant.grant?.renewAt,
      ...warnings(grant?.end, now).map((at) => monotonicAt(deps.clock, at)),
    ].filter((at) => at !== undefined),
  }
}

const syncedFacts = (
  deps: AgentDeps,
  { agent, calendars, grant: { grant } }: DecisionInput,
  staleAfter: number | undefined,
): NonNullable<AgentFacts['synced']> => ({
  calendars: calendars.byId.size,
  staleAfterRaised: raised(agent, staleAfter),
  shortage: shortageOf(deps, agent, grant?.account),
})

/** Set if the polls of the account need more than its budget leaves for them. */
const shortageOf = (
  { integrations }: AgentDeps,
  agent: Agent,
  account: string | undefined,
): AccountShortage | undefined =>
  account === undefined
    ? undefined
    : integrations.get(integrationKey(agent))?.accountsOverBudget?.get(canonicalAccount(account))

/** Whether a step fails for a reason that may pass by itself. */
export const isFailing = ({ failures }: AgentProgress): boolean =>
  failures.some(({ reason }) => meaningOf('Agent', reason) === 'passing')

/** Whether all that the person consented to is read and published. */
const isSynced = ({ isAuthorized, failures }: AgentProgress): boolean =>
  isAuthorized && failures.every(({ requeue }) => requeue.kind === 'wait' && requeue.readsOn === true)

function grantFacts(
  deps: AgentDeps,
  { agent, integration, grant: known }: DecisionInput & { integration: CalendarIntegration },
  grant: Grant,
): NonNullable<AgentFacts['grant']> {
  return {
    end: grantEnd(grant, integration),
    isEndDisproved: isEndDisproved(grant, integration),
    grantedAt: grant.grantedAt,
    guess: grant.grantedAtIsGuess,
    accountHidden: grant.accountHidden === true,
    advice: renewalAdvice(deps, agent, integration),
    remark: agent.spec.grantSecretRef && known.suppliedRemark,
  }
}

/** Whether a calendar that the spec names was neither read nor refused since the start of the process. */
function isUnread(agent: Agent, { byId }: CalendarsState, account: string | undefined): boolean {
  for (const id of wantedCalendars(agent, account).keys()) {
    const calendar = byId.get(id)
    if (calendar?.lastRead === undefined && !calendar?.failure) return true
  }
  return false
}

const raised = (agent: Agent, staleAfter: number | undefined): number | undefined =>
  staleAfter !== undefined && staleAfter > durationMs(agent.spec.publish.staleAfter) ? staleAfter : undefined

/** When to warn about the end of the grant. */
function warnings(end: number | undefined, now: number): number[] {
  if (end === undefined) return []
  return [48, 12].map((hours) => end - hours * 60 * 60_000).filter((at) => at > now)
}
