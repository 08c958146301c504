import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ids, meeting, startHarness, refusal, type Harness, starts } from './harness.ts'

let harness: Harness
beforeEach(async () => {
  harness = await startHarness()
})
afterEach(() => harness.close())

const alice = 'alice@example.com'
const expanded = { singleEvents: 'true' }

function series(rule: string, from = '2026-11-23T09:00:00', to = '2026-11-23T10:00:00', id = 'series'): void {
  harness.google.addEvent({ calendar: alice, event: { id, ...meeting(from, to, { recurrence: [rule] }) } })
}

const days = (answer: Parameters<typeof starts>[0]): (string | undefined)[] =>
  starts(answer).map((s) => s?.slice(0, 10))

describe('instances of recurring events', () => {
  it('have ids with the start in UTC, and name their series and original start', async () => {
    series('RRULE:FREQ=DAILY;COUNT=2')
    const { body } = await harness.list(expanded)
    expect(body.items).toHaveLength(2)
    expect(body.items?.[1]).toMatchObject({
      id: 'series_20261124T080000Z',
      recurringEventId: 'series',
      originalStartTime: { dateTime: '2026-11-24T09:00:00+01:00', timeZone: 'Europe/Paris' },
      start: { dateTime: '2026-11-24T09:00:00+01:00' },
      end: { dateTime: '2026-11-24T10:00:00+01:00' },
    })
    expect(body.items?.[1]).not.toHaveProperty('recurrence')
  })

  it('of all-day series have the date in their ids, and ends that are exclusive', async () => {
    const event = {
      id: 'allday',
      start: { date: '2026-11-23' },
      end: { date: '2026-11-25' },
      recurrence: ['RRULE:FREQ=WEEKLY;COUNT=2'],
    }
    harness.google.addEvent({ calendar: alice, event })
    const { body } = await harness.list(expanded)
    expect(body.items?.map(({ id, start, end }) => [id, start, end])).toEqual([
      ['allday_20261123', { date: '2026-11-23' }, { date: '2026-11-25' }],
      ['allday_20261130', { date: '2026-11-30' }, { date: '2026-12-02' }],
    ])
  })

  it('keep their local time when clocks change, so their UTC ids shift', async () => {
    series('RRULE:FREQ=WEEKLY;COUNT=2', '2027-03-22T09:00:00', '2027-03-22T10:00:00')
    const answer = await harness.list(expanded)
    expect(starts(answer)).toEqual(['2027-03-22T09:00:00+01:00', '2027-03-29T09:00:00+02:00'])
    expect(ids(answer)).toEqual(['series_20270322T080000Z', 'series_20270329T070000Z'])
  })

  it('are an hour later on the day on which clocks skip their hour', async () => {
    series('RRULE:FREQ=DAILY;COUNT=3', '2027-03-27T02:30:00', '2027-03-27T03:00:00')
    expect(starts(await harness.list(expanded))).toEqual([
      '2027-03-27T02:30:00+01:00',
      '2027-03-28T03:30:00+02:00',
      '2027-03-29T02:30:00+02:00',
    ])
  })

  it.each([
    ['every other day', 'FREQ=DAILY;INTERVAL=2;COUNT=3', ['2026-11-23', '2026-11-25', '2026-11-27']],
    ['until an instant, which still counts', 'FREQ=DAILY;UNTIL=20261124T080000Z', ['2026-11-23', '2026-11-24']],
    ['until the instant before', 'FREQ=DAILY;UNTIL=20261124T075959Z', ['2026-11-23']],
    ['until a date', 'FREQ=DAILY;UNTIL=20261124', ['2026-11-23', '2026-11-24']],
    [
      'on working days',
      'FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR;COUNT=6',
      ['2026-11-23', '2026-11-24', '2026-11-25', '2026-11-26', '2026-11-27', '2026-11-30'],
    ],
    [
      'on two days of every other week',
      'FREQ=WEEKLY;INTERVAL=2;BYDAY=WE,MO;COUNT=4',
      ['2026-11-23', '2026-11-25', '2026-12-07', '2026-12-09'],
    ],
    ['on the month’s date', 'FREQ=MONTHLY;COUNT=3', ['2026-11-23', '2026-12-23', '2027-01-23']],
    ['on the last Friday', 'FREQ=MONTHLY;BYDAY=-1FR;COUNT=3', ['2026-11-23', '2026-11-27', '2026-12-25']],
    ['on the fourth Monday', 'FREQ=MONTHLY;BYDAY=4MO;COUNT=2', ['2026-11-23', '2026-12-28']],
    ['on the last day', 'FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=3', ['2026-11-23', '2026-11-30', '2026-12-31']],
    ['every year', 'FREQ=YEARLY;COUNT=2', ['2026-11-23', '2027-11-23']],
  ])('repeat %s', async (_what, rule, expected) => {
    series(`RRULE:${rule}`)
    expect(days(await harness.list(expanded))).toEqual(expected)
  })

  it('skip months without their date', async () => {
    series('RRULE:FREQ=MONTHLY;COUNT=3', '2026-12-31T09:00:00', '2026-12-31T10:00:00')
    expect(days(await harness.list(expanded))).toEqual(['2026-12-31', '2027-01-31', '2027-03-31'])
  })

  it('start weeks on WKST, which matters every other week', async () => {
    const rule = 'RRULE:FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU'
    series(`${rule};WKST=MO`, '1997-08-05T09:00:00', '1997-08-05T10:00:00', 'monday')
    series(`${rule};WKST=SU`, '1997-08-05T09:00:00', '1997-08-05T10:00:00', 'sunday')
    const found = await harness.list(expanded)
    expect(days(found).slice(0, 4)).toEqual(['1997-08-05', '1997-08-10', '1997-08-19', '1997-08-24'])
    expect(days(found).slice(4)).toEqual(['1997-08-05', '1997-08-17', '1997-08-19', '1997-08-31'])
  })

  it('omit the dates of EXDATE', async () => {
    const recurrence = ['RRULE:FREQ=DAILY;COUNT=3', 'EXDATE;TZID=Europe/Paris:20261124T090000']
    harness.google.addEvent({ calendar: alice, event: { id: 'series', ...meeting('09:00', '10:00', { recurrence }) } })
    expect(days(await harness.list(expanded))).toEqual(['2026-11-23', '2026-11-25'])
  })

  it('of an endless series are found years later, within the window only', async () => {
    series('RRULE:FREQ=WEEKLY')
    const window = { timeMin: '2031-11-23T00:00:00Z', timeMax: '2031-12-01T00:00:00Z' }
    expect(days(await harness.list({ ...expanded, ...window }))).toEqual(['2031-11-24'])
    expect(ids(await harness.list(window))).toEqual(['series'])
    expect(ids(await harness.list({ timeMax: '2026-11-22T00:00:00Z' }))).toEqual([])
  })

  it('need a time zone to repeat in, and a rule that can be read', async () => {
    const event = { start: { dateTime: '2026-11-23T09:00:00Z' }, end: { dateTime: '2026-11-23T10:00:00Z' } }
    const insert = (recurrence: string[]) =>
      harness.api('POST', '/calendars/primary/events', { body: { ...event, recurrence } })
    expect(refusal(await insert(['RRULE:FREQ=DAILY']))).toBe('400 required')
    const zoned = meeting('09:00', '10:00', { recurrence: ['RRULE:FREQ=HOURLY'] })
    expect(refusal(await harness.api('POST', '/calendars/primary/events', { body: zoned }))).toBe('400 invalid')
  })
})

