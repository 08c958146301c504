import { beforeEach, describe, expect, test } from 'vitest'
import { Reachability, type RememberedTrial } from '../../src/push/reachability.ts'
import { ManualClock } from '../support/clock.ts'

const [ADDRESS, OTHER] = ['https://a.example.com/notifications', 'https://b.example.com/notifications']
const MINUTE = 60_000

let clock: ManualClock
let woken: string[]
let remembered: RememberedTrial
/** The Agents that can't try any more. */
let unable: string[]
let reachability: Reachability

beforeEach(() => {
  clock = new ManualClock()
  woken = []
  remembered = { isProved: false, hasFailed: false }
  unable = []
  reachability = new Reachability({
    clock,
    recall: () => remembered,
    canTry: (_, agent) => !unable.includes(agent),
    wake: (agent) => void woken.push(agent),
  })
})

const ask = (agent: string, integration = 'x/google', address = ADDRESS): ReturnType<Reachability['request']> =>
  reachability.request(integration, agent, address)

describe('until a message has arrived', () => {
  test('one Agent of an integration tries, and the others wait', () => {
    expect(ask('x/a')).toBe('granted')
    expect(ask('x/b')).toEqual({ waitsFor: 'other' })
    expect(ask('x/a')).toBe('granted')
  })

  test('one Agent of each integration tries', () => {
    ask('x/a')
    expect(ask('y/a', 'y/google')).toBe('granted')
  })

  test('the same Agent tries again after a failure, when the pause is over', () => {
    ask('x/a')
    reachability.fail('x/google', 'x/a')
    expect(ask('x/b')).toEqual({ waitsFor: 'other' })
    expect(ask('x/a')).toEqual({ waitsFor: 'pause', until: clock.monotonic() + 5 * MINUTE })
  })

  test('the pause doubles with each failure, up to an hour, and no failure of another Agent counts', () => {
    ask('x/a')
    const pauses = Array.from({ length: 6 }, () => {
      reachability.fail('x/google', 'x/a')
      reachability.fail('x/google', 'x/b')
      const permission = ask('x/a')
      return typeof permission === 'object' && 'until' in permission && permission.until - clock.monotonic()
    })
    expect(pauses).toEqual([5, 10, 20, 40, 60, 60].map((minutes) => minutes * MINUTE))
  })

  test('it tries at once when somebody asks', () => {
    ask('x/a')
    reachability.fail('x/google', 'x/a')
    expect(reachability.retryNow('x/google')).toBe('x/a')
    expect(ask('x/a')).toBe('granted')
  })

  test('nobody waits for one that can no longer try, and its failures count', () => {
    ask('x/a')
    reachability.fail('x/google', 'x/a')
    unable = ['x/a']
    expect(ask('x/b')).toEqual({ waitsFor: 'pause', until: clock.monotonic() + 5 * MINUTE })
    expect(ask('x/c')).toEqual({ waitsFor: 'other' })
  })

  test('another one tries if it leaves', () => {
    ask('x/a')
    ask('x/b')
    ask('x/c')
    reachability.leave('x/google', 'x/a')
    expect(woken).toEqual(['x/b'])
    expect(ask('x/b')).toBe('granted')
  })

  test('a site that has moved is tried anew', () => {
    ask('x/a')
    reachability.fail('x/google', 'x/a')
    expect(ask('x/b', 'x/google', OTHER)).toBe('granted')
  })
})

describe('when a message has arrived', () => {
  test('the Agents that wait are woken, and all may ask', () => {
    ask('x/a')
    ask('x/b')
    ask('x/c')
    reachability.prove(ADDRESS)
    expect(woken).toEqual(['x/b', 'x/c'])
    expect(['x/a', 'x/b', 'x/d'].map((agent) => ask(agent))).toEqual(['granted', 'granted', 'granted'])
    expect(ask('x/e', 'x/google', OTHER)).toBe('granted')
    expect(ask('x/f', 'x/google', OTHER)).toEqual({ waitsFor: 'other' })
  })

  test('it is proved for every integration with this site', () => {
    ask('x/a')
    ask('y/a', 'y/google')
    ask('y/b', 'y/google')
    reachability.prove(ADDRESS)
    expect(ask('y/b', 'y/google')).toBe('granted')
  })
})

describe('after a restart', () => {
  test('a site is proved if an Agent was watched', () => {
    remembered = { isProved: true, hasFailed: false, holder: 'x/a' }
    expect(ask('x/b')).toBe('granted')
  })

  test('a trial that has failed is not repeated at once', () => {
    remembered = { isProved: false, hasFailed: true, holder: 'x/a' }
    expect(ask('x/b')).toEqual({ waitsFor: 'other' })
    expect(ask('x/a')).toMatchObject({ waitsFor: 'pause' })
  })
})
