import { describe, expect, test, vi } from 'vitest'
import { blocked, done, retry, wait, type Outcome } from '../../src/controller/outcome.ts'
import { about, settle } from '../support/clock.ts'
import { setUp } from './support/controller.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND

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
    controller.addAfter('ns/a', 2 * SECOND)
    controller.addAfter('ns/a', 30 * SECOND)
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
    for (const key of ['routine-1', 'routine-2']) controller.addLowPriority(key)
    controller.add('new')
    await settle()
    expect(seen.map(({ key }) => key)).toEqual(['new', 'routine-1', 'routine-2'])
  })
})

describe('the workers', () => {
  test('are left to other groups by a group whose reconciles never end', async () => {
    const seen: string[] = []
    const { controller } = setUp([], {
      workers: 4,
      groupsOf: (key) => key.split('/').slice(0, 1),
      reconcile: (key) => {
        seen.push(key)
        return new Promise(() => undefined)
      },
    })
    for (let key = 0; key < 10; key++) controller.add(`slow/${key}`)
    await settle()
    controller.add('honest/alice')
    await settle()
    expect(seen).toEqual(['slow/0', 'slow/1', 'slow/2', 'honest/alice'])
  })

  test('are joined by another one for each group that has none, while slow groups have all', async () => {
    const seen: string[] = []
    const { controller } = setUp([], {
      workers: 4,
      groupsOf: (key) => key.split('/').slice(0, 1),
      reconcile: (key) => {
        seen.push(key)
        return new Promise(() => undefined)
      },
    })
    for (const group of ['a', 'b', 'c', 'd']) for (const name of ['x', 'y', 'z']) controller.add(`${group}/${name}`)
    await settle()
    expect(seen).toEqual(['a/x', 'b/x', 'c/x', 'd/x'])
    for (const name of ['alice', 'bob']) controller.add(`honest/${name}`)
    await settle()
    expect(seen.slice(4)).toEqual(['honest/alice'])
    for (let group = 0; group < 100; group++) controller.add(`late-${group}/x`)
    await settle()
    expect(seen).toHaveLength(8)
  })

  test('are joined by no other one if there are no groups', async () => {
    const seen: string[] = []
    const { controller } = setUp([], {
      workers: 2,
      reconcile: (key) => {
        seen.push(key)
        return new Promise(() => undefined)
      },
    })
    for (const key of ['a', 'b', 'c']) controller.add(key)
    await settle()
    expect(seen).toEqual(['a', 'b'])
  })
})

describe('the metrics', () => {
  test.each([
    ['success', done()],
    ['error', retry(new Error('no'))],
    ['requeue_after', wait('SecretNotFound', MINUTE)],
    ['requeue_after', blocked('InvalidClient', MINUTE)],
  ])('count %s, and how many seconds the reconcile took', async (result, outcome) => {
    const reconciled = vi.fn()
    const ignored = (): void => undefined
    const queue = { added: ignored, retried: ignored, taken: ignored, done: ignored }
    let finish: (outcome: Outcome) => void = ignored
    const { clock, controller } = setUp([], {
      metrics: { queue, observe: ignored, reconciled },
      reconcile: () => new Promise((resolve) => (finish = resolve)),
    })
    controller.add('ns/a')
    await settle()
    await clock.advance(3 * SECOND)
    finish(outcome)
    await settle()
    expect(reconciled.mock.calls).toEqual([[result, 3]])
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

  test('reports a failure that follows another one, once each', async () => {
    const [first, second] = [retry(new Error('first')), retry(new Error('second'))]
    const { clock, controller, log } = setUp([first, first, second, second])
    controller.add('ns/a')
    await settle()
    await clock.advance(MINUTE)
    expect(log.lines.map(({ error, msg }) => (error as Error | undefined)?.message ?? msg)).toEqual([
      'first',
      'second',
      'recovered',
    ])
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
      ['warn', 'blocked: a person has to act'],
      ['warn', 'reconcile failed'],
      ['warn', 'blocked: a person has to act'],
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
  test('waits no longer than the grace period for a reconcile that does not end', async () => {
    const { clock, controller } = setUp([], { workers: 2, reconcile: () => new Promise(() => undefined) })
    for (const key of ['ns/a', 'ns/b']) controller.add(key)
    await settle()
    let ended: boolean | undefined
    void controller.stop(5 * SECOND).then((all) => (ended = all))
    await clock.advance(5 * SECOND - 1)
    expect(ended).toBeUndefined()
    await clock.advance(1)
    expect(ended).toBe(false)
  })

  test('waits until every reconcile has ended, and leaves no timer behind', async () => {
    const finish: ((outcome: Outcome) => void)[] = []
    const { clock, controller } = setUp([], {
      workers: 2,
      reconcile: () => new Promise((resolve) => finish.push(resolve)),
    })
    for (const key of ['ns/a', 'ns/b']) controller.add(key)
    await settle()
    let ended: boolean | undefined
    void controller.stop(5 * SECOND).then((all) => (ended = all))
    finish[0]?.(retry(new Error('no')))
    await settle()
    expect(ended).toBeUndefined()
    finish[1]?.(done())
    await settle()
    expect(ended).toBe(true)
    expect(clock.pending).toEqual([])
  })

  test('is final, also before the start', async () => {
    const { controller, seen } = setUp()
    controller.add('ns/a')
    expect(await controller.stop(SECOND)).toBe(true)
    controller.start(() => Promise.resolve(done()))
    controller.add('ns/b')
    await settle()
    expect(seen).toEqual([])
    expect(controller.depth).toBe(0)
  })
})
