/** calendarList.list and .get (docs/google-behaviour.md#calendar-list). */
import { backEnd, invalid, json, notFound, type Reply } from '../http/errors.ts'
import type { Caller } from '../oauth/access.ts'
import type { Call } from '../http/call.ts'
import type { GoogleState } from '../state/state.ts'
import { roleOf } from '../state/calendars.ts'
import { maskOf } from './fields.ts'
import { nextPage, pageSize, readPageToken } from './paging.ts'
import { queryKey } from './sync-tokens.ts'

const TEXT_COLOURS = { backgroundColor: '#9fe1e7', foregroundColor: '#000000', colorId: '14' }

/** Answers calendarList.list. */
export function listCalendars(state: GoogleState, call: Call, caller: Caller): Reply {
  // Every sync token of this collection counts as expired here, which Google may answer at any time.
  if (call.query.has('syncToken')) {
    throw backEnd(410, 'fullSyncRequired', 'Sync token is no longer valid, a full sync is required.', {
      locationType: 'parameter',
      location: 'syncToken',
    })
  }
  const size = pageSize(state, call.query, { normal: 100, most: 250 })
  const key = `calendarList ${caller.account} ${queryKey(call.query)}`
  const token = readPageToken(call.query, key)
  const entries = visibleEntries(state, call, caller)
  const page = nextPage(state, { items: entries, size, token, keyOf: (_entry, index) => [index, 0], version: 0 })
  const end = page.next ? { nextPageToken: page.next(key) } : { nextSyncToken: `list${entries.length}` }
  const body = { kind: 'calendar#calendarList', etag: `"p${entries.length}"`, ...end, items: page.items }
  return json(maskOf('calendarList.list', call.query).apply(body))
}

function visibleEntries(state: GoogleState, call: Call, caller: Caller): Record<string, unknown>[] {
  const minimum = call.query.get('minAccessRole')
  const order = ['freeBusyReader', 'reader', 'writer', 'owner']
  if (minimum !== null && !order.includes(minimum)) throw invalid('Invalid value for minAccessRole', 'minAccessRole')
  const list = [...(state.accounts.get(caller.account)?.list.entries() ?? [])]
  return list
    .filter(([, settings]) => !settings.hidden || call.query.get('showHidden') === 'true')
    .map(([id]) => entry(state, id, caller.account))
    .filter((found) => found !== undefined)
    .filter((found) => minimum === null || order.indexOf(found.accessRole as string) >= order.indexOf(minimum))
}

/** Answers calendarList.get. */
export function getListed(state: GoogleState, call: Call, caller: Caller): Reply {
  const asked = call.params[0]!
  const id = asked === 'primary' ? caller.account : asked.toLowerCase()
  const found = entry(state, id, caller.account)
  if (!found) throw notFound()
  return json(maskOf('calendarList.get', call.query).apply(found))
}

function entry(state: GoogleState, id: string, account: string): Record<string, unknown> | undefined {
  const calendar = state.calendars.get(id)
  const settings = state.accounts.get(account)?.list.get(id)
  const accessRole = calendar && roleOf(calendar, account)
  if (!settings || !accessRole || state.accounts.get(calendar.owner)?.deleted) return undefined
  return {
    kind: 'calendar#calendarListEntry',
    etag: `"${calendar.epoch}00${calendar.nextOrder}"`,
    id,
    summary: calendar.summary,
    timeZone: calendar.timeZone,
    ...TEXT_COLOURS,
    ...(settings.hidden ? { hidden: true } : {}),
    ...(settings.selected ? { selected: true } : {}),
    accessRole,
    defaultReminders: [],
    ...(id === account ? { primary: true } : {}),
    conferenceProperties: { allowedConferenceSolutionTypes: ['hangoutsMeet'] },
  }
}
