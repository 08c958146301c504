/**
 * Until when readers can trust what an agent has published (docs/decisions/0131). To what `publishing/trust.ts` knows, this adds
 * the last reading and the person's consent. Pure, except for the clock.
 */
import { asOf } from '../calendars/query.ts'
import { timeOfDay, type Clock } from '../platform/clock.ts'
import { staleAfterMs } from '../publishing/freshness.ts'
import { credible, outputStates, trustedUntil, type OutputState } from '../publishing/trust.ts'
import { fromTimestamp } from '../resources/secret-encoding.ts'
import type { Agent, CalendarIntegration } from '../resources/types.ts'
import { consentedPart, type ObservedState } from './state.ts'

/** Until when readers can trust all outputs, in ms since the epoch; undefined if nothing was observed yet. */
export function endOfTrust(
  clock: Clock,
  wanted: Agent,
  integration: CalendarIntegration | undefined,
  observed: ObservedState,
): number | undefined {
  // What the person has not consented to is not expected to exist.
  const agent = consentedPart(wanted, observed)
  const now = clock.now()
  const staleAfter = integration && staleAfterMs(agent, integration.spec.sync)
  const oldest = asOf(observed.calendars.byId.values())
  const lastRead = oldest === undefined ? undefined : timeOfDay(clock, oldest)
  const readingEnds = endOfReading(agent, { now, staleAfter, lastRead })
  const { accessToken, expiresAt } = observed.grant.grant ?? {}
  const tokenEnds = accessToken === undefined ? undefined : expiresAt
  return trustedUntil(observed.publication, { agent, now, staleAfter, readingEnds, tokenEnds })
}

/** The outputs of an Agent, as far as they were observed. */
export const outputsOf = (agent: Agent, observed: ObservedState): OutputState[] =>
  outputStates(observed.publication, consentedPart(agent, observed))

/** Until when the last reading is trusted; after a restart, the reading that the status names. */
function endOfReading(
  { status }: Agent,
  { now, staleAfter, lastRead = 0 }: { now: number; staleAfter: number | undefined; lastRead: number | undefined },
): number | undefined {
  const told = credible(fromTimestamp(status?.sync?.lastSyncTime), now) ?? 0
  const last = Math.max(lastRead, told)
  return last === 0 || staleAfter === undefined ? undefined : last + staleAfter
}
