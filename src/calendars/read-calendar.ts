/** Reads one calendar that is due. */
import type { CalendarSnapshot } from '../calendar/calendar-snapshot.ts'
import { listingWindow } from '../calendar/window.ts'
import { UnexpectedError } from '../controller/outcome.ts'
import { passingFailure } from '../failures/google-failures.ts'
import { isStepFailure, type StepFailure } from '../failures/step-failure.ts'
import { GoogleError, needsNewToken, type EventsRequest } from '../google/port.ts'
import { keyOf } from '../kubernetes/port.ts'
import { stackOf } from '../platform/log.ts'
import { brief, withFailure, type ReadingError } from './calendar-failure.ts'
import { listCalendar } from './list-calendar.ts'
import type { Kept } from './memory-budget.ts'
import type { CalendarsDeps, ReadInput } from './port.ts'
import { nextDueAt, syncTokenToUse, type SyncSettings } from './schedule.ts'
import { listed, postponed, withoutSyncToken, type CalendarState } from './state.ts'

/** The calendar to read, and how to read it. */
export interface ReadTarget extends Pick<
  ReadInput,
  'agent' | 'client' | 'accessToken' | 'isTokenProven' | 'renew' | 'advice'
> {
  /** The calendar's id at Google. */
  id: string
  /** The calendar, as the spec names it. */
  name: string
  settings: SyncSettings
  /** Google has announced a change. */
  isAnnounced: boolean
  /** The memory that the Agent uses without this calendar. */
  kept: Kept
}

/** The calendar after it was read. */
interface CalendarReadResult {
  calendar: CalendarState
  /** Why it could not be read; `APIDisabled`: the Calendar API is switched off in the Google Cloud project. */
  failure: StepFailure | 'APIDisabled' | undefined
  /** The current access token, which may have been renewed. */
  accessToken: string
}

/** Reads the calendar. If Google's answer shows that the access token is not good, or may not be the client's, it is renewed once. */
export async function readCalendar(
  deps: CalendarsDeps,
  target: ReadTarget,
  calendar: CalendarState,
): Promise<CalendarReadResult> {
  const { accessToken } = target
  const first = await attempt(deps, target, calendar)
  if (!(first.error instanceof GoogleError && needsNewToken(first.error, target)))
    return { ...conclude(deps, target, first), accessToken }
  const renewed = await target.renew()
  if (isStepFailure(renewed)) return { calendar: first.calendar, failure: renewed, accessToken }
  const second = await attempt(deps, { ...target, ...renewed }, first.calendar)
  return { ...conclude(deps, target, second), ...renewed }
}

interface Attempt {
  calendar: CalendarState
  error?: ReadingError
}

/** Any error concerns only this calendar, even a bug of the operator, so that the other calendars are still read. */
async function attempt(deps: CalendarsDeps, target: ReadTarget, calendar: CalendarState): Promise<Attempt> {
  let syncToken: string | undefined
  try {
    syncToken = syncTokenToUse(calendar, target.settings, deps.clock)
    const from =
      syncToken === undefined ? { window: listingWindow(deps.clock.now(), target.settings.window) } : { syncToken }
    return { calendar: await list(deps, target, { calendar, from }) }
  } catch (error) {
    if (!(error instanceof GoogleError)) return { calendar, error: bug(deps, target, { calendar, error }) }
    const isExpired = syncToken !== undefined && error.failure === 'SyncTokenExpired'
    return isExpired ? attempt(deps, target, withoutSyncToken(calendar)) : { calendar, error }
  }
}

/** Logs a bug once, and without the calendar's id, which is an e-mail address. */
function bug(
  { log }: CalendarsDeps,
  { agent }: ReadTarget,
  { calendar, error: thrown }: { calendar: CalendarState; error: unknown },
): UnexpectedError {
  const error = new UnexpectedError(thrown)
  const isNew = calendar.failure?.error !== brief(error)
  if (isNew) log.warn({ agent: keyOf(agent), error, stack: stackOf(error) }, 'a calendar could not be read')
  return error
}

async function list(
  deps: CalendarsDeps,
  target: ReadTarget,
  { calendar, from }: { calendar: CalendarState; from: EventsRequest['from'] },
): Promise<CalendarState> {
  const { clock } = deps
  const { agent, settings } = target
  const [startedAt, at] = [clock.monotonic(), clock.now()]
  const found = await listCalendar(target.client, deps.zones, {
    accessToken: target.accessToken,
    before: calendar.lastRead === undefined ? undefined : calendar.snapshot,
    booked: settings.isWritten ? (calendar.booked ?? new Map()) : undefined,
    onlyBookings: settings.onlyBookings,
    countOwn: (items) => deps.written.countOwn(target.id, items),
    isAnnounced: target.isAnnounced,
    onPage: () => deps.progress(keyOf(agent)),
    calendarId: target.id,
    detail: settings.detail,
    from,
  })
  reserveMemory(deps, target, found.snapshot)
  const { interval, window } = settings
  const full = 'window' in from ? { pastDays: window.pastDays, futureDays: window.futureDays, at } : undefined
  const { snapshot, booked, versions, syncToken, doubtful, found: count } = found
  const dueAt = nextDueAt(startedAt, interval, deps.random())
  const read = { snapshot, booked, versions, syncToken, doubtful, found: count, full, startedAt, interval, dueAt }
  return listed(calendar, read)
}

/** Reserves memory for a new snapshot. @throws GoogleError if the Agent would exceed its limit. */
function reserveMemory({ budget }: CalendarsDeps, { agent, kept }: ReadTarget, snapshot: CalendarSnapshot): void {
  const wanted = { bytes: kept.bytes + snapshot.encoded.length, events: kept.events + snapshot.events }
  const refusal = budget.refusal(keyOf(agent), wanted)
  if (refusal !== undefined) throw new GoogleError('CalendarTooLarge', refusal)
  budget.note(keyOf(agent), wanted.bytes)
}

function conclude(
  { clock }: CalendarsDeps,
  { name, settings, advice }: ReadTarget,
  { calendar, error }: Attempt,
): Omit<CalendarReadResult, 'accessToken'> {
  if (!error) return { calendar, failure: undefined }
  const now = clock.monotonic()
  if (error instanceof GoogleError) {
    if (error.failure === 'APIDisabled') return { calendar, failure: 'APIDisabled' }
    const passing = passingFailure(error)
    // It may have been read before it was due, because somebody requested that. The retry must read it, too.
    if (passing) return { calendar: postponed(calendar, now), failure: passing }
  }
  const after = withFailure(calendar, error, { name, settings, advice, now })
  return { calendar: after, failure: after.failure?.stepFailure }
}
