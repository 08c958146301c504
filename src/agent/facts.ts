/** From what the steps of a reconcile found, and what is remembered, to the facts that are decided on. */
import type { Published } from '../publishing/state.ts'
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
import { staleAfterMs } from '../publishing/publish.ts'
import { dataOf } from '../publishing/published.ts'
import { readHeader } from '../publishing/render.ts'
import { renewalAdvice } from './sign-in.ts'
import type { Found, Scene } from './steps.ts'

/** What is stamped this much later than it can be was stamped by a clock that was wrong. */
const CLOCKS_DIFFER_MS = 5_000

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

/**
 * Until when a reader of the outputs can trust all of them: the earliest of what stands in the cluster. Where one that is
 * wanted doesn't stand there, or was changed by somebody else, there is nothing to trust.
 */
export function endOfTrust(deps: AgentDeps, scene: TrustedScene): number | undefined {
  const { memory, integration } = scene
  // What the person has not agreed to is not expected to stand there.
  const agent = consentedAgent(scene.agent, consentIn(memory.grant))
  const now = deps.clock.now()
  const staleAfter = integration && staleAfterMs(agent, integration.spec.sync)
  const { calendar, accessToken } = agent.spec.publish
  const read = lastTrust(agent, { now, staleAfter, oldest: oldestReading(deps, memory) })
  const ends = [
    calendar &&
      standingUntil(memory.publication.published, (standing) => {
        const until = readHeader(standing).stamps?.freshUntil
        return until === undefined ? undefined : (credible(until, now + (staleAfter ?? Infinity)) ?? read)
      }),
    accessToken &&
      standingUntil(memory.publication.publishedToken, (standing) => fromTimestamp(dataOf(standing).expires_at)),
  ].filter((end) => end !== undefined)
  return ends.length > 0 ? Math.min(...ends) : read
}

/** An output that the spec asks for, as it stands in the cluster. */
export interface OutputState {
  namespace: string
  agent: string
  output: 'calendar' | 'access_token'
  /** Until when it can be trusted, ms since the epoch; 0 where nothing of ours stands there. */
  goodUntil: number
}

/** The outputs of an agent, as far as somebody has looked at them. */
export function outputsOf(agent: Agent, memory: AgentState): OutputState[] {
  const { calendar, accessToken } = consentedAgent(agent, consentIn(memory.grant)).spec.publish
  const ends = {
    calendar:
      calendar && standingUntil(memory.publication.published, (standing) => readHeader(standing).stamps?.freshUntil),
    access_token:
      accessToken &&
      standingUntil(memory.publication.publishedToken, (standing) => fromTimestamp(dataOf(standing).expires_at)),
  }
  const { namespace = '', name } = agent.metadata
  return (['calendar', 'access_token'] as const).flatMap((output) => {
    const end = ends[output]
    return end === undefined ? [] : [{ namespace, agent: name, output, goodUntil: Math.max(end, 0) }]
  })
}

type TrustedScene = Pick<Scene, 'agent' | 'memory' | 'integration'>

/** Undefined where nobody has looked yet. */
function standingUntil(
  standing: Published | null | undefined,
  tell: (standing: Published) => number | undefined,
): number | undefined {
  if (standing === undefined) return undefined
  if (standing === null || standing.isEdited) return -Infinity
  return tell(standing) ?? -Infinity
}

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

/** What is stamped later than it can be was written while the time of day was wrong: it says nothing. */
const credible = (stamp: number | undefined, latest: number): number | undefined =>
  stamp !== undefined && stamp <= latest + CLOCKS_DIFFER_MS ? stamp : undefined

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
