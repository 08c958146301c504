/** When the channels of an Agent are to be looked at next. Pure, except for the clock. */
import { monotonicAt, type Clock } from '../platform/clock.ts'
import type { AgentPush } from './agent-push.ts'
import { judgementDue } from './announcements.ts'
import { PROOF_TIMEOUT_MS, type CalendarPush } from './state.ts'

/** In how many ms; undefined if nothing is due. */
export function dueIn(clock: Clock, { state, announcements, access, lastAccess }: AgentPush): number | undefined {
  const now = clock.monotonic()
  const calendars = [...state.byCalendar.values()].flatMap((calendar) => instantsOf(clock, calendar))
  // Without a token nothing can be stopped; the reconcile that finds one looks at the channels.
  const stopping = (access ?? lastAccess) ? state.stopping.map(({ retryAt }) => retryAt) : []
  const judgements = [...announcements.values()].flatMap((one) => judgementDue(one) ?? [])
  const due = [...calendars, ...stopping, ...judgements].filter(Number.isFinite)
  return due.length > 0 ? Math.max(Math.min(...due) - now, 0) : undefined
}

function instantsOf(clock: Clock, calendar: CalendarPush): number[] {
  const { proved, unproved, retryAt, notSupportedUntil } = calendar
  const now = clock.monotonic()
  const atTimeOfDay = proved ? [proved.renewAt, proved.expiresAt].map((at) => monotonicAt(clock, at)) : []
  const pauses = [retryAt, notSupportedUntil ?? -Infinity]
  // What has passed is waiting for something else: a token, or another Agent's trial.
  const later = [...atTimeOfDay, ...pauses].filter((at) => at > now)
  return unproved ? [...later, unproved.askedAt + PROOF_TIMEOUT_MS] : later
}
