/**
 * A Google in memory: one account, some calendars, the truth about their events, and answers that may be twisted. It keeps
 * the reckoning of what a client that was told the truth must hold as busy: written apart from src/calendar, and naive.
 */
import { Temporal } from 'temporal-polyfill'
import { mutate, type Mutation } from './mutate.ts'
import type { Asked } from './network.ts'

/** What is true of one event. */
export interface Truth {
  id: string
  /** Minutes from the beginning of the case's first day. */
  from: number
  minutes: number
  allDay: boolean
  status: 'confirmed' | 'tentative'
  transparent: boolean
  kind: 'default' | 'workingLocation' | 'birthday' | 'outOfOffice'
  own: 'accepted' | 'declined' | 'tentative' | 'needsAction' | undefined
}

export type Twist =
  | { do: 'tell' }
  | { do: 'refuse'; status: number; body: unknown }
  | { do: 'mutate'; mutation: Mutation }
  | { do: 'replace'; text: string }
  | { do: 'cut' }

export interface Rules {
  tentative: string
  allDay: string
}

export interface Interval {
  from: number
  to: number
}

export interface Obligation {
  /** What the last listing that was told truly, whole, makes busy. */
  good: Map<string, Interval>
  /** Events that were told in a way that says nothing, since then: they may be missing where `complete` is false. */
  excused: Set<string>
  /** Not told since the client's last start: what it knew of this calendar is gone if Google refuses it now for good. */
  untold: boolean
}

interface Calendar extends Obligation {
  events: Map<string, Truth>
  /** Ids in the order in which they changed. */
  log: string[]
  /** A page of the listing that is under way was twisted. */
  tainted: boolean
}

type Reply = [status: number, body: string]

export const ACCOUNT = 'alice@example.com'
export const REFRESH_TOKEN = '1//refresh-token-of-alice'
export const FIRST_DAY = Date.parse('2026-11-23T00:00:00Z')
export const TITLE = 'Confidential title'
const DAY_MINUTES = 24 * 60

export class MemoryGoogle {
  readonly calendars = new Map<string, Calendar>()
  readonly problems: string[] = []
  /** Everything that may not be shown. */
  /** The refresh token that came with the latest answer. */
  latest = REFRESH_TOKEN
  readonly secrets = new Set<string>()
  zone = 'UTC'
  rules: Rules = { tentative: 'Busy', allDay: 'Busy' }
  rotates = false
  pageSize = 2
  /** Every request, as it came. */
  readonly asked: Asked[] = []
  /** Called before each is answered. */
  before: (asked: Asked) => void = () => undefined
  /** Whether who asks just now is the agent whose output is judged: others may read the same calendar. */
  judged = false
  #twists: Twist[] = []
  #tokens = 0
  #alive = new Set([REFRESH_TOKEN])

  constructor(clientSecret: string) {
    this.secrets.add(REFRESH_TOKEN).add(clientSecret)
  }

  twist(twists: readonly Twist[]): void {
    this.#twists = [...twists]
  }

  calendar(id: string): Calendar {
    const known = this.calendars.get(id)
    if (known) return known
    const made = {
      events: new Map(),
      log: [],
      good: new Map(),
      excused: new Set<string>(),
      tainted: false,
      untold: true,
    }
    this.calendars.set(id, made)
    return made
  }

  /** What each calendar must show as busy, as of now. */
  obligations(): Map<string, Obligation> {
    const copied = ({ good, excused, untold }: Calendar): Obligation => ({
      good: new Map(good),
      excused: new Set(excused),
      untold,
    })
    return new Map([...this.calendars].map(([id, calendar]) => [id, copied(calendar)]))
  }

  /** The client was restarted. */
  restarted(): void {
    for (const calendar of this.calendars.values()) calendar.untold = true
  }

  /** Changes the truth; without `truth` the event is deleted. */
  change(calendar: string, id: string, truth: Truth | undefined): void {
    const { events, log } = this.calendar(calendar)
    if (truth) events.set(id, truth)
    else if (!events.delete(id)) return
    log.push(id)
  }

