/** What is held of a published object. */
import { describe, expect, test } from 'vitest'
import { busyDocument, renderBusyJSON } from '../../src/calendar/busy-document.ts'
import { renderBusyICalendar } from '../../src/calendar/icalendar.ts'
import { digestsOf, publishedObject, sameDigests, type Data } from '../../src/publishing/published-object.ts'
import { at, between, november } from '../calendar/support.ts'

const header = {
  timeZone: 'Europe/Paris',
  window: november,
  syncedAt: at('2026-11-23T10:00:00Z'),
  freshUntil: at('2026-11-23T10:15:00Z'),
  complete: true,
}
const busy = [
  between('2026-11-23T09:00:00Z', '2026-11-23T10:00:00Z'),
  between('2026-11-23T14:00:00Z', '2026-11-23T15:00:00Z'),
]
const document = busyDocument({ agent: 'booking/alice', ...header }, { busy, notUnderstood: 0, complete: true })
const json = { 'busy.json': renderBusyJSON(document) }
const icalendar = { 'busy.ics': renderBusyICalendar(document) }

describe('a published calendar', () => {
  test.each([
    ['JSON', json],
    ['iCalendar', icalendar],
    ['both', { ...json, ...icalendar }],
    ['iCalendar, and in JSON that somebody has damaged', { ...icalendar, 'busy.json': '{' }],
  ])('in %s says what it covers, how long it can be trusted, and how many intervals it has', (_, data) => {
    const found = publishedObject({ kind: 'ConfigMap', name: 'calendar', resourceVersion: '1' }, data)
    expect(found).toMatchObject({ header, busyIntervals: 2 })
  })

  test.each<Data>([{}, { 'busy.ics': 'BEGIN:VCALENDAR' }, { 'busy.json': '{' }])(
    'says nothing if no text is valid',
    (data) => {
      const found = publishedObject({ kind: 'ConfigMap', name: 'calendar', resourceVersion: '1' }, data)
      expect([found.header, found.busyIntervals]).toEqual([undefined, undefined])
    },
  )
})

describe('data is the same', () => {
  const data = { a: '1', b: '2' }
  const isSame = (other: Data): boolean[] => [
    sameDigests(digestsOf(data), digestsOf(other)),
    sameDigests(digestsOf(other), digestsOf(data)),
  ]

  test('in any order of its keys', () => expect(isSame({ b: '2', a: '1' })).toEqual([true, true]))

  test.each<Data>([{ a: '1' }, { a: '1', b: '3' }, { a: '1', c: '2' }, { ...data, c: '' }, {}])(
    'but not as %j',
    (other) => expect(isSame(other)).toEqual([false, false]),
  )
})
