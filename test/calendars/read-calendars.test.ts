/** How the calendars of an Agent are read: which requests are sent, and what is kept of the answers. */
import { beforeEach, describe, expect, test } from 'vitest'
import type { ReadInput } from '../../src/calendars/port.ts'
import { MEMORY_LIMITS, MemoryBudget } from '../../src/calendars/memory-budget.ts'
import { newCalendarsState, type CalendarsState, type CalendarState } from '../../src/calendars/state.ts'
import type { StepFailure } from '../../src/failures/step-failure.ts'
import { WrittenEvents } from '../../src/calendars/written-events.ts'
import { readCalendars } from '../../src/calendars/read-calendars.ts'
import { computeBusyTime } from '../../src/calendar/busy.ts'
import { snapshotEvents } from '../../src/calendar/calendar-snapshot.ts'
import { publishedWindow } from '../../src/calendar/window.ts'
import { createZones } from '../../src/calendar/zones.ts'
import {
  GoogleError,
  type EventsPage,
  type EventsRequest,
  type GoogleClient,
  type GoogleFailure,
  type ListingEnd,
} from '../../src/google/port.ts'
import { ManualClock } from '../support/clock.ts'
import { createLog } from '../../src/platform/log.ts'
import { anAgent, anIntegration } from '../support/resources.ts'

const MINUTE = 60_000
const ALICE = 'alice@example.com'

/** Google's answer to one request, page by page; a failure instead of a page ends it. */
interface Answer {
  pages?: (unknown[] | GoogleFailure | Error)[]
  nextSyncToken?: string
  timeZone?: string
}

let clock: ManualClock
let state: CalendarsState
let agent: ReturnType<typeof anAgent>
let integration: ReturnType<typeof anIntegration>
let asked: EventsRequest[]
let answers: Answer[]
let turn: number
let budget: MemoryBudget
let lines: string[]

beforeEach(() => {
  clock = new ManualClock()
  state = newCalendarsState()
  agent = anAgent()
  integration = anIntegration()
  asked = []
  answers = []
  turn = 0
  budget = new MemoryBudget()
  lines = []
})

async function events(_token: string, request: EventsRequest, onPage: (page: EventsPage) => void): Promise<ListingEnd> {
  await Promise.resolve()
  asked.push(request)
  const { pages = [[]], nextSyncToken = `S${++turn}`, timeZone = 'Europe/Paris' } = answers.shift() ?? {}
  for (const page of pages) {
    if (page instanceof Error) throw page
    if (typeof page === 'string') throw new GoogleError(page, `403 ${page}`)
    onPage({ events: page, timeZone })
  }
  return { nextSyncToken, timeZone, truncated: false }
}

const zones = createZones()
const written = new WrittenEvents(zones)

async function sync(force = false, changed: ReadonlySet<string> = new Set()): Promise<StepFailure[]> {
  const log = createLog({ level: 'debug', clock, write: (line) => void lines.push(line) })
  const deps = { clock, random: () => 0.5, zones, progress: () => undefined, log, budget, written }
  const input: ReadInput = {
    agent,
    integration,
    client: { events } as unknown as GoogleClient,
    account: ALICE,
    accessToken: 'ya29',
    isTokenProven: true,
    renew: async () => ({ accessToken: 'ya29.new' }),
    advice: 'sign in again',
    changed,
    force,
    keptBesides: 0,
    keep: (known) => void (state = known),
  }
  const result = await readCalendars(deps, input, state)
  state = result.state
  return result.failures
}

/** The next round in which the calendar is due. */
async function nextRound(): Promise<StepFailure[]> {
  await clock.advance(Math.max((calendar()?.dueAt ?? 0) - clock.monotonic(), 0))
  return sync()
}

const calendar = (id = ALICE): CalendarState | undefined => state.byId.get(id)

const kindsAsked = (): string[] => asked.map(({ from }) => ('syncToken' in from ? from.syncToken : 'all'))

const meeting = (special: object = {}): object => ({
  id: 'meeting',
  status: 'confirmed',
  summary: 'Viewing',
  start: { dateTime: '2026-11-24T10:00:00Z' },
  end: { dateTime: '2026-11-24T11:00:00Z' },
  ...special,
})

function busy(): { intervals: number; complete: boolean } {
  const window = publishedWindow(clock.now(), integration.spec.sync.window)
  const snapshot = calendar()?.snapshot
  const found = computeBusyTime(snapshot ? [snapshot] : [], { tentative: 'Busy', allDay: 'Busy' }, window, zones)
  return { intervals: found.busy.length, complete: found.complete }
}

