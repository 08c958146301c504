/**
 * Keeping the snapshots of an agent's calendars up to date: one request a calendar and interval, by sync token where there
 * is one; everything of a listing is applied, or nothing of it.
 */
import { emptySnapshot, type CalendarSnapshot } from '../calendar/calendar-snapshot.ts'
import { listingWindow } from '../calendar/window.ts'
import { CALENDAR_DISABLED, passingFailure } from '../failures/google-failures.ts'
import { isStepFailure, stepFailure, type StepFailure } from '../failures/step-failure.ts'
import { GoogleError, type EventsRequest } from '../google/port.ts'
import { hasCome, type Clock } from '../platform/clock.ts'
import { keyOf } from '../kubernetes/port.ts'
import { UnexpectedError } from '../controller/outcome.ts'
import { manualFixInterval } from '../controller/manual-fix-interval.ts'
import { stackOf } from '../platform/log.ts'
import { durationMs } from '../resources/durations.ts'
import type { Agent } from '../resources/types.ts'
import { keptOf } from './kept-budget.ts'
import { listCalendar } from './list-calendar.ts'
import type { CalendarsDeps, ReadInput, ReadResult } from './port.ts'
import type { CalendarsState, CalendarState } from './state.ts'
import { wantedCalendars } from './wanted.ts'

const HOUR = 60 * 60_000
/** How long a listing may go on by sync tokens before its window has to be anchored anew. */
const LONGEST_ANCHOR_MS = 23 * HOUR

/** The first pause after a failure that is about one calendar only; it doubles, up to the interval. */
const QUICK_RETRY_MS = 5_000

/** One round of reading, which several functions here go through. */
interface Round extends ReadInput {
  deps: CalendarsDeps
  state: CalendarsState
  /** Another one, once the round had to renew it. */
  accessToken: string
}

/** Ends the round: the Calendar API is switched off. */
const API_DISABLED = 'APIDisabled'

/** Reads the calendars that are due, and forgets those no longer wanted. */
export async function syncCalendars(
  deps: CalendarsDeps,
  input: ReadInput,
  state: CalendarsState,
): Promise<ReadResult & { state: CalendarsState }> {
  const round: Round = { ...input, deps, state }
  const wanted = wantedCalendars(input.agent, input.account)
  for (const id of [...state.byId.keys()]) if (!wanted.has(id)) state.byId.delete(id)
  const failures: StepFailure[] = []
  for (const [id, name] of wanted) {
    const calendar = state.byId.get(id) ?? newCalendar()
    state.byId.set(id, calendar)
    keepPace(round, calendar)
    const reading = { id, name, calendar }
    const failed = await readIfDue(round, reading)
    if (failed === API_DISABLED) return { state, failures, apiDisabled: true }
    if (failed) failures.push(failed)
    // Nothing else will go better just now: Google is away, is limiting us, or has switched the grant off.
    if (failed && endsTheRound(failed)) break
  }
  return { state, failures, apiDisabled: false }
}

async function readIfDue(round: Round, reading: Reading): Promise<Failed | undefined> {
  round.deps.progress(keyOf(round.agent))
  return isDue(round, reading.calendar) ? readCalendar(round, reading) : reading.calendar.trouble?.stepFailure
}

/** A shorter or longer interval counts from the last reading on. */
function keepPace({ integration }: Round, calendar: CalendarState): void {
  const interval = durationMs(integration.spec.sync.interval)
  if (calendar.interval === interval || calendar.lastRead === undefined || calendar.trouble) return
  Object.assign(calendar, { interval, nextAt: calendar.lastRead + interval })
}

const newCalendar = (): CalendarState => ({
  snapshot: emptySnapshot(),
  timeZone: 'UTC',
  detail: 'Busy',
  nextAt: -Infinity,
})

const endsTheRound = (failed: StepFailure): boolean => failed.condition !== 'Synced' || failed.requeue.kind === 'retry'

const isDue = (round: Round, calendar: CalendarState): boolean =>
  round.force || hasCome(round.deps.clock, calendar.nextAt) || (!calendar.trouble && isOutdated(round, calendar))

interface Reading {
  id: string
  name: string
  calendar: CalendarState
}

const detailOf = (agent: Agent): 'Busy' | 'Full' => agent.spec.publish.calendar?.detail ?? 'Busy'

/** Whether what is wanted of this calendar is no longer what was last asked for. */
function isOutdated({ deps, agent, integration }: Round, calendar: CalendarState): boolean {
  if (!calendar.asked) return false
  const { pastDays, futureDays } = integration.spec.sync.window
  const sameWindow = calendar.asked.pastDays === pastDays && calendar.asked.futureDays === futureDays
  return !sameWindow || anchorIsOff(deps.clock, calendar.asked.at) || calendar.detail !== detailOf(agent)
}

