/** One function at a time, and at once if none runs. */
import { beforeEach, expect, test } from 'vitest'
import { Mutex } from '../../src/platform/mutex.ts'
import { settle } from '../support/clock.ts'

let mutex: Mutex
let order: string[]

beforeEach(() => {
  mutex = new Mutex()
  order = []
})

/** Begins a function that ends when the returned function is called. */
function begin(name: string): () => void {
  let end = (): void => undefined
  const ended = new Promise<void>((resolve) => (end = resolve))
  void mutex.runExclusive(async () => {
    order.push(`${name} begins`)
    await ended
    order.push(`${name} ends`)
  })
  return () => end()
}

test('returns the result itself if nothing runs and nothing has to be waited for', () => {
  expect(mutex.runExclusive(() => 1)).toBe(1)
})

test('begins a function at once if none runs', () => {
  begin('a')
  expect(order).toEqual(['a begins'])
})

test('begins no function before the ones before it have ended', async () => {
  const ends = [begin('a'), begin('b')]
  const last = mutex.runExclusive(() => order.push('c'))
  await settle()
  expect(order).toEqual(['a begins'])
  ends[0]?.()
  await settle()
  expect(order).toEqual(['a begins', 'a ends', 'b begins'])
  // Added after the first has ended: it must not pass the two that wait.
  const later = mutex.runExclusive(() => order.push('d'))
  ends[1]?.()
  await Promise.all([last, later])
  expect(order.slice(3)).toEqual(['b ends', 'c', 'd'])
})

test('begins no function within another one, which may still have to wait for something', async () => {
  let inner: unknown
  const outer = mutex.runExclusive(async () => {
    inner = mutex.runExclusive(() => order.push('inner'))
    order.push('outer begins')
    await settle()
    order.push('outer ends')
  })
  await Promise.all([outer, inner])
  expect(order).toEqual(['outer begins', 'outer ends', 'inner'])
})

test('is free again once all have ended', async () => {
  const end = begin('a')
  end()
  await settle()
  expect(mutex.runExclusive(() => 1)).toBe(1)
})

test.each([
  ['throws', () => Promise.reject(new Error('no'))],
  [
    'fails at once',
    (): never => {
      throw new Error('no')
    },
  ],
])('goes on after a function that %s', async (_, fail) => {
  await expect(async () => mutex.runExclusive(fail)).rejects.toThrow('no')
  const end = begin('a')
  const waiting = mutex.runExclusive(fail)
  end()
  await expect(waiting).rejects.toThrow('no')
  expect(await mutex.runExclusive(() => 1)).toBe(1)
})