describe('the sync token', () => {
  test('of a listing is kept with its last page, and used for the next one', async () => {
    answers = [{ pages: [[meeting()], [meeting({ id: 'b' })]] }]
    await sync()
    await nextRound()
    expect(kindsAsked()).toEqual(['all', 'S1'])
    expect(calendar()).toMatchObject({ syncToken: 'S2', snapshot: { events: 2 } })
  })

  test.each<[string, GoogleFailure]>([
    ['a failure that passes', 'Unreachable'],
    ['a refusal', 'Unknown'],
  ])('and the snapshot stay as they were if a page in the middle is lost to %s', async (_, failure) => {
    answers = [{ pages: [[meeting()]] }, { pages: [[{ id: 'meeting', status: 'cancelled' }], failure] }]
    await sync()
    const before = calendar()?.snapshot
    await nextRound()
    expect(calendar()?.snapshot).toBe(before)
    expect(calendar()?.syncToken).toBe('S1')
    await nextRound()
    expect(kindsAsked()).toEqual(['all', 'S1', 'S1'])
  })

  test('that Google no longer accepts leads to a full listing at once', async () => {
    answers = [{}, { pages: ['SyncTokenExpired'] }, { pages: [[meeting()]] }]
    await sync()
    expect(await nextRound()).toEqual([])
    expect(kindsAsked()).toEqual(['all', 'S1', 'all'])
    expect(busy()).toEqual({ intervals: 1, complete: true })
  })

  test.each<[string, unknown]>([
    ['null', null],
    ['an event without an id', meeting({ id: 0 })],
    ['a garbled time', meeting({ start: { dateTime: {} } })],
    ['a tombstone without an id', { status: 'cancelled' }],
  ])('of a delta that contains %s is dropped, and a full listing follows', async (_, item) => {
    answers = [{ pages: [[meeting()]] }, { pages: [[item]] }, { pages: [[meeting()]] }]
    await sync()
    await nextRound()
    expect(calendar()?.syncToken).toBeUndefined()
    expect(busy().intervals).toBeGreaterThan(0)
    await nextRound()
    expect(kindsAsked()).toEqual(['all', 'S1', 'all'])
    expect(busy()).toEqual({ intervals: 1, complete: true })
    await nextRound()
    expect(kindsAsked()[3]).toBe('S3')
  })

  test('is dropped if two answers to it in a row can’t be used', async () => {
    const unusable = { pages: [[{ id: 'x'.repeat(9_999) }]] }
    answers = [{}, unusable, unusable]
    await sync()
    const [first] = await nextRound()
    expect(first).toMatchObject({ reason: 'SyncFailed', requeue: { kind: 'wait', for: 5_000 } })
    await nextRound()
    expect(await nextRound()).toEqual([])
    expect(kindsAsked()).toEqual(['all', 'S1', 'S1', 'all'])
  })
})

describe('a full listing', () => {
  test('is made within 23 hours, whatever the integration says, because the published window moves', async () => {
    integration.spec.sync.fullSyncInterval = '168h'
    integration.spec.sync.interval = '1h'
    await sync()
    const from = asked[0]?.from
    for (let hour = 0; hour < 30; hour++) {
      await nextRound()
      expect(busy().complete).toBe(true)
    }
    const again = kindsAsked().lastIndexOf('all')
    expect(kindsAsked().filter((kind) => kind === 'all')).toHaveLength(2)
    expect(asked[again]?.from).not.toEqual(from)
    expect(again).toBe(23)
  })

  test('is made as often as the integration says', async () => {
    integration.spec.sync.fullSyncInterval = '30m'
    await sync()
    for (let round = 0; round < 13; round++) await nextRound()
    expect(kindsAsked().filter((kind) => kind === 'all')).toHaveLength(3)
  })

  test('that was not understood is repeated soon, and less and less often while that does not help', async () => {
    answers = Array.from({ length: 9 }, () => ({ pages: [[null]] }))
    const started = clock.monotonic()
    const at: number[] = []
    while (at.length < 6) {
      answers = [{ pages: [asked.length === 0 || willListAll() ? [null] : []] }]
      await nextRound()
      if (kindsAsked().at(-1) === 'all') at.push((clock.monotonic() - started) / MINUTE)
    }
    const gaps = at.slice(1).map((one, index) => one - (at[index] ?? 0))
    expect(gaps).toEqual([10, 20, 40, 80, 160])
    answers = []
    while (kindsAsked().at(-1) !== 'all' || !busy().complete) await nextRound()
    expect(calendar()?.doubtfulListings).toBe(0)
  })

  const willListAll = (): boolean => {
    const { lastFull = 0, doubtfulListings, dueAt } = calendar() as CalendarState
    return dueAt - lastFull >= 5 * MINUTE * 2 ** doubtfulListings
  }

  test('is made if detail becomes Full while the calendar fails, because the snapshot has no titles', async () => {
    answers = [{ pages: [[meeting()]] }, { pages: ['Unknown'] }, { pages: [[meeting()]] }]
    await sync()
    expect(await nextRound()).toHaveLength(1)
    agent.spec.publish = {
      ...agent.spec.publish,
      calendar: { kind: 'Secret', name: 'full', detail: 'Full', formats: ['JSON'] },
    }
    expect(await nextRound()).toEqual([])
    expect(kindsAsked()).toEqual(['all', 'S1', 'all'])
    expect(asked.map(({ detail }) => detail)).toEqual(['Busy', 'Busy', 'Full'])
    const [event] = calendar() ? snapshotEvents((calendar() as CalendarState).snapshot) : []
    expect(event?.content).toContain('Viewing')
  })
})

