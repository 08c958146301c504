import { describe, expect, test } from 'vitest'
import type { RecordedRead } from '../../bench/messages.ts'
import { gapsOf, handOversOf, overlapsOf, shareOf } from '../../bench/shards/reads.ts'

const read = (replica: string, began: number, more: Partial<RecordedRead> = {}): RecordedRead => ({
  ...{ replica, calendar: 'ann', began, ended: began + 10, isAnswered: true },
  ...more,
})

describe('what several replicas have read', () => {
  test('overlaps if two read one calendar at the same time, whether Google answered or not', () => {
    const [first, second] = [read('a', 0), read('b', 9, { isAnswered: false })]
    expect(overlapsOf([second, read('b', 20), first])).toEqual([{ one: first, other: second }])
  })

  test('does not overlap if one replica reads twice, one after the other reads, or they read different calendars', () => {
    expect(overlapsOf([read('a', 0), read('a', 5), read('b', 15), read('b', 5, { calendar: 'ben' })])).toEqual([])
  })

  test('has the longest gap of each calendar, to the end', () => {
    const reads = [
      read('a', 0),
      read('b', 50),
      read('a', 150, { isAnswered: false }),
      read('a', 160),
      read('a', 20, { calendar: 'ben' }),
    ]
    expect(gapsOf(reads, 180)).toEqual([
      { calendar: 'ben', ms: 160, from: 20 },
      { calendar: 'ann', ms: 110, from: 50 },
    ])
  })

  test('counts the answered reads of a replica, and their calendars', () => {
    const ofBen = read('a', 30, { calendar: 'ben' })
    const reads = [read('a', 0), read('a', 20), ofBen, read('a', 40, { isAnswered: false }), read('b', 60)]
    expect(shareOf(reads, 'a')).toEqual({ reads: 3, calendars: 2 })
  })

  test('tells how long a calendar was not read that has moved', () => {
    const formerly = [read('b', 0), read('a', 20)]
    const since = [read('b', 110, { isAnswered: false }), read('b', 130), read('b', 190)]
    const reads = [...formerly, ...since, read('b', 140, { calendar: 'ben' })]
    expect(handOversOf(reads, 100, (replica) => replica === 'a')).toEqual([{ fromMs: 30, pauseMs: 110 }])
  })
})
