import { describe, expect, test } from 'vitest'
import { createController, type ControllerOptions, type Reconcile } from '../../src/controller/controller.ts'
import { blocked, done, retry, wait, type Outcome } from '../../src/controller/outcome.ts'
import { about, ManualClock, settle } from '../support/clock.ts'
import { keepLog } from '../support/log.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND

/** A controller whose reconcile answers with the next of `answers`, and with `done()` after the last. */
function setUp(
  answers: (Outcome | Error)[] = [],
  { reconcile, ...options }: Partial<ControllerOptions> & { reconcile?: Reconcile } = {},
) {
  const clock = new ManualClock()
  const log = keepLog('debug', clock)
  const seen: { key: string; at: number }[] = []
  const controller = createController({
    name: 'agent',
    workers: 1,
    clock,
    random: () => 0.5,
    log,
    ...options,
  })
  const start = clock.now()
  const nextAnswer = async (key: string): Promise<Outcome> => {
    seen.push({ key, at: clock.now() - start })
    const answer = answers.shift() ?? done()
    if (answer instanceof Error) throw answer
    return answer
  }
  controller.start(reconcile ?? nextAnswer)
  const told = (): [unknown, unknown][] => log.lines.map(({ level, msg }) => [level, msg])
  return { clock, log, controller, seen, told }
}

describe('when a key is reconciled again', () => {
  test.each<[string, Outcome | Error, number | undefined]>([
    ['done, and nothing falls due', done(), undefined],
    ['done, look again later', done(MINUTE), MINUTE],
    ['waiting for something', wait('SecretNotFound', 30 * SECOND), 30 * SECOND],
    ['blocked on a person', blocked('InvalidClient', 5 * MINUTE), 5 * MINUTE],
    ['failed', retry(new Error('no')), 750],
    ['failed, with a time before which not to come', retry(new Error('no'), 10 * SECOND), 10.5 * SECOND],
    ['failed, with something else due sooner', retry(new Error('no'), MINUTE, 2 * SECOND), 2 * SECOND],
    ['failed, with something else due long ago', retry(new Error('no'), MINUTE, -SECOND), 500],
    ['crashed', new TypeError('undefined is not a function'), 750],
    ['done, with a reckoning gone wrong', done(NaN), 100],
    ['done, at once', done(0), 100],
  ])('%s', async (_, answer, pause) => {
    const { clock, controller, seen } = setUp([answer])
    controller.add('ns/a')
    await settle()
    await clock.advance(60 * MINUTE)
    expect(seen.map(({ at }) => at)).toEqual(about(pause === undefined ? [0] : [0, pause]))
  })

  test.each([done(), wait('x', MINUTE), blocked('x', MINUTE)])(
    'after its first backoff again, once it was $kind',
    async (good) => {
      const no = retry(new Error('no'))
      const { clock, controller, seen } = setUp([no, no, no, good, no])
      controller.add('ns/a')
      await settle()
      await clock.advance(20 * SECOND)
      controller.add('ns/a')
      await settle()
      await clock.advance(SECOND)
      expect(seen.map(({ at }) => at)).toEqual(about([0, 750, 2_250, 5_250, 20 * SECOND, 20_750]))
    },
  )

  test('at once if it was added meanwhile, whatever its outcome asks for', async () => {
    let finish: (outcome: Outcome) => void = () => undefined
    const seen: string[] = []
    const { clock, controller } = setUp([], {
      reconcile: (key) => {
        seen.push(key)
        return seen.length === 1 ? new Promise((resolve) => (finish = resolve)) : Promise.resolve(done())
      },
    })
    controller.add('ns/a')
    await settle()
    controller.add('ns/a')
    finish(retry(new Error('no'), MINUTE))
    await settle()
    expect(seen).toHaveLength(2)
    await clock.advance(60 * MINUTE)
    expect(seen).toHaveLength(2)
  })

  test('sooner than its outcome asks for, if it is added for sooner', async () => {
    const { clock, controller, seen } = setUp([done(MINUTE), done(MINUTE)])
    controller.add('ns/a')
    await settle()
    controller.add('ns/a', 2 * SECOND)
    controller.add('ns/a', 30 * SECOND)
    await clock.advance(MINUTE)
    expect(seen.map(({ at }) => at)).toEqual(about([0, 2 * SECOND]))
    await clock.advance(2 * SECOND)
    expect(seen.map(({ at }) => at)).toEqual(about([0, 2 * SECOND, 62 * SECOND]))
  })
})