describe('the time zone of a calendar', () => {
  test.each([
    ['GMT-05:00', 'Etc/GMT+5'],
    ['Mars/Olympus', 'UTC'],
    ['Europe/Paris', 'Europe/Paris'],
  ])('%s is published as %s', async (timeZone, published) => {
    answers = [{ timeZone }]
    await sync()
    expect(calendar()?.snapshot.timeZone).toBe(timeZone)
    expect(zones.nameOf(timeZone)).toBe(published)
  })
})

describe('several calendars', () => {
  beforeEach(() => {
    agent = anAgent({ calendars: { read: ['primary', 'team@group.calendar.google.com', 'Alice@Example.com'] } })
  })

  test('are read once each, however the spec writes their names', async () => {
    await sync()
    expect(asked.map(({ calendarId }) => calendarId)).toEqual([ALICE, 'team@group.calendar.google.com'])
  })

  test.each<GoogleFailure>(['Unreachable', 'RateLimited'])(
    'are not asked for in vain one by one after %s',
    async (failure) => {
      answers = [{ pages: [failure] }]
      const failures = await sync()
      expect(failures).toHaveLength(1)
      expect(asked).toHaveLength(1)
    },
  )

  test('are forgotten when the spec no longer names them', async () => {
    await sync()
    agent = anAgent({ calendars: { read: ['team@group.calendar.google.com'] } })
    await sync()
    expect([...state.byId.keys()]).toEqual(['team@group.calendar.google.com'])
  })
})

describe('a changed interval', () => {
  function setInterval(interval: string): void {
    const { spec } = integration
    integration = { ...integration, spec: { ...spec, sync: { ...spec.sync, interval } } }
  }

  test('counts from the last reading', async () => {
    await sync()
    await clock.advance(MINUTE)
    setInterval('2m')
    await sync()
    expect(asked).toHaveLength(1)
    await clock.advance(MINUTE)
    await sync()
    expect(asked).toHaveLength(2)
  })

  test('leaves the pause after a refusal as it is', async () => {
    await sync()
    answers = [{ pages: ['NotFound'] }]
    await nextRound()
    const { dueAt } = calendar() ?? {}
    setInterval('10s')
    await clock.advance(MINUTE)
    await sync()
    expect(calendar()?.dueAt).toBe(dueAt)
  })
})

