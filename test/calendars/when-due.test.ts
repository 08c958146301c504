/** When a calendar is read, and when it is listed as a whole, whatever happens to settings and clocks. */
import { beforeEach, describe, expect, test } from 'vitest'
import { nextReading } from '../../src/calendars/schedule.ts'
import { newCalendar, newCalendarsState, withCalendar } from '../../src/calendars/state.ts'
import { ALICE, meeting, MINUTE, Reader } from './support/reader.ts'

const HOUR = 60 * MINUTE

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

  test('comes an interval after the request, spread by a tenth', async () => {
    const { dueAt = 0, lastRead = 0 } = reader.calendar(ALICE) ?? {}
    expect(dueAt - lastRead).toBe(5 * MINUTE)
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
