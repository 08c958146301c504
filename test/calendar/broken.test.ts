import { describe, expect, it } from 'vitest'
import type { EventDateTime } from '../../src/calendar/event-resource.ts'
import { allDay, busyTimes, list, meeting, november, read, update, type RawEvent } from './support.ts'

const good: EventDateTime = { dateTime: '2026-11-23T14:00:00+01:00' }
const broken: [what: string, time: RawEvent['start']][] = [
  ['nothing', undefined],
  ['an empty object', {}],
  ['nulls', { date: null, dateTime: null, timeZone: null }],
  ['empty text', { date: '', dateTime: '' }],
  ['words', { dateTime: 'tomorrow at noon' }],
  ['a 13th month', { dateTime: '2026-13-01T00:00:00Z' }],
  ['a 30th of February', { dateTime: '2026-02-30T00:00:00Z' }],
  ['a 30th of February, as a date', { date: '2026-02-30' }],
  ['an American date', { date: '11/23/2026' }],
  ['a date where a time should be', { dateTime: '2026-11-23' }],
  ['a 25th hour', { dateTime: '2026-11-23T25:00:00Z' }],
  ['a 25th hour without an offset', { dateTime: '2026-11-23T25:00:00' }],
]

describe('an event with', () => {
  it.each(broken)('%s as its end is busy until the end of its first day', (_what, end) => {
    const reading = read(list([meeting({ start: good, end })]))
    expect(busyTimes([meeting({ start: good, end })])).toEqual(['2026-11-23T13:00/2026-11-23T23:00'])
    expect(reading.complete).toBe(true)
  })

  it.each(broken)('%s as its start is busy from the beginning of its last day', (_what, start) => {
    expect(busyTimes([meeting({ start, end: good })])).toEqual(['2026-11-22T23:00/2026-11-23T13:00'])
  })

  it.each(broken)('%s as both is counted, and the result is incomplete', (_what, time) => {
    const reading = read(list([meeting({ start: time, end: time }), allDay('2026-11-25', '2026-11-26')]))
    expect(reading).toMatchObject({ notUnderstood: 1, complete: false })
    expect(reading.busy).toHaveLength(1)
  })

  it.each(broken)('%s as the end of an all-day event lasts one day', (_what, end) => {
    expect(busyTimes([allDay('2026-11-23', '2026-11-24', { end })])).toEqual(['2026-11-22T23:00/2026-11-23T23:00'])
  })
})

describe('an event', () => {
  it('that ends at midnight and has no readable start is busy for the day before', () => {
    const end = { dateTime: '2026-11-24T00:00:00+01:00' }
    expect(busyTimes([meeting({ start: undefined, end })])).toEqual(['2026-11-22T23:00/2026-11-23T23:00'])
  })

  it('without a readable time is within every window', () => {
    const snapshot = list([meeting({ start: undefined, end: undefined })], { window: november })
    expect(read(snapshot)).toMatchObject({ notUnderstood: 1, complete: false })
  })

  it('that ends before it begins is busy until the end of its day', () => {
    expect(busyTimes([meeting({ end: { dateTime: '2026-11-20T00:00:00Z' } })])).toEqual([
      '2026-11-23T13:00/2026-11-23T23:00',
    ])
    expect(busyTimes([allDay('2026-11-23', '2026-11-20')])).toEqual(['2026-11-22T23:00/2026-11-23T23:00'])
  })

  it('that begins at a time and ends on a date, or the other way round, is read as it is', () => {
    expect(busyTimes([meeting({ end: { date: '2026-11-25' } })])).toEqual(['2026-11-23T13:00/2026-11-24T23:00'])
    const start = { date: '2026-11-23' }
    expect(busyTimes([meeting({ start, end: good })])).toEqual(['2026-11-22T23:00/2026-11-23T13:00'])
  })

  it('that is an exception without times is busy where it was before', () => {
    const event = meeting({ start: undefined, end: undefined, originalStartTime: good })
    expect(busyTimes([event])).toEqual(['2026-11-23T13:00/2026-11-23T23:00'])
  })

  it('without a readable time that is never busy does not matter', () => {
    const free = meeting({ start: undefined, end: undefined, transparency: 'transparent' })
    expect(read(list([free]))).toMatchObject({ notUnderstood: 0, complete: true })
  })

  it('without a readable time is forgotten when it is corrected or cancelled', () => {
    const snapshot = list([meeting({ start: undefined, end: undefined })])
    expect(read(update(snapshot, [meeting()]).snapshot)).toMatchObject({ notUnderstood: 0, complete: true })
    expect(read(update(snapshot, [{ id: 'meeting', status: 'cancelled' }]).snapshot).complete).toBe(true)
  })

  it('without an id is busy, and counted separately from others', () => {
    const one = meeting({ id: undefined })
    const other = meeting({
      id: null,
      start: { dateTime: '2026-11-24T08:00:00Z' },
      end: { dateTime: '2026-11-24T09:00:00Z' },
    })
    expect(busyTimes([one, other])).toHaveLength(2)
    expect(update(list([one]), [one]).changed).toBe(false)
  })

  it('with meaningless fields never stops a listing', () => {
    const odd = { id: 'odd', attendees: [], start: { date: '9999-12-31' }, end: { date: '9999-12-31' } } as RawEvent
    const ancient = allDay('0001-01-01', '0001-01-02')
    expect(busyTimes([odd, ancient, meeting()])).toEqual(['2026-11-23T13:00/2026-11-23T14:00'])
  })
})

it('an event of less than a second is rounded outwards to whole seconds', () => {
  const start = { dateTime: '2026-11-23T13:00:00.400Z' }
  const snapshot = list([meeting({ start, end: { dateTime: '2026-11-23T13:00:00.500Z' } })])
  const [busy] = read(snapshot).busy
  expect(busy && busy.end - busy.start).toBe(1000)
})