  answer(asked: Asked): Reply {
    const { method, path, body } = asked
    this.asked.push(asked)
    this.before(asked)
    const url = new URL(path, 'http://google.memory')
    const twist = this.#twists.shift() ?? { do: 'tell' }
    if (twist.do === 'cut') throw Object.assign(new Error('cut'), { code: 'ECONNRESET' })
    if (twist.do === 'refuse') return [twist.status, JSON.stringify(twist.body)]
    const form = new URLSearchParams(typeof body === 'string' ? body : '')
    const events = /\/calendars\/([^/]+)\/events$/.exec(url.pathname)
    if (events) return this.#events(decodeURIComponent(events[1] ?? ''), url.searchParams, twist)
    const [statusCode, told] = method === 'POST' ? this.#token(url.pathname, form) : this.#entry(url.pathname)
    return [statusCode, twisted(told, twist).text]
  }

  #token(path: string, form: URLSearchParams): [number, object] {
    for (const id of [form.get('client_id') ?? '']) {
      if (this.secrets.has(id)) this.problems.push('a client secret was sent as a client id')
    }
    const token = form.get('refresh_token') ?? ''
    if (path === '/revoke') return [200, {}]
    if (!this.#alive.has(token)) return [400, { error: 'invalid_grant', error_description: 'Bad Request' }]
    const access = `ya29.access-token-${++this.#tokens}-of-alice`
    const rotated = this.rotates ? `1//rotated-${this.#tokens}-of-alice` : undefined
    this.secrets.add(access)
    if (rotated !== undefined) {
      this.secrets.add(rotated)
      this.#alive.add(rotated)
      this.latest = rotated
    }
    const scope = 'https://www.googleapis.com/auth/calendar'
    return [200, { access_token: access, expires_in: 3599, refresh_token: rotated, scope, token_type: 'Bearer' }]
  }

  #entry(path: string): [number, object] {
    const asked = decodeURIComponent(path.split('/').at(-1) ?? '')
    const id = realId(asked)
    return [200, { id, timeZone: this.zone, accessRole: 'owner', primary: id === ACCOUNT }]
  }

  /** One page. A listing is correct if none of its pages was changed. */
  #events(id: string, query: URLSearchParams, twist: Twist): Reply {
    const calendar = this.calendar(realId(id))
    const since = numberIn(query.get('syncToken'), 'sync-')
    const offset = numberIn(query.get('pageToken') ?? 'page-0', 'page-')
    if (since === 'unknown' || offset === undefined || offset === 'unknown') return [400, INVALID]
    if (offset === 0 && this.judged) calendar.tainted = false
    const all = since === undefined ? within(calendar, query) : changedSince(calendar, since)
    const told = all.slice(offset, offset + this.pageSize)
    const more = offset + this.pageSize < all.length
    const end = endOf(calendar, more ? offset + this.pageSize : undefined)
    const items = told.map((one) => this.#rendered(calendar, one))
    const page = twisted({ kind: 'calendar#events', timeZone: this.zone, ...end, items }, twist)
    if (this.judged)
      this.#reckon(calendar, { twist, told, more, mutated: page.item, cut: page.cut, all, full: since === undefined })
    return [200, page.text]
  }

  #reckon(calendar: Calendar, page: Page): void {
    if (page.twist.do !== 'tell') this.#reckonTwisted(calendar, page)
    if (page.more) return
    calendar.untold = false
    if (calendar.tainted) return
    const { events, excused, good } = calendar
    // A delta says nothing more of what an earlier listing garbled, unless it names it.
    for (const id of page.full ? [...excused] : page.all) excused.delete(id)
    good.clear()
    for (const id of events.keys()) {
      const interval = this.#busy(calendar, id)
      if (interval) good.set(id, interval)
    }
  }

  #reckonTwisted(calendar: Calendar, page: Page): void {
    const { excused, good } = calendar
    calendar.tainted = true
    for (const id of touchedBy(page)) excused.add(id)
    // A listing that ends too early cannot be told from a shorter one.
    if (page.cut) good.clear()
    // What changed meanwhile may have been understood, or not.
    for (const [id, interval] of good) if (!sameInterval(interval, this.#busy(calendar, id))) good.delete(id)
  }

  /** Naively: when is this event busy, if it is? */
  #busy(calendar: Calendar, id: string): Interval | undefined {
    const event = calendar.events.get(id)
    if (!event || takesNoTime(event) || isFreeBy(this.rules, event)) return undefined
    const [from, to] = event.allDay ? this.#days(event) : [instant(event.from), instant(event.from + event.minutes)]
    return to > from ? { from, to } : undefined
  }

  #days(event: Truth): [number, number] {
    const { first, last } = daysOf(event)
    const midnight = (date: string): number =>
      Temporal.PlainDate.from(date).toZonedDateTime(this.zone).epochMilliseconds
    return [midnight(first), midnight(last)]
  }

  #rendered(calendar: Calendar, id: string): object {
    const event = calendar.events.get(id)
    if (!event) return { id, status: 'cancelled' }
    const times = event.allDay
      ? { start: { date: daysOf(event).first }, end: { date: daysOf(event).last } }
      : { start: { dateTime: written(event.from) }, end: { dateTime: written(event.from + event.minutes) } }
    return {
      id,
      status: event.status,
      ...times,
      ...(event.transparent ? { transparency: 'transparent' } : {}),
      eventType: event.kind,
      summary: `${TITLE} of ${id}`,
      attendees: [
        ...(event.own ? [{ self: true, responseStatus: event.own, email: ACCOUNT }] : []),
        { responseStatus: 'accepted', email: 'guest@example.com' },
      ],
      updated: '2026-11-20T10:00:00Z',
    }
  }
}

