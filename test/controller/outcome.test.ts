import { describe, expect, test } from 'vitest'
import { manualFixInterval } from '../../src/controller/manual-fix-interval.ts'
import {
  blocked,
  done,
  requeueWithin,
  retry,
  UnexpectedError,
  wait,
  type Outcome,
} from '../../src/controller/outcome.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

test.each([
  ['five minutes at first', 0, 5 * MINUTE],
  ['five minutes for two hours', 2 * HOUR - 1, 5 * MINUTE],
  ['an hour after that', 2 * HOUR + 1, HOUR],
])('what a person has to fix is checked again after %s', (_, age, interval) => {
  const since = Date.parse('2026-11-23T10:00:00Z')
  expect(manualFixInterval(since, since + age)).toBe(interval)
})

describe('an outcome with something else that is due', () => {
  const no = new Error('no')
  test.each<[string, Outcome, Outcome]>([
    ['done for good, comes back for it', done(), done(MINUTE)],
    ['done for longer, comes back for it', done(HOUR), done(MINUTE)],
    ['done for a shorter time, keeps its time', done(1_000), done(1_000)],
    ['waiting for longer, comes back for it', wait('x', HOUR), wait('x', MINUTE)],
    ['waiting for a shorter time, keeps its time', wait('x', 1_000), wait('x', 1_000)],
    ['blocked for longer, comes back for it', blocked('x', HOUR), blocked('x', MINUTE)],
    ['failed, comes back for it whatever its backoff', retry(no, HOUR, undefined, 5), retry(no, HOUR, MINUTE, 5)],
    ['failed, keeps what is due sooner', retry(no, HOUR, 1_000), retry(no, HOUR, 1_000)],
  ])('%s', (_, outcome, within) => {
    expect(requeueWithin(outcome, MINUTE)).toEqual(within)
  })

  test('stays as it is if nothing is due', () => {
    expect(requeueWithin(done(HOUR), undefined)).toEqual(done(HOUR))
  })
})

describe('an exception that nobody expected', () => {
  test('keeps its message only if the message is about the program', () => {
    class OddError extends Error {}
    const messages = [
      new TypeError('x is not a function'),
      new ReferenceError('x is not defined'),
      new OddError('Lunch with bob@example.com'),
      'ya29.a0secret',
    ].map((thrown) => new UnexpectedError(thrown).message)
    expect(messages).toEqual([
      'TypeError: x is not a function',
      'ReferenceError: x is not defined',
      'OddError',
      'string',
    ])
  })

  test('keeps the place where it was thrown', () => {
    const thrown = new RangeError('no')
    expect(new UnexpectedError(thrown).stack).toBe(thrown.stack)
    expect(new UnexpectedError('odd').stack).toContain('UnexpectedError')
  })
})
