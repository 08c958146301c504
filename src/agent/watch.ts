/** The step that keeps the calendars watched: it tells the push channels what was read. Channels are made beside the reconcile. */
import { knownCalendars } from '../calendars/query.ts'
import { payerOf } from '../clients/request-limits.ts'
import { consentedPart, observedState, type AgentState } from './state.ts'
import type { AgentRun } from './steps.ts'

/** @param options.isRequested somebody asked for a reconcile now. */
export function watch(
  { deps, agent, resolution }: AgentRun,
  state: AgentState,
  { isRequested }: { isRequested: boolean },
): void {
  const observed = observedState(deps, agent, state)
  const { grant } = observed.grant
  const isUsable = grant?.accessToken !== undefined && grant.expiresAt > deps.clock.now()
  const calendars = knownCalendars(observed.calendars, consentedPart(agent, observed), grant?.account)
  deps.push.observe({
    ...{ agent, resolution, isRequested },
    calendars: calendars.map(({ id, name, lastRead, changedAt, failure }) => {
      const isRefused = failure?.refused === true
      return { id, name, lastRead, changedAt, hasFailed: failure !== undefined, isRefused }
    }),
    accessToken: isUsable ? grant.accessToken : undefined,
    payer: payerOf(agent, resolution.key, grant),
  })
}
