/** Computes how fresh the published calendar is, and when its header has to be renewed. Pure, except that it reads the clock. */
import { publishedWindow } from '../calendar/window.ts'
import type { Zones } from '../calendar/zones.ts'
import { asOf, type KnownCalendar } from '../calendars/query.ts'
import { timeOfDay, type Clock } from '../platform/clock.ts'
import { durationMs } from '../resources/durations.ts'
import type { Agent, CalendarIntegration } from '../resources/types.ts'
import type { PublishedHeader } from './published-object.ts'

/** An instant that lies further in the future than this was written with a wrong clock. */
export const MAX_CLOCK_SKEW_MS = 5_000

type Sync = CalendarIntegration['spec']['sync']

/** The input for publishing a calendar. */
export interface CalendarInput {
  /** The Agent; its spec names only what the person has consented to. */
  agent: Agent
  /** The calendars that the spec names, in its order. */
  calendars: readonly KnownCalendar[]
  /** When the next calendar is read, by the monotonic clock. */
  nextReading: number | undefined
  /** Undefined if nothing new may be published: the integration is gone or suspended. */
  sync: Sync | undefined
}

/** The age, in ms, beyond which a read is not trusted: at least two intervals, because otherwise it would always be too old. */
export const staleAfterMs = (agent: Agent, sync: Sync): number =>
  Math.max(durationMs(agent.spec.publish.staleAfter), 2 * durationMs(sync.interval))

/**
 * The header that would be published now; undefined until every calendar has been read or permanently refused.
 * @param last the published header, which applies while all calendars are refused and nothing else is known.
 */
export function freshHeader(
  { clock, zones }: { clock: Clock; zones: Zones },
  { agent, calendars, sync }: CalendarInput,
  last: PublishedHeader | undefined,
): PublishedHeader | undefined {
  if (!sync || calendars.some(({ lastRead, failure }) => lastRead === undefined && !failure?.refused)) return undefined
  const readable = calendars.filter(({ failure }) => !failure?.refused)
  const oldest = asOf(readable)
  const readAt = oldest === undefined ? last?.syncedAt : timeOfDay(clock, oldest)
  if (readAt === undefined) return undefined
  // In whole seconds, as published, so that we compute with the same instant as readers do.
  const syncedAt = wholeSecond(readAt)
  return {
    window: publishedWindow(clock.now(), sync.window),
    syncedAt,
    freshUntil: wholeSecond(syncedAt + staleAfterMs(agent, sync)),
    complete: readable.length === calendars.length,
    timeZone: zones.nameOf(firstTimeZone(calendars) ?? last?.timeZone ?? ''),
  }
}

const wholeSecond = (ms: number): number => Math.floor(ms / 1000) * 1000

const firstTimeZone = (calendars: readonly KnownCalendar[]): string | undefined =>
  calendars.find(({ snapshot }) => snapshot)?.snapshot?.timeZone

/** Whether two headers agree in what the spec and the calendars determine, regardless of the time. */
export const isSameSetting = (a: PublishedHeader, b: PublishedHeader): boolean =>
  a.timeZone === b.timeZone &&
  a.window.end - a.window.start === b.window.end - b.window.start &&
  Math.round((a.freshUntil - a.syncedAt) / 1000) === Math.round((b.freshUntil - b.syncedAt) / 1000)

/** Whether there was a later read. The same read may be rounded to seconds that differ by one. */
export const isLater = (fresh: PublishedHeader, last: PublishedHeader): boolean =>
  fresh.syncedAt - last.syncedAt > 1_000

/** Whether the header was written with a clock that was ahead, because it names a read in the future. */
export const isAhead = ({ syncedAt }: PublishedHeader, now: number): boolean => syncedAt > now + MAX_CLOCK_SKEW_MS

/** Whether the header has to be renewed: half of its lifetime has passed, or the next read will be too late. */
export function isHeartbeatDue(
  clock: Clock,
  { agent, nextReading, sync }: CalendarInput,
  { last, fresh }: { last: PublishedHeader; fresh: PublishedHeader },
): boolean {
  const now = clock.now()
  if (isAhead(last, now)) return true
  if (!isLater(fresh, last) || !sync) return false
  const half = staleAfterMs(agent, sync) / 2
  const next = timeOfDay(clock, nextReading ?? -Infinity) + durationMs(sync.interval) / 4
  return fresh.syncedAt - last.syncedAt >= half || Math.max(next, now) >= last.freshUntil
}
