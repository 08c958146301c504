/** When a calendar is read, and when it is listed as a whole, whatever happens to settings and clocks. */
import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import { nextDueAt, nextReading } from '../../src/calendars/schedule.ts'
import { newCalendar, newCalendarsState, withCalendar } from '../../src/calendars/state.ts'
import { WorkQueue } from '../../src/controller/queue.ts'
import type { Clock } from '../../src/platform/clock.ts'
import type { Agent } from '../../src/resources/types.ts'
import { ManualClock } from '../support/clock.ts'
import { anAgent } from '../support/resources.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { ALICE, meeting, MINUTE, Reader } from './support/reader.ts'

const SECOND = 1_000
const HOUR = 60 * MINUTE
/** The error of sums of large numbers and fractions. */
const ROUNDING_MS = 1e-3

let reader: Reader

beforeEach(async () => {
  reader = new Reader()
  reader.answers = [{ pages: [[meeting()]] }]
  await reader.sync()
})

function setSync(sync: object): void {
  const { spec } = reader.integration
  reader.integration = { ...reader.integration, spec: { ...spec, sync: { ...spec.sync, ...sync } } }
}

describe('a changed window', () => {
  test.each([
    ['more days of the past', { pastDays: 2, futureDays: 90 }],
    ['more days of the future', { pastDays: 1, futureDays: 91 }],
  ])('with %s is listed as a whole at once', async (_, window) => {
    setSync({ window })
    await reader.sync()
    expect(reader.kindsAsked()).toEqual(['all', 'all'])
    await reader.sync()
    expect(reader.asked).toHaveLength(2)
  })

  test('waits for the pause after a failure', async () => {
    reader.answers = [{ pages: ['Unknown'] }]
    await reader.sync(true)
    setSync({ window: { pastDays: 2, futureDays: 90 } })
    await reader.sync()
    expect(reader.asked).toHaveLength(2)
    await reader.nextRound()
    expect(reader.kindsAsked()).toEqual(['all', 'S1', 'all'])
  })
})

describe('a calendar that is listed as a whole at once', () => {
  const setCalendars = (calendars: Partial<Agent['spec']['calendars']>): void =>
    void (reader.agent = anAgent({ calendars: { ...reader.agent.spec.calendars, ...calendars } }))

  test('is one that Bookings are written to from now on: theirs are not known among its events', async () => {
    setCalendars({ write: 'primary' })
    await reader.sync()
    expect(reader.kindsAsked()).toEqual(['all', 'all'])
    await reader.sync()
    expect(reader.asked).toHaveLength(2)
  })

  test('is one of which only the events of Bookings were kept, once all of them count', async () => {
    reader = new Reader()
    setCalendars({ read: [], write: 'primary' })
    reader.answers = [{ pages: [[meeting()]] }, { pages: [[meeting()]] }]
    await reader.sync()
    expect(reader.calendar()?.snapshot.events).toBe(0)
    await reader.sync()
    expect(reader.asked).toHaveLength(1)
    setCalendars({ read: ['primary'] })
    await reader.sync()
    expect(reader.kindsAsked()).toEqual(['all', 'all'])
    expect(reader.calendar()?.snapshot.events).toBe(1)
  })
})

describe('a clock that was set', () => {
  test('back by days makes the window be listed anew at once, as it would reach before what was listed', async () => {
    reader.clock.setTimeOfDay(-3 * 24 * HOUR)
    await reader.sync()
    expect(reader.kindsAsked()).toEqual(['all', 'all'])
    expect(reader.busy().complete).toBe(true)
  })

  test('back by less than a day does not', async () => {
    reader.clock.setTimeOfDay(-23.5 * HOUR)
    await reader.sync()
    expect(reader.asked).toHaveLength(1)
  })

  test('forward makes calendars due that would have been due by then', async () => {
    reader.clock.setTimeOfDay(4 * MINUTE)
    await reader.sync()
    expect(reader.asked).toHaveLength(1)
    reader.clock.setTimeOfDay(2 * MINUTE)
    await reader.sync()
    expect(reader.kindsAsked()).toEqual(['all', 'S1'])
  })
})

