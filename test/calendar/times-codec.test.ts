/** The times of a snapshot's events, as they are held. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { CompactTime } from '../../src/calendar/compact-event.ts'
import { EARLIEST, LATEST } from '../../src/calendar/instant.ts'
import { decodeTimes, encodeTimes } from '../../src/calendar/times-codec.ts'

const seeded = { seed: 20261123, numRuns: 500 }

const seconds = fc.oneof(
  fc.integer({ min: EARLIEST / 1000, max: LATEST / 1000 }),
  fc.integer({ min: -130, max: 130 }),
  fc.integer({ min: -100, max: 100 }).map((weeks) => weeks * 604_800),
)
const flags = fc.integer({ min: 0, max: 255 })

const time = fc
  .record({ start: seconds, length: seconds, flags })
  .map(({ start, length, ...rest }): CompactTime => ({ start, end: start + length, ...rest }))

/** Times that differ by the same number of seconds, as instances of a recurring event do. */
const series = fc
  .record({ start: seconds, length: seconds, flags, step: seconds, count: fc.integer({ min: 1, max: 300 }) })
  .map(({ start, length, step, count, ...rest }) =>
    Array.from({ length: count }, (_, n): CompactTime => {
      const at = start + n * step
      return { start: at, end: at + length, ...rest }
    }),
  )

/** Times that agree with the ones before in some of what is stored of them. */
const alike = fc
  .array(fc.record({ step: fc.constantFrom(0, 60), length: fc.constantFrom(0, 60), flags: fc.constantFrom(0, 1) }))
  .map((all) => {
    let start = 0
    return all.map(({ step, length, ...rest }): CompactTime => {
      start += step
      return { start, end: start + length, ...rest }
    })
  })

const single = time.map((one) => [one])
const times = fc.array(fc.oneof(single, series, alike), { maxLength: 8 }).map((all) => all.flat())

describe('times', () => {
  it('are decoded as they were encoded, and nothing of what follows them is read', () => {
    const property = fc.property(times, fc.uint8Array({ maxLength: 5 }), (all, rest) => {
      const encoded = encodeTimes(all)
      const decoded = decodeTimes(Uint8Array.from([...encoded, ...rest]))
      expect(decoded).toEqual({ times: all, end: encoded.length })
    })
    fc.assert(property, seeded)
  })

  it('take a few bytes each, and next to nothing if they recur', () => {
    const start = Date.parse('2026-11-23T10:00:00Z') / 1000
    const weekly = Array.from({ length: 500 }, (_, n) => ({
      start: start + n * 604_800,
      end: start + n * 604_800 + 1800,
      flags: 64,
    }))
    expect(encodeTimes(weekly).length).toBeLessThan(30)
    const irregular = weekly.map((one, n) => ({ ...one, start: one.start - (n % 7) * 900, flags: n % 3 }))
    expect(encodeTimes(irregular).length).toBeLessThan(500 * 7)
  })
})
