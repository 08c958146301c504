/**
 * Keeping the snapshots of an agent's calendars up to date: one request a calendar and interval, by sync token where there
 * is one; everything of a listing is applied, or nothing of it.
 */
import { emptySnapshot, type CalendarSnapshot } from '../calendar/calendar-snapshot.ts'
import { listingWindow } from '../calendar/window.ts'
import { GoogleError, type EventsRequest } from '../google/port.ts'
import { hasCome, type Clock } from '../platform/clock.ts'
import { keyOf } from '../kubernetes/port.ts'
import { UnexpectedError } from '../controller/outcome.ts'
import { stackOf } from '../platform/log.ts'
import { durationMs } from '../resources/durations.ts'
import type { Agent } from '../resources/types.ts'
import { adviceOf, apiDisabled, CALENDAR_DISABLED, passingSetback, renew, type AccessRequest } from './access.ts'
import { keptOf } from './kept-budget.ts'
import { listCalendar } from './list-calendar.ts'
import type { AgentMemory, CalendarMemory, Grant } from './memory.ts'
import { setback, slowly, type Setback } from './setback.ts'

const HOUR = 60 * 60_000
/** How long a listing may go on by sync tokens before its window has to be anchored anew. */
const LONGEST_ANCHOR_MS = 23 * HOUR

/** The first pause after a failure that is about one calendar only; it doubles, up to the interval. */
const QUICK_RETRY_MS = 5_000

/** The calendars to read under their real ids, each once, with the name that the spec first gives it. */
export function wantedCalendars(agent: Agent, grant: Grant | undefined): Map<string, string> {
  const account = grant?.account ?? agent.spec.account
  const wanted = new Map<string, string>()
  for (const name of agent.spec.calendars.read) {
    const id = name === 'primary' ? account : name
    const known = [...wanted.keys()].some((other) => other.toLowerCase() === id.toLowerCase())
    if (!known) wanted.set(id, name)
  }
  return wanted
}

/**
 * Reads the calendars that are due, and forgets those no longer wanted. Answers what is wrong with any of them, due or not.
 */
export async function syncCalendars(request: AccessRequest, grant: Grant): Promise<Setback[]> {
  const { memory, agent } = request
  const wanted = wantedCalendars(agent, grant)
  for (const id of [...memory.calendars.keys()]) if (!wanted.has(id)) memory.calendars.delete(id)
  const setbacks: Setback[] = []
  for (const [id, name] of wanted) {
    const calendar = memory.calendars.get(id) ?? newCalendar()
    memory.calendars.set(id, calendar)
    keepPace(request, calendar)
    const reading = { id, name, calendar }
    request.deps.progress(keyOf(agent))
    const failed = isDue(request, calendar) ? await readCalendar(request, grant, reading) : calendar.trouble?.setback
    if (failed) setbacks.push(failed)
    // Nothing else will go better just now: Google is away, is limiting us, or has switched the grant off.
    if (failed && endsTheRound(failed)) break
  }
  return setbacks
}

/** A shorter or longer interval counts from the last reading on. */
function keepPace({ gate }: AccessRequest, calendar: CalendarMemory): void {
  const interval = durationMs(gate.integration.spec.sync.interval)
  if (calendar.interval === interval || calendar.lastRead === undefined || calendar.trouble) return
  Object.assign(calendar, { interval, nextAt: calendar.lastRead + interval })
}

const newCalendar = (): CalendarMemory => ({
  snapshot: emptySnapshot(),
  timeZone: 'UTC',
  detail: 'Busy',
  nextAt: -Infinity,
})

const endsTheRound = (failed: Setback): boolean => failed.condition !== 'Synced' || failed.again.kind === 'retry'

const isDue = (request: AccessRequest, calendar: CalendarMemory): boolean =>
  request.force || hasCome(request.deps.clock, calendar.nextAt) || (!calendar.trouble && isOutdated(request, calendar))

interface Reading {
  id: string
  name: string
  calendar: CalendarMemory
}

const detailOf = (agent: Agent): 'Busy' | 'Full' => agent.spec.publish.calendar?.detail ?? 'Busy'

/** Whether what is wanted of this calendar is no longer what was last asked for. */
function isOutdated({ deps, agent, gate }: AccessRequest, calendar: CalendarMemory): boolean {
  if (!calendar.asked) return false
  const { pastDays, futureDays } = gate.integration.spec.sync.window
  const sameWindow = calendar.asked.pastDays === pastDays && calendar.asked.futureDays === futureDays
  return !sameWindow || anchorIsOff(deps.clock, calendar.asked.at) || calendar.detail !== detailOf(agent)
}

