import { describe, expect, test } from 'vitest'
import { WorkQueue, type QueueOptions } from '../../src/controller/queue.ts'
import { ManualClock } from '../support/clock.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND

function setUp(options: Partial<QueueOptions> = {}) {
  const clock = new ManualClock()
  const queue = new WorkQueue({ clock, random: () => 0.5, ...options })
  const takeAll = (): string[] => {
    const keys: string[] = []
    for (let key = queue.get(); key !== undefined; key = queue.get()) keys.push(key)
    return keys
  }
  return { clock, queue, takeAll }
}

describe('a work queue', () => {
  test('returns keys in the order in which they were added', () => {
    const { queue, takeAll } = setUp()
    for (const key of ['c', 'a', 'b']) queue.add(key)
    expect(takeAll()).toEqual(['c', 'a', 'b'])
  })

  test('returns a key once, however often it was added', () => {
    const { queue, takeAll } = setUp()
    for (const key of ['a', 'b', 'a', 'a']) queue.add(key)
    expect(queue.depth).toBe(2)
    expect(takeAll()).toEqual(['a', 'b'])
  })

  test('never returns a key that is being processed, and returns it once right afterwards', () => {
    const { queue, takeAll } = setUp()
    queue.add('a')
    expect(queue.get()).toBe('a')
    queue.add('a')
    queue.add('a')
    expect(queue.depth).toBe(0)
    expect(queue.get()).toBeUndefined()
    queue.done('a')
    expect(takeAll()).toEqual(['a'])
  })

  test('returns keys that are added while it is being emptied, and after it was empty', () => {
    const { queue, takeAll } = setUp()
    queue.add('a')
    expect(takeAll()).toEqual(['a'])
    queue.add('b')
    queue.add('c')
    expect(queue.get()).toBe('b')
    queue.add('d')
    expect(takeAll()).toEqual(['c', 'd'])
  })

  test('knows since when each key has been processed', async () => {
    const { clock, queue } = setUp()
    queue.add('a')
    queue.get()
    const since = clock.monotonic()
    await clock.advance(MINUTE)
    expect([...queue.processing]).toEqual([['a', since]])
    queue.done('a')
    expect([...queue.processing]).toEqual([])
  })
})

describe('the keys that are ready', () => {
  test('are counted, whatever their priority', () => {
    const { queue } = setUp()
    queue.add('asked')
    queue.addAfter('routine', 0)
    expect(queue.depth).toBe(2)
  })

  test('are known by the one that has waited for the longest, those in processing left out', async () => {
    const { clock, queue } = setUp()
    expect(queue.waitingSince).toBeUndefined()
    queue.add('held')
    queue.get()
    queue.add('held')
    await clock.advance(SECOND)
    const since = clock.monotonic()
    for (const key of ['a', 'b']) {
      queue.add(key)
      await clock.advance(SECOND)
    }
    expect(queue.waitingSince).toBe(since)
  })
})