describe('the next reading', () => {
  test('is that of the calendar that is due first', () => {
    const due = (id: string, dueAt: number, state = newCalendarsState()): typeof state =>
      withCalendar(state, id, { ...newCalendar(), dueAt })
    expect(nextReading(due('b', 3, due('a', 7)))).toBe(3)
  })

  test('is not known before the first one', () => {
    expect(nextReading(newCalendarsState())).toBeUndefined()
  })

  test('comes an interval after the request', async () => {
    const { dueAt = 0, lastRead = 0 } = reader.calendar(ALICE) ?? {}
    expect(Math.abs(dueAt - lastRead - 5 * MINUTE)).toBeLessThan(SECOND)
  })
})

describe('the instant of the next reading', () => {
  const instant = fc.double({ min: 0, max: 1e10, noNaN: true })
  const interval = fc.integer({ min: 10, max: 24 * 3600 }).map((seconds) => seconds * SECOND)
  const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })

  test('is never more than a tenth of the interval early or late', () => {
    fc.assert(
      fc.property(instant, interval, chance, (startedAt, ms, luck) => {
        const after = nextDueAt(startedAt, ms, luck) - startedAt
        expect(after).toBeGreaterThanOrEqual(0.9 * ms - ROUNDING_MS)
        expect(after).toBeLessThanOrEqual(1.1 * ms + ROUNDING_MS)
      }),
    )
  })

  test('uses all of that time, evenly', () => {
    const parts = Array.from({ length: 20 }, () => 0)
    for (let chance = 0; chance < 1; chance += 1e-4) {
      const part = Math.floor((nextDueAt(12_345.678, 5 * MINUTE, chance) - 12_345.678 - 4.5 * MINUTE) / (MINUTE / 20))
      parts[part] = (parts[part] ?? 0) + 1
    }
    // A tick is a third of such a part.
    expect(Math.min(...parts)).toBeGreaterThan(250)
    expect(Math.max(...parts)).toBeLessThan(700)
  })

  test.each([
    [10 * SECOND, 128],
    [30 * SECOND, 256],
    [MINUTE, 512],
    [2 * MINUTE, 1024],
    [24 * HOUR, 1024],
  ])('with an interval of %d ms, is a multiple of %d ms, and so one of a longer interval coincides', (ms, tick) => {
    fc.assert(
      fc.property(instant, chance, (startedAt, luck) => {
        expect(nextDueAt(startedAt, ms, luck) % tick).toBe(0)
      }),
    )
  })

  test('lets the process wake once for all calendars that are due within one tick', async () => {
    const clock = new ManualClock()
    let wakes = 0
    const setTimer: Clock['setTimer'] = (delayMs, fire) =>
      clock.setTimer(delayMs, () => {
        wakes++
        fire()
      })
    const read: string[] = []
    const queue = new WorkQueue({
      clock: { now: () => clock.now(), monotonic: () => clock.monotonic(), setTimer },
      random: () => 0.5,
      onReady: () => void read.push(queue.get() ?? ''),
    })
    const chanceOf = seededRandom(1)
    for (let agent = 0; agent < 1_000; agent++) {
      const startedAt = clock.monotonic()
      queue.addAfter(`ns/${agent}`, nextDueAt(startedAt, 30 * SECOND, chanceOf()) - startedAt)
      await clock.advance(1)
    }
    await clock.advance(33 * SECOND)
    expect(read).toHaveLength(1_000)
    // They were read within a second, and their reads are due within seven.
    expect(wakes).toBeLessThanOrEqual((7 * SECOND) / 256 + 1)
  })
})

test('only an incremental reading that finds something is a change', async () => {
  const changedAt = (): number | undefined => reader.calendar()?.changedAt
  expect(changedAt()).toBeUndefined()
  await reader.nextRound()
  expect(changedAt()).toBeUndefined()
  reader.answers = [{ pages: [[meeting()]] }]
  await reader.nextRound()
  const at = reader.calendar()?.lastRead
  expect(changedAt()).toBe(at)
  await reader.nextRound()
  expect(changedAt()).toBe(at)
})

test('a calendar whose only listing failed is listed as a whole, from nothing', async () => {
  reader = new Reader()
  reader.answers = [{ pages: [[meeting()], 'Unknown'] }, { pages: [[meeting({ id: 'other' })]] }]
  await reader.sync()
  expect(reader.calendar()?.lastRead).toBeUndefined()
  await reader.nextRound()
  expect(reader.kindsAsked()).toEqual(['all', 'all'])
  expect(reader.calendar()?.snapshot.events).toBe(1)
})