/** The time of day may have been set since, either way: then what is published may reach past what was asked for. */
const anchorIsOff = (clock: Clock, askedAt: number): boolean =>
  Math.abs(clock.now() - askedAt) > LONGEST_ANCHOR_MS + HOUR

async function readCalendar(request: AccessRequest, grant: Grant, reading: Reading): Promise<Setback | undefined> {
  const first = await attempt(request, grant, reading)
  if (!(first instanceof GoogleError && first.failure === 'Unauthenticated'))
    return first && failedReading(request, reading, first)
  // The access token was refused before its time: one new one, one more try.
  const failed = await renew(request, grant)
  if (failed) return failed
  const second = await attempt(request, grant, reading)
  return second && failedReading(request, reading, second)
}

/** Whatever one calendar fails with is its own failure: a mistake of ours over what it holds does not end the round. */
async function attempt(
  request: AccessRequest,
  grant: Grant,
  reading: Reading,
): Promise<GoogleError | UnexpectedError | undefined> {
  try {
    await readOnce(request, grant, reading)
    return undefined
  } catch (error) {
    return error instanceof GoogleError ? error : mistake(request, reading, new UnexpectedError(error))
  }
}

/** Logged where it is news, without the calendar's id: that is somebody's e-mail address. */
function mistake({ deps, agent }: AccessRequest, { calendar }: Reading, error: UnexpectedError): UnexpectedError {
  const isNews = calendar.trouble?.error !== inBrief(error)
  if (isNews) deps.log.warn({ agent: keyOf(agent), error, stack: stackOf(error) }, 'a calendar could not be read')
  return error
}

async function readOnce(request: AccessRequest, grant: Grant, reading: Reading): Promise<void> {
  const { calendar } = reading
  const { deps, gate } = request
  // What was asked for reaches a day further than what is published: it has to be asked anew before that day is over.
  const fullEvery = Math.min(
    durationMs(gate.integration.spec.sync.fullSyncInterval),
    LONGEST_ANCHOR_MS,
    untilClearer(calendar, durationMs(gate.integration.spec.sync.interval)),
  )
  const aged = calendar.lastFull === undefined || hasCome(deps.clock, calendar.lastFull + fullEvery)
  const token = aged || isOutdated(request, calendar) ? undefined : calendar.syncToken
  if (token !== undefined) {
    try {
      await apply(request, grant, reading, { syncToken: token })
      return
    } catch (error) {
      if (!(error instanceof GoogleError) || error.failure !== 'SyncTokenExpired') throw error
      calendar.syncToken = undefined
    }
  }
  const window = listingWindow(deps.clock.now(), gate.integration.spec.sync.window)
  await apply(request, grant, reading, { window })
}

/** A full listing that was not understood is made again soon, and less and less often while that does not help. */
const untilClearer = ({ doubts = 0 }: CalendarMemory, interval: number): number =>
  doubts > 0 ? interval * 2 ** doubts : Infinity

async function apply(
  { deps, agent, memory, gate }: AccessRequest,
  grant: Grant,
  { id, calendar }: Reading,
  from: EventsRequest['from'],
): Promise<void> {
  const startedAt = deps.clock.monotonic()
  const askedAt = deps.clock.now()
  const detail = detailOf(agent)
  const full = 'window' in from
  const listed = await listCalendar(gate.view.client, deps.zones, {
    accessToken: grant.accessToken ?? '',
    before: calendar.lastRead === undefined ? undefined : calendar.snapshot,
    onPage: () => deps.progress(keyOf(agent)),
    calendarId: id,
    detail,
    from,
  })
  checkKept({ deps, agent, memory }, calendar, listed.snapshot)
  const { pastDays, futureDays } = gate.integration.spec.sync.window
  const interval = durationMs(gate.integration.spec.sync.interval)
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
  deps.integrations.observeAPI(gate.key, 'Enabled')
}

/** Nothing is taken in that would be more than this Agent may keep. @throws {GoogleError} */
function checkKept(
  { deps, agent, memory }: Pick<AccessRequest, 'deps' | 'agent' | 'memory'>,
  { snapshot: before }: CalendarMemory,
  after: CalendarSnapshot,
): void {
  const { bytes, events } = keptOf(memory)
  const kept = {
    bytes: bytes - before.packed.length + after.packed.length,
    events: events - before.events + after.events,
  }
  const refusal = deps.kept.refusal(keyOf(agent), kept)
  if (refusal !== undefined) throw new GoogleError('CalendarTooLarge', refusal)
  deps.kept.note(keyOf(agent), kept.bytes)
}

