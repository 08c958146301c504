import { beforeEach, describe, expect, test } from 'vitest'
import { BusyError, FairSemaphore } from '../../src/rate-limit/fair-semaphore.ts'
import { ManualClock, settle } from '../support/clock.ts'

let clock: ManualClock
let semaphore: FairSemaphore<'namespace' | 'link'>
let order: string[]
let running: Map<string, { end: () => void; fail: () => void }>

beforeEach(() => {
  clock = new ManualClock()
  semaphore = new FairSemaphore(clock, { total: 4, perKey: { namespace: 3, link: 2 } })
  order = []
  running = new Map()
})

/** @param name such as `a1-0`: a task of link `a1` in namespace `a`. */
function come(name: string, maxWaitMs?: number): Promise<string> {
  const link = name.split('-')[0] ?? ''
  const task = (): Promise<string> =>
    new Promise((resolve, reject) => {
      order.push(name)
      running.set(name, { end: () => resolve(name), fail: () => reject(new Error(name)) })
    })
  return semaphore.run({ namespace: link.charAt(0), link }, task, maxWaitMs)
}

async function end(name: string): Promise<void> {
  await settle()
  running.get(name)?.end()
  await settle()
}

describe('a semaphore', () => {
  test('runs so many at once, of a namespace and of a link fewer', async () => {
    for (const name of ['a1-0', 'a1-1', 'a1-2', 'a2-0', 'a3-0', 'b1-0', 'c1-0']) void come(name)
    await settle()
    // Without a longest wait, they wait for as long as it takes.
    expect(clock.pending).toEqual([])
    expect(order).toEqual(['a1-0', 'a1-1', 'a2-0', 'b1-0'])
    expect(semaphore.waiting).toBe(3)
  })

  test('gives a free place to the namespace that holds the fewest, not to the one that waits the longest', async () => {
    for (const name of ['a1-0', 'a2-0', 'b1-0', 'b2-0']) void come(name)
    for (let turn = 0; turn < 100; turn++) void come(`a3-${turn}`)
    void come('c1-0')
    await end('b1-0')
    expect(order.at(-1)).toBe('c1-0')
  })

  test('gives a free place to the namespace that holds the fewest, also if that one has waited for longer', async () => {
    for (const name of ['a1-0', 'a2-0', 'b1-0', 'b2-0', 'c1-0', 'a3-0']) void come(name)
    await end('b1-0')
    expect(order.at(-1)).toBe('c1-0')
  })

  test('gives a free place of a namespace to its link that holds the fewest', async () => {
    for (const name of ['a1-0', 'b1-0', 'b2-0', 'b3-0', 'a1-1', 'a2-0']) void come(name)
    await end('b1-0')
    expect(order.at(-1)).toBe('a2-0')
  })

  test('lets those of one link run in the order in which they came', async () => {
    for (let turn = 0; turn < 4; turn++) void come(`a1-${turn}`)
    await settle()
    for (let turn = 0; turn < 4; turn++) await end(`a1-${turn}`)
    expect(order).toEqual(['a1-0', 'a1-1', 'a1-2', 'a1-3'])
  })

  test('that hangs for one namespace holds no place of the others', async () => {
    for (let turn = 0; turn < 50; turn++) void come(`a${turn % 9}-${turn}`)
    for (const name of ['b1-0', 'c1-0', 'd1-0']) {
      void come(name)
      await settle()
      expect(order.at(-1)).toBe(name)
      await end(name)
    }
  })

  test('is as wide as before after a failure', async () => {
    const failed = expect(come('a1-0')).rejects.toThrow('a1-0')
    await settle()
    running.get('a1-0')?.fail()
    await failed
    for (const name of ['a1-1', 'a1-2', 'a2-0', 'b1-0']) void come(name)
    await settle()
    expect(order).toHaveLength(5)
  })

  test('answers what the task answers', async () => {
    const all = ['a1-0', 'a1-1', 'a1-2'].map((name) => come(name))
    for (const name of ['a1-0', 'a1-1', 'a1-2']) {
      await settle()
      running.get(name)?.end()
    }
    expect(await Promise.all(all)).toEqual(['a1-0', 'a1-1', 'a1-2'])
  })

  test('gives up on who waits too long, and never begins their task', async () => {
    void come('a1-0')
    void come('a1-1')
    const late = come('a1-2', 1_000)
    const refused = expect(late).rejects.toThrow(BusyError)
    await clock.advance(1_000)
    await refused
    expect(semaphore.waiting).toBe(0)
    await end('a1-0')
    expect(order).toEqual(['a1-0', 'a1-1'])
    expect(clock.pending).toEqual([])
  })
})