describe('adding a key', () => {
  test('reconciles nothing before the caller has returned', async () => {
    const { controller, seen } = setUp()
    controller.add('ns/a')
    expect(seen).toEqual([])
    await settle()
    expect(seen).toHaveLength(1)
  })

  test('without a delay puts it before keys of low priority', async () => {
    const { controller, seen } = setUp()
    for (const key of ['routine-1', 'routine-2']) controller.add(key, 0)
    controller.add('new')
    await settle()
    expect(seen.map(({ key }) => key)).toEqual(['new', 'routine-1', 'routine-2'])
  })
})

describe('the log', () => {
  test('reports a failure once, with the time of the retry, and its end', async () => {
    const { clock, controller, log } = setUp([retry(new Error('no')), retry(new Error('no')), done(), done()])
    controller.add('ns/a')
    await settle()
    await clock.advance(MINUTE)
    controller.add('ns/a')
    await settle()
    expect(log.lines).toMatchObject([
      { level: 'warn', controller: 'agent', key: 'ns/a', error: { message: 'no' }, retryInSeconds: 1 },
      { level: 'info', controller: 'agent', key: 'ns/a', msg: 'recovered' },
    ])
    expect(log.lines[0]).not.toHaveProperty('stack')
  })

  test('reports where an exception came from, and nothing secret from its message', async () => {
    const { controller, log } = setUp([new TypeError('alice@example.com has no ya29.a0secret')])
    controller.add('ns/a')
    await settle()
    expect(log.lines[0]?.stack).toContain('controller.test.ts')
    expect(log.text).not.toMatch(/alice@|a0secret/)
  })

  test('reports once that a person must act, and waiting only at the debug level', async () => {
    const waiting = wait('SecretNotFound', SECOND)
    const stuck = blocked('InvalidClient', SECOND)
    const { clock, controller, told } = setUp([waiting, waiting, stuck, stuck, retry(new Error('x')), stuck, done()])
    controller.add('ns/a')
    await settle()
    await clock.advance(MINUTE)
    expect(told()).toEqual([
      ['debug', 'waiting'],
      ['info', 'blocked: a person has to act'],
      ['warn', 'reconcile failed'],
      ['info', 'blocked: a person has to act'],
      ['info', 'recovered'],
    ])
  })

  test('does not repeat an outage that has its own log line, nor its end', async () => {
    const known = Object.assign(new Error('the API server is away'), { isReported: true })
    const { clock, controller, told } = setUp([retry(known), done()])
    controller.add('ns/a')
    await settle()
    await clock.advance(MINUTE)
    expect(told()).toEqual([['debug', 'reconcile failed']])
  })

  test('does not report a key that only had to wait a moment', async () => {
    const { clock, controller, told } = setUp([wait('NotYetSynced', SECOND), done()])
    controller.add('ns/a')
    await settle()
    await clock.advance(MINUTE)
    expect(told()).toEqual([['debug', 'waiting']])
  })

  test.each([
    ['a string', 'odd'],
    ['nothing', undefined],
    ['an object', { a: 1 }],
  ])('copes with %s thrown', async (_, odd) => {
    const reconcile = (): Promise<Outcome> => {
      // eslint sees to it that we throw errors; a library may throw anything.
      throw odd as unknown as Error
    }
    const { controller, told } = setUp([], { reconcile })
    controller.add('ns/a')
    await settle()
    expect(told()).toEqual([['warn', 'reconcile failed']])
  })
})

describe('stopping', () => {
  test('aborts a reconcile that does not end within the grace period, and not before', async () => {
    const signals: AbortSignal[] = []
    const { clock, controller } = setUp([], {
      workers: 2,
      reconcile: (_key, signal) => {
        signals.push(signal)
        return new Promise(() => undefined)
      },
    })
    for (const key of ['ns/a', 'ns/b']) controller.add(key)
    await settle()
    const stopped = controller.stop(5 * SECOND)
    await clock.advance(5 * SECOND - 1)
    expect(signals.map((signal) => signal.aborted)).toEqual([false, false])
    await clock.advance(1)
    expect(await stopped).toBe(false)
    expect(signals.map((signal) => signal.aborted)).toEqual([true, true])
  })

  test('aborts nothing if every reconcile ends in time, and leaves no timer behind', async () => {
    let finish: (outcome: Outcome) => void = () => undefined
    const signals: AbortSignal[] = []
    const { clock, controller } = setUp([], {
      reconcile: (_key, signal) => {
        signals.push(signal)
        return new Promise((resolve) => (finish = resolve))
      },
    })
    controller.add('ns/a')
    await settle()
    const stopped = controller.stop(5 * SECOND)
    finish(retry(new Error('no')))
    expect(await stopped).toBe(true)
    expect(signals[0]?.aborted).toBe(false)
    expect(clock.pending).toEqual([])
  })

  test('is final, also before the start', async () => {
    const { controller, seen } = setUp()
    controller.add('ns/a')
    await controller.stop(SECOND)
    controller.start(() => Promise.resolve(done()))
    controller.add('ns/b')
    await settle()
    expect(seen).toEqual([])
    expect(controller.depth).toBe(0)
  })
})