/** The time of day may have been set since, either way: then what is published may reach past what was asked for. */
const anchorIsOff = (clock: Clock, askedAt: number): boolean =>
  Math.abs(clock.now() - askedAt) > LONGEST_ANCHOR_MS + HOUR

type Failed = StepFailure | typeof API_DISABLED

async function readCalendar(round: Round, reading: Reading): Promise<Failed | undefined> {
  const first = await attempt(round, reading)
  if (!(first instanceof GoogleError && first.failure === 'Unauthenticated'))
    return first && failedReading(round, reading, first)
  // The access token was refused before its time: one new one, one more try.
  const renewed = await round.renew()
  if (isStepFailure(renewed)) return renewed
  round.accessToken = renewed.accessToken
  const second = await attempt(round, reading)
  return second && failedReading(round, reading, second)
}

/** Whatever one calendar fails with is its own failure: a mistake of ours over what it holds does not end the round. */
async function attempt(round: Round, reading: Reading): Promise<GoogleError | UnexpectedError | undefined> {
  try {
    await readOnce(round, reading)
    return undefined
  } catch (error) {
    return error instanceof GoogleError ? error : mistake(round, reading, new UnexpectedError(error))
  }
}

/** Logged where it is news, without the calendar's id: that is somebody's e-mail address. */
function mistake({ deps, agent }: Round, { calendar }: Reading, error: UnexpectedError): UnexpectedError {
  const isNews = calendar.trouble?.error !== inBrief(error)
  if (isNews) deps.log.warn({ agent: keyOf(agent), error, stack: stackOf(error) }, 'a calendar could not be read')
  return error
}

async function readOnce(round: Round, reading: Reading): Promise<void> {
  const { calendar } = reading
  const { deps, integration } = round
  // What was asked for reaches a day further than what is published: it has to be asked anew before that day is over.
  const fullEvery = Math.min(
    durationMs(integration.spec.sync.fullSyncInterval),
    LONGEST_ANCHOR_MS,
    untilClearer(calendar, durationMs(integration.spec.sync.interval)),
  )
  const aged = calendar.lastFull === undefined || hasCome(deps.clock, calendar.lastFull + fullEvery)
  const token = aged || isOutdated(round, calendar) ? undefined : calendar.syncToken
  if (token !== undefined) {
    try {
      await apply(round, reading, { syncToken: token })
      return
    } catch (error) {
      if (!(error instanceof GoogleError) || error.failure !== 'SyncTokenExpired') throw error
      calendar.syncToken = undefined
    }
  }
  const window = listingWindow(deps.clock.now(), integration.spec.sync.window)
  await apply(round, reading, { window })
}

/** A full listing that was not understood is made again soon, and less and less often while that does not help. */
const untilClearer = ({ doubts = 0 }: CalendarState, interval: number): number =>
  doubts > 0 ? interval * 2 ** doubts : Infinity

async function apply(round: Round, { id, calendar }: Reading, from: EventsRequest['from']): Promise<void> {
  const { deps, agent, integration } = round
  const startedAt = deps.clock.monotonic()
  const askedAt = deps.clock.now()
  const detail = detailOf(agent)
  const full = 'window' in from
  const listed = await listCalendar(round.client, deps.zones, {
    accessToken: round.accessToken,
    before: calendar.lastRead === undefined ? undefined : calendar.snapshot,
    onPage: () => deps.progress(keyOf(agent)),
    calendarId: id,
    detail,
    from,
  })
  checkKept(round, calendar, listed.snapshot)
  const { pastDays, futureDays } = integration.spec.sync.window
  const interval = durationMs(integration.spec.sync.interval)
  Object.assign(calendar, {
    snapshot: listed.snapshot,
    detail,
    timeZone: listed.timeZone,
    syncToken: listed.syncToken,
    doubts: full ? (listed.doubtful ? (calendar.doubts ?? 0) + 1 : 0) : calendar.doubts,
    // A change that Google takes while we list may be missing: the snapshot is as of the moment of asking.
    lastRead: startedAt,
    lastFull: full ? startedAt : calendar.lastFull,
    asked: full ? { pastDays, futureDays, at: askedAt } : calendar.asked,
    interval,
    nextAt: startedAt + spread(interval, deps.random()),
    trouble: undefined,
  })
}