describe('a calendar that is refused for good', () => {
  beforeEach(() => {
    agent = anAgent({ calendars: { read: ['primary', 'team@group.calendar.google.com'] } })
  })

  test('for its size says how large it may be and what to do, and the others are read', async () => {
    const many = Array.from({ length: 20_001 }, (_, n) => meeting({ id: `event${n}` }))
    answers = [{ pages: [many.slice(0, 15_000), many.slice(15_000)] }, { pages: [[meeting()]] }]
    const [failed, ...others] = await sync()
    expect(others).toEqual([])
    expect(failed).toMatchObject({ condition: 'Synced', reason: 'CalendarTooLarge', requeue: { kind: 'blocked' } })
    expect(failed?.message).toMatch(
      /^Calendar primary is too large: .*20,000 events.*spec\.calendars\.read.*sync\.window/,
    )
    expect(calendar()).toMatchObject({ failure: { refused: true } })
    expect(calendar()?.lastRead).toBeUndefined()
    expect(calendar('team@group.calendar.google.com')?.snapshot.events).toBe(1)
  })

  test('for the size of all calendars together says that, and the others are kept', async () => {
    budget = new MemoryBudget({ ...MEMORY_LIMITS, events: 3 })
    answers = [{ pages: [[meeting(), meeting({ id: 'b' })]] }, { pages: [[meeting(), meeting({ id: 'b' })]] }]
    const [failed, ...others] = await sync()
    expect(others).toEqual([])
    expect(failed).toMatchObject({ reason: 'CalendarTooLarge', requeue: { kind: 'blocked' } })
    expect(failed?.message).toMatch(
      /^Calendar team.* all calendars of this Agent together have 4 events.* 3 is the most/,
    )
    expect(calendar()?.snapshot.events).toBe(2)
    expect(calendar('team@group.calendar.google.com')?.snapshot.events).toBe(0)
    expect(budget.total).toBeGreaterThanOrEqual(calendar()?.snapshot.encoded.length ?? Infinity)
  })

  test('for its size keeps what is known about it, and is listed as a whole when it is read again', async () => {
    answers = [{ pages: [[meeting()]] }, {}, { pages: ['CalendarTooLarge'] }]
    await sync()
    await nextRound()
    expect(busy().intervals).toBe(1)
    await nextRound()
    expect(asked.filter(({ calendarId }) => calendarId === ALICE).at(-1)?.from).toHaveProperty('window')
  })

  test('because Google Calendar is switched off says so, and what to do', async () => {
    answers = [{ pages: ['CalendarDisabled'] }, { pages: ['CalendarDisabled'] }]
    const [failed] = await sync()
    expect(failed).toMatchObject({ condition: 'Synced', reason: 'CalendarDisabled', requeue: { kind: 'blocked' } })
    expect(failed?.message).toMatch(/switched off.*Admin console.*spec\.account/)
  })
})

describe('a calendar that triggers a bug', () => {
  const TEAM = 'team@group.calendar.google.com'
  const stumble = (): Answer => ({ pages: [[meeting({ id: 'b' })], new SyntaxError('Rendezvous with bob')] })

  beforeEach(async () => {
    agent = anAgent({ calendars: { read: ['primary', TEAM] } })
    answers = [{ pages: [[meeting()]] }, { pages: [[meeting()]] }]
    await sync()
    await clock.advance(10 * MINUTE)
    answers = [stumble(), { pages: [[meeting({ id: 'c' })]] }]
  })

  test('keeps what is known about it, and the others are read', async () => {
    const [failed, ...others] = await sync()
    expect(others).toEqual([])
    expect(failed).toMatchObject({ condition: 'Synced', reason: 'SyncFailed', requeue: { kind: 'wait' } })
    expect(failed?.message).toMatch(/^Calendar primary .*\(SyntaxError\).*its log says where/)
    expect(busy().intervals).toBe(1)
    expect(calendar()?.snapshot.events).toBe(1)
    expect(calendar(TEAM)).toMatchObject({ snapshot: { events: 2 } })
    expect(calendar(TEAM)?.failure).toBeUndefined()
  })

  test('is read again after a backoff of its own, with one log line that contains nothing of it', async () => {
    const pauses: number[] = []
    for (let round = 0; round < 3; round++) {
      await sync()
      pauses.push((calendar()?.dueAt ?? 0) - clock.monotonic())
      await clock.advance(pauses.at(-1) ?? 0)
      answers = [stumble()]
    }
    expect(pauses).toEqual([5_000, 10_000, 20_000])
    expect(lines).toHaveLength(1)
    expect(lines[0]).toContain('read-calendars.test.ts')
    expect(`${lines.join()}${JSON.stringify(calendar()?.failure)}`).not.toMatch(/Rendezvous|alice@/)
    answers = []
    expect(await nextRound()).toEqual([])
    expect(calendar()?.failure).toBeUndefined()
  })

  test('when it is first read does not fail the other steps of the Agent', async () => {
    state = newCalendarsState()
    const [failed, ...others] = await sync()
    expect([failed?.reason, others, calendar()?.lastRead]).toEqual(['SyncFailed', [], undefined])
    expect(calendar(TEAM)?.snapshot.events).toBe(1)
  })
})