describe('a key that is added for later', () => {
  test('is due at its time, not before', async () => {
    const { clock, queue, takeAll } = setUp()
    queue.addAfter('a', MINUTE)
    await clock.advance(MINUTE - 1)
    expect(takeAll()).toEqual([])
    await clock.advance(1)
    expect(takeAll()).toEqual(['a'])
  })

  test('is due at the earlier of two times, in whichever order they were set', async () => {
    const { clock, queue, takeAll } = setUp()
    queue.addAfter('a', MINUTE)
    queue.addAfter('a', SECOND)
    queue.addAfter('b', SECOND)
    queue.addAfter('b', MINUTE)
    await clock.advance(SECOND)
    expect(takeAll()).toEqual(['a', 'b'])
    queue.done('a')
    queue.done('b')
    await clock.advance(2 * MINUTE)
    expect(takeAll()).toEqual([])
  })

  test('is returned at once when it is added without delay, and not again at its former time', async () => {
    const { clock, queue, takeAll } = setUp()
    queue.addAfter('a', MINUTE)
    queue.add('a')
    expect(takeAll()).toEqual(['a'])
    queue.done('a')
    await clock.advance(MINUTE)
    expect(takeAll()).toEqual([])
  })

  test('does not wait for a timer that was set for a later key', async () => {
    const { clock, queue, takeAll } = setUp()
    queue.addAfter('late', MINUTE)
    queue.addAfter('soon', SECOND)
    expect(clock.pending).toEqual([clock.now() + SECOND])
    await clock.advance(SECOND)
    expect(takeAll()).toEqual(['soon'])
    expect(clock.pending).toHaveLength(1)
    await clock.advance(MINUTE)
    expect(takeAll()).toEqual(['late'])
  })

  test('is returned again when its time comes while it is being processed', async () => {
    const { clock, queue, takeAll } = setUp()
    queue.add('a')
    queue.get()
    queue.addAfter('a', SECOND)
    await clock.advance(SECOND)
    expect(takeAll()).toEqual([])
    queue.done('a')
    expect(takeAll()).toEqual(['a'])
  })

  test('leaves nothing behind, however often it is added', () => {
    const { clock, queue } = setUp()
    for (let round = 0; round < 1_000; round++) {
      queue.addAfter('a', 24 * 60 * MINUTE)
      queue.add('a')
      queue.get()
      queue.done('a')
    }
    expect(queue.trackedKeys).toBe(0)
    expect(clock.pending).toEqual([])
  })

  test.each([Infinity, 100 * 366 * 24 * 60 * MINUTE])('is due within a year if the delay is %s', (delay) => {
    const { clock, queue, takeAll } = setUp()
    queue.addAfter('a', delay)
    expect(takeAll()).toEqual([])
    expect(clock.pending).toEqual([clock.now() + 366 * 24 * 60 * MINUTE])
  })

  test.each([0, -5, NaN])('is due at once if the delay is %s', (delay) => {
    const { queue, takeAll } = setUp()
    queue.addAfter('a', delay)
    expect(takeAll()).toEqual(['a'])
  })

  test('is due at its time, each of five, although the clock was set back meanwhile', async () => {
    const { clock, queue, takeAll } = setUp()
    const keys = ['a', 'b', 'c', 'd', 'e']
    for (const [index, key] of keys.entries()) queue.addAfter(key, (index + 1) * MINUTE)
    clock.setTimeOfDay(-60 * MINUTE)
    for (const key of keys) {
      await clock.advance(MINUTE)
      expect(takeAll()).toEqual([key])
    }
  })

  test('is not due sooner, although the clock was set forward meanwhile', async () => {
    const { clock, queue, takeAll } = setUp()
    for (const key of ['a', 'b']) queue.addAfter(key, key === 'a' ? MINUTE : 10 * MINUTE)
    clock.setTimeOfDay(60 * MINUTE)
    await clock.advance(MINUTE)
    expect(takeAll()).toEqual(['a'])
    expect(clock.pending).toHaveLength(1)
  })
})

describe('the two priorities', () => {
  test('put a key that was asked for before keys that are due', async () => {
    const { clock, queue, takeAll } = setUp()
    for (const key of ['routine-1', 'routine-2']) queue.addAfter(key, SECOND)
    await clock.advance(SECOND)
    queue.add('new')
    expect(takeAll()).toEqual(['new', 'routine-1', 'routine-2'])
  })

  test('move a due key up when it is asked for, and not back again', async () => {
    const { clock, queue, takeAll } = setUp()
    for (const key of ['a', 'b', 'c']) queue.addAfter(key, SECOND)
    await clock.advance(SECOND)
    queue.add('c')
    queue.addAfter('c', 0)
    expect(takeAll()).toEqual(['c', 'a', 'b'])
  })

  test('both proceed: one key in four has low priority', async () => {
    const { clock, queue, takeAll } = setUp()
    for (const key of ['d1', 'd2']) queue.addAfter(key, SECOND)
    await clock.advance(SECOND)
    for (let n = 1; n <= 7; n++) queue.add(`a${n}`)
    expect(takeAll()).toEqual(['a1', 'a2', 'a3', 'd1', 'a4', 'a5', 'a6', 'd2', 'a7'])
  })
})