/** Agents that began together drift apart: each interval is up to a tenth shorter or longer than asked for. */
const spread = (interval: number, chance: number): number => interval * (0.9 + chance / 5)

function failedReading(request: AccessRequest, reading: Reading, error: GoogleError | UnexpectedError): Setback {
  if (error instanceof UnexpectedError) return ownTrouble(request, reading, error)
  if (error.failure === 'APIDisabled') return apiDisabled(request)
  const everybodys = passingSetback(error)
  const now = request.deps.clock.monotonic()
  if (everybodys) {
    // It may have been asked for before its time: the next try is to read it too, not to find that it is not due.
    reading.calendar.nextAt = Math.min(reading.calendar.nextAt, now)
    return everybodys
  }
  return ownTrouble(request, reading, error)
}

/** What is wrong with this calendar only; it is asked for again by a backoff of its own. */
function ownTrouble(
  request: AccessRequest,
  { name, calendar }: Reading,
  error: GoogleError | UnexpectedError,
): Setback {
  const now = request.deps.clock.monotonic()
  const { since = now, failures = 0 } = calendar.trouble ?? {}
  const refusal =
    error instanceof UnexpectedError ? undefined : refusalOf(request, error, { name, at: slowly(since, now) })
  const interval = durationMs(request.gate.integration.spec.sync.interval)
  const pause = Math.min(interval, QUICK_RETRY_MS * 2 ** failures)
  const found = refusal ?? unreadable(name, error, pause)
  calendar.trouble = {
    setback: found,
    since,
    refused: refusal !== undefined,
    failures: failures + 1,
    error: inBrief(error),
  }
  calendar.nextAt = refusal ? slowly(since, now) : now + pause
  // A delta that can't be used, or taken in, a second time: a full listing may do.
  if (refusal || failures > 0) calendar.syncToken = undefined
  return found
}

/** The words of a mistake of ours may hold anything: they stay out of the status. */
const inBrief = (error: GoogleError | UnexpectedError): string =>
  error instanceof UnexpectedError
    ? `the operator failed over something that it does not understand (${error.kind})`
    : error.message

const fullAdvice = ({ agent }: AccessRequest): string =>
  detailOf(agent) === 'Full' ? ', or publish.calendar.detail: Busy in this Agent' : ''

function unreadable(name: string, error: GoogleError | UnexpectedError, pause: number): Setback {
  const log = error instanceof UnexpectedError ? ', and its log says where' : ''
  const message = `Calendar ${name} can't be read (${inBrief(error)}); the operator keeps trying${log}.`
  return setback('Synced', 'SyncFailed', message, { kind: 'wait', for: pause })
}

function refusalOf(
  request: AccessRequest,
  error: GoogleError,
  { name, at }: { name: string; at: number },
): Setback | undefined {
  const again = { kind: 'slow', at } as const
  switch (error.failure) {
    case 'NotFound': {
      const message = `Google knows no calendar ${name} that this account may see: correct spec.calendars.read, or have its owner share it with the account.`
      return setback('Synced', 'CalendarNotFound', message, again)
    }
    case 'Forbidden': {
      const message = `The account may not read calendar ${name}: have its owner share it with the account, or take it out of spec.calendars.read.`
      return setback('Synced', 'CalendarForbidden', message, again)
    }
    case 'CalendarDisabled':
      return setback('Synced', 'CalendarDisabled', CALENDAR_DISABLED, again)
    case 'CalendarTooLarge': {
      const message = `Calendar ${name} is too large: ${error.message}. Take it out of spec.calendars.read, have events deleted from it, or set a shorter sync.window in the integration${fullAdvice(request)}.`
      return setback('Synced', 'CalendarTooLarge', message, again)
    }
    case 'ScopeInsufficient': {
      const message = `Google says that the grant's scopes don't allow reading calendar ${name}: ${adviceOf(request)}, with every permission ticked.`
      return setback('Authorized', 'ScopeMissing', message, again)
    }
    default:
      return undefined
  }
}

/** The instant at which the next calendar is due, by the monotonic clock; undefined before any was read. */
export function nextReading(memory: AgentMemory): number | undefined {
  const due = [...memory.calendars.values()].map((calendar) => calendar.nextAt)
  return due.length > 0 ? Math.min(...due) : undefined
}
