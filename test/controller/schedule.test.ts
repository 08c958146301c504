import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Heap, type HeapItem } from '../../src/controller/heap.ts'
import { FifoSet } from '../../src/controller/fifo-set.ts'
import { Schedule } from '../../src/controller/schedule.ts'
import { ManualClock } from '../support/clock.ts'

interface Item extends HeapItem {
  value: number
}

describe('a heap', () => {
  test('returns its items in order, whatever was removed from its middle', () => {
    const values = fc.array(fc.nat(1_000), { minLength: 1, maxLength: 60, size: 'max' })
    fc.assert(
      fc.property(values, fc.array(fc.nat(59), { maxLength: 20, size: 'max' }), (list, removed) => {
        const heap = new Heap<Item>((a, b) => a.value < b.value)
        const items = list.map((value) => ({ value, index: -1 }))
        for (const item of items) heap.push(item)
        const out = new Set(removed.flatMap((index) => items[index] ?? []))
        for (const item of out) heap.remove(item)
        const left = items.filter((item) => !out.has(item)).map((item) => item.value)
        expect(drain(heap)).toEqual(left.sort((a, b) => a - b))
      }),
      { seed: 4, numRuns: 500 },
    )
  })

  const drain = (heap: Heap<Item>): number[] => {
    const values: number[] = []
    for (let top = heap.peek(); top; top = heap.peek()) {
      values.push(top.value)
      heap.remove(top)
    }
    return values
  }

  test('ignores the removal of an item that it does not hold', () => {
    const heap = new Heap<Item>((a, b) => a.value < b.value)
    const [inside, outside] = [
      { value: 1, index: -1 },
      { value: 2, index: 0 },
    ]
    heap.push(inside)
    heap.remove(outside)
    expect(heap.size).toBe(1)
    heap.remove(inside)
    heap.remove(inside)
    expect(heap.size).toBe(0)
  })
})

describe('a FIFO set', () => {
  test('returns each key once, in order, whatever is added or deleted meanwhile', () => {
    const key = fc.constantFrom('a', 'b', 'c', 'd', 'e')
    const steps = fc.array(fc.tuple(fc.constantFrom('join', 'leave', 'next'), key), { maxLength: 80 })
    fc.assert(
      fc.property(steps, (list) => {
        const line = new FifoSet()
        const expected: string[] = []
        for (const [what, one] of list) {
          if (what === 'next') expect(line.shift()).toBe(expected.shift())
          else if (what === 'leave') {
            line.delete(one)
            if (expected.includes(one)) expected.splice(expected.indexOf(one), 1)
          } else {
            line.add(one)
            if (!expected.includes(one)) expected.push(one)
          }
          expect(line.size).toBe(expected.length)
        }
      }),
      { seed: 5, numRuns: 300 },
    )
  })
})

describe('a schedule', () => {
  test('reports each key at the time that was set last, in order, with one timer at most', async () => {
    const key = fc.constantFrom('a', 'b', 'c', 'd')
    const step = fc.record({ key, delay: fc.option(fc.nat(50)), pass: fc.nat(20) })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (list) => {
        const clock = new ManualClock(0)
        const origin = clock.monotonic()
        const elapsed = (): number => Math.round(clock.monotonic() - origin)
        const rung: [string, number][] = []
        const expected: [string, number, number][] = []
        const schedule = new Schedule(clock, (one) => void rung.push([one, Math.ceil(clock.monotonic() - origin)]))
        const forget = (one: string): void => {
          const index = expected.findIndex(([other, at]) => other === one && at > elapsed())
          if (index >= 0) expected.splice(index, 1)
        }
        for (const [order, { key: one, delay, pass }] of list.entries()) {
          forget(one)
          if (delay === null) schedule.cancel(one)
          else {
            schedule.set(one, clock.monotonic() + delay + 1)
            expected.push([one, elapsed() + delay + 1, order])
          }
          expect(clock.pending.length).toBeLessThanOrEqual(1)
          await clock.advance(pass)
        }
        await clock.advance(100)
        const inOrder = expected.sort((a, b) => a[1] - b[1] || a[2] - b[2])
        expect(rung).toEqual(inOrder.map(([one, at]) => [one, at]))
        expect(schedule.size).toBe(0)
        expect(clock.pending).toEqual([])
      }),
      { seed: 6, numRuns: 60 },
    )
  })

  test('can be set again by its own callback', async () => {
    const clock = new ManualClock(0)
    const rung: number[] = []
    const origin = clock.monotonic()
    const schedule = new Schedule(clock, (key) => {
      rung.push(clock.monotonic() - origin)
      if (rung.length < 3) schedule.set(key, clock.monotonic() + 10)
    })
    schedule.set('a', origin + 10)
    await clock.advance(100)
    expect(rung).toEqual([10, 20, 30].map((at) => expect.closeTo(at, -0.7) as unknown))
  })

  test('removes everything at once', async () => {
    const clock = new ManualClock(0)
    const rung: string[] = []
    const schedule = new Schedule(clock, (key) => void rung.push(key))
    for (const key of ['a', 'b', 'c']) schedule.set(key, clock.monotonic() + 10)
    schedule.clear()
    await clock.advance(100)
    expect([rung, schedule.size, clock.pending]).toEqual([[], 0, []])
  })
})
