/** When the channels of an Agent are to be looked at next. Pure, except for the clock. */
import { monotonicAt, type Clock } from '../platform/clock.ts'
import type { AgentPush } from './agent-push.ts'
import { judgementDue } from './announcements.ts'
import { PROOF_TIMEOUT_MS, type CalendarPush } from './state.ts'

/**
 * In how many ms; undefined if nothing is due.
 *
 * @param lookedAt when the last look at the channels began: an instant that has passed since then means now.
 */
export function dueIn(
  clock: Clock,
  { state, announcements, access, lastAccess }: AgentPush,
  lookedAt: number,
): number | undefined {
  const now = clock.monotonic()
  const calendars = [...state.byCalendar.values()].flatMap((calendar) => instantsOf(clock, calendar, lookedAt))
  // Without a token nothing can be stopped; the reconcile that finds one looks at the channels.
  const stopping = (access ?? lastAccess) ? state.stopping.map(({ retryAt }) => retryAt) : []
  const judgements = [...announcements.values()].flatMap((one) => judgementDue(one) ?? [])
  const due = [...calendars, ...stopping, ...judgements].filter(Number.isFinite)
  return due.length > 0 ? Math.max(Math.min(...due) - now, 0) : undefined
}

function instantsOf(clock: Clock, calendar: CalendarPush, lookedAt: number): number[] {
  const { proved, unproved, retryAt, notSupportedUntil } = calendar
  const atTimeOfDay = proved ? [proved.renewAt, proved.expiresAt].map((at) => monotonicAt(clock, at)) : []
  const pauses = [retryAt, notSupportedUntil ?? -Infinity]
  const overdueAt = unproved ? unproved.askedAt + PROOF_TIMEOUT_MS : -Infinity
  // What had passed before is waiting for something else: a token, another Agent's trial, or whether the site is accepted.
  return [...atTimeOfDay, ...pauses, overdueAt].filter((at) => at > lookedAt)
}
