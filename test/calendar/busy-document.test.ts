import { describe, expect, it } from 'vitest'
import type { BusyTime } from '../../src/calendar/busy.ts'
import { busyDocument, parseBusyJSON, renderBusyJSON, withoutFreeTime } from '../../src/calendar/busy-document.ts'
import type { DocumentHeader } from '../../src/calendar/document-header.ts'
import { at, between } from './support.ts'

const header: DocumentHeader = {
  agent: 'booking/alice',
  timeZone: 'Europe/Paris',
  window: between('2026-11-22T10:00:00Z', '2027-02-21T10:00:00Z'),
  syncedAt: at('2026-11-23T10:00:00Z'),
  freshUntil: at('2026-11-23T10:15:00Z'),
  complete: true,
}
const time: BusyTime = {
  busy: [between('2026-11-23T13:00:00Z', '2026-11-23T14:30:00Z')],
  notUnderstood: 0,
  complete: true,
}
const published =
  '{"version":1,"agent":"booking/alice","timeZone":"Europe/Paris",' +
  '"window":{"start":"2026-11-22T10:00:00Z","end":"2027-02-21T10:00:00Z"},' +
  '"syncedAt":"2026-11-23T10:00:00Z","freshUntil":"2026-11-23T10:15:00Z","complete":true,' +
  '"busy":[{"start":"2026-11-23T13:00:00Z","end":"2026-11-23T14:30:00Z"}]}'

describe('busy.json', () => {
  it('is exactly what docs/formats.md describes', () => {
    expect(renderBusyJSON(busyDocument(header, time))).toBe(published)
  })

  it('has its keys in the same order, however the document was made', () => {
    const upsideDown = Object.fromEntries(Object.entries(header).reverse()) as unknown as DocumentHeader
    expect(renderBusyJSON(busyDocument(upsideDown, time))).toBe(published)
  })

  it('rounds busy time outwards to the second and merges what then touches', () => {
    const busy = [
      between('2026-11-23T13:00:00.900Z', '2026-11-23T14:00:00.100Z'),
      between('2026-11-23T14:00:00.800Z', '2026-11-23T15:00:00.001Z'),
    ]
    expect(busyDocument(header, { ...time, busy }).busy).toEqual([
      between('2026-11-23T13:00:00Z', '2026-11-23T15:00:01Z'),
    ])
  })

  it('rounds the time of the reading down to the second', () => {
    const late = { ...header, syncedAt: header.syncedAt + 999, freshUntil: header.freshUntil + 999 }
    expect(renderBusyJSON(busyDocument(late, time))).toBe(published)
  })

  it('is complete only if every calendar and every event was read', () => {
    const complete = [
      busyDocument(header, time),
      busyDocument({ ...header, complete: false }, time),
      busyDocument(header, { ...time, complete: false }),
    ].map((document) => document.complete)
    expect(complete).toEqual([true, false, false])
  })

  it('without free time is busy for its whole window and no fresher than before', () => {
    const document = busyDocument(header, time)
    expect(withoutFreeTime(document)).toEqual({ ...document, busy: [header.window] })
    expect(document.busy).toEqual(time.busy)
  })
})

describe('parsing busy.json', () => {
  it('returns the document that was published', () => {
    expect(parseBusyJSON(published)).toEqual(busyDocument(header, time))
  })

  it('ignores white space and unknown keys', () => {
    const later = JSON.stringify({ ...(JSON.parse(published) as object), mood: 'good' }, null, 2)
    expect(parseBusyJSON(later)).toEqual(busyDocument(header, time))
  })

  const foreign: [what: string, text: string][] = [
    ['nothing', ''],
    ['no JSON', '{"version":1,'],
    ['a list', '[]'],
    ['null', 'null'],
    ['a number', '1'],
    ['another version', published.replace('"version":1', '"version":2')],
    ['no version', published.replace('"version":1,', '')],
    ['an agent that is no text', published.replace('"booking/alice"', '7')],
    ['no window', published.replace('"window"', '"door"')],
    ['a window that is a list', published.replace(/"window":\{.*?\}/, '"window":[]')],
    ['a window upside down', published.replace('2027-02-21', '2020-02-21')],
    ['an instant with a fraction', published.replace('10:15:00Z', '10:15:00.000Z')],
    ['an instant in local time', published.replace('10:15:00Z', '10:15:00+01:00')],
    ['a day that does not exist', published.replace('"2026-11-23T10:15:00Z"', '"2026-11-31T10:15:00Z"')],
    ['completeness in words', published.replace('true', '"yes"')],
    ['no intervals', published.replace('"busy"', '"lazy"')],
    ['intervals that are no list', published.replace(/"busy":\[.*\]/, '"busy":{}')],
    ['a broken interval among them', published.replace('"end":"2026-11-23T14:30:00Z"', '"end":null')],
    ['an interval of null', published.replace(/"busy":\[.*\]/, '"busy":[null]')],
  ]
  it.each(foreign)('returns nothing for %s', (_what, text) => {
    expect(text).not.toBe(published)
    expect(parseBusyJSON(text)).toBeUndefined()
  })
})
