import { beforeEach, describe, expect, test } from 'vitest'
import { CircuitBreaker, CircuitOpenError, type Verdict } from '../../src/rate-limit/circuit-breaker.ts'
import { ManualClock, settle } from '../support/clock.ts'

type Reason = 'Busy' | 'Exhausted'

class Refused extends Error {
  readonly verdict: Verdict<Reason>

  constructor(verdict: Verdict<Reason>) {
    super('refused')
    this.verdict = verdict
  }
}

const limited = (reason: Reason, retryAfterMs?: number): Refused =>
  new Refused({ kind: 'limited', reason, retryAfterMs })

let clock: ManualClock
let closed: number
let random: number
let breaker: CircuitBreaker<Reason>
beforeEach(() => {
  clock = new ManualClock()
  closed = 0
  random = 0.5
  breaker = new CircuitBreaker<Reason>(
    { clock, random: () => random },
    {
      judge: (error) => (error instanceof Refused ? error.verdict : { kind: 'inconclusive' }),
      pauses: { Busy: { firstMs: 5_000, maxMs: 15_000 }, Exhausted: { fixedMs: 60_000 } },
      onClose: () => (closed += 1),
    },
  )
})

const succeed = (mayBypass?: () => boolean): Promise<string> =>
  breaker.run(() => Promise.resolve('answered'), mayBypass)

async function fail(error: Error, mayBypass?: () => boolean): Promise<CircuitOpenError<Reason>> {
  return breaker
    .run(() => Promise.reject(error), mayBypass)
    .then(
      () => Promise.reject(new Error('did not fail')),
      (thrown: unknown) => thrown as CircuitOpenError<Reason>,
    )
}

/** Sends a request, and returns what ends it. */
function begin(): { answer: () => Promise<void>; refuse: (error: Error) => Promise<void> } {
  let [resolve, reject] = [(): void => undefined, (() => undefined) as (error: Error) => void]
  const ended = breaker
    .run(() => new Promise<void>((yes, no) => ([resolve, reject] = [yes, no])))
    .catch(() => undefined)
  return {
    answer: () => (resolve(), ended),
    refuse: (error) => (reject(error), ended),
  }
}

const refusalOf = (run: Promise<unknown>): Promise<CircuitOpenError<Reason>> =>
  run.then(
    () => Promise.reject(new Error('was not refused')),
    (error: unknown) => error as CircuitOpenError<Reason>,
  )

describe('a closed circuit', () => {
  test('hands on answers, and failures that are not limits, as they are', async () => {
    expect(await succeed()).toBe('answered')
    const error = new Refused({ kind: 'available' })
    expect(await fail(error)).toBe(error)
    expect(breaker.open).toBeUndefined()
    expect(() => breaker.assertClosed()).not.toThrow()
    breaker.allowProbe()
    expect(breaker.open).toBeUndefined()
    expect(closed).toBe(0)
  })

  test('is opened by a limit, which says how long to stay away and what was answered', async () => {
    const error = limited('Busy')
    expect(await fail(error)).toMatchObject({ reason: 'Busy', retryAfterMs: 5_000, cause: error })
    expect(breaker.open).toEqual({ reason: 'Busy', since: clock.now(), leftMs: 5_000 })
  })
})

describe('requests that were sent before the circuit opened', () => {
  test('do not close it when they are answered', async () => {
    const [refused, answered] = [begin(), begin()]
    await refused.refuse(limited('Busy'))
    await answered.answer()
    expect([breaker.open?.leftMs, closed]).toEqual([5_000, 0])
  })

  test('neither lengthen its pause nor double the next one when they are refused, too', async () => {
    const earlier = begin()
    await fail(limited('Busy'))
    await clock.advance(1_000)
    await earlier.refuse(limited('Busy'))
    expect(breaker.open?.leftMs).toBe(4_000)
    await clock.advance(4_000)
    expect((await fail(limited('Busy'))).retryAfterMs).toBe(10_000)
  })

  test('that end while the probe is under way let no second probe through', async () => {
    const earlier = begin()
    await fail(limited('Busy'))
    await clock.advance(5_000)
    const probe = begin()
    await earlier.answer()
    expect(await refusalOf(succeed())).toBeInstanceOf(CircuitOpenError)
    await probe.answer()
    expect(await succeed()).toBe('answered')
  })
})

describe('a limit that is met again', () => {
  /** Meets the limit, and sends the probe after the pause. */
  const recover = async (): Promise<void> => {
    await fail(limited('Busy'))
    await clock.advance(5_000)
    await succeed()
  }

  test('within a minute after a pause pauses twice as long, although requests were answered meanwhile', async () => {
    await recover()
    await clock.advance(59_000)
    await succeed()
    expect((await fail(limited('Busy'))).retryAfterMs).toBe(10_000)
  })

  test('pauses as at first once a request was answered a minute after the pause', async () => {
    await recover()
    await clock.advance(61_000)
    await succeed()
    expect((await fail(limited('Busy'))).retryAfterMs).toBe(5_000)
  })
})

