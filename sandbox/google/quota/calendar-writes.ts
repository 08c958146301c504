/** The limit of quick writes to one calendar, whose size Google does not publish (docs/google-behaviour.md#quotas). */
import { backEnd, type Refusal } from '../http/errors.ts'
import type { Calendar } from '../state/calendar-records.ts'
import type { GoogleState } from '../state/state.ts'
import { addRequest, lastMinute, newMinute } from './sliding-minute.ts'

/** Counts a write to a calendar. @throws Refusal if there were too many in a minute; then the write does not count. */
export function spendWrite(state: GoogleState, calendar: Calendar): void {
  const { writesPerCalendar: most, rateLimitStatus } = state.switches
  if (most <= 0) return
  calendar.writes ??= newMinute()
  if (lastMinute(calendar.writes, state.now()) >= most) {
    throw backEnd(rateLimitStatus, 'rateLimitExceeded', 'Rate Limit Exceeded')
  }
  addRequest(calendar.writes, state.now())
}

/** The error for an account that wrote or invited too much, for hours. */
export const calendarUsageLimitsExceeded = (): Refusal =>
  backEnd(403, 'quotaExceeded', 'Calendar usage limits exceeded.')
