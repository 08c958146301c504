/** Gathers the facts that `decide.ts` decides on. Pure, except for the clock. */
import { knownCalendars } from '../calendars/query.ts'
import { nextReading } from '../calendars/schedule.ts'
import type { CalendarsState } from '../calendars/state.ts'
import { renewalAdvice } from '../grants/advice.ts'
import { grantEnd } from '../grants/grant-diagnosis.ts'
import type { Grant } from '../grants/grant.ts'
import { monotonicAt, timeOfDay } from '../platform/clock.ts'
import { staleAfterMs } from '../publishing/freshness.ts'
import { durationMs } from '../resources/durations.ts'
import { meaningOf } from '../resources/reasons.ts'
import type { Agent, CalendarIntegration } from '../resources/types.ts'
import type { Facts } from './decide.ts'
import type { AgentDeps } from './port.ts'
import { consentedPart, type Known, type Read } from './state.ts'
import { endOfTrust } from './trust.ts'

/** The result of all steps. */
export interface Found extends Read {
  /** When it was decided what to publish, by the time of day. */
  readonly publishedAt: number
}

/** An agent, its integration, and what is known about it. */
export interface Judged extends Known {
  agent: Agent
  integration: CalendarIntegration | undefined
  /** Since when it has been failing for a reason that may pass, by the monotonic clock. */
  failingSince: number | undefined
}

/** Gathers the facts from the result of the steps and from what is known. */
export function factsOf(deps: AgentDeps, judged: Judged, found: Found): Facts {
  const { agent, integration, calendars, failingSince } = judged
  const now = deps.clock.now()
  const staleAfter = integration && staleAfterMs(agent, integration.spec.sync)
  const grant = integration && found.grant && grantFacts(deps, { ...judged, integration }, found.grant)
  return {
    now,
    monotonic: deps.clock.monotonic(),
    publishedAt: found.publishedAt,
    interval: integration && durationMs(integration.spec.sync.interval),
    agent,
    failures: [...found.failures],
    grant,
    synced: isSynced(found)
      ? { calendars: calendars.byId.size, staleAfterRaised: raised(agent, staleAfter) }
      : undefined,
    freshUntil: endOfTrust(deps.clock, agent, integration, judged),
    unread: isUnread(consentedPart(agent, judged), calendars, judged.grant.grant?.account),
    failingSince: failingSince === undefined ? undefined : timeOfDay(deps.clock, failingSince),
    due: [
      nextReading(calendars),
      judged.grant.grant?.renewAt,
      ...warnings(grant?.end, now).map((at) => monotonicAt(deps.clock, at)),
    ].filter((at) => at !== undefined),
  }
}

/** Whether a step fails for a reason that may pass by itself. */
export const isFailing = ({ failures }: Read): boolean =>
  failures.some(({ reason }) => meaningOf('Agent', reason) === 'passing')

/** Whether all that the person consented to is read and published. */
const isSynced = ({ complete, failures }: Found): boolean =>
  complete && failures.every(({ requeue }) => requeue.kind === 'wait' && requeue.readsOn === true)

function grantFacts(
  deps: AgentDeps,
  { agent, integration, grant: known }: Judged & { integration: CalendarIntegration },
  grant: Grant,
): NonNullable<Facts['grant']> {
  return {
    end: grantEnd(grant, integration),
    grantedAt: grant.grantedAt,
    guess: grant.grantedAtIsGuess,
    accountHidden: grant.accountHidden === true,
    advice: renewalAdvice(deps, agent, integration),
    remark: agent.spec.grantSecretRef && known.suppliedRemark,
  }
}

/** Whether a calendar that the spec names was neither read nor refused since the start of the process. */
const isUnread = (agent: Agent, calendars: CalendarsState, account: string | undefined): boolean =>
  knownCalendars(calendars, agent, account).some(({ lastRead, failure }) => lastRead === undefined && !failure)

const raised = (agent: Agent, staleAfter: number | undefined): number | undefined =>
  staleAfter !== undefined && staleAfter > durationMs(agent.spec.publish.staleAfter) ? staleAfter : undefined

/** When to warn about the end of the grant. */
function warnings(end: number | undefined, now: number): number[] {
  if (end === undefined) return []
  return [48, 12].map((hours) => end - hours * 60 * 60_000).filter((at) => at > now)
}