describe('free workers', () => {
  const groupOf = (key: string): string => key.split('/')[0] ?? ''
  const groupsOf = (key: string): string[] => [groupOf(key)]
  const many = (group: string): string[] => Array.from({ length: 100 }, (_, index) => `${group}/${index}`)

  /** As workers do whose reconciles never end. */
  const fill = (queue: WorkQueue, workers: number): void => {
    while (queue.processing.size < workers && queue.get(workers - queue.processing.size) !== undefined);
  }
  const heldBy = (queue: WorkQueue, group: string): number =>
    [...queue.processing.keys()].filter((key) => groupOf(key) === group).length

  test('are left for other groups by a group whose keys never end', () => {
    const { queue } = setUp({ groupsOf })
    for (const key of many('slow')) queue.add(key)
    fill(queue, 32)
    expect(heldBy(queue, 'slow')).toBe(24)
    queue.add('honest/alice')
    fill(queue, 32)
    expect(heldBy(queue, 'honest')).toBe(1)
  })

  test('are left for others by many such groups', () => {
    const { queue } = setUp({ groupsOf })
    for (const group of ['a', 'b', 'c', 'd', 'e']) for (const key of many(group)) queue.add(key)
    fill(queue, 32)
    queue.add('honest/alice')
    fill(queue, 32)
    expect(heldBy(queue, 'honest')).toBe(1)
  })

  test('are left for other groups of the same namespace by one whose keys never end', () => {
    const { queue } = setUp({ groupsOf: (key) => [groupOf(key), key.split('/').slice(0, 2).join('/')] })
    for (const key of many('slow/alice')) queue.add(key)
    fill(queue, 32)
    expect(heldBy(queue, 'slow')).toBe(16)
    queue.add('slow/bob/1')
    fill(queue, 32)
    expect(queue.processing.has('slow/bob/1')).toBe(true)
    queue.add('honest/carol/1')
    fill(queue, 32)
    expect(queue.processing.has('honest/carol/1')).toBe(true)
  })

  test('are counted for the group that a key had when it was added, whatever became of it since', () => {
    let group = 'before'
    const { queue } = setUp({ groupsOf: () => [group] })
    queue.add('a')
    group = 'after'
    expect(queue.get(1)).toBe('a')
    queue.add('a')
    queue.done('a')
    expect(queue.get(1)).toBe('a')
    queue.done('a')
    queue.add('b')
    queue.add('c')
    expect([queue.get(2), queue.get(1)]).toEqual(['b', 'c'])
    expect(queue.trackedKeys).toBe(0)
  })

  test('are used by the same group again as its keys end', () => {
    const { queue } = setUp({ groupsOf })
    for (const key of many('slow')) queue.add(key)
    fill(queue, 4)
    expect([...queue.processing.keys()]).toEqual(['slow/0', 'slow/1', 'slow/2'])
    queue.done('slow/1')
    fill(queue, 4)
    expect([...queue.processing.keys()]).toEqual(['slow/0', 'slow/2', 'slow/3'])
  })

  test('are used by the same group however many of its keys have ended', () => {
    const { queue } = setUp({ groupsOf })
    for (let turn = 0; turn < 9; turn++) {
      queue.add('slow/alice')
      expect(queue.get(1)).toBe('slow/alice')
      queue.done('slow/alice')
    }
  })

  test('are all used if there is one, or if there are no groups', () => {
    const { queue: grouped } = setUp({ groupsOf })
    grouped.add('a/1')
    fill(grouped, 1)
    expect(grouped.processing.size).toBe(1)
    const { queue } = setUp()
    for (const key of many('a')) queue.add(key)
    fill(queue, 32)
    expect(queue.processing.size).toBe(32)
  })
})

describe('a stopped queue', () => {
  test('removes the keys that wait or are due, and accepts no more', async () => {
    const { clock, queue, takeAll } = setUp()
    queue.add('held')
    queue.get()
    queue.add('held')
    queue.add('waiting')
    queue.addAfter('later', SECOND)
    expect(queue.trackedKeys).toBe(3)
    queue.stop()
    queue.add('new')
    queue.addAfter('newer', SECOND)
    queue.addRateLimited('failed')
    expect(clock.pending).toEqual([])
    await clock.advance(MINUTE)
    queue.done('held')
    expect(takeAll()).toEqual([])
    expect(queue.depth).toBe(0)
  })
})

describe('the metrics of a queue', () => {
  test('count each key once until it is processed, and measure from when it was first added', async () => {
    const seen: string[] = []
    const { clock, queue } = setUp({
      metrics: {
        added: () => void seen.push('added'),
        retried: () => void seen.push('retried'),
        taken: (seconds) => void seen.push(`waited ${seconds}`),
        done: (seconds) => void seen.push(`took ${seconds}`),
      },
    })
    queue.add('a')
    queue.add('a')
    await clock.advance(2 * SECOND)
    queue.get()
    queue.add('a')
    queue.add('a')
    await clock.advance(3 * SECOND)
    queue.done('a')
    queue.get()
    queue.addRateLimited('a')
    expect(seen).toEqual(['added', 'waited 2', 'added', 'took 3', 'waited 3', 'retried'])
  })
})
