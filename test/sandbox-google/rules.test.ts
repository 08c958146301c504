import fc from 'fast-check'
import ICAL from 'ical.js'
import { expect, it } from 'vitest'
import { expand, parseRecurrence } from '../../sandbox/google/times/recurrence.ts'
import { DAY_MS, dayOf, spanOf } from '../../sandbox/google/times/times.ts'

const WEEKDAYS = ['SU', 'MO', 'TU', 'WE', 'TH', 'FR', 'SA']
const someDays = fc.subarray(WEEKDAYS, { minLength: 1 }).map((list) => `BYDAY=${list.join(',')}`)
const nthDay = fc
  .tuple(fc.constantFrom(1, 2, 3, 4, -1, -2), fc.constantFrom(...WEEKDAYS))
  .map(([nth, day]) => `BYDAY=${nth}${day}`)
const monthDay = fc.constantFrom(1, 15, 28, 29, 30, 31, -1).map((day) => `BYMONTHDAY=${day}`)

const frequency = fc.oneof(
  fc.constant(['FREQ=DAILY']),
  someDays.map((days) => ['FREQ=WEEKLY', days]),
  fc.tuple(someDays, fc.constantFrom('MO', 'SU')).map(([days, start]) => ['FREQ=WEEKLY', days, `WKST=${start}`]),
  fc.constant(['FREQ=MONTHLY']),
  nthDay.map((days) => ['FREQ=MONTHLY', days]),
  monthDay.map((days) => ['FREQ=MONTHLY', days]),
  fc.constant(['FREQ=YEARLY']),
)
const rules = fc
  .tuple(frequency, fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 25 }))
  .map(([parts, interval, count]) => [...parts, `INTERVAL=${interval}`, `COUNT=${count}`].join(';'))
const firstDays = fc.integer({ min: dayOf('2024-01-01'), max: dayOf('2028-12-31') })

it('rules have the same days as in another implementation of RFC 5545', () => {
  fc.assert(
    fc.property(rules, firstDays, (rule, day) => {
      const found = ours(rule, day)
      expect(found.length).toBeGreaterThan(0)
      expect(found).toEqual(theirs(rule, day))
    }),
    { seed: 5545, numRuns: 400 },
  )
})

const dateText = (day: number): string => new Date(day * DAY_MS).toISOString().slice(0, 10)

function ours(rule: string, day: number): string[] {
  const span = spanOf({ date: dateText(day) }, { date: dateText(day + 1) }, { zone: 'UTC', recurring: true })
  const recurrence = parseRecurrence([`RRULE:${rule}`], span)
  return expand(span, recurrence, { from: -Infinity, to: dayOf('2200-01-01') * DAY_MS }).map((found) =>
    dateText(found.day),
  )
}

/** The days of ical.js. It lists only days that fit the rule, but a series at Google always begins with its own start, so that comes first. */
function theirs(rule: string, day: number): string[] {
  const start = ICAL.Time.fromDateString(dateText(day))
  const iterator = ICAL.Recur.fromString(rule).iterator(start)
  const found = [dateText(day)]
  const count = Number(/COUNT=(\d+)/.exec(rule)?.[1])
  for (
    let next = iterator.next() as ICAL.Time | null;
    next && found.length < count;
    next = iterator.next() as ICAL.Time | null
  ) {
    const text = next.toString().slice(0, 10)
    if (text !== found[0]) found.push(text)
  }
  return found
}
