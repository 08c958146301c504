/** What tells a controller that works from one that is stuck: `/healthz` and a metric say so. */
import { describe, expect, test } from 'vitest'
import { createController } from '../../src/controller/controller.ts'
import { done, type Outcome } from '../../src/controller/outcome.ts'
import { settle } from '../support/clock.ts'
import { keepLog } from '../support/log.ts'
import { setUp } from './support/controller.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND

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
    const never = (): Promise<Outcome> => new Promise<Outcome>(() => undefined)
    const { clock, controller } = setUp([], { workers: 2, reconcile: never })
    for (const key of ['stuck', 'b']) controller.add(key)
    await settle()
    await clock.advance(11 * MINUTE)
    controller.progress('b')
    expect(Math.round(controller.stuckMs / MINUTE)).toBe(11)
  })

  test('progress that is recorded after the end of its reconcile makes nothing stuck', async () => {
    const { clock, controller } = setUp([done()])
    controller.add('a')
    await settle()
    controller.progress('a')
    await clock.advance(60 * MINUTE)
    expect(controller.stuckMs).toBe(0)
  })

  test('keys that no worker takes count as stuck from the first of them, although none is processed', async () => {
    const { clock, controller } = setUp([], { workers: 0 })
    controller.add('a')
    await clock.advance(5 * MINUTE)
    controller.add('b')
    await clock.advance(MINUTE)
    expect(Math.round(controller.stuckMs / MINUTE)).toBe(6)
  })

  test('is visible for each key: since when it has been processed', async () => {
    const { clock, controller } = await busy()
    const since = clock.monotonic()
    await clock.advance(MINUTE)
    expect([...controller.processing]).toEqual([['a', since]])
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
