/** What is rendered in each format, and what is rewritten in it while nothing newer can be rendered. */
import { describe, expect, test } from 'vitest'
import { render } from '../../src/publishing/render.ts'
import { publishedDocument, type Data } from '../../src/publishing/published-object.ts'
import { rewriteBlocked, rewriteExpired, rewriteIncomplete } from '../../src/publishing/rewrite.ts'
import type { AgentSpec } from '../../src/resources/types.ts'
import { at, between, list, meeting, zones } from '../calendar/support.ts'
import { anAgent } from '../support/resources.ts'

type Wanted = NonNullable<AgentSpec['publish']['calendar']>

const HEADER = {
  window: between('2026-11-23T00:00:00Z', '2026-11-24T00:00:00Z'),
  syncedAt: at('2026-11-23T10:00:00Z'),
  freshUntil: at('2026-11-23T10:15:00Z'),
  complete: true,
  timeZone: 'Europe/Paris',
}
const MEETING = between('2026-11-23T13:00:00Z', '2026-11-23T14:00:00Z')
const SOME_TITLE = 'X-CALENDAR-OPERATOR-SYNCED-AT:mine'

interface Circumstances {
  complete?: boolean
  whenStale?: 'KeepLast' | 'Block'
  maxBytes?: number
}

/** What is published for a calendar with one meeting. */
function rendered(
  wanted: Partial<Wanted>,
  { complete = true, whenStale = 'KeepLast', maxBytes }: Circumstances = {},
): Data {
  const calendar: Wanted = { kind: 'ConfigMap', name: 'alice-calendar', detail: 'Busy', formats: ['JSON'], ...wanted }
  const agent = anAgent({ publish: { staleAfter: '15m', whenStale, calendar } })
  const snapshot = list([meeting({ summary: SOME_TITLE })], { detail: calendar.detail })
  const calendars = [{ calendar: 'primary', snapshot }]
  const limit = maxBytes === undefined ? {} : { maxBytes }
  return render({ agent, calendars, block: false, zones, ...limit }, { ...HEADER, complete })
}

const everything = (): Data => rendered({ detail: 'Full', formats: ['JSON', 'ICalendar'] })

/** The busy time of each busy file. */
const busyIn = (data: Data | undefined): unknown[] =>
  Object.entries(data ?? {})
    .filter(([key]) => key.startsWith('busy'))
    .map(([key, text]) => publishedDocument({ [key]: text })?.busy)

describe('a calendar', () => {
  test.each<[string, Partial<Wanted>, string[]]>([
    ['JSON', { formats: ['JSON'] }, ['busy.json']],
    ['iCalendar', { formats: ['ICalendar'] }, ['busy.ics']],
    ['JSON with events', { detail: 'Full', formats: ['JSON'] }, ['busy.json', 'events.json']],
    ['iCalendar with events', { detail: 'Full', formats: ['ICalendar'] }, ['busy.ics', 'events.ics']],
    [
      'both',
      { detail: 'Full', formats: ['JSON', 'ICalendar'] },
      ['busy.ics', 'busy.json', 'events.ics', 'events.json'],
    ],
  ])('that is published as %s has these files and no others', (_, wanted, keys) => {
    const data = rendered(wanted)
    expect(Object.keys(data).sort()).toEqual(keys)
    expect(busyIn(data).every((busy) => JSON.stringify(busy) === JSON.stringify([MEETING]))).toBe(true)
  })

  test('that is not complete has no free time with Block, and keeps it with KeepLast', () => {
    const formats: Wanted['formats'] = ['JSON', 'ICalendar']
    const kept = rendered({ formats }, { complete: false })
    expect(busyIn(kept)).toEqual([[MEETING], [MEETING]])
    const blocked = rendered({ formats }, { complete: false, whenStale: 'Block' })
    expect(busyIn(blocked)).toEqual([[HEADER.window], [HEADER.window]])
    expect(busyIn(rendered({ formats }, { whenStale: 'Block' }))).toEqual([[MEETING], [MEETING]])
  })

  test('whose other files are too large already is published without events.ics', () => {
    const wanted: Partial<Wanted> = { detail: 'Full', formats: ['JSON', 'ICalendar'] }
    expect(rendered(wanted, { maxBytes: 100 })).not.toHaveProperty(['events.ics'])
    expect(rendered(wanted, { maxBytes: 100_000 })).toHaveProperty(['events.ics'])
  })
})

describe('a published calendar that can’t be rendered anew', () => {
  test('is blocked in each file of busy time that it has, under the same header', () => {
    for (const formats of [['JSON'], ['ICalendar'], ['JSON', 'ICalendar']] as Wanted['formats'][]) {
      const data = rendered({ formats })
      const blocked = rewriteBlocked(data)!
      expect(Object.keys(blocked)).toEqual(Object.keys(data))
      expect(busyIn(blocked)).toEqual(formats.map(() => [HEADER.window]))
      expect(publishedDocument(blocked)).toMatchObject(HEADER)
    }
  })

  test('is not blocked if somebody has made it unreadable: nothing is known about its window', () => {
    expect(rewriteBlocked({ 'busy.json': '{"edited": true}' })).toBeUndefined()
  })

  test('is dated to now, and expired, in all of its files, and its events stay as they are', () => {
    const now = at('2026-11-23T09:00:00Z')
    const before = everything()
    const after = rewriteExpired(before, now)
    for (const key of ['busy.json', 'busy.ics'])
      expect(publishedDocument({ [key]: after[key]! })).toMatchObject({
        syncedAt: now,
        freshUntil: now,
        busy: [MEETING],
      })
    expect(JSON.parse(after['events.json']!)).toEqual({
      ...(JSON.parse(before['events.json']!) as object),
      ...{ syncedAt: '2026-11-23T09:00:00Z', freshUntil: '2026-11-23T09:00:00Z' },
    })
    const lines = (text = ''): string[] => text.split('\r\n')
    const changed = lines(after['events.ics']).filter((line, index) => line !== lines(before['events.ics'])[index])
    expect(changed).toEqual([
      'X-CALENDAR-OPERATOR-SYNCED-AT:2026-11-23T09:00:00Z',
      'X-CALENDAR-OPERATOR-FRESH-UNTIL:2026-11-23T09:00:00Z',
    ])
    expect(after['events.ics']).toContain(`SUMMARY:${SOME_TITLE}`)
  })

  test('is marked as incomplete in all of its files, and keeps its busy time', () => {
    const after = rewriteIncomplete(everything())
    for (const key of ['busy.json', 'busy.ics'])
      expect(publishedDocument({ [key]: after[key]! })).toMatchObject({ ...HEADER, complete: false, busy: [MEETING] })
    expect(JSON.parse(after['events.json']!)).toMatchObject({ complete: false })
    expect(after['events.ics']).toContain('X-CALENDAR-OPERATOR-COMPLETE:false')
  })

  test('keeps a file that somebody has made unreadable', () => {
    expect(rewriteIncomplete({ 'busy.json': 'theirs' })).toEqual({ 'busy.json': 'theirs' })
  })
})
