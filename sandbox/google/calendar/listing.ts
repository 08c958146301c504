/** events.list and events.instances (docs/google-behaviour.md#listing-events): windows, instances, order, deltas, pages. */
import { backEnd, invalid, json, type Reply } from '../http/errors.ts'
import { requireReach, type Caller } from '../oauth/access.ts'
import type { Call } from '../http/call.ts'
import type { GoogleState } from '../state/state.ts'
import { openCalendar, type View } from '../state/calendars.ts'
import { findEvent, HORIZON_MS } from './events.ts'
import { propertyFilter } from './extended-properties.ts'
import { maskOf } from './fields.ts'
import { nextPage, pageSize, type Position, readPageToken } from './paging.ts'
import { type RenderOptions, resourceOf } from './resource.ts'
import { instancesIn, selectChanges, selectEvents, type Selection } from './selection.ts'
import { queryKey, readSyncToken, type SyncPosition, writeSyncToken } from './sync-tokens.ts'
import { parseInstant } from '../times/times.ts'
import type { EventRecord } from '../state/calendar-records.ts'

const LIMITS = { normal: 250, most: 2500 }

/** Parameters that Google has and this simulation does not. */
const NOT_PLAYED = ['timeZone', 'q', 'iCalUID', 'eventTypes', 'updatedMin']

/** Answers events.list. */
export function listEvents(state: GoogleState, call: Call, caller: Caller): Reply {
  const view = openCalendar(state, call.params[0]!, caller.account)
  requireReach(call.kind, caller, view)
  const { query } = call
  const order = orderOf(query)
  const since = readSyncToken(state, view, query)
  const window = windowOf(query)
  const options: Selection = {
    single: query.get('singleEvents') === 'true',
    showDeleted: query.get('showDeleted') === 'true',
    from: since ? (since.from ?? -Infinity) : window.from,
    to: since ? (since.to ?? Infinity) : window.to,
    horizon: state.now() + HORIZON_MS,
  }
  checkPlayed(query)
  const selected = since ? selectChanges(view.calendar, options, since.version) : selectEvents(view.calendar, options)
  const filter = propertyFilter(query)
  const records = filter ? selected.filter(filter) : selected
  return answer(state, { call, view, records: order ? records.sort(byPosition(order)) : records, order, window })
}

function checkPlayed(query: URLSearchParams): void {
  const name = NOT_PLAYED.find((one) => query.has(one))
  if (name !== undefined) throw invalid(`The simulated Google does not support ${name}.`, name)
}

type Order = (record: EventRecord) => Position

const inOrderOfCreation: Order = (record) => [record.order, record.series?.originalMs ?? 0]

function orderOf(query: URLSearchParams): Order | undefined {
  const asked = query.get('orderBy')
  if (asked === null) return undefined
  if (asked === 'updated') return (record) => [record.updated, record.order]
  if (asked !== 'startTime') throw invalid(`Invalid value for orderBy: ${asked}`, 'orderBy')
  if (query.get('singleEvents') !== 'true') {
    throw backEnd(400, 'badRequest', 'The requested ordering is not available for the particular query.')
  }
  return (record) => [record.span.startMs, record.order]
}

const byPosition = (order: Order) => (a: EventRecord, b: EventRecord) => {
  const [one, other] = [order(a), order(b)]
  return one[0] - other[0] || one[1] - other[1]
}

function windowOf(query: URLSearchParams): { from: number; to: number } {
  const from = parseInstant(query.get('timeMin'), 'timeMin')
  const to = parseInstant(query.get('timeMax'), 'timeMax')
  if (from !== undefined && to !== undefined && from >= to) {
    throw backEnd(400, 'timeRangeEmpty', 'The specified time range is empty.', {
      locationType: 'parameter',
      location: 'timeMax',
    })
  }
  return { from: from ?? -Infinity, to: to ?? Infinity }
}

interface Listing {
  call: Call
  view: View
  records: EventRecord[]
  order: Order | undefined
  window: { from: number; to: number }
}

