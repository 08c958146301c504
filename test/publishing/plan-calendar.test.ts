/** What the published calendar is to hold, as a function of the snapshots, the spec, the clock and what is published. */
import { beforeEach, describe, expect, test } from 'vitest'
import type { KnownCalendar } from '../../src/calendars/query.ts'
import { planCalendar, type CalendarPlan } from '../../src/publishing/plan-calendar.ts'
import { dataOf, publishedObject, type Data } from '../../src/publishing/published-object.ts'
import type { PublicationState } from '../../src/publishing/state.ts'
import type { Agent, CalendarIntegration } from '../../src/resources/types.ts'
import { list, meeting, zones } from '../calendar/support.ts'
import { ManualClock } from '../support/clock.ts'
import { anAgent, anIntegration } from '../support/resources.ts'

const MINUTE = 60_000
const target = { kind: 'ConfigMap', name: 'alice-calendar' } as const
const refusal = { stepFailure: {} as never, since: 0, refused: true, attempts: 1, error: '403' }

let clock: ManualClock
let agent: Agent
let sync: CalendarIntegration['spec']['sync'] | undefined
let calendar: KnownCalendar
let state: PublicationState

beforeEach(() => {
  clock = new ManualClock()
  agent = publishing('KeepLast')
  sync = anIntegration().spec.sync
  state = {}
  read([meeting()])
})

const publishing = (whenStale: 'KeepLast' | 'Block'): Agent =>
  anAgent({ publish: { staleAfter: '15m', whenStale, calendar: { ...target, detail: 'Busy', formats: ['JSON'] } } })

function read(events: object[]): void {
  const snapshot = list(events, { timeZone: 'Europe/Paris' })
  const at = clock.monotonic()
  calendar = {
    id: 'alice@example.com',
    name: 'primary',
    snapshot,
    lastRead: at,
    lastFull: at,
    changedAt: undefined,
  booked: undefined,
    failure: undefined,
  }
}

function plan(): CalendarPlan {
  const nextReading = (calendar.lastRead ?? 0) + 5 * MINUTE
  return planCalendar({ clock, zones, target, agent, calendars: [calendar], nextReading, sync }, state)
}

/** Publishes what is planned; returns whether that was a change. */
function publish(): boolean {
  const before = state.calendar
  const { data, state: next } = plan()
  const isChange = data !== undefined && JSON.stringify(data) !== JSON.stringify(before && dataOf(before))
  state = isChange
    ? { ...next, calendar: publishedObject({ ...target, resourceVersion: `${clock.now()}` }, data) }
    : next
  return isChange
}

interface Published {
  syncedAt: string
  freshUntil: string
  complete: boolean
  window: object
  busy: object[]
}
const json = (data: Data | undefined): Published => JSON.parse(data?.['busy.json'] ?? 'null') as Published
const published = (): Published => json(state.calendar ? dataOf(state.calendar) : undefined)

describe('what is published', () => {
  test('is nothing until every calendar was read or refused', () => {
    calendar = { ...calendar, snapshot: undefined, lastRead: undefined, lastFull: undefined }
    expect(plan().data).toBeUndefined()
  })

  test('is the same object after a reading that found the same', async () => {
    expect(publish()).toBe(true)
    await clock.advance(5 * MINUTE)
    read([meeting()])
    expect(publish()).toBe(false)
  })

  test('changes at once when a reading found something else', async () => {
    publish()
    await clock.advance(MINUTE)
    read([])
    expect(publish()).toBe(true)
    expect(published().busy).toEqual([])
  })

  test('is renewed as a heartbeat when half of its time of trust has passed', async () => {
    publish()
    const { syncedAt } = published()
    await clock.advance(8 * MINUTE)
    read([meeting()])
    expect(publish()).toBe(true)
    expect(Date.parse(published().syncedAt) - Date.parse(syncedAt)).toBe(8 * MINUTE)
  })
})

describe('what can no longer be trusted', () => {
  beforeEach(async () => {
    publish()
    await clock.advance(16 * MINUTE)
  })

  test('stays as it is with KeepLast', () => {
    expect(publish()).toBe(false)
  })

  test.each(['while there is an integration', 'without one'])('has no free time left with Block, %s', (when) => {
    const before = published()
    agent = publishing('Block')
    if (when === 'without one') sync = undefined
    expect(publish()).toBe(true)
    expect(published()).toEqual({ ...before, window: published().window, busy: [published().window] })
  })
})

describe('what is known of a calendar that is refused', () => {
  test('stays published and incomplete, after a restart too', () => {
    publish()
    calendar = { ...calendar, failure: refusal }
    publish()
    expect(published()).toMatchObject({ complete: false, busy: [{}] })
    calendar = { ...calendar, snapshot: undefined, lastRead: undefined }
    publish()
    expect(published()).toMatchObject({ complete: false, busy: [{}] })
  })
})

describe('calendars that are all refused after a restart', () => {
  beforeEach(() => {
    publish()
    calendar = { ...calendar, snapshot: undefined, lastRead: undefined, failure: refusal }
  })

  test('leave what was busy as it is, with KeepLast', () => {
    const before = published()
    publish()
    expect(published()).toEqual({ ...before, complete: false })
  })

  test('leave no free time, with Block, although what was published can still be trusted', () => {
    agent = publishing('Block')
    publish()
    expect(published()).toMatchObject({ complete: false, busy: [published().window] })
  })
})

describe('a header that was written with a clock that was ahead', () => {
  test('is corrected at once, and trusted for no time if nothing was read since', () => {
    publish()
    clock.setTimeOfDay(-60 * MINUTE)
    calendar = { ...calendar, snapshot: undefined, lastRead: undefined }
    expect(publish()).toBe(true)
    expect(published().freshUntil).toBe(published().syncedAt)
    expect(Date.parse(published().syncedAt)).toBeLessThanOrEqual(clock.now())
  })
})
