/** Makes many accounts at once, for benches. They share their immutable event records. */
import { calendarOf, newCalendar } from '../state/calendars.ts'
import { addEvent } from '../calendar/storing.ts'
import { addAccount } from '../oauth/accounts.ts'
import { newGrant } from '../oauth/grants.ts'
import { freshName, type GoogleState } from '../state/state.ts'

/** How many accounts and events to make. */
export interface SeedRequest {
  accounts: number
  eventsEach: number
  /** The client that every account grants access. The answer has the refresh tokens. */
  client?: string
  scopes?: string[]
  /** Addresses are `<prefix><n>@example.com`, from 0. */
  prefix?: string
  timeZone?: string
}

/** The accounts that were made. */
export interface Seeded {
  accounts: { email: string; refreshToken?: string }[]
}

const HOUR = 3_600_000
const CALENDAR_SCOPE = 'https://www.googleapis.com/auth/calendar'
const TITLES = ['Viewing', 'Call', 'Lunch', 'Contract', 'Handover', 'Team', 'Photographs', 'Valuation']

/** Makes accounts with events. */
export function seed(state: GoogleState, request: SeedRequest): Seeded {
  const { accounts, eventsEach, prefix = 'agent', timeZone = 'Europe/Paris' } = request
  const made: Seeded['accounts'] = []
  let model: string | undefined
  for (let n = 0; n < accounts; n++) {
    const { email } = addAccount(state, { email: `${prefix}${n}@example.com`, timeZone })
    if (model === undefined) addWorkdays(state, email, eventsEach)
    else copy(state, model, email)
    model ??= email
    made.push({ email, ...grantOf(state, request, email) })
  }
  return { accounts: made }
}

function grantOf(state: GoogleState, request: SeedRequest, account: string): { refreshToken?: string } {
  if (request.client === undefined) return {}
  const scopes = request.scopes ?? [CALENDAR_SCOPE]
  return { refreshToken: newGrant(state, { client: request.client, account, scopes }).refreshToken }
}

/** Makes events from yesterday on, about three for each working day; one in ten is of each less usual kind. */
function addWorkdays(state: GoogleState, email: string, count: number): void {
  const calendar = state.calendars.get(email) ?? newCalendar(state, { id: email, owner: email })
  const midnight = Math.floor(state.now() / (24 * HOUR)) * 24 * HOUR
  for (let n = 0; n < count; n++) {
    const start = midnight + (Math.floor(n / 3) - 1) * 24 * HOUR + (8 + (n % 3) * 3) * HOUR
    addEvent(state, calendar, {
      summary: `${TITLES[n % TITLES.length]!} ${n}`,
      start: { dateTime: new Date(start).toISOString(), timeZone: calendar.timeZone },
      end: { dateTime: new Date(start + HOUR * (1 + (n % 2) / 2)).toISOString(), timeZone: calendar.timeZone },
      ...(n % 10 === 3 ? { transparency: 'transparent' } : {}),
      ...(n % 10 === 5 ? { status: 'tentative' } : {}),
      ...(n % 10 === 7 ? { location: 'Meeting room 2', attendees: [{ email: 'guest@example.com' }] } : {}),
    })
  }
}

function copy(state: GoogleState, model: string, email: string): void {
  const from = state.calendars.get(model)!
  const to = state.calendars.get(email)!
  to.version = from.version
  to.nextOrder = from.nextOrder
  to.events = new Map(from.events)
}

/** Makes a huge calendar cheaply: all events share their text and their guests. */
export interface FillRequest {
  calendar: string
  events: number
  /** A calendar whose events it gets instead of new ones. */
  like?: string
  /** Characters of each event's description. */
  characters?: number
  /** Guests of each event. The calendar's owner is the last of them. */
  guests?: number
  /** How many days from today the events are spread over. */
  days?: number
  /** `Random`: every description is different, in a script of three bytes per character. */
  text?: 'Shared' | 'Random'
  /** The length to which ids are padded. */
  idLength?: number
}

const LONGEST_DESCRIPTION = 1_000_000
const MINUTE = 60_000

/** Makes a huge calendar. */
export function fill(state: GoogleState, request: FillRequest): { events: number } {
  const { events, characters = 0, guests = 0, days = 60 } = request
  const calendar = calendarOf(state, request.calendar)
  if (request.like !== undefined) {
    copy(state, request.like, request.calendar)
    return { events: calendar.events.size }
  }
  const midnight = Math.floor(state.now() / (24 * HOUR)) * 24 * HOUR
  const shared = {
    ...(characters > 0 ? { description: 'd'.repeat(Math.min(characters, LONGEST_DESCRIPTION)) } : {}),
    ...(guests > 0 ? { attendees: guestsOf(calendar.owner, guests) } : {}),
  }
  const step = Math.max(MINUTE, Math.floor((days * 24 * HOUR) / events / MINUTE) * MINUTE)
  const block = request.text === 'Random' ? randomBlock(state) : ''
  for (let n = 0; n < events; n++) {
    const start = midnight + ((n * step) % (days * 24 * HOUR))
    const [from, to] = [new Date(start).toISOString(), new Date(start + step / 2).toISOString()]
    const times = { start: { dateTime: from, timeZone: 'UTC' }, end: { dateTime: to, timeZone: 'UTC' } }
    const own = block === '' ? {} : { description: pieceOf(block, n, characters) }
    addEvent(state, calendar, { ...shared, ...own, summary: `Event ${n}`, ...times }, paddedId(state, request))
  }
  return { events }
}

const CJK = { first: 0x4e00, count: 20_000 }
/** Longer than the window of any compression. */
const BLOCK = 100_000

function randomBlock(state: GoogleState): string {
  const codes = Array.from({ length: BLOCK }, () => CJK.first + Math.floor(state.random() * CJK.count))
  return codes.map((code) => String.fromCharCode(code)).join('')
}

/** The n-th piece of so many characters; it starts again at the end. */
function pieceOf(block: string, n: number, characters: number): string {
  const from = (n * characters) % (BLOCK - characters)
  return block.slice(from, from + characters)
}

const paddedId = (state: GoogleState, { idLength }: FillRequest): string | undefined =>
  idLength === undefined ? undefined : freshName(state, 'v').toLowerCase().padEnd(idLength, '0')

function guestsOf(owner: string, count: number): object[] {
  const guests = Array.from({ length: count - 1 }, (_, n) => ({
    email: `guest${n}@example.org`,
    displayName: `Guest ${n}`,
    responseStatus: 'accepted',
  }))
  return [...guests, { email: owner, responseStatus: 'accepted' }]
}