function answer(state: GoogleState, listing: Listing): Reply {
  const { call, view, window } = listing
  const { query } = call
  const key = `${view.calendar.id} ${view.account} ${query.get('syncToken') ?? ''} ${queryKey(query, ['timeMin', 'timeMax'])}`
  const token = readPageToken(query, key)
  const page = nextPage(state, {
    items: listing.records,
    size: pageSize(state, query, LIMITS),
    token,
    keyOf: listing.order ?? inOrderOfCreation,
    version: view.calendar.version,
  })
  const mask = maskOf(call.kind, query)
  const unlimited = state.switches.ignoreMaxAttendees ? { maxAttendees: undefined } : {}
  const options = { ...renderOptions(query), ...unlimited, ...(mask.itemNames ? { names: mask.itemNames } : {}) }
  const position = {
    version: token?.version ?? view.calendar.version,
    from: finite(window.from),
    to: finite(window.to),
  }
  const end = page.next ? { nextPageToken: page.next(key) } : endOf(state, call, { view, position })
  const show = (record: EventRecord): unknown => resourceOf(view, record, options)
  const body = { ...header(view), ...end }
  if (page.items.length <= STREAMED_FROM) return json(mask.apply({ ...body, items: page.items.map(show) }))
  return streamed(page.items, (records) => mask.apply({ ...body, items: records.map(show) }))
}

const STREAMED_FROM = 100

/** Makes the JSON of a page piece by piece, some records at a time. */
function streamed(records: EventRecord[], bodyWith: (records: EventRecord[]) => object): Reply {
  const marker = '"items":['
  const around = JSON.stringify(bodyWith([]))
  const at = around.indexOf(marker)
  // If `fields` requests no items, there is nothing to stream.
  if (at < 0) return json(bodyWith([]))
  const head = around.slice(0, at + marker.length)
  return {
    ...json({}),
    body: (function* () {
      for (let from = 0; from < records.length; from += STREAMED_FROM) {
        const { items } = bodyWith(records.slice(from, from + STREAMED_FROM)) as { items: unknown[] }
        yield (from === 0 ? head : ',') + JSON.stringify(items).slice(1, -1)
      }
      yield around.slice(head.length)
    })(),
  }
}

function endOf(state: GoogleState, call: Call, last: { view: View; position: SyncPosition }): object {
  const { query } = call
  // An ordered or filtered listing has no sync token.
  if (call.kind !== 'events.list' || query.has('orderBy') || propertyFilter(query)) return {}
  // Each sync token keeps the window of the first call.
  const before = readSyncToken(state, last.view, query)
  const position = before ? { ...last.position, from: before.from, to: before.to } : last.position
  return { nextSyncToken: writeSyncToken(state, last.view, query, position) }
}

const finite = (ms: number): number | null => (Number.isFinite(ms) ? ms : null)

function header({ calendar, role }: View): object {
  return {
    kind: 'calendar#events',
    etag: `"p${calendar.version}${calendar.epoch}"`,
    summary: calendar.summary,
    description: '',
    updated: new Date(latest(calendar.events)).toISOString(),
    timeZone: calendar.timeZone,
    accessRole: role,
    defaultReminders: [],
  }
}

function latest(events: Map<string, EventRecord>): number {
  let last = 0
  for (const record of events.values()) if (record.updated > last) last = record.updated
  return last
}

/** Reads the parameters that say how events are shown. @throws Refusal 400 */
export function renderOptions(query: URLSearchParams): RenderOptions {
  const options: RenderOptions = {}
  const most = query.get('maxAttendees')
  if (most !== null) {
    if (!/^[1-9]\d*$/.test(most)) throw invalid('Invalid value for maxAttendees', 'maxAttendees')
    options.maxAttendees = Number(most)
  }
  return options
}

/** events.instances: the instances of one series, with exceptions in their places. */
export function listInstances(state: GoogleState, call: Call, caller: Caller): Reply {
  const view = openCalendar(state, call.params[0]!, caller.account)
  const master = findEvent(view.calendar, call.params[1]!)
  if (!master.recurrence) throw invalid('The event is not recurring.', 'eventId')
  const window = windowOf(call.query)
  const showDeleted = call.query.get('showDeleted') === 'true'
  const horizon = state.now() + HORIZON_MS
  const records = instancesIn(view.calendar, master, { single: true, showDeleted, horizon, ...window })
  return answer(state, { call, view, records, order: undefined, window })
}
