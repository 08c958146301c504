/**
 * Partial responses: `fields=items(id,start,attendees(self)),nextPageToken`, `items/id`, `*`. A field that the resource does
 * not have is refused, as Google refuses it, so that a misspelt mask is noticed.
 */
import { backEnd, parameter } from '../http/errors.ts'
import type { Kind } from '../http/routes.ts'

/** What is requested below a field; `null` means everything. */
type Mask = Map<string, Mask> | null

/** A parsed `fields` parameter. */
interface FieldMask {
  /** What is requested of each item; undefined means everything. */
  readonly itemNames: readonly string[] | undefined
  apply(value: Record<string, unknown>): Record<string, unknown>
}

const everything: FieldMask = { itemNames: undefined, apply: (value) => value }

/** The names of an event's fields. */
export const EVENT_FIELDS: ReadonlySet<string> = names(
  'kind etag id status htmlLink created updated summary description location colorId creator organizer start end endTimeUnspecified recurrence recurringEventId originalStartTime transparency visibility iCalUID sequence attendees attendeesOmitted extendedProperties hangoutLink conferenceData gadget anyoneCanAddSelf guestsCanInviteOthers guestsCanModify guestsCanSeeOtherGuests privateCopy locked reminders source attachments workingLocationProperties outOfOfficeProperties focusTimeProperties birthdayProperties eventType',
)
const ENTRY =
  'kind etag id summary description location timeZone summaryOverride colorId backgroundColor foregroundColor hidden selected accessRole defaultReminders notificationSettings primary deleted conferenceProperties autoAcceptInvitations dataOwner'
const EVENTS =
  'kind etag summary description updated timeZone accessRole defaultReminders nextPageToken nextSyncToken items'

interface Allowed {
  top: ReadonlySet<string>
  items?: ReadonlySet<string>
}

const known: Partial<Record<Kind, Allowed>> = {
  'events.list': { top: names(EVENTS), items: EVENT_FIELDS },
  'events.instances': { top: names(EVENTS), items: EVENT_FIELDS },
  'events.get': { top: EVENT_FIELDS },
  'events.insert': { top: EVENT_FIELDS },
  'events.update': { top: EVENT_FIELDS },
  'events.patch': { top: EVENT_FIELDS },
  'calendarList.list': { top: names('kind etag nextPageToken nextSyncToken items'), items: names(ENTRY) },
  'calendarList.get': { top: names(ENTRY) },
  'freebusy.query': { top: names('kind timeMin timeMax groups calendars') },
}

function names(list: string): Set<string> {
  return new Set(list.split(' '))
}

/** Parses the `fields` parameter of a query. @throws Refusal 400 */
export function maskOf(kind: Kind, query: URLSearchParams): FieldMask {
  const text = query.get('fields')
  if (text === null || text === '' || text === '*') return everything
  const mask = parse(text)
  check(mask, known[kind])
  const items = mask?.get('items')
  return {
    itemNames: mask === null || items === null ? undefined : [...(items?.keys() ?? [])],
    apply: (value) => select(value, mask) as Record<string, unknown>,
  }
}

function check(mask: Mask, allowed: Allowed | undefined): void {
  if (!mask || !allowed) return
  for (const [name, below] of mask) {
    if (!allowed.top.has(name)) throw invalidSelection(name)
    if (name === 'items' && allowed.items) check(below, { top: allowed.items })
  }
}

const invalidSelection = (name: string): Error =>
  backEnd(400, 'invalidParameter', `Invalid field selection ${name}`, parameter('fields'))

function select(value: unknown, mask: Mask): unknown {
  if (mask === null) return value
  if (Array.isArray(value)) return value.map((item) => select(item, mask))
  if (typeof value !== 'object' || value === null) return value
  const chosen: Record<string, unknown> = {}
  for (const name in value) {
    const below = mask.get(name)
    if (below !== undefined) chosen[name] = select((value as Record<string, unknown>)[name], below)
  }
  return chosen
}

/** Parses `a,b(c,d/e)` to a tree. A star means everything below. */
function parse(text: string): Mask {
  const tokens = text.match(/[A-Za-z0-9_]+|[(),/*]/g) ?? []
  if (tokens.join('') !== text.replaceAll(' ', '')) throw invalidSelection(text)
  const reader = { tokens, at: 0 }
  const mask = parseList(reader)
  if (reader.at !== tokens.length) throw invalidSelection(text)
  return mask
}

interface Reader {
  tokens: string[]
  at: number
}

function parseList(reader: Reader): Mask {
  const mask = new Map<string, Mask>()
  let star = false
  do {
    const name = reader.tokens[reader.at++]
    if (name === undefined || /^[(),/]$/.test(name)) throw invalidSelection(name ?? '')
    const below = parseBelow(reader)
    if (name === '*') star = true
    else mask.set(name, merge(mask.get(name), below))
  } while (reader.tokens[reader.at] === ',' && ++reader.at)
  return star ? null : mask
}

function parseBelow(reader: Reader): Mask {
  const next = reader.tokens[reader.at]
  if (next === '(') {
    reader.at += 1
    const mask = parseList(reader)
    if (reader.tokens[reader.at++] !== ')') throw invalidSelection('(')
    return mask
  }
  if (next !== '/') return null
  reader.at += 1
  const name = reader.tokens[reader.at++]
  if (name === undefined || /^[(),/]$/.test(name)) throw invalidSelection(name ?? '/')
  const below = parseBelow(reader)
  return name === '*' ? null : new Map([[name, below]])
}

/** Merges two masks of one field: `a/b,a/c` requests both. */
function merge(one: Mask | undefined, other: Mask): Mask {
  if (one === undefined) return other
  if (one === null || other === null) return null
  const both = new Map(one)
  for (const [name, below] of other) both.set(name, merge(both.get(name), below))
  return both
}
