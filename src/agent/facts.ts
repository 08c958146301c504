/** From what the steps of a reconcile found, and what is remembered, to the facts that are decided on. */
import type { Grant } from '../grants/grant.ts'
import { consentIn } from '../grants/grant-state.ts'
import { asOf, knownCalendars } from '../calendars/query.ts'
import { nextReading } from '../calendars/schedule.ts'
import { monotonicAt, timeOfDay } from '../platform/clock.ts'
import { durationMs } from '../resources/durations.ts'
import { consentedAgent } from '../resources/consent.ts'
import { fromTimestamp } from '../resources/encoding.ts'
import { meaningOf } from '../resources/reasons.ts'
import type { Agent } from '../resources/types.ts'
import { grantEnd } from './death.ts'
import type { Facts } from './decide.ts'
import { type AgentState } from './state.ts'
import type { AgentDeps } from './port.ts'
import { staleAfterMs } from '../publishing/freshness.ts'
import { credible, outputStates, trustedUntil, type OutputState } from '../publishing/trust.ts'
import { renewalAdvice } from './sign-in.ts'
import type { Found, Scene } from './steps.ts'

/** What is to be decided on, from what the steps found. */
export function factsOf(deps: AgentDeps, { agent, memory, integration }: Scene, found: Found): Facts {
  const now = deps.clock.now()
  const staleAfter = integration && staleAfterMs(agent, integration.spec.sync)
  const end = found.grant && integration && grantEnd(found.grant, integration)
  return {
    now,
    monotonic: deps.clock.monotonic(),
    publishedAt: found.publishedAt,
    interval: integration && durationMs(integration.spec.sync.interval),
    agent,
    failures: found.failures,
    grant: found.grant &&
      integration && {
        ...grantFacts(found.grant, end, renewalAdvice(deps, agent, integration)),
        remark: agent.spec.grantSecretRef && memory.grant.suppliedRemark,
      },
    synced: isSynced(found)
      ? { calendars: memory.calendars.byId.size, staleAfterRaised: raised(agent, staleAfter) }
      : undefined,
    freshUntil: endOfTrust(deps, { agent, memory, integration }),
    unread: isUnread(consentedAgent(agent, consentIn(memory.grant)), memory),
    due: [
      nextReading(memory.calendars),
      memory.grant.grant?.renewAt,
      ...warnings(end, now).map((at) => monotonicAt(deps.clock, at)),
    ].filter((at) => at !== undefined),
  }
}

/** Until when readers can trust all outputs, in ms since the epoch; undefined if nobody has looked yet. */
export function endOfTrust(deps: AgentDeps, { agent, memory, integration }: TrustedScene): number | undefined {
  // What the person has not consented to is not expected to exist.
  const consented = consentedAgent(agent, consentIn(memory.grant))
  const now = deps.clock.now()
  const staleAfter = integration && staleAfterMs(consented, integration.spec.sync)
  const readingEnds = lastTrust(consented, { now, staleAfter, oldest: oldestReading(deps, memory) })
  return trustedUntil(memory.publication, { agent: consented, now, staleAfter, readingEnds })
}

/** The outputs of an Agent, as far as they have been looked at. */
export const outputsOf = (agent: Agent, { publication, grant }: AgentState): OutputState[] =>
  outputStates(publication, consentedAgent(agent, consentIn(grant)))

type TrustedScene = Pick<Scene, 'agent' | 'memory' | 'integration'>

/** Whether all that the person has agreed to is read and published. */
const isSynced = ({ complete, failures }: Found): boolean =>
  complete && failures.every(({ requeue }) => requeue.kind === 'wait' && requeue.readsOn === true)

const grantFacts = (grant: Grant, end: number | undefined, advice: string): NonNullable<Facts['grant']> => ({
  end,
  grantedAt: grant.grantedAt,
  guess: grant.grantedAtIsGuess,
  accountHidden: grant.accountHidden === true,
  advice,
})

/** Whether any calendar that is wanted has been neither read nor refused since the start. */
const isUnread = (agent: Agent, memory: AgentState): boolean =>
  knownCalendars(memory.calendars, agent, memory.grant.grant?.account).some(
    ({ lastRead, failure }) => lastRead === undefined && !failure,
  )

/** The time of day as of which all calendars are known; undefined while one was never read. */
function oldestReading({ clock }: AgentDeps, memory: AgentState): number | undefined {
  const oldest = asOf([...memory.calendars.byId.values()])
  return oldest === undefined ? undefined : timeOfDay(clock, oldest)
}

const raised = (agent: Agent, staleAfter: number | undefined): number | undefined =>
  staleAfter !== undefined && staleAfter > durationMs(agent.spec.publish.staleAfter) ? staleAfter : undefined

/** Where nothing is published: the last reading, or what the status says of it. */
function lastTrust(
  agent: Agent,
  { now, staleAfter, oldest = 0 }: { now: number; staleAfter: number | undefined; oldest: number | undefined },
): number | undefined {
  const told = credible(fromTimestamp(agent.status?.sync?.lastSyncTime), now) ?? 0
  const last = Math.max(oldest, told)
  return last === 0 || staleAfter === undefined ? undefined : last + staleAfter
}

/** The instants at which the end of a grant is warned about. */
function warnings(end: number | undefined, now: number): number[] {
  if (end === undefined) return []
  return [48, 12].map((hours) => end - hours * 60 * 60_000).filter((at) => at > now)
}

export function rememberFailing({ clock }: AgentDeps, memory: AgentState, facts: Facts): void {
  const passing = facts.failures.some(({ reason }) => meaningOf('Agent', reason) === 'passing')
  memory.failingSince = passing ? (memory.failingSince ?? facts.monotonic) : undefined
  facts.failingSince = memory.failingSince === undefined ? undefined : timeOfDay(clock, memory.failingSince)
}
