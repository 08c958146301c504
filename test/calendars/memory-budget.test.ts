/** Each Agent has a memory limit, and all of them share one budget that never refuses small ones. */
import { beforeEach, describe, expect, test } from 'vitest'
import { MemoryBudget } from '../../src/calendars/memory-budget.ts'

const MIB = 1024 * 1024
let budget: MemoryBudget

beforeEach(() => {
  budget = new MemoryBudget({ agent: 12 * MIB, events: 100_000, total: 64 * MIB, small: 16_384 })
})

const wish = (bytes: number, events = 1): { bytes: number; events: number } => ({ bytes, events })

/** Takes as much as is granted, one Agent after the other. */
function grab(namespace: string, agents: number, bytes: number): number {
  const keys = Array.from({ length: agents }, (_, n) => `${namespace}/agent${n}`)
  const taken = keys.filter((key) => budget.refusal(key, wish(bytes)) === undefined)
  // One by one: what the previous one has taken counts.
  for (const key of taken) if (budget.refusal(key, wish(bytes)) === undefined) budget.note(key, bytes)
  return budget.total
}

describe('one Agent', () => {
  test('has a limit of bytes over all its calendars, which the message names as the Agent’s', () => {
    expect(budget.refusal('a/one', wish(12 * MIB))).toBeUndefined()
    expect(budget.refusal('a/one', wish(12.1 * MIB))).toBe(
      'all calendars of this Agent together take 12.1 MiB of memory; the limit is 12.0 MiB',
    )
  })

  test('has a limit of events over all its calendars', () => {
    expect(budget.refusal('a/one', wish(1, 100_000))).toBeUndefined()
    expect(budget.refusal('a/one', wish(1, 100_001))).toBe(
      'all calendars of this Agent together have 100,001 events in the window; the limit is 100,000',
    )
  })
})

describe('all Agents', () => {
  test('keep no more than the budget, however many a namespace has', () => {
    expect(grab('hostile', 50, 10 * MIB)).toBe(60 * MIB)
    expect(budget.refusal('hostile/other', wish(10 * MIB))).toBe(
      'the calendars of all Agents take 64.0 MiB of memory, which is the limit; those of this namespace take 70.0 MiB of it, more than an equal share',
    )
  })

  test('leave a namespace its share, even if another has taken everything', () => {
    grab('hostile', 50, 10 * MIB)
    expect(budget.refusal('honest/one', wish(10 * MIB))).toBeUndefined()
    budget.note('honest/one', 10 * MIB)
    expect(budget.refusal('hostile/agent0', wish(11 * MIB))).toMatch('those of this namespace')
  })

  test('keep no more than twice the budget, however many namespaces take their share', () => {
    for (let n = 0; n < 200; n++) grab(`hostile${n}`, 10, 10 * MIB)
    for (let n = 0; n < 200; n++) grab(`other${n}`, 10, 100_000)
    expect(budget.total).toBeLessThan(2 * 64 * MIB)
  })

  test('that are small are never refused because of others, even in their own namespace', () => {
    grab('hostile', 50, 10 * MIB)
    budget.note('hostile/large', 4 * MIB)
    expect(budget.refusal('hostile/small', wish(16_384))).toBeUndefined()
    expect(budget.refusal('hostile/larger', wish(16_385))).toBeDefined()
  })

  test('may keep what they have, and less, beyond the budget', () => {
    grab('hostile', 50, 10 * MIB)
    budget.note('honest/one', 60 * MIB)
    expect(budget.refusal('hostile/agent0', wish(10 * MIB))).toBeUndefined()
  })

  test('get back what deleted ones have kept', () => {
    grab('hostile', 50, 10 * MIB)
    for (let n = 0; n < 50; n++) budget.note(`hostile/agent${n}`, 0)
    expect(budget.total).toBe(0)
    expect(budget.refusal('hostile/other', wish(10 * MIB))).toBeUndefined()
  })
})
