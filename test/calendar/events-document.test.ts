import ICAL from 'ical.js'
import { describe, expect, it } from 'vitest'
import { busyDocument } from '../../src/calendar/busy-document.ts'
import {
  eventsDocument,
  listEvents,
  renderEventsJSON,
  type EventsDocument,
} from '../../src/calendar/events-document.ts'
import { renderEventsICalendar } from '../../src/calendar/icalendar.ts'
import { allBusy, allDay, at, list, meeting, november, read, update, zones, type RawEvent } from './support.ts'

const talk = meeting({
  id: 'talk',
  summary: 'Talk, with Bob; on "things"',
  location: 'Room 3\\4',
  description: 'First line\r\nBEGIN:VEVENT\rlast\u0000 line',
  attendees: [
    { self: true, email: 'alice@example.com', responseStatus: 'accepted' },
    { email: 'bob@example.com', displayName: 'Bob "the: Builder;"', responseStatus: 'needsAction' },
    { displayName: 'No address' },
  ],
})
const holiday = allDay('2026-11-20', '2026-11-22', { id: 'holiday', summary: 'Ferien', transparency: 'transparent' })
const maybe = meeting({ id: 'maybe', status: 'tentative', eventType: 'focusTime', summary: '' })

const documentOf = (events: RawEvent[]): EventsDocument => {
  const snapshot = list(events, { detail: 'Full' })
  const frame = { agent: 'booking/alice', timeZone: 'Europe/Paris', window: november, complete: true }
  const stamps = { syncedAt: at('2026-11-23T10:00:00Z'), freshUntil: at('2026-11-23T10:15:00Z') }
  const listed = listEvents([{ calendar: 'alice@example.com', snapshot }], allBusy, november, zones)
  return eventsDocument(busyDocument({ ...frame, ...stamps }, read(snapshot)), listed)
}

interface Published {
  events: Record<string, unknown>[]
}
const published = (events: RawEvent[]): Published => JSON.parse(renderEventsJSON(documentOf(events))) as Published

describe('events.json', () => {
  it('has the same header as busy.json', () => {
    expect(renderEventsJSON(documentOf([]))).toBe(
      '{"version":1,"agent":"booking/alice","timeZone":"Europe/Paris",' +
        '"window":{"start":"2026-11-01T00:00:00Z","end":"2026-12-01T00:00:00Z"},' +
        '"syncedAt":"2026-11-23T10:00:00Z","freshUntil":"2026-11-23T10:15:00Z","complete":true,"events":[]}',
    )
  })

  it('lists events by start, with their content, and without empty keys', () => {
    expect(published([talk, holiday, maybe]).events).toEqual([
      {
        calendar: 'alice@example.com',
        id: 'holiday',
        start: '2026-11-20',
        end: '2026-11-22',
        allDay: true,
        busy: false,
        status: 'confirmed',
        title: 'Ferien',
      },
      {
        calendar: 'alice@example.com',
        id: 'maybe',
        start: '2026-11-23T13:00:00Z',
        end: '2026-11-23T14:00:00Z',
        allDay: false,
        busy: true,
        status: 'tentative',
        type: 'focusTime',
      },
      {
        calendar: 'alice@example.com',
        id: 'talk',
        start: '2026-11-23T13:00:00Z',
        end: '2026-11-23T14:00:00Z',
        allDay: false,
        busy: true,
        status: 'confirmed',
        title: talk.summary,
        location: talk.location,
        description: talk.description,
        response: 'accepted',
        attendees: [
          { email: 'alice@example.com', response: 'accepted' },
          { email: 'bob@example.com', name: 'Bob "the: Builder;"', response: 'needsAction' },
          { name: 'No address' },
        ],
      },
    ])
  })

  it('contains declined events and events without length, but no cancelled ones, nor any outside of the window or without a time', () => {
    const declined = meeting({ id: 'declined', attendees: [{ self: true, responseStatus: 'declined' }] })
    const moment = { dateTime: '2026-11-30T23:59:59Z' }
    const reminder = meeting({ id: 'reminder', start: moment, end: moment })
    const outside = meeting({
      id: 'outside',
      start: { dateTime: '2026-12-01T00:00:00Z' },
      end: { dateTime: '2026-12-02T00:00:00Z' },
    })
    const nowhere = meeting({ id: 'nowhere', start: {}, end: {} })
    const found = published([declined, reminder, outside, nowhere, meeting({ status: 'cancelled' })]).events
    expect(found.map(({ id, busy }) => [id, busy])).toEqual([
      ['declined', false],
      ['reminder', false],
    ])
  })

  it('sorts events by start, however long they last', () => {
    const long = meeting({
      id: 'z',
      start: { dateTime: '2026-10-01T00:00:00Z' },
      end: { dateTime: '2027-01-01T00:00:00Z' },
    })
    const longer = { ...long, id: 'a', end: { dateTime: '2027-01-02T00:00:00Z' } }
    expect(published([meeting(), longer, long]).events.map(({ id }) => id)).toEqual(['z', 'a', 'meeting'])
  })

  it('does not clip events that cross the edges of the window', () => {
    const long = meeting({ start: { dateTime: '2026-10-01T00:00:00Z' } })
    expect(published([long]).events[0]).toMatchObject({ start: '2026-10-01T00:00:00Z', end: '2026-11-23T14:00:00Z' })
  })

  it('changes if only a title changes', () => {
    const snapshot = list([talk], { detail: 'Full' })
    expect(update(snapshot, [talk]).changed).toBe(false)
    expect(update(snapshot, [{ ...talk, summary: 'Another' }]).changed).toBe(true)
    expect(update(snapshot, [{ ...talk, transparency: 'transparent' }]).changed).toBe(true)
  })
})

