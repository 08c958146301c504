import { describe, expect, it } from 'vitest'
import { computeBusyTime, type BusyRules } from '../../src/calendar/busy.ts'
import { allBusy, allDay, at, between, list, meeting, november, read, zones, type RawEvent } from './support.ts'

const answered = (responseStatus: string, special: RawEvent = {}): RawEvent =>
  meeting({
    attendees: [
      { email: 'bob@example.com', responseStatus: 'accepted' },
      { self: true, responseStatus },
    ],
    ...special,
  })

const isBusy = (event: RawEvent, rules: BusyRules = allBusy): boolean =>
  read(list([event]), november, rules).busy.length > 0

const day = (special: RawEvent = {}): RawEvent => allDay('2026-11-23', '2026-11-24', special)
const tentativeFree: BusyRules = { tentative: 'Free', allDay: 'Busy' }
const allDayFree: BusyRules = { tentative: 'Busy', allDay: 'Free' }
const moment = { dateTime: '2026-11-23T14:00:00Z' }

describe('what counts as busy', () => {
  const rows: [sentence: string, event: RawEvent, rules: BusyRules, busy: boolean][] = [
    ['a plain event is busy', meeting(), allBusy, true],
    ['an event without a status is busy', meeting({ status: null }), allBusy, true],
    ['a cancelled event is not', meeting({ status: 'cancelled' }), allBusy, false],
    ['an opaque event is busy', meeting({ transparency: 'opaque' }), allBusy, true],
    ['a transparent event is not', meeting({ transparency: 'transparent' }), allBusy, false],
    ['an accepted event is busy', answered('accepted'), allBusy, true],
    ['an event that waits for an answer is busy', answered('needsAction'), allBusy, true],
    ['and stays so where maybes are free', answered('needsAction'), tentativeFree, true],
    ['a declined event is not', answered('declined'), allBusy, false],
    [
      'an event that somebody else declined is busy',
      meeting({ attendees: [{ responseStatus: 'declined' }] }),
      allBusy,
      true,
    ],
    ['an event answered with maybe is busy', answered('tentative'), allBusy, true],
    ['unless maybes are free', answered('tentative'), tentativeFree, false],
    [
      'somebody else’s maybe is nobody’s business',
      meeting({ attendees: [{ responseStatus: 'tentative' }] }),
      tentativeFree,
      true,
    ],
    ['a tentative event is busy', meeting({ status: 'tentative' }), allBusy, true],
    ['unless maybes are free', meeting({ status: 'tentative' }), tentativeFree, false],
    ['even if it was accepted', answered('accepted', { status: 'tentative' }), tentativeFree, false],
    ['an all-day event is busy', day(), allBusy, true],
    ['unless all-day events are free', day(), allDayFree, false],
    [
      'a long event with times is no all-day event',
      meeting({ end: { dateTime: '2026-11-26T00:00:00Z' } }),
      allDayFree,
      true,
    ],
    ['a tentative all-day event follows both rules: tentative', day({ status: 'tentative' }), tentativeFree, false],
    ['a tentative all-day event follows both rules: all-day', day({ status: 'tentative' }), allDayFree, false],
    ['a transparent all-day event is not busy', day({ transparency: 'transparent' }), allBusy, false],
    ['a default event is busy', meeting({ eventType: 'default' }), allBusy, true],
    ['focus time is busy', meeting({ eventType: 'focusTime' }), allBusy, true],
    ['out of office is busy', meeting({ eventType: 'outOfOffice' }), allBusy, true],
    ['an event from Gmail is busy', meeting({ eventType: 'fromGmail' }), allBusy, true],
    ['a kind of event yet to be invented is busy', meeting({ eventType: 'siesta' }), allBusy, true],
    [
      'a working location is not, even opaque',
      meeting({ eventType: 'workingLocation', transparency: 'opaque' }),
      allBusy,
      false,
    ],
    ['a birthday is not, even opaque', day({ eventType: 'birthday', transparency: 'opaque' }), allBusy, false],
    ['an event of no length is not', meeting({ start: moment, end: moment }), allBusy, false],
    ['an all-day event that ends on its first day is', allDay('2026-11-23', '2026-11-23'), allBusy, true],
  ]
  it.each(rows)('%s', (_sentence, event, rules, busy) => expect(isBusy(event, rules)).toBe(busy))

  it('changes with the rules, without a new listing', () => {
    const snapshot = list([meeting({ status: 'tentative' }), allDay('2026-11-25', '2026-11-26')])
    const lengths = [allBusy, tentativeFree, allDayFree].map((rules) => read(snapshot, november, rules).busy.length)
    expect(lengths).toEqual([2, 1, 1])
  })
})

describe('several calendars', () => {
  it('are merged, each in its own time zone', () => {
    const paris = list([allDay('2026-11-23', '2026-11-24')])
    const tokyo = list([allDay('2026-11-23', '2026-11-24')], { timeZone: 'Asia/Tokyo' })
    const { busy } = computeBusyTime([paris, tokyo], allBusy, november, zones)
    expect(busy).toEqual([between('2026-11-22T15:00:00Z', '2026-11-23T23:00:00Z')])
  })

  it('may contain the same event, which is identified by calendar and id', () => {
    const here = list([meeting()])
    const there = list([meeting({ end: { dateTime: '2026-11-23T15:30:00+01:00' } })])
    expect(computeBusyTime([here, there], allBusy, november, zones).busy).toEqual([
      between('2026-11-23T13:00:00Z', '2026-11-23T14:30:00Z'),
    ])
  })

  it('may be none, and then all time is free', () => {
    expect(computeBusyTime([], allBusy, november, zones)).toEqual({ busy: [], notUnderstood: 0, complete: true })
  })

  it('are busy before and after the time that was listed, and not complete', () => {
    const listed = between('2026-11-10T00:00:00Z', '2026-11-20T00:00:00Z')
    expect(computeBusyTime([list([], { window: listed })], allBusy, november, zones)).toEqual({
      busy: [
        { start: november.start, end: listed.start },
        { start: listed.end, end: november.end },
      ],
      notUnderstood: 0,
      complete: false,
    })
  })
})

describe('the window', () => {
  it('clips intervals that cross its edges', () => {
    const long = meeting({ start: { dateTime: '2026-10-01T00:00:00Z' }, end: { dateTime: '2027-01-01T00:00:00Z' } })
    expect(read(list([long])).busy).toEqual([november])
  })

  it('leaves out intervals that only touch it', () => {
    const before = meeting({
      id: 'a',
      start: { dateTime: '2026-10-31T23:00:00Z' },
      end: { dateTime: '2026-11-01T00:00:00Z' },
    })
    const after = meeting({
      id: 'b',
      start: { dateTime: '2026-12-01T00:00:00Z' },
      end: { dateTime: '2026-12-01T01:00:00Z' },
    })
    expect(read(list([before, after])).busy).toEqual([])
  })

  it('is incomplete if not all of it was listed', () => {
    const snapshot = list([meeting()], { window: between('2026-11-10T00:00:00Z', '2026-11-30T00:00:00Z') })
    expect(read(snapshot).complete).toBe(false)
    expect(read(snapshot, { start: at('2026-11-10T00:00:00Z'), end: at('2026-11-30T00:00:00Z') }).complete).toBe(true)
  })
})