/** Nothing is taken in that would be more than this Agent may keep. @throws {GoogleError} */
function checkKept(
  { deps, agent, state, keptBesides }: Round,
  { snapshot: before }: CalendarState,
  after: CalendarSnapshot,
): void {
  const { bytes, events } = keptOf(state, keptBesides)
  const kept = {
    bytes: bytes - before.encoded.length + after.encoded.length,
    events: events - before.events + after.events,
  }
  const refusal = deps.kept.refusal(keyOf(agent), kept)
  if (refusal !== undefined) throw new GoogleError('CalendarTooLarge', refusal)
  deps.kept.note(keyOf(agent), kept.bytes)
}

/** Agents that began together drift apart: each interval is up to a tenth shorter or longer than asked for. */
const spread = (interval: number, chance: number): number => interval * (0.9 + chance / 5)

function failedReading(round: Round, reading: Reading, error: GoogleError | UnexpectedError): Failed {
  if (error instanceof UnexpectedError) return ownTrouble(round, reading, error)
  if (error.failure === 'APIDisabled') return API_DISABLED
  const everybodys = passingFailure(error)
  const now = round.deps.clock.monotonic()
  if (everybodys) {
    // It may have been asked for before its time: the next try is to read it too, not to find that it is not due.
    reading.calendar.nextAt = Math.min(reading.calendar.nextAt, now)
    return everybodys
  }
  return ownTrouble(round, reading, error)
}

/** What is wrong with this calendar only; it is asked for again by a backoff of its own. */
function ownTrouble(round: Round, { name, calendar }: Reading, error: GoogleError | UnexpectedError): StepFailure {
  const now = round.deps.clock.monotonic()
  const { since = now, attempts = 0 } = calendar.trouble ?? {}
  const refusal =
    error instanceof UnexpectedError
      ? undefined
      : refusalOf(round, error, { name, at: now + manualFixInterval(since, now) })
  const interval = durationMs(round.integration.spec.sync.interval)
  const pause = Math.min(interval, QUICK_RETRY_MS * 2 ** attempts)
  const found = refusal ?? unreadable(name, error, pause)
  calendar.trouble = {
    stepFailure: found,
    since,
    refused: refusal !== undefined,
    attempts: attempts + 1,
    error: inBrief(error),
  }
  calendar.nextAt = refusal ? now + manualFixInterval(since, now) : now + pause
  // A delta that can't be used, or taken in, a second time: a full listing may do.
  if (refusal || attempts > 0) calendar.syncToken = undefined
  return found
}

/** The words of a mistake of ours may hold anything: they stay out of the status. */
const inBrief = (error: GoogleError | UnexpectedError): string =>
  error instanceof UnexpectedError
    ? `the operator failed over something that it does not understand (${error.kind})`
    : error.message

const fullAdvice = ({ agent }: Round): string =>
  detailOf(agent) === 'Full' ? ', or publish.calendar.detail: Busy in this Agent' : ''

function unreadable(name: string, error: GoogleError | UnexpectedError, pause: number): StepFailure {
  const log = error instanceof UnexpectedError ? ', and its log says where' : ''
  const message = `Calendar ${name} can't be read (${inBrief(error)}); the operator keeps trying${log}.`
  return stepFailure('Synced', 'SyncFailed', message, { kind: 'wait', for: pause })
}

function refusalOf(
  round: Round,
  error: GoogleError,
  { name, at }: { name: string; at: number },
): StepFailure | undefined {
  const requeue = { kind: 'blocked', at } as const
  switch (error.failure) {
    case 'NotFound': {
      const message = `Google knows no calendar ${name} that this account may see: correct spec.calendars.read, or have its owner share it with the account.`
      return stepFailure('Synced', 'CalendarNotFound', message, requeue)
    }
    case 'Forbidden': {
      const message = `The account may not read calendar ${name}: have its owner share it with the account, or take it out of spec.calendars.read.`
      return stepFailure('Synced', 'CalendarForbidden', message, requeue)
    }
    case 'CalendarDisabled':
      return stepFailure('Synced', 'CalendarDisabled', CALENDAR_DISABLED, requeue)
    case 'CalendarTooLarge': {
      const message = `Calendar ${name} is too large: ${error.message}. Take it out of spec.calendars.read, have events deleted from it, or set a shorter sync.window in the integration${fullAdvice(round)}.`
      return stepFailure('Synced', 'CalendarTooLarge', message, requeue)
    }
    case 'ScopeInsufficient': {
      const message = `Google says that the grant's scopes don't allow reading calendar ${name}: ${round.advice}, with every permission ticked.`
      return stepFailure('Authorized', 'ScopeMissing', message, requeue)
    }
    default:
      return undefined
  }
}
