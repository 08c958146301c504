/** How long a key of a work queue stays away after it has failed. */
import { describe, expect, test } from 'vitest'
import { WorkQueue } from '../../src/controller/queue.ts'
import { ManualClock } from '../support/clock.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND

const aQueue = (random = () => 0.5): WorkQueue => new WorkQueue({ clock: new ManualClock(), random })

const pausesOf = (queue: WorkQueue, key: string, times: number): number[] =>
  Array.from({ length: times }, () => queue.addRateLimited(key) / SECOND)

describe('backoff', () => {
  test('doubles from 0.75 s to five minutes, for each key by itself', () => {
    const queue = aQueue()
    expect(pausesOf(queue, 'a', 11)).toEqual([0.75, 1.5, 3, 6, 12, 24, 48, 96, 192, 262.5, 262.5])
    expect(pausesOf(queue, 'b', 1)).toEqual([0.75])
  })

  test('does not exceed the longest pause of the key, and is spread there, too', () => {
    const longest = 10 * SECOND
    const atMost = (random: number): number => {
      const queue = aQueue(() => random)
      return Math.max(...Array.from({ length: 20 }, () => queue.addRateLimited('a', { longest })))
    }
    expect([atMost(0), atMost(0.999_999)]).toEqual([7.5 * SECOND, expect.closeTo(longest, 0)])
  })

  test('starts again once the key was forgotten', () => {
    const queue = aQueue()
    pausesOf(queue, 'a', 5)
    queue.forget('a')
    expect(pausesOf(queue, 'a', 1)).toEqual([0.75])
  })

  test('stays within a quarter of its pause, up or down, and finite after thousands of failures', () => {
    expect(
      pausesOf(
        aQueue(() => 0),
        'a',
        1,
      ),
    ).toEqual([0.75 * 0.75])
    expect(
      pausesOf(
        aQueue(() => 0.999_999),
        'a',
        3_000,
      ).at(-1),
    ).toBeCloseTo(300, 1)
  })

  test('respects the time that the other side asked for, and spreads keys that were given the same', () => {
    const randoms = [0.5, 0, 0.5, 1]
    const queue = aQueue(() => randoms.shift() ?? 0.5)
    expect([
      queue.addRateLimited('a', { notBefore: MINUTE }),
      queue.addRateLimited('b', { notBefore: MINUTE }),
    ]).toEqual([MINUTE, 1.1 * MINUTE])
  })

  test('ends early if something else is due, but never in a busy loop', () => {
    const queue = aQueue()
    expect(queue.addRateLimited('a', { notBefore: MINUTE, atLatest: 10 * SECOND })).toBe(10 * SECOND)
    expect(queue.addRateLimited('b', { notBefore: MINUTE, atLatest: 0 })).toBe(500)
    expect(queue.addRateLimited('c', { notBefore: MINUTE, atLatest: -MINUTE })).toBe(500)
    // Without a longest backoff and without a latest time, there is no busy loop either.
    expect(queue.addRateLimited('d', { notBefore: 0, longest: 0 })).toBe(500)
  })

  test('is skipped when the key is asked for', () => {
    const queue = aQueue()
    pausesOf(queue, 'a', 10)
    queue.add('a')
    expect([queue.get(), queue.get()]).toEqual(['a', undefined])
  })
})
