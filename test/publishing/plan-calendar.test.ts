/** What the published calendar is to hold, as a function of the snapshots, the spec, the clock and what is published. */
import { beforeEach, describe, expect, test } from 'vitest'
import type { KnownCalendar } from '../../src/calendars/query.ts'
import { planCalendar, type CalendarPlan } from '../../src/publishing/plan-calendar.ts'
import { publishedObject, type Data } from '../../src/publishing/published-object.ts'
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
/** The Agent's other calendars. */
let others: KnownCalendar[]
let state: PublicationState
/** What is published. */
let texts: Data | undefined

beforeEach(() => {
  clock = new ManualClock()
  agent = publishing('KeepLast')
  sync = anIntegration().spec.sync
  state = {}
  texts = undefined
  others = []
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
  return planCalendar({ clock, zones, target, agent, calendars: [calendar, ...others], nextReading, sync }, state)
}

/** Publishes what is planned; returns whether that was a change. */
function publish(): boolean {
  const { data: made, keepsRest, rewriting, state: next } = plan()
  const data = rewriting && texts ? rewriting.rewrite(texts) : made && { ...(keepsRest && texts), ...made }
  const isChange = data !== undefined && JSON.stringify(data) !== JSON.stringify(texts)
  if (isChange) texts = data
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
const published = (): Published => json(texts)

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

describe('what can still be trusted', () => {
  beforeEach(() => {
    agent = publishing('Block')
    publish()
  })

  const isBlocked = (): boolean => JSON.stringify(published().busy) === JSON.stringify([published().window])
  const restart = (): void => void (calendar = { ...calendar, snapshot: undefined, lastRead: undefined })

  test('has its free time with Block, until the instant at which trust ends', async () => {
    // Compared with what is published: from now on, nothing has changed but the time.
    for (let round = 0; round < 2; round++) expect(publish()).toBe(false)
    await clock.advance(15 * MINUTE - 1)
    expect([publish(), isBlocked()]).toEqual([false, false])
    await clock.advance(1)
    expect([publish(), isBlocked()]).toEqual([true, true])
  })

  test('has it after a restart, too, until the same instant', async () => {
    restart()
    await clock.advance(15 * MINUTE - 1)
    expect([publish(), isBlocked()]).toEqual([false, false])
    await clock.advance(1)
    expect([publish(), isBlocked()]).toEqual([true, true])
  })

  test('stays for ever after a restart with KeepLast', async () => {
    agent = publishing('KeepLast')
    restart()
    await clock.advance(24 * 60 * MINUTE)
    expect([publish(), isBlocked()]).toEqual([false, false])
  })
})

describe('a calendar that was found to be the same', () => {
  beforeEach(() => {
    read([meeting({ status: 'tentative' })])
    publish()
    for (let round = 0; round < 2; round++) expect(publish()).toBe(false)
  })

  test('is repaired if somebody changes its busy time', () => {
    const original = published()
    const text = JSON.stringify({ ...original, busy: [] })
    texts = { 'busy.json': text }
    state = { ...state, calendar: publishedObject({ ...target, resourceVersion: 'edited' }, texts) }
    expect(publish()).toBe(true)
    expect(published()).toEqual(original)
  })

  test('changes at once with a rule of the spec', () => {
    agent = { ...agent, spec: { ...agent.spec, busy: { tentative: 'Free', allDay: 'Busy' } } }
    agent.metadata = { ...agent.metadata, generation: 2 }
    expect(publish()).toBe(true)
    expect(published().busy).toEqual([])
  })

  test('is marked as incomplete once it is refused', () => {
    calendar = { ...calendar, failure: refusal }
    expect(publish()).toBe(true)
    expect(published()).toMatchObject({ complete: false, busy: [{}] })
  })
})

describe('a calendar that somebody has damaged, so that it says nothing about itself', () => {
  beforeEach(() => {
    publish()
    texts = { 'busy.json': '{' }
    state = { ...state, calendar: publishedObject({ ...target, resourceVersion: 'damaged' }, texts) }
  })

  test('is published again', () => {
    expect(publish()).toBe(true)
    expect(published()).toMatchObject({ complete: true, busy: [{}] })
  })

  test('stays until its calendars were read', () => {
    calendar = { ...calendar, snapshot: undefined, lastRead: undefined, lastFull: undefined }
    expect(plan()).toEqual({ state })
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

describe('what was read since the start', () => {
  test('still follows the rules of the spec if the calendar is refused later', () => {
    read([meeting({ status: 'tentative' })])
    publish()
    calendar = { ...calendar, failure: refusal }
    agent = { ...agent, spec: { ...agent.spec, busy: { tentative: 'Free', allDay: 'Busy' } } }
    publish()
    expect(published()).toMatchObject({ complete: false, busy: [] })
  })

  test('replaces what is published although another calendar is refused', () => {
    others = [{ ...calendar, id: 'team@example.com', name: 'team', failure: refusal }]
    publish()
    others = [{ ...others[0]!, snapshot: undefined, lastRead: undefined }]
    read([])
    publish()
    expect(published()).toMatchObject({ complete: false, busy: [] })
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

describe('the heartbeat', () => {
  const readAfter = async (ms: number): Promise<boolean> => {
    await clock.advance(ms)
    read([meeting()])
    return publish()
  }

  test('comes before the end of trust if the next reading would come too late for that', async () => {
    sync = { ...anIntegration().spec.sync, interval: '6m' }
    agent = anAgent({ publish: { ...agent.spec.publish, staleAfter: '12m' } })
    publish()
    // Trust ends at 12:00. The next reading comes five minutes after each, and may be a quarter of an interval late.
    expect(await readAfter(5.4 * MINUTE)).toBe(false)
    expect(await readAfter(0.3 * MINUTE)).toBe(true)
  })

  test('does not come without a later reading', async () => {
    publish()
    await clock.advance(14 * MINUTE)
    expect(publish()).toBe(false)
  })
})

describe('a setting that changes what readers may rely on', () => {
  beforeEach(() => void publish())

  test.each<[what: string, change: () => void]>([
    [
      'the time zone of the calendar',
      () => (calendar = { ...calendar, snapshot: list([meeting()], { timeZone: 'UTC' }) }),
    ],
    ['the window', () => (sync = { ...anIntegration().spec.sync, window: { pastDays: 1, futureDays: 30 } })],
    ['staleAfter', () => (agent = anAgent({ publish: { ...agent.spec.publish, staleAfter: '20m' } }))],
    ['an interval that makes staleAfter longer', () => (sync = { ...anIntegration().spec.sync, interval: '10m' })],
  ])('is published at once: %s', (_, change) => {
    change()
    expect(publish()).toBe(true)
    expect(publish()).toBe(false)
  })
})

describe('a calendar that does not fit into its object', () => {
  const events = Array.from({ length: 1_500 }, (_, n) => {
    const start = Date.parse('2026-11-24T00:00:00Z') + n * 45 * MINUTE
    const spell = { start: new Date(start).toISOString(), end: new Date(start + 30 * MINUTE).toISOString() }
    return meeting({
      id: `event-${n}`,
      summary: `${n}`.repeat(200).slice(0, 700),
      start: { dateTime: spell.start },
      end: { dateTime: spell.end },
    })
  })

  test('is published without its events, says so, and is looked at again in five minutes', async () => {
    const full = { kind: 'Secret', name: 'alice-calendar', detail: 'Full', formats: ['JSON'] } as const
    agent = anAgent({ publish: { staleAfter: '15m', whenStale: 'KeepLast', calendar: { ...full, formats: ['JSON'] } } })
    calendar = { ...calendar, snapshot: list(events, { detail: 'Full' }) }
    const { data, failure } = plan()
    expect(Object.keys(data ?? {})).toEqual(['busy.json'])
    expect(failure).toMatchObject({ condition: 'Synced', reason: 'PublishTooLarge' })
    expect(failure?.message).toMatch(/kB more than fits; its busy time is published without the events/)
    expect(failure?.requeue).toEqual({ kind: 'blocked', at: clock.monotonic() + 5 * MINUTE })
    publish()
    // Nothing has changed: it is still said.
    for (let round = 0; round < 2; round++) {
      const again = plan()
      state = again.state
      expect(again.failure?.reason).toBe('PublishTooLarge')
    }
    read([meeting()])
    calendar = { ...calendar, snapshot: list([meeting()], { detail: 'Full' }) }
    await clock.advance(MINUTE)
    expect(plan().failure).toBeUndefined()
    expect(Object.keys(plan().data ?? {})).toContain('events.json')
  })
})
