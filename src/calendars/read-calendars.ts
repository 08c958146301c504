/**
 * The calendars room: it keeps the snapshots of an Agent's calendars up to date, with one request per calendar and interval, and
 * incrementally if there is a sync token. A listing is applied as a whole or not at all. The room sends requests only through the
 * Google client that it is given; problems of the grant or the client are part of its result. Its state is a value (`state.ts`),
 * which other rooms query through `query.ts`.
 */
import { keyOf } from '../kubernetes/port.ts'
import { durationMs } from '../resources/durations.ts'
import { keptOf } from './memory-budget.ts'
import type { CalendarsDeps, ReadInput, ReadResult } from './port.ts'
import { readCalendar, type ReadTarget } from './read-calendar.ts'
import { isDue, type SyncSettings } from './schedule.ts'
import { alignedWithTimeOfDay, newCalendar, withOnly, withCalendar, withInterval } from './state.ts'
import type { CalendarsState } from './state.ts'
import { wantedCalendars, writeCalendar, type WriteCalendar } from './wanted-calendars.ts'

/**
 * Reads the calendars that are due, one after another, and discards those that the spec no longer names. It ends early after a
 * failure that concerns all of them.
 *
 * @throws only what `input.renew` throws.
 */
export function readCalendars(deps: CalendarsDeps, input: ReadInput, state: CalendarsState): Promise<ReadResult> {
  // Not async: a suspended function keeps its arguments alive, and with them every earlier snapshot.
  const wanted = wantedCalendars(input.agent, input.account)
  return readEach(deps, input, wanted, { state: withOnly(state, wanted), failures: [], apiDisabled: false })
}

async function readEach(
  deps: CalendarsDeps,
  input: ReadInput,
  wanted: ReadonlyMap<string, string>,
  result: ReadResult,
): Promise<ReadResult> {
  const written = writeCalendar(input.agent, input.account)
  let { accessToken } = input
  for (const [id, name] of wanted) {
    deps.progress(keyOf(input.agent))
    const settings = settingsOf(input, id, written)
    const known = alignedWithTimeOfDay(result.state, deps.clock)
    const calendar = withInterval(known.byId.get(id) ?? newCalendar(), settings.interval)
    const kept = keptOf(known, id)
    const read =
      isForced(input, id) || isDue(calendar, settings, deps.clock)
        ? await readCalendar(deps, targetOf(input, { id, name, settings, accessToken, kept }), calendar)
        : { calendar, failure: calendar.failure?.stepFailure, accessToken }
    accessToken = read.accessToken
    // The time of day may have been set while Google answered: then this read is older than it seems.
    result.state = alignedWithTimeOfDay(withCalendar(known, id, read.calendar), deps.clock)
    input.keep(result.state)
    if (read.failure === 'APIDisabled') return { ...result, apiDisabled: true }
    if (!read.failure) continue
    result.failures.push(read.failure)
    // Google is unreachable, limits us, or refuses the grant: the other calendars would fail, too.
    if (read.failure.condition !== 'Synced' || read.failure.requeue.kind === 'retry') break
  }
  return result
}

/** Whether it is read although it may not be due. */
const isForced = ({ force, changed }: ReadInput, id: string): boolean => force || changed.has(id)

/** Field by field, because to copy all fields of another object takes longer, and each read makes one. */
const targetOf = (
  input: ReadInput,
  { id, name, settings, accessToken, kept }: Pick<ReadTarget, 'id' | 'name' | 'settings' | 'accessToken' | 'kept'>,
): ReadTarget => ({
  agent: input.agent,
  client: input.client,
  renew: input.renew,
  advice: input.advice,
  id,
  name,
  settings,
  kept,
  accessToken,
  // A token that was renewed while the calendars were read is the client's.
  isTokenProven: input.isTokenProven || accessToken !== input.accessToken,
  isAnnounced: input.changed.has(id),
})

function settingsOf({ agent, integration }: ReadInput, id: string, written: WriteCalendar | undefined): SyncSettings {
  const isWritten = written?.id === id
  const { interval, fullSyncInterval, window } = integration.spec.sync
  return {
    interval: durationMs(interval),
    fullSyncInterval: durationMs(fullSyncInterval),
    window,
    detail: agent.spec.publish.calendar?.detail ?? 'Busy',
    isWritten,
    onlyBookings: isWritten && written.onlyBookings,
  }
}
