/** How the calendars of an Agent are read: which requests are sent, and what is kept of the answers. */
import { beforeEach, describe, expect, test } from 'vitest'
import { MEMORY_LIMITS, MemoryBudget } from '../../src/calendars/memory-budget.ts'
import { newCalendarsState, type CalendarState } from '../../src/calendars/state.ts'
import { snapshotEvents } from '../../src/calendar/calendar-snapshot.ts'
import type { GoogleFailure } from '../../src/google/port.ts'
import { anAgent } from '../support/resources.ts'
import { ALICE, meeting, MINUTE, Reader, type Answer } from './support/reader.ts'

let reader: Reader

beforeEach(() => {
  reader = new Reader()
})

describe('the sync token', () => {
  test('of a listing is kept with its last page, and used for the next one', async () => {
    reader.answers = [{ pages: [[meeting()], [meeting({ id: 'b' })]] }]
    await reader.sync()
    await reader.nextRound()
    expect(reader.kindsAsked()).toEqual(['all', 'S1'])
    expect(reader.calendar()).toMatchObject({ syncToken: 'S2', snapshot: { events: 2 } })
  })

  test.each<[string, GoogleFailure]>([
    ['a failure that passes', 'Unreachable'],
    ['a refusal', 'Unknown'],
  ])('and the snapshot stay as they were if a page in the middle is lost to %s', async (_, failure) => {
    reader.answers = [{ pages: [[meeting()]] }, { pages: [[{ id: 'meeting', status: 'cancelled' }], failure] }]
    await reader.sync()
    const before = reader.calendar()?.snapshot
    await reader.nextRound()
    expect(reader.calendar()?.snapshot).toBe(before)
    expect(reader.calendar()?.syncToken).toBe('S1')
    await reader.nextRound()
    expect(reader.kindsAsked()).toEqual(['all', 'S1', 'S1'])
  })

  test('that Google no longer accepts leads to a full listing at once', async () => {
    reader.answers = [{}, { pages: ['SyncTokenExpired'] }, { pages: [[meeting()]] }]
    await reader.sync()
    expect(await reader.nextRound()).toEqual([])
    expect(reader.kindsAsked()).toEqual(['all', 'S1', 'all'])
    expect(reader.busy()).toEqual({ intervals: 1, complete: true })
  })

  test.each<[string, unknown]>([
    ['null', null],
    ['an event without an id', meeting({ id: 0 })],
    ['a garbled time', meeting({ start: { dateTime: {} } })],
    ['a tombstone without an id', { status: 'cancelled' }],
  ])('of a delta that contains %s is dropped, and a full listing follows', async (_, item) => {
    reader.answers = [{ pages: [[meeting()]] }, { pages: [[item]] }, { pages: [[meeting()]] }]
    await reader.sync()
    await reader.nextRound()
    expect(reader.calendar()?.syncToken).toBeUndefined()
    expect(reader.busy().intervals).toBeGreaterThan(0)
    await reader.nextRound()
    expect(reader.kindsAsked()).toEqual(['all', 'S1', 'all'])
    expect(reader.busy()).toEqual({ intervals: 1, complete: true })
    await reader.nextRound()
    expect(reader.kindsAsked()[3]).toBe('S3')
  })

  test('is dropped if two answers to it in a row can’t be used', async () => {
    const unusable = { pages: [[{ id: 'x'.repeat(9_999) }]] }
    reader.answers = [{}, unusable, unusable]
    await reader.sync()
    const [first] = await reader.nextRound()
    expect(first).toMatchObject({ reason: 'SyncFailed', requeue: { kind: 'wait', for: 5_000 } })
    await reader.nextRound()
    expect(await reader.nextRound()).toEqual([])
    expect(reader.kindsAsked()).toEqual(['all', 'S1', 'S1', 'all'])
  })
})

