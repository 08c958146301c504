import { describe, expect, test } from 'vitest'
import { Recovery } from '../../src/agent/recovery.ts'

const HOUR = 3_600_000

function setUp(random = 0.5) {
  const woken = new Map<string, number>()
  const recovery = new Recovery({ random: () => random, wake: (agent, ms) => void woken.set(agent, ms) })
  return { recovery, woken }
}

describe('the first agent that Google answers', () => {
  test('wakes the agents of its integration that wait, and one of each other integration', () => {
    const { recovery, woken } = setUp()
    for (const agent of ['a', 'b', 'c']) recovery.failed('one', agent)
    for (const agent of ['x', 'y']) recovery.failed('two', agent)
    recovery.answered('one', 'a', HOUR)
    expect([...woken.keys()].sort()).toEqual(['b', 'c', 'x'])
  })

  test('wakes them once: an agent that fails again keeps its backoff', () => {
    const { recovery, woken } = setUp()
    for (const agent of ['a', 'b']) recovery.failed('one', agent)
    recovery.answered('one', 'a', HOUR)
    woken.clear()
    recovery.answered('one', 'a', HOUR)
    expect(woken.size).toBe(0)
  })

  test('wakes agents that fail again only if it had failed before itself', () => {
    const { recovery, woken } = setUp()
    recovery.failed('one', 'a')
    recovery.answered('one', 'never-failed', HOUR)
    expect([...woken.keys()]).toEqual(['a'])
    recovery.failed('one', 'a')
    woken.clear()
    recovery.answered('one', 'never-failed', HOUR)
    expect(woken.size).toBe(0)
    recovery.failed('one', 'b')
    recovery.answered('one', 'b', HOUR)
    expect([...woken.keys()]).toEqual(['a'])
  })

  test('wakes the agents of another integration once, one at a time, as long as they fail', () => {
    const { recovery, woken } = setUp()
    for (const agent of ['x', 'y']) recovery.failed('two', agent)
    const wokenBy = (integration: string, agent: string): string[] => {
      woken.clear()
      recovery.answered(integration, agent, HOUR)
      for (const one of woken.keys()) recovery.failed('two', one)
      return [...woken.keys()]
    }
    expect([1, 2, 3].map(() => wokenBy('one', 'a'))).toEqual([['x'], ['y'], []])
    expect(wokenBy('two', 'x')).toEqual(['y'])
  })

  test('wakes no agent that is gone, whichever its integration was', () => {
    const { recovery, woken } = setUp()
    recovery.failed('one', 'b')
    recovery.forget('b')
    recovery.answered('one', 'a', HOUR)
    expect(woken.size).toBe(0)
  })

  test('wakes no agent that was answered in the meantime, or is gone', () => {
    const { recovery, woken } = setUp()
    for (const agent of ['a', 'b']) recovery.failed('one', agent)
    recovery.forget('b')
    recovery.answered('one', 'a', HOUR)
    expect(woken.size).toBe(0)
  })

  test('wakes another agent of the integration each time', () => {
    const { recovery, woken } = setUp()
    for (const agent of ['x', 'y']) recovery.failed('two', agent)
    recovery.answered('one', 'a', HOUR)
    recovery.failed('two', 'x')
    woken.clear()
    recovery.answered('one', 'a', HOUR)
    expect([...woken.keys()]).toEqual(['y'])
  })

  test('wakes no agent under an integration that it has left', () => {
    const { recovery, woken } = setUp()
    recovery.failed('one', 'b')
    recovery.failed('two', 'b')
    recovery.forget('b')
    recovery.answered('one', 'a', HOUR)
    expect(woken.size).toBe(0)
  })

  test.each([
    [2, HOUR, 1_000],
    [1_000, HOUR, 50_000],
    [1_000, 10_000, 10_000],
  ])('spreads %d of them, at an interval of %d ms, over %d ms', (count, interval, spread) => {
    const { recovery, woken } = setUp(0.999_999)
    for (let agent = 0; agent <= count; agent++) recovery.failed('one', `agent-${agent}`)
    recovery.answered('one', 'agent-0', interval)
    expect(woken.size).toBe(count)
    expect(Math.max(...woken.values())).toBeCloseTo(spread, -1)
  })
})
