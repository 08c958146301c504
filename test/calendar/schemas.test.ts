import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { busyDocument, renderBusyJSON, withoutFreeTime, type BusyDocument } from '../../src/calendar/busy-document.ts'
import { eventsDocument, listEvents, renderEventsJSON } from '../../src/calendar/events-document.ts'
import { schemaErrors } from '../support/published-schemas.ts'
import { allBusy, allDay, at, list, meeting, november, read, zones, type RawEvent } from './support.ts'

const header = {
  agent: 'booking/alice',
  timeZone: 'Europe/Paris',
  window: november,
  syncedAt: at('2026-11-23T10:00:00Z'),
  freshUntil: at('2026-11-23T10:15:00Z'),
  complete: true,
}

/** Both documents of one full listing, as texts. */
function publish(events: readonly RawEvent[]): { document: BusyDocument; busy: string; events: string } {
  const snapshot = list(events, { detail: 'Full', window: november })
  const document = busyDocument(header, read(snapshot))
  const listed = listEvents([{ calendar: 'alice@example.com', snapshot }], allBusy, november, zones)
  return { document, busy: renderBusyJSON(document), events: renderEventsJSON(eventsDocument(document, listed)) }
}

const long = 'x'.repeat(10_000)
const ordinary: readonly RawEvent[] = [
  meeting({ summary: 'Talk', location: 'Room 3', description: '<b>Bring</b> the keys', eventType: 'focusTime' }),
  meeting({
    id: 'long',
    status: 'tentative',
    summary: long,
    location: long,
    description: long,
    attendees: Array.from({ length: 150 }, (_, n) => ({
      self: n === 0,
      email: `${n}@example.com`,
      displayName: long,
      responseStatus: 'accepted',
    })),
  }),
  meeting({ id: 'free', transparency: 'transparent' }),
  allDay('2026-11-20', '2026-11-22', { attendees: [{ displayName: 'No address' }] }),
]

describe('what is published is valid by its JSON Schema', () => {
  it('with events of all kinds', () => {
    const { busy, events } = publish(ordinary)
    expect(schemaErrors('busy.json', busy)).toEqual([])
    expect(schemaErrors('events.json', events)).toEqual([])
  })

  it('without events, and with no free time', () => {
    const { document, busy, events } = publish([])
    expect(schemaErrors('busy.json', busy)).toEqual([])
    expect(schemaErrors('events.json', events)).toEqual([])
    expect(schemaErrors('busy.json', renderBusyJSON(withoutFreeTime(document)))).toEqual([])
  })

  it('with whatever text people write', () => {
    const text = fc.string({ unit: 'binary', maxLength: 20 })
    const event = fc.record({ summary: text, location: text, description: text, eventType: text })
    const property = fc.property(event, (content) => {
      expect(schemaErrors('events.json', publish([meeting(content)]).events)).toEqual([])
    })
    fc.assert(property, { seed: 20261123, numRuns: 50 })
  })
})

describe('the schemas refuse', () => {
  const { busy, events } = publish(ordinary)
  const change = (text: string, from: string, to: string): string => {
    expect(text).toContain(from)
    return text.replace(from, to)
  }

  it.each([
    ['another version', '"version":1', '"version":2'],
    ['an instant with an offset', '"freshUntil":"2026-11-23T10:15:00Z"', '"freshUntil":"2026-11-23T10:15:00+01:00"'],
    ['a missing key', '"complete":true,', ''],
    ['an unknown key', '"complete":true', '"complete":true,"title":"Talk"'],
  ])('%s', (_, from, to) => {
    expect(schemaErrors('busy.json', change(busy, from, to))).not.toEqual([])
    expect(schemaErrors('events.json', change(events, from, to))).not.toEqual([])
  })

  it('an all-day event with instants', () => {
    const wrong = change(events, '"start":"2026-11-20"', '"start":"2026-11-20T00:00:00Z"')
    expect(schemaErrors('events.json', wrong)).not.toEqual([])
  })
})