it('with detail Busy, no content is kept', () => {
  const secret = meeting({
    summary: 'hush',
    description: 'hush',
    location: 'hush',
    attendees: [{ email: 'hush@example.com' }],
  })
  expect(list([secret]).encoded).toEqual(list([meeting()]).encoded)
})

describe('events.ics', () => {
  const calendar = ICAL.Component.fromString(renderEventsICalendar(documentOf([talk, holiday, maybe])))
  const [day, focus, speech] = calendar.getAllSubcomponents('vevent')

  it('can be parsed again, in any language and with any punctuation', () => {
    expect(calendar.getAllSubcomponents('vevent')).toHaveLength(3)
    expect(speech?.getFirstPropertyValue('summary')).toBe(talk.summary)
    expect(speech?.getFirstPropertyValue('location')).toBe(talk.location)
    expect(speech?.getFirstPropertyValue('description')).toBe('First line\nBEGIN:VEVENT\nlast line')
  })

  it('contains all-day events as dates, and the others in UTC', () => {
    expect(String(day?.getFirstPropertyValue('dtstart'))).toBe('2026-11-20')
    expect(String(day?.getFirstPropertyValue('dtend'))).toBe('2026-11-22')
    expect(String(speech?.getFirstPropertyValue('dtend'))).toBe('2026-11-23T14:00:00Z')
  })

  it('distinguishes busy from free and confirmed from tentative', () => {
    const told = [day, focus, speech].map((one) => [
      one?.getFirstPropertyValue('transp'),
      one?.getFirstPropertyValue('status'),
    ])
    expect(told).toEqual([
      ['TRANSPARENT', 'CONFIRMED'],
      ['OPAQUE', 'TENTATIVE'],
      ['OPAQUE', 'CONFIRMED'],
    ])
  })

  it('lists attendees who have an address', () => {
    const attendees = speech?.getAllProperties('attendee') ?? []
    expect(attendees.map((one) => one.getFirstValue())).toEqual(['mailto:alice@example.com', 'mailto:bob@example.com'])
    expect(attendees[1]?.getFirstParameter('cn')).toBe('Bob "the: Builder;"')
    expect(attendees[0]?.getFirstParameter('partstat')).toBe('ACCEPTED')
  })

  it('contains an end only if it is after the start', () => {
    const moment = { dateTime: '2026-11-23T13:00:00Z' }
    const text = renderEventsICalendar(documentOf([meeting({ start: moment, end: moment })]))
    expect(text).toContain('DTSTART:20261123T130000Z')
    expect(text).not.toContain('DTEND')
  })
})

describe('the content of an event', () => {
  const described = (special: RawEvent): Record<string, unknown> | undefined => published([meeting(special)]).events[0]

  it.each([
    ['title', 'summary', 1_024],
    ['location', 'location', 1_024],
    ['description', 'description', 8_192],
  ])('is cut: a %s has at most %i characters', (key, field, most) => {
    expect(described({ [field]: 'x'.repeat(most) })?.[key]).toHaveLength(most)
    const cut = described({ [field]: 'x'.repeat(most + 1) })?.[key]
    expect(cut).toBe(`${'x'.repeat(most - 1)}…`)
  })

  it('is never cut inside a character', () => {
    expect(described({ summary: `${'x'.repeat(1_022)}😀 and more` })?.title).toBe(`${'x'.repeat(1_022)}…`)
  })

  it('includes at most a hundred attendees, their names and addresses cut', () => {
    const guest = {
      email: `${'e'.repeat(999)}@example.com`,
      displayName: 'n'.repeat(999),
      responseStatus: 'r'.repeat(999),
    }
    const attendees = described({ attendees: Array.from({ length: 300 }, () => guest) })?.attendees as object[]
    expect(attendees).toHaveLength(100)
    expect(JSON.stringify(attendees[0]).length).toBeLessThan(600)
  })

  it('does not repeat an address as a name', () => {
    const email = 'bob@example.com'
    expect(described({ attendees: [{ email, displayName: email }] })?.attendees).toEqual([{ email }])
  })
})

describe('events.ics', () => {
  it.each([[undefined], [''], [' '], ['\u0000'], [5 as unknown as string]])(
    'calls an event with the title %j "Busy"',
    (summary) => {
      expect(renderEventsICalendar(documentOf([meeting({ summary })]))).toContain('\r\nSUMMARY:Busy\r\n')
    },
  )

  it('is valid without events', () => {
    expect(renderEventsICalendar(documentOf([]))).toContain('BEGIN:VTIMEZONE')
  })
})
