import ICAL from 'ical.js'
import { describe, expect, it } from 'vitest'
import type { BusyDocument } from '../../src/calendar/busy-document.ts'
import { parseBusyICalendar, renderBusyICalendar } from '../../src/calendar/icalendar.ts'
import { at, between } from './support.ts'

const document: BusyDocument = {
  version: 1,
  agent: 'booking/alice',
  timeZone: 'Europe/Paris',
  window: between('2026-11-22T10:00:00Z', '2027-02-21T10:00:00Z'),
  syncedAt: at('2026-11-23T10:00:00Z'),
  freshUntil: at('2026-11-23T10:15:00Z'),
  complete: true,
  busy: [
    between('2026-11-23T13:00:00Z', '2026-11-23T14:30:00Z'),
    between('2026-11-24T00:00:00Z', '2026-11-25T00:00:00Z'),
  ],
}
const text = renderBusyICalendar(document)
const lines = (ics: string): string[] => ics.split('\r\n')
const uids = (ics: string): string[] => lines(ics).filter((line) => line.startsWith('UID:'))

describe('busy.ics', () => {
  it('contains intervals that say nothing but "Busy"', () => {
    const [first, second] = uids(text)
    expect(lines(text)).toEqual([
      'BEGIN:VCALENDAR',
      'PRODID:-//calendar-operator.io//calendar-operator//EN',
      'VERSION:2.0',
      'CALSCALE:GREGORIAN',
      'X-WR-TIMEZONE:Europe/Paris',
      'X-CALENDAR-OPERATOR-AGENT:booking/alice',
      'X-CALENDAR-OPERATOR-WINDOW-START:2026-11-22T10:00:00Z',
      'X-CALENDAR-OPERATOR-WINDOW-END:2027-02-21T10:00:00Z',
      'X-CALENDAR-OPERATOR-SYNCED-AT:2026-11-23T10:00:00Z',
      'X-CALENDAR-OPERATOR-FRESH-UNTIL:2026-11-23T10:15:00Z',
      'X-CALENDAR-OPERATOR-COMPLETE:true',
      'BEGIN:VEVENT',
      first,
      'DTSTAMP:20261123T100000Z',
      'DTSTART:20261123T130000Z',
      'DTEND:20261123T143000Z',
      'SUMMARY:Busy',
      'TRANSP:OPAQUE',
      'END:VEVENT',
      'BEGIN:VEVENT',
      second,
      'DTSTAMP:20261123T100000Z',
      'DTSTART:20261124T000000Z',
      'DTEND:20261125T000000Z',
      'SUMMARY:Busy',
      'TRANSP:OPAQUE',
      'END:VEVENT',
      'END:VCALENDAR',
      '',
    ])
  })

  it('contains a time zone if there are no events: RFC 5545 requires at least one component', () => {
    const empty = renderBusyICalendar({ ...document, busy: [] })
    expect(lines(empty).slice(11)).toEqual([
      'BEGIN:VTIMEZONE',
      'TZID:UTC',
      'BEGIN:STANDARD',
      'DTSTART:19700101T000000',
      'TZOFFSETFROM:+0000',
      'TZOFFSETTO:+0000',
      'TZNAME:UTC',
      'END:STANDARD',
      'END:VTIMEZONE',
      'END:VCALENDAR',
      '',
    ])
    expect(text).not.toContain('VTIMEZONE')
  })

  it('folds at 75 octets, never inside a character', () => {
    const folded = renderBusyICalendar({ ...document, timeZone: 'Ünbekannt/'.repeat(20) })
    const widths = lines(folded).map((line) => Buffer.byteLength(line))
    expect(Math.max(...widths)).toBeLessThanOrEqual(75)
    expect(folded).not.toContain('\uFFFD')
    expect(ICAL.Component.fromString(folded).getFirstPropertyValue('x-wr-timezone')).toBe('Ünbekannt/'.repeat(20))
  })

  it('keeps the UID of an interval while its start stays the same, and makes all UIDs different', () => {
    const longer = document.busy.map(({ start, end }) => ({ start, end: end + 60_000 }))
    const later = { ...document, syncedAt: document.syncedAt + 60_000, busy: longer }
    expect(uids(renderBusyICalendar(later))).toEqual(uids(text))
    expect(new Set(uids(text)).size).toBe(2)
    expect(uids(renderBusyICalendar({ ...document, agent: 'booking/bob' }))).not.toEqual(uids(text))
  })

  it('does not let the name of a time zone add lines to the file', () => {
    const ics = renderBusyICalendar({ ...document, timeZone: 'UTC\r\nSUMMARY:injected' })
    expect(lines(ics)).not.toContain('SUMMARY:injected')
  })
})

describe('parsing busy.ics', () => {
  it('returns the document that was published', () => {
    expect(parseBusyICalendar(text)).toEqual(document)
    const empty = { ...document, complete: false, busy: [] }
    expect(parseBusyICalendar(renderBusyICalendar(empty))).toEqual(empty)
  })

  const foreign: [what: string, ics: string][] = [
    ['nothing', ''],
    ['no calendar', 'BEGIN:VCARD\r\nEND:VCARD\r\n'],
    ['half of it', text.slice(0, 200)],
    ['a calendar of somebody else’s', 'BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n'],
    ['a broken stamp', text.replace('FRESH-UNTIL:2026', 'FRESH-UNTIL:20x6')],
    ['completeness in words', text.replace('COMPLETE:true', 'COMPLETE:yes')],
    ['an interval without an end', text.replace('DTEND:20261123T143000Z\r\n', '')],
  ]
  it.each(foreign)('returns nothing for %s', (_what, ics) => {
    expect(ics).not.toBe(text)
    expect(parseBusyICalendar(ics)).toBeUndefined()
  })
})