describe('a full listing', () => {
  test('is made within 23 hours, whatever the integration says, because the published window moves', async () => {
    reader.integration.spec.sync.fullSyncInterval = '168h'
    reader.integration.spec.sync.interval = '1h'
    await reader.sync()
    const from = reader.asked[0]?.from
    for (let hour = 0; hour < 30; hour++) {
      await reader.nextRound()
      expect(reader.busy().complete).toBe(true)
    }
    const again = reader.kindsAsked().lastIndexOf('all')
    expect(reader.kindsAsked().filter((kind) => kind === 'all')).toHaveLength(2)
    expect(reader.asked[again]?.from).not.toEqual(from)
    expect(again).toBe(23)
  })

  test('is made as often as the integration says', async () => {
    reader.integration.spec.sync.fullSyncInterval = '30m'
    await reader.sync()
    for (let round = 0; round < 13; round++) await reader.nextRound()
    expect(reader.kindsAsked().filter((kind) => kind === 'all')).toHaveLength(3)
  })

  test('that was not understood is repeated soon, and less and less often while that does not help', async () => {
    reader.answers = Array.from({ length: 9 }, () => ({ pages: [[null]] }))
    const started = reader.clock.monotonic()
    const at: number[] = []
    while (at.length < 6) {
      reader.answers = [{ pages: [reader.asked.length === 0 || willListAll() ? [null] : []] }]
      await reader.nextRound()
      if (reader.kindsAsked().at(-1) === 'all') at.push((reader.clock.monotonic() - started) / MINUTE)
    }
    const gaps = at.slice(1).map((one, index) => one - (at[index] ?? 0))
    const intervals = gaps.map((gap) => Math.round(gap / 5))
    expect(intervals).toEqual([2, 4, 8, 16, 32])
    reader.answers = []
    while (reader.kindsAsked().at(-1) !== 'all' || !reader.busy().complete) await reader.nextRound()
    expect(reader.calendar()?.doubtfulListings).toBe(0)
  })

  const willListAll = (): boolean => {
    const { lastFull = 0, doubtfulListings, dueAt } = reader.calendar() as CalendarState
    return dueAt - lastFull >= 5 * MINUTE * (2 ** doubtfulListings - 0.5)
  }

  test('is made if detail becomes Full while the calendar fails, because the snapshot has no titles', async () => {
    reader.answers = [{ pages: [[meeting()]] }, { pages: ['Unknown'] }, { pages: [[meeting()]] }]
    await reader.sync()
    expect(await reader.nextRound()).toHaveLength(1)
    reader.agent.spec.publish = {
      ...reader.agent.spec.publish,
      calendar: { kind: 'Secret', name: 'full', detail: 'Full', formats: ['JSON'] },
    }
    expect(await reader.nextRound()).toEqual([])
    expect(reader.kindsAsked()).toEqual(['all', 'S1', 'all'])
    expect(reader.asked.map(({ detail }) => detail)).toEqual(['Busy', 'Busy', 'Full'])
    const [event] = reader.calendar() ? snapshotEvents((reader.calendar() as CalendarState).snapshot) : []
    expect(event?.content).toContain('Viewing')
  })
})

describe('the time zone of a calendar', () => {
  test.each([
    ['GMT-05:00', 'Etc/GMT+5'],
    ['Mars/Olympus', 'UTC'],
    ['Europe/Paris', 'Europe/Paris'],
  ])('%s is published as %s', async (timeZone, published) => {
    reader.answers = [{ timeZone }]
    await reader.sync()
    expect(reader.calendar()?.snapshot.timeZone).toBe(timeZone)
    expect(reader.zones.nameOf(timeZone)).toBe(published)
  })
})

describe('several calendars', () => {
  beforeEach(() => {
    reader.agent = anAgent({ calendars: { read: ['primary', 'team@group.calendar.google.com', 'Alice@Example.com'] } })
  })

  test('are read once each, however the spec writes their names', async () => {
    await reader.sync()
    expect(reader.asked.map(({ calendarId }) => calendarId)).toEqual([ALICE, 'team@group.calendar.google.com'])
  })

  test.each<GoogleFailure>(['Unreachable', 'RateLimited'])(
    'are not asked for in vain one by one after %s',
    async (failure) => {
      reader.answers = [{ pages: [failure] }]
      const failures = await reader.sync()
      expect(failures).toHaveLength(1)
      expect(reader.asked).toHaveLength(1)
    },
  )

  test('are forgotten when the spec no longer names them', async () => {
    await reader.sync()
    reader.agent = anAgent({ calendars: { read: ['team@group.calendar.google.com'] } })
    await reader.sync()
    expect([...reader.state.byId.keys()]).toEqual(['team@group.calendar.google.com'])
  })
})

describe('a changed interval', () => {
  function setInterval(interval: string): void {
    const { spec } = reader.integration
    reader.integration = { ...reader.integration, spec: { ...spec, sync: { ...spec.sync, interval } } }
  }

  test('counts from the last reading', async () => {
    await reader.sync()
    await reader.clock.advance(MINUTE)
    setInterval('2m')
    await reader.sync()
    expect(reader.asked).toHaveLength(1)
    await reader.clock.advance(MINUTE)
    await reader.sync()
    expect(reader.asked).toHaveLength(2)
  })

  test('leaves the pause after a refusal as it is', async () => {
    await reader.sync()
    reader.answers = [{ pages: ['NotFound'] }]
    await reader.nextRound()
    const { dueAt } = reader.calendar() ?? {}
    setInterval('10s')
    await reader.clock.advance(MINUTE)
    await reader.sync()
    expect(reader.calendar()?.dueAt).toBe(dueAt)
  })
})