test.each<[Reason, number, number]>([
  ['Busy', 3_750, 6_250],
  ['Exhausted', 45_000, 75_000],
])('the pause of %s is spread over a quarter less and more', async (reason, least, most) => {
  random = 0
  expect((await fail(limited(reason))).retryAfterMs).toBe(least)
  await clock.advance(least)
  await succeed()
  await clock.advance(60_000)
  await succeed()
  random = 1
  expect((await fail(limited(reason))).retryAfterMs).toBe(most)
})

describe('when the limit was met', () => {
  test('is told by the time of day, also after that was set', async () => {
    await fail(limited('Exhausted'))
    await clock.advance(10_000)
    const since = clock.now() - 10_000
    clock.setTimeOfDay(60 * 60_000)
    expect(breaker.open?.since).toBeCloseTo(since + 60 * 60_000, -1)
    clock.setTimeOfDay(-2 * 60 * 60_000)
    expect(breaker.open?.since).toBeCloseTo(since - 60 * 60_000, -1)
  })

  test('does not move with a clock that is corrected by seconds', async () => {
    await fail(limited('Exhausted'))
    const since = clock.now()
    for (const step of [3_000, -6_000]) {
      clock.setTimeOfDay(step)
      expect(breaker.open?.since).toBe(since)
    }
  })
})

describe('an open circuit', () => {
  beforeEach(() => fail(limited('Busy')))

  test('refuses requests unsent, spread over one to two seconds after its end', async () => {
    expect(await refusalOf(succeed())).toMatchObject({ reason: 'Busy', retryAfterMs: 6_500, cause: undefined })
    expect(() => breaker.assertClosed()).toThrow(CircuitOpenError)
  })

  test('lets one request find out after its pause, and closes when that is answered', async () => {
    await clock.advance(5_000)
    expect(breaker.open?.leftMs).toBe(0)
    const probe = begin()
    await settle()
    expect((await refusalOf(succeed())).retryAfterMs).toBe(1_500)
    await probe.answer()
    expect([breaker.open, closed]).toEqual([undefined, 1])
  })

  test('is closed by a probe that is refused for a reason of its own', async () => {
    await clock.advance(5_000)
    await fail(new Refused({ kind: 'available' }))
    expect([breaker.open, closed]).toEqual([undefined, 1])
  })

  test('pauses twice as long each time, up to the most', async () => {
    const pauses: number[] = []
    for (let round = 0; round < 3; round++) {
      await clock.advance(breaker.open?.leftMs ?? 0)
      pauses.push((await fail(limited('Busy'))).retryAfterMs)
    }
    expect(pauses).toEqual([10_000, 15_000, 15_000])
  })

  test('stays open when the probe finds out nothing', async () => {
    await clock.advance(5_000)
    await fail(new Error('no connection'))
    expect(breaker.open?.reason).toBe('Busy')
    expect(await succeed()).toBe('answered')
  })

  test('asks who may bypass it, and is closed by that request', async () => {
    let asked = 0
    expect(await succeed(() => ((asked += 1), true))).toBe('answered')
    expect([asked, breaker.open]).toEqual([1, undefined])
    await succeed(() => ((asked += 1), true))
    expect(asked).toBe(1)
  })

  test('is neither shortened nor lengthened by a bypass that is refused', async () => {
    await clock.advance(1_000)
    expect((await fail(limited('Busy'), () => true)).retryAfterMs).toBe(4_000)
    expect(breaker.open?.leftMs).toBe(4_000)
  })

  test('never takes the less severe of two reasons', async () => {
    await fail(limited('Exhausted'), () => true)
    await fail(limited('Busy'), () => true)
    expect(breaker.open).toMatchObject({ reason: 'Exhausted', leftMs: 60_000 })
  })

  test('sends a probe at once if it is told to', async () => {
    breaker.allowProbe()
    expect(breaker.open?.leftMs).toBe(0)
    expect(await succeed()).toBe('answered')
  })

  test('is forgotten a minute after its pause, where nobody asks', async () => {
    await clock.advance(64_999)
    expect(breaker.open).toBeDefined()
    await clock.advance(1)
    expect(breaker.open).toBeUndefined()
  })

  test('is open for as long as the service says, and for a second at least', async () => {
    await clock.advance(5_000)
    expect((await fail(limited('Busy', 42_000))).retryAfterMs).toBe(42_000)
    await clock.advance(42_000)
    expect((await fail(limited('Busy', 0))).retryAfterMs).toBe(1_000)
  })
})
