import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { clip, mergeIntervals, type Interval } from '../../src/calendar/interval.ts'
import { listingWindow, publishedWindow, uncovered } from '../../src/calendar/window.ts'
import { at, between } from './support.ts'

describe('merging', () => {
  it('joins intervals that overlap, touch or contain each other', () => {
    const merged = mergeIntervals([
      { start: 50, end: 60 },
      { start: 0, end: 10 },
      { start: 10, end: 20 },
      { start: 5, end: 30 },
      { start: 52, end: 53 },
    ])
    expect(merged).toEqual([
      { start: 0, end: 30 },
      { start: 50, end: 60 },
    ])
  })

  it('keeps a gap of a millisecond, and drops empty and reversed intervals', () => {
    const apart = [
      { start: 0, end: 10 },
      { start: 11, end: 20 },
    ]
    expect(mergeIntervals([...apart, { start: 10, end: 10 }, { start: 40, end: 30 }])).toEqual(apart)
  })

  it('covers what any of the intervals covers, and nothing else', () => {
    const bound = fc.oneof(fc.integer({ min: 0, max: 30 }), fc.constantFrom(-Infinity, Infinity, -0, 0.5))
    const intervals = fc.array(fc.record({ start: bound, end: bound }), { maxLength: 12 })
    const covers = (those: readonly Interval[], instant: number): boolean =>
      those.some(({ start, end }) => start <= instant && instant < end)
    const property = fc.property(intervals, (given) => {
      const merged = mergeIntervals(given)
      for (let instant = -1; instant <= 31; instant += 0.25) {
        expect(covers(merged, instant)).toBe(covers(given, instant))
      }
      const ends = [NaN, ...merged.map(({ end }) => end)]
      for (const [index, { start, end }] of merged.entries()) {
        expect(start < end && !(start <= ends[index]!)).toBe(true)
      }
    })
    fc.assert(property, { seed: 20261123, numRuns: 500 })
  })

  it('does not modify its input', () => {
    const given = [Object.freeze({ start: 5, end: 9 }), Object.freeze({ start: 0, end: 7 })]
    mergeIntervals(Object.freeze(given))
    expect(given[0]).toEqual({ start: 5, end: 9 })
  })
})

it('clipping keeps what is within the window, to the millisecond', () => {
  const window = { start: 10, end: 20 }
  const given = [
    { start: 0, end: 10 },
    { start: 0, end: 11 },
    { start: 19, end: 30 },
    { start: 20, end: 30 },
  ]
  expect(clip(given, window)).toEqual([
    { start: 10, end: 11 },
    { start: 19, end: 20 },
  ])
})

describe('windows', () => {
  const days = { pastDays: 1, futureDays: 90 }

  it('consist of whole UTC hours and days of 24 hours', () => {
    const window = between('2026-11-22T10:00:00Z', '2027-02-21T10:00:00Z')
    expect(publishedWindow(at('2026-11-23T10:00:00Z'), days)).toEqual(window)
    expect(publishedWindow(at('2026-11-23T10:59:59.999Z'), days)).toEqual(window)
    expect(publishedWindow(at('2026-11-23T11:00:00Z'), days)).not.toEqual(window)
  })

  it('for listings have a day more on both sides', () => {
    expect(listingWindow(at('2026-11-23T10:20:00Z'), days)).toEqual(
      between('2026-11-21T10:00:00Z', '2027-02-22T10:00:00Z'),
    )
  })

  it('that are published are covered by a listing until a day later', () => {
    const asked = listingWindow(at('2026-11-23T10:20:00Z'), days)
    expect(uncovered(publishedWindow(at('2026-11-23T10:20:00Z'), days), asked)).toEqual([])
    expect(uncovered(publishedWindow(at('2026-11-24T10:59:00Z'), days), asked)).toEqual([])
    expect(uncovered(publishedWindow(at('2026-11-24T11:00:00Z'), days), asked)).toEqual([
      between('2027-02-22T10:00:00Z', '2027-02-22T11:00:00Z'),
    ])
    expect(uncovered(publishedWindow(at('2026-11-22T09:59:00Z'), days), asked)).toEqual([
      between('2026-11-21T09:00:00Z', '2026-11-21T10:00:00Z'),
    ])
  })
})
