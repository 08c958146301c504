/** What a published `busy.json` says about itself, which has to be what the whole document says. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseBusyJSON } from '../../src/calendar/busy-document.ts'
import { parseBusySummary, summaryOf } from '../../src/calendar/busy-summary.ts'

const seeded = { seed: 20261123, numRuns: 2000 }

const HEADER =
  '"version":1,"agent":"booking/alice","timeZone":"UTC","window":{"start":"2026-11-22T10:00:00Z","end":"2027-02-21T10:00:00Z"},"syncedAt":"2026-11-23T10:15:00Z","freshUntil":"2026-11-23T10:30:00Z","complete":true'
const documentOf = (intervals: readonly string[], header = HEADER): string =>
  `{${header},"busy":[${intervals.join(',')}]}`

/** Most of them exist; of the others, a part is out of range. */
const instant = fc
  .tuple(
    fc.constantFrom('2024', '2026', '2000', '0001', '9999', '0000', '1900'),
    fc.constantFrom('01', '02', '04', '06', '09', '11', '12', '12', '10', '00', '13'),
    fc.constantFrom('01', '10', '28', '29', '30', '31', '00', '32'),
    fc.constantFrom('00:00:00', '09:30:59', '23:59:59', '10:00:00', '24:00:00', '23:60:00', '23:59:60'),
    fc.constantFrom('Z', 'Z', 'Z', 'Z', '.000Z', '+00:00'),
  )
  .map(([year, month, day, time, zone]) => `${year}-${month}-${day}T${time}${zone}`)

const interval = fc.tuple(instant, instant).map(([start, end]) => `{"start":"${start}","end":"${end}"}`)
const existing = fc
  .tuple(fc.integer({ min: 0, max: 10_000 }), fc.integer({ min: -1, max: 200 }))
  .map(([day, hours]) => {
    const rendered = (hour: number): string => `${new Date((day * 24 + hour) * 3_600_000).toISOString().slice(0, 19)}Z`
    return `{"start":"${rendered(0)}","end":"${rendered(hours)}"}`
  })

const rendered = fc.array(existing, { maxLength: 5 }).map((intervals) => documentOf(intervals))
const broken = fc
  .tuple(
    rendered,
    fc.nat(),
    fc.constantFrom('', ' ', '"', ',', ']', '}', '{', '0', '9', '\\', ',"busy":[', '\n'),
    fc.nat(2),
  )
  .map(([text, at, inserted, removed]) => {
    const place = at % text.length
    return text.slice(0, place) + inserted + text.slice(place + removed)
  })
const texts = fc.oneof(
  fc.array(fc.oneof(interval, existing), { maxLength: 3 }).map((intervals) => documentOf(intervals)),
  interval.map((one) => documentOf([one])),
  rendered,
  broken,
)

const expected = (text: string): unknown => {
  const document = parseBusyJSON(text)
  return document && summaryOf(document)
}

describe('the summary of a busy.json', () => {
  it('is that of the document, and there is none where there is no valid document', () => {
    const property = fc.property(texts, (text) => {
      expect(parseBusySummary(text)).toEqual(expected(text))
    })
    fc.assert(property, seeded)
  })

  const valid = '{"start":"2026-11-23T10:00:00Z","end":"2026-11-23T11:00:00Z"}'
  it.each([
    ['without intervals', documentOf([]), 0],
    ['with a 29th of February', documentOf([valid, valid.replaceAll('2026-11-23', '2028-02-29')]), 2],
    ['with spaces', documentOf([valid, valid]).replaceAll(':{', ': {').replace('"busy":[', '"busy": ['), 2],
    ['with another field at its end', `${documentOf([valid]).slice(0, -1)},"more":[${valid}]}`, 1],
    ['with two lists, of which the last counts', documentOf([valid], `${HEADER},"busy":[{}]`), 1],
    ['with a list in another field', documentOf([valid], `${HEADER},"more":{"a":1,"busy":[]}`), 1],
    ['with as many intervals as fit into an object', documentOf(Array<string>(14_000).fill(valid)), 14_000],
  ])('counts the intervals of a document %s', (_, text, intervals) => {
    expect(parseBusySummary(text)).toEqual(expected(text))
    expect(parseBusySummary(text)).toMatchObject({ agent: 'booking/alice', intervals })
  })

  it.each([
    ['that ends before it starts', valid.replace('T11', 'T09')],
    ['that is empty', valid.replace('T11', 'T10')],
    ['on a day that does not exist', valid.replace('2026-11-23T11', '2026-11-31T11')],
    ['on a 29th of February that does not exist', valid.replaceAll('2026-11-23', '2026-02-29')],
    ['in the year 0000', valid.replaceAll('2026', '0000')],
    ['that is something else', '{}'],
  ])('does not exist with an interval %s', (_, one) => {
    expect(parseBusySummary(documentOf([valid, one]))).toBeUndefined()
    expect(parseBusySummary(documentOf([one, valid]))).toBeUndefined()
  })
})
