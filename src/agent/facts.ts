/** From what the steps of a reconcile found, and what is remembered, to the facts that are decided on. */
import { monotonicAt, timeOfDay } from '../platform/clock.ts'
import { durationMs } from '../resources/durations.ts'
import { fromTimestamp } from '../resources/encoding.ts'
import { meaningOf } from '../resources/reasons.ts'
import type { Agent } from '../resources/types.ts'
import { grantEnd } from './death.ts'
import type { Facts } from './decide.ts'
import type { AgentMemory, Grant } from './memory.ts'
import type { AgentDeps } from './port.ts'
import { staleAfterMs, trustedUntil } from './publish.ts'
import { renewalAdvice } from './sign-in.ts'
import type { Found, Scene } from './steps.ts'
import { nextReading } from './sync.ts'

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
    setbacks: found.setbacks,
    grant: found.grant &&
      integration && {
        ...grantFacts(found.grant, end, renewalAdvice(deps, agent, integration)),
        remark: agent.spec.grantSecretRef && memory.suppliedRemark,
      },
    synced: isSynced(found)
      ? { calendars: memory.calendars.size, staleAfterRaised: raised(agent, staleAfter) }
      : undefined,
    freshUntil: endOfTrust(deps, { agent, memory }, staleAfter),
    due: [
      nextReading(memory),
      memory.grant?.renewAt,
      ...warnings(end, now).map((at) => monotonicAt(deps.clock, at)),
    ].filter((at) => at !== undefined),
  }
}

function endOfTrust(
  deps: AgentDeps,
  { agent, memory }: Pick<Scene, 'agent' | 'memory'>,
  staleAfter: number | undefined,
): number | undefined {
  const now = deps.clock.now()
  const told = credible(trustedUntil(memory), now + (staleAfter ?? Infinity))
  return told ?? lastTrust(agent, { now, staleAfter, oldest: oldestReading(deps, memory) })
}

/** Whether all that the person has agreed to is read and published. */
const isSynced = ({ complete, setbacks }: Found): boolean =>
  complete && setbacks.every(({ again }) => again.kind === 'wait' && again.readsOn === true)

const grantFacts = (grant: Grant, end: number | undefined, advice: string): NonNullable<Facts['grant']> => ({
  end,
  grantedAt: grant.grantedAt,
  guess: grant.grantedAtIsGuess,
  accountHidden: grant.accountHidden === true,
  advice,
})

/** The time of day as of which all calendars are known; undefined while one was never read. */
function oldestReading({ clock }: AgentDeps, memory: AgentMemory): number | undefined {
  const reads = [...memory.calendars.values()].map(({ lastRead }) => lastRead)
  const known = reads.filter((read) => read !== undefined)
  return reads.length > 0 && known.length === reads.length ? timeOfDay(clock, Math.min(...known)) : undefined
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

export function rememberTrouble({ clock }: AgentDeps, memory: AgentMemory, facts: Facts): void {
  const passing = facts.setbacks.some(({ reason }) => meaningOf('Agent', reason) === 'passing')
  memory.troubleSince = passing ? (memory.troubleSince ?? facts.monotonic) : undefined
  facts.troubleSince = memory.troubleSince === undefined ? undefined : timeOfDay(clock, memory.troubleSince)
}