describe('exceptions', () => {
  beforeEach(() => series('RRULE:FREQ=DAILY;COUNT=3'))

  it('replace their instance under its id, wherever they moved', async () => {
    const path = '/calendars/primary/events/series_20261124T080000Z'
    const moved = await harness.api('PATCH', path, { body: meeting('2026-11-24T15:00:00', '2026-11-24T16:00:00') })
    expect(moved.body).toMatchObject({
      id: 'series_20261124T080000Z',
      originalStartTime: { dateTime: '2026-11-24T09:00:00+01:00' },
      start: { dateTime: '2026-11-24T15:00:00+01:00' },
    })
    expect(starts(await harness.list({ ...expanded, orderBy: 'startTime' }))).toEqual([
      '2026-11-23T09:00:00+01:00',
      '2026-11-24T15:00:00+01:00',
      '2026-11-25T09:00:00+01:00',
    ])
    expect(ids(await harness.list())).toEqual(['series', 'series_20261124T080000Z'])
    const all = await harness.api('GET', '/calendars/primary/events/series/instances')
    expect(days(all)).toEqual(['2026-11-23', '2026-11-24', '2026-11-25'])
  })

  it('that are cancelled are listed with an unexpanded series, with series and original start, and not among instances', async () => {
    const { body } = await harness.list(expanded)
    await harness.api('DELETE', '/calendars/primary/events/series_20261124T080000Z')
    expect(days(await harness.list(expanded))).toEqual(['2026-11-23', '2026-11-25'])
    const cancelled = {
      id: 'series_20261124T080000Z',
      status: 'cancelled',
      recurringEventId: 'series',
      originalStartTime: { dateTime: '2026-11-24T09:00:00+01:00', timeZone: 'Europe/Paris' },
    }
    expect((await harness.list()).body.items?.[1]).toEqual(cancelled)
    const delta = await harness.list({ ...expanded, syncToken: body.nextSyncToken ?? '' })
    expect(delta.body.items).toEqual([cancelled])
  })

  it('and instances are tombstones in the next sync when the series is deleted', async () => {
    await harness.api('PATCH', '/calendars/primary/events/series_20261124T080000Z', { body: { summary: 'Other' } })
    const syncToken = (await harness.list(expanded)).body.nextSyncToken ?? ''
    const unexpanded = (await harness.list()).body.nextSyncToken ?? ''
    await harness.api('DELETE', '/calendars/primary/events/series')
    const { body } = await harness.list({ ...expanded, syncToken })
    expect(body.items?.map(({ id, status }) => [id, status]).sort()).toEqual([
      ['series_20261123T080000Z', 'cancelled'],
      ['series_20261124T080000Z', 'cancelled'],
      ['series_20261125T080000Z', 'cancelled'],
    ])
    expect((await harness.list({ syncToken: unexpanded })).body.items?.[0]).toEqual({
      id: 'series',
      status: 'cancelled',
    })
    expect(ids(await harness.list(expanded))).toEqual([])
  })

  it('are removed with the instances that a changed series no longer has, and the rest is shown again', async () => {
    await harness.api('DELETE', '/calendars/primary/events/series_20261124T080000Z')
    const syncToken = (await harness.list(expanded)).body.nextSyncToken ?? ''
    await harness.api('PATCH', '/calendars/primary/events/series', { body: meeting('11:00', '12:00') })
    const { body } = await harness.list({ ...expanded, syncToken })
    const live = body.items?.filter(({ status }) => status === 'confirmed').map(({ id }) => id)
    const gone = body.items?.filter(({ status }) => status === 'cancelled').map(({ id }) => id)
    expect(live).toEqual(['series_20261123T100000Z', 'series_20261124T100000Z', 'series_20261125T100000Z'])
    expect(gone?.sort()).toEqual(['series_20261123T080000Z', 'series_20261124T080000Z', 'series_20261125T080000Z'])
    expect(await harness.list(expanded).then(ids)).toEqual(live)
  })

  it('of a deleted series return with it as ordinary instances', async () => {
    harness.google.switches({ updateRestores: true })
    await harness.api('DELETE', '/calendars/primary/events/series')
    const body = meeting('09:00', '10:00', { recurrence: ['RRULE:FREQ=DAILY;COUNT=3'] })
    expect((await harness.api('PUT', '/calendars/primary/events/series', { body })).status).toBe(200)
    expect(days(await harness.list(expanded))).toEqual(['2026-11-23', '2026-11-24', '2026-11-25'])
  })

  it('do not exist if the series never had that instance', async () => {
    expect(refusal(await harness.api('GET', '/calendars/primary/events/series_20261124T090000Z'))).toBe('404 notFound')
    expect(refusal(await harness.api('GET', '/calendars/primary/events/series_20261224T080000Z'))).toBe('404 notFound')
    expect((await harness.api('GET', '/calendars/primary/events/series_20261125T080000Z')).status).toBe(200)
  })
})