const realId = (id: string): string => (id === 'primary' ? ACCOUNT : id)

const endOf = ({ log }: Calendar, next: number | undefined): object =>
  next === undefined ? { nextSyncToken: `sync-${log.length}` } : { nextPageToken: `page-${next}` }

interface Page {
  twist: Twist
  /** Ids on this page, and in the whole listing. */
  told: string[]
  all: string[]
  more: boolean
  /** Which item of the page was changed. */
  mutated: number | 'all' | undefined
  /** The way to the next page was lost. */
  cut: boolean
  /** A full listing, not a delta. */
  full: boolean
}

const touchedBy = ({ mutated, told, all }: Page): string[] =>
  mutated === 'all' ? all : told.filter((_id, n) => n === mutated)

const takesNoTime = ({ transparent, own, kind }: Truth): boolean =>
  transparent || own === 'declined' || kind === 'workingLocation' || kind === 'birthday'

const isFreeBy = (rules: Rules, { status, own, allDay }: Truth): boolean =>
  (rules.tentative === 'Free' && (status === 'tentative' || own === 'tentative')) || (rules.allDay === 'Free' && allDay)

const INVALID = JSON.stringify({
  error: {
    errors: [{ domain: 'global', reason: 'invalid', message: 'Invalid sync token value.' }],
    code: 400,
    message: 'x',
  },
})

function numberIn(token: string | null, prefix: string): number | 'unknown' | undefined {
  if (token === null) return undefined
  const number = token.startsWith(prefix) ? Number(token.slice(prefix.length)) : NaN
  return Number.isInteger(number) ? number : 'unknown'
}

/** A windowed listing. */
function within({ events }: Calendar, query: URLSearchParams): string[] {
  const [from, to] = [Date.parse(query.get('timeMin') ?? ''), Date.parse(query.get('timeMax') ?? '')]
  const day = DAY_MINUTES * 60_000
  // All-day events reach into other zones' days.
  const overlaps = (event: Truth): boolean =>
    instant(event.from + event.minutes) + (event.allDay ? 2 * day : 0) > from && instant(event.from) - day < to
  return [...events.values()].filter(overlaps).map(({ id }) => id)
}

const changedSince = ({ log }: Calendar, since: number): string[] => [...new Set(log.slice(since))]

interface Twisted {
  text: string
  item: number | 'all' | undefined
  cut: boolean
}

function twisted(told: object, twist: Twist): Twisted {
  if (twist.do === 'replace') return { text: twist.text, item: 'all', cut: false }
  if (twist.do !== 'mutate') return { text: JSON.stringify(told), item: undefined, cut: false }
  const { value, path } = mutate(told, twist.mutation)
  // A page that says nothing at all excuses everything.
  const whole = path.length === 0 || (path[0] === 'items' && path.length === 1)
  const item = whole ? 'all' : path[0] === 'items' ? Number(path[1]) : undefined
  return { text: JSON.stringify(value), item, cut: path[0] === 'nextPageToken' }
}

const instant = (minutes: number): number => FIRST_DAY + minutes * 60_000
const written = (minutes: number): string => new Date(instant(minutes)).toISOString().replace('.000Z', 'Z')

function daysOf({ from, minutes }: Truth): { first: string; last: string } {
  const date = (day: number): string => new Date(FIRST_DAY + day * DAY_MINUTES * 60_000).toISOString().slice(0, 10)
  const first = Math.floor(from / DAY_MINUTES)
  return { first: date(first), last: date(first + Math.max(1, Math.ceil(minutes / DAY_MINUTES))) }
}

const sameInterval = (one: Interval, other: Interval | undefined): boolean =>
  one.from === other?.from && one.to === other.to
