/** The step that keeps the calendars watched: it tells the push channels what was read. Channels are made beside the reconcile. */
import { knownCalendars } from '../calendars/query.ts'
import type { Bypass } from '../google/port.ts'
import type { AgentDeps } from './port.ts'
import { consentedPart, knownOf, type Context } from './state.ts'

/** @param bypass somebody asked for a reconcile now. */
export function watch(deps: AgentDeps, { agent, state, resolution }: Context, bypass: Bypass | undefined): void {
  const known = knownOf(deps, agent, state)
  const { grant } = known.grant
  const isUsable = grant?.accessToken !== undefined && grant.expiresAt > deps.clock.now()
  const calendars = knownCalendars(known.calendars, consentedPart(agent, known), grant?.account)
  deps.push.observe({
    ...{ agent, resolution },
    calendars: calendars.map(({ id, name, lastRead, changedAt, failure }) => {
      return { id, name, lastRead, changedAt, hasFailed: failure !== undefined, isRefused: failure?.refused === true }
    }),
    accessToken: isUsable ? grant.accessToken : undefined,
    isRequested: bypass !== undefined,
  })
}