describe('a calendar that is refused for good', () => {
  beforeEach(() => {
    reader.agent = anAgent({ calendars: { read: ['primary', 'team@group.calendar.google.com'] } })
  })

  test('for its size says how large it may be and what to do, and the others are read', async () => {
    const many = Array.from({ length: 20_001 }, (_, n) => meeting({ id: `event${n}` }))
    reader.answers = [{ pages: [many.slice(0, 15_000), many.slice(15_000)] }, { pages: [[meeting()]] }]
    const [failed, ...others] = await reader.sync()
    expect(others).toEqual([])
    expect(failed).toMatchObject({ condition: 'Synced', reason: 'CalendarTooLarge', requeue: { kind: 'blocked' } })
    expect(failed?.message).toMatch(
      /^Calendar primary is too large: .*20,000 events.*spec\.calendars\.read.*sync\.window/,
    )
    expect(reader.calendar()).toMatchObject({ failure: { refused: true } })
    expect(reader.calendar()?.lastRead).toBeUndefined()
    expect(reader.calendar('team@group.calendar.google.com')?.snapshot.events).toBe(1)
  })

  test('for the size of all calendars together says that, and the others are kept', async () => {
    reader.budget = new MemoryBudget({ ...MEMORY_LIMITS, events: 3 })
    reader.answers = [{ pages: [[meeting(), meeting({ id: 'b' })]] }, { pages: [[meeting(), meeting({ id: 'b' })]] }]
    const [failed, ...others] = await reader.sync()
    expect(others).toEqual([])
    expect(failed).toMatchObject({ reason: 'CalendarTooLarge', requeue: { kind: 'blocked' } })
    expect(failed?.message).toMatch(
      /^Calendar team.* all calendars of this Agent together have 4 events.* the limit is 3/,
    )
    expect(reader.calendar()?.snapshot.events).toBe(2)
    expect(reader.calendar('team@group.calendar.google.com')?.snapshot.events).toBe(0)
    expect(reader.budget.total).toBeGreaterThanOrEqual(reader.calendar()?.snapshot.encoded.length ?? Infinity)
  })

  test('for its size keeps what is known about it, and is listed as a whole when it is read again', async () => {
    reader.answers = [{ pages: [[meeting()]] }, {}, { pages: ['CalendarTooLarge'] }]
    await reader.sync()
    await reader.nextRound()
    expect(reader.busy().intervals).toBe(1)
    await reader.nextRound()
    expect(reader.asked.filter(({ calendarId }) => calendarId === ALICE).at(-1)?.from).toHaveProperty('window')
  })

  test('because Google Calendar is switched off says so, and what to do', async () => {
    reader.answers = [{ pages: ['CalendarDisabled'] }, { pages: ['CalendarDisabled'] }]
    const [failed] = await reader.sync()
    expect(failed).toMatchObject({ condition: 'Synced', reason: 'CalendarDisabled', requeue: { kind: 'blocked' } })
    expect(failed?.message).toMatch(/switched off.*Admin console.*spec\.account/)
  })
})

describe('a calendar that triggers a bug', () => {
  const TEAM = 'team@group.calendar.google.com'
  const stumble = (): Answer => ({ pages: [[meeting({ id: 'b' })], new SyntaxError('Rendezvous with bob')] })

  beforeEach(async () => {
    reader.agent = anAgent({ calendars: { read: ['primary', TEAM] } })
    reader.answers = [{ pages: [[meeting()]] }, { pages: [[meeting()]] }]
    await reader.sync()
    await reader.clock.advance(10 * MINUTE)
    reader.answers = [stumble(), { pages: [[meeting({ id: 'c' })]] }]
  })

  test('keeps what is known about it, and the others are read', async () => {
    const [failed, ...others] = await reader.sync()
    expect(others).toEqual([])
    expect(failed).toMatchObject({ condition: 'Synced', reason: 'SyncFailed', requeue: { kind: 'wait' } })
    expect(failed?.message).toMatch(/^Calendar primary .*\(SyntaxError\).*its log says where/)
    expect(reader.busy().intervals).toBe(1)
    expect(reader.calendar()?.snapshot.events).toBe(1)
    expect(reader.calendar(TEAM)).toMatchObject({ snapshot: { events: 2 } })
    expect(reader.calendar(TEAM)?.failure).toBeUndefined()
  })

  test('is read again after a backoff of its own, with one log line that contains nothing of it', async () => {
    const pauses: number[] = []
    for (let round = 0; round < 3; round++) {
      await reader.sync()
      pauses.push((reader.calendar()?.dueAt ?? 0) - reader.clock.monotonic())
      await reader.clock.advance(pauses.at(-1) ?? 0)
      reader.answers = [stumble()]
    }
    expect(pauses).toEqual([5_000, 10_000, 20_000])
    expect(reader.lines).toHaveLength(1)
    expect(reader.lines[0]).toContain('read-calendars.test.ts')
    expect(`${reader.lines.join()}${JSON.stringify(reader.calendar()?.failure)}`).not.toMatch(/Rendezvous|alice@/)
    reader.answers = []
    expect(await reader.nextRound()).toEqual([])
    expect(reader.calendar()?.failure).toBeUndefined()
  })

  test('when it is first read does not fail the other steps of the Agent', async () => {
    reader.state = newCalendarsState()
    const [failed, ...others] = await reader.sync()
    expect([failed?.reason, others, reader.calendar()?.lastRead]).toEqual(['SyncFailed', [], undefined])
    expect(reader.calendar(TEAM)?.snapshot.events).toBe(1)
  })
})