describe('whether work makes progress', () => {
  /** One key that is processed until the test ends, and the time since its last progress, in minutes. */
  const busy = async () => {
    const { clock, controller } = setUp([], { reconcile: () => new Promise<Outcome>(() => undefined) })
    controller.add('a')
    await settle()
    return { clock, controller, still: () => Math.round(controller.stuckMs / MINUTE) }
  }

  test('is judged by progress, however long a reconcile takes', async () => {
    const { clock, controller, still } = await busy()
    for (let page = 0; page < 50; page++) {
      await clock.advance(MINUTE)
      controller.progress('a')
    }
    expect(still()).toBe(0)
    await clock.advance(12 * MINUTE)
    expect(still()).toBe(12)
  })

  test('is not judged by the time of day', async () => {
    const { clock, still } = await busy()
    clock.setTimeOfDay(12 * MINUTE)
    expect(still()).toBe(0)
    clock.setTimeOfDay(-60 * MINUTE)
    await clock.advance(11 * MINUTE)
    expect(still()).toBe(11)
  })

  test('a key that is stuck is not hidden by others that make progress', async () => {
    const never = new Promise<Outcome>(() => undefined)
    const { clock, controller } = setUp([], {
      workers: 2,
      reconcile: (key) => (key === 'stuck' ? never : Promise.resolve(done(MINUTE))),
    })
    for (const key of ['stuck', 'b']) controller.add(key)
    await settle()
    await clock.advance(11 * MINUTE)
    expect(Math.round(controller.stuckMs / MINUTE)).toBe(11)
  })

  test('keys that nobody processes count as stuck, too', async () => {
    const { clock, controller, still } = await busy()
    controller.add('b')
    await clock.advance(5 * MINUTE)
    expect(still()).toBe(5)
    controller.progress('a')
    expect(still()).toBe(0)
  })

  test('nothing is stuck if there is nothing to do, or before the start', async () => {
    const { clock, controller } = setUp([done()])
    controller.add('a')
    await clock.advance(60 * MINUTE)
    expect(controller.stuckMs).toBe(0)
    const options = { name: 'agent', workers: 1, clock, random: () => 0.5, log: keepLog('debug', clock) }
    const candidate = createController(options)
    candidate.add('a')
    await clock.advance(60 * MINUTE)
    expect(candidate.stuckMs).toBe(0)
  })
})

describe('after an outage that affected every key', () => {
  const struck = retry(Object.assign(new Error('the API server is away'), { isReported: true }))

  /** The backoff is long by then. */
  const untilPatient = async (clock: ManualClock): Promise<void> => {
    for (let turn = 0; turn < 30 * 60 + 7; turn++) await clock.advance(SECOND)
  }

  test('the keys that failed because of it are reconciled soon, and no others', async () => {
    const own = retry(new Error('no'))
    const { clock, controller, seen } = setUp([], {
      reconcile: async (key) => {
        seen.push({ key, at: clock.now() })
        return key === 'ns/own' ? own : struck
      },
    })
    for (const key of ['ns/struck', 'ns/own']) controller.add(key)
    await untilPatient(clock)
    const before = seen.length
    controller.resume()
    await clock.advance(SECOND)
    expect(seen.slice(before).map(({ key }) => key)).toEqual(['ns/struck'])
  })

  test('a key that failed long ago and works now is left alone', async () => {
    const { clock, controller, seen } = setUp([struck])
    controller.add('ns/a')
    await clock.advance(10 * MINUTE)
    controller.resume()
    await clock.advance(10 * MINUTE)
    expect(seen).toHaveLength(2)
  })

  test('that ends again and again, no key is reconciled more than once a minute because of it', async () => {
    const { clock, controller, seen } = setUp(Array<Outcome>(100).fill(struck))
    controller.add('ns/a')
    await untilPatient(clock)
    const before = seen.length
    for (let turn = 0; turn < 100; turn++) {
      controller.resume()
      await clock.advance(SECOND)
    }
    expect(seen.length - before).toBeLessThanOrEqual(3)
  })
})
