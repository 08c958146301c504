import { describe, expect, it } from 'vitest'
import { Reads } from '../../bench/soak/reads.ts'
import { floors, median, slopeAMinute } from '../../bench/soak/trend.ts'
import { judge, type Soaked } from '../../bench/soak/verdict.ts'

const SECOND = 1000
const every = (ms: number, until: number): number[] =>
  Array.from({ length: Math.floor(until / ms) }, (_, n) => (n + 1) * ms)

function accountOf(times: number[], to = 60 * SECOND) {
  const reads = new Reads(['alice primary'])
  reads.add(times.map((at) => ({ calendar: 'alice primary', at })))
  return reads.account({ from: 0, to }, 10 * SECOND)
}

describe('the count of reads', () => {
  it('is complete if every calendar is read at every interval', () => {
    expect(accountOf(every(10_500, 60_000))).toMatchObject({
      expected: 6,
      seen: 5,
      missing: 0,
      meanGapMs: 10_500,
      late: [],
    })
  })

  it('has a missed read, although two short intervals are less than two whole ones', () => {
    expect(accountOf([9_000, 27_000, 36_000, 45_000, 54_000])).toMatchObject({
      missing: 1,
      longestGapMs: 18_000,
      late: [],
    })
  })

  it('has a calendar that stopped, and one that never started', () => {
    expect(accountOf([10_000, 20_000])).toMatchObject({ longestGapMs: 40_000, missing: 3, late: ['alice primary'] })
    expect(accountOf([])).toMatchObject({ seen: 0, late: ['alice primary'] })
  })

  it('covers only its span, and ignores calendars that it does not expect', () => {
    const reads = new Reads([])
    reads.add([
      { calendar: 'bob primary', at: -5_000 },
      { calendar: 'bob primary', at: 5_000 },
    ])
    expect(reads.account({ from: 0, to: 10_000 }, 10_000)).toMatchObject({ expected: 1, seen: 1, missing: 0 })
  })
})

describe('a trend', () => {
  it('is that of the minima of a saw-tooth', () => {
    const saw = every(2_500, 300_000).map((at) => ({ at, value: 50 + ((at / 2_500) % 4) * 10 }))
    expect(slopeAMinute(floors(saw, 15_000))).toBeCloseTo(0)
    const leak = saw.map(({ at, value }) => ({ at, value: value + (at / 60_000) * 3 }))
    expect(slopeAMinute(floors(leak, 15_000))).toBeCloseTo(3, 1)
  })

  it('is 0 without samples', () => {
    expect([slopeAMinute([]), median([])]).toEqual([0, 0])
  })
})

describe('the result', () => {
  const well: Soaked = {
    seconds: 60,
    intervalMs: 10 * SECOND,
    account: accountOf(every(10_000, 60_000)),
    holdings: every(2_500, 60_000).map((at) => ({ at, heapMiB: 40, residentMiB: 120, handles: 60, sockets: 40 })),
    lines: {},
    others: {},
    ended: false,
  }

  it('has no failures if all is well', () => {
    expect(judge(well).faults).toEqual([])
  })

  it.each<[string, Partial<Soaked>, RegExp]>([
    ['a gap of more than two intervals', { account: accountOf([10_000]) }, /more than two intervals/],
    ['reads that were left out', { account: accountOf([9_000, 27_000, 36_000, 45_000, 54_000]) }, /1 of 6 reads/],
    ['a heap that grows', { holdings: grown('heapMiB', 20) }, /the heap that is kept grew by \d+\.\d MiB/],
    ['handles that grow', { holdings: grown('handles', 100) }, /open handles grew by/],
    ['an operator that ended', { ended: true }, /ended by itself/],
    ['an operator that was never seen', { holdings: [] }, /never told/],
  ])('finds %s', (_what, change, expected) => {
    expect(judge({ ...well, ...change }).faults.join('\n')).toMatch(expected)
  })

  function grown(what: 'heapMiB' | 'handles', by: number) {
    return well.holdings.map((one) => ({ ...one, [what]: one[what] + (by * one.at) / 60_000 }))
  }
})
