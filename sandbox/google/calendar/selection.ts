/** Selects the events of a listing: everything in a window, or everything that changed since a version of the change log. */
import { exceptionsOf, instanceOf, occurrencesOf } from './events.ts'
import type { Calendar, EventRecord } from '../state/calendar-records.ts'

/** Which events a listing requests. */
export interface Selection {
  /** `singleEvents`: instances instead of recurring events. */
  single: boolean
  showDeleted: boolean
  /** The window. Both ends are exclusive, and infinite if open. */
  from: number
  to: number
  /** The end of instances of an endless series if the window is open. */
  horizon: number
}

/** The events of a listing without a sync token. */
export function selectEvents(calendar: Calendar, selection: Selection): EventRecord[] {
  const found: EventRecord[] = []
  for (const record of calendar.events.values()) {
    if (record.orphan) continue
    if (record.recurrence) pushSeries(found, calendar, record, selection)
    else if (isShown(record, selection) && overlaps(record, selection)) found.push(record)
  }
  return found
}

function pushSeries(found: EventRecord[], calendar: Calendar, master: EventRecord, selection: Selection): void {
  if (!selection.single) {
    if ((!master.cancelled || selection.showDeleted) && occursIn(master, selection)) found.push(master)
  } else if (!master.cancelled) {
    found.push(...freshInstances(calendar, master, selection))
  }
}

/** Cancelled instances are shown on request, and with an unexpanded series, which otherwise would claim that they take place. */
function isShown(record: EventRecord, { single, showDeleted }: Selection): boolean {
  return !record.cancelled || showDeleted || (record.series !== undefined && !single)
}

const overlaps = ({ span }: EventRecord, { from, to }: Selection): boolean => span.startMs < to && span.endMs > from

function occursIn(master: EventRecord, selection: Selection): boolean {
  if (selection.from === -Infinity) return master.span.startMs < selection.to
  return occurrencesOf(master, windowOf(selection)).length > 0
}

const windowOf = ({ from, to, horizon }: Selection) => ({ from, to: to === Infinity ? Math.max(horizon, from) : to })

/** The instances of a series in the window, without the exceptions. */
function freshInstances(calendar: Calendar, master: EventRecord, selection: Selection): EventRecord[] {
  const instances = occurrencesOf(master, windowOf(selection)).map((occurrence) => instanceOf(master, occurrence))
  return instances.filter((instance) => calendar.events.get(instance.id)?.orphan ?? !calendar.events.has(instance.id))
}

/** All instances of one series, with exceptions, by their original start. */
export function instancesIn(calendar: Calendar, master: EventRecord, selection: Selection): EventRecord[] {
  const exceptions = exceptionsOf(calendar, master.id).filter(
    (record) => !record.orphan && isShown(record, selection) && overlaps(record, selection),
  )
  const all = [...freshInstances(calendar, master, selection), ...exceptions]
  return all.sort((a, b) => a.series!.originalMs - b.series!.originalMs)
}

/**
 * Selects what changed after a version. Deleted events are always shown, and the window bounds only the instances of series.
 * Changed events may lie outside of it, as Google's may: the client has to filter.
 */
export function selectChanges(calendar: Calendar, selection: Selection, since: number): EventRecord[] {
  const found = new Map<string, EventRecord>()
  for (const record of calendar.events.values()) {
    if (record.version <= since) continue
    if (!record.recurrence || !selection.single) found.set(record.id, record)
    else if (!record.cancelled) for (const one of freshInstances(calendar, record, selection)) found.set(one.id, one)
  }
  if (selection.single) addVanished(found, calendar, selection, since)
  return [...found.values()].sort((a, b) => a.order - b.order || position(a) - position(b))
}

const position = (record: EventRecord): number => record.series?.originalMs ?? 0

/** Items that the client got at its last sync and that no longer exist: instances, or an event that became a series. */
function addVanished(found: Map<string, EventRecord>, calendar: Calendar, selection: Selection, since: number): void {
  for (const { version, record } of calendar.retired) {
    if (version <= since) continue
    for (const former of formerItems(record, selection)) {
      const now = calendar.events.get(former.id)
      if (!found.has(former.id) && (!now || now.recurrence)) found.set(former.id, { ...former, cancelled: true })
    }
  }
}

function formerItems(record: EventRecord, selection: Selection): EventRecord[] {
  if (!record.recurrence) return [record]
  return occurrencesOf(record, windowOf(selection)).map((occurrence) => instanceOf(record, occurrence))
}
