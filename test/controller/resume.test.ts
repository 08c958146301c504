/** What a controller does once an outage that affected every key is over. */
import { describe, expect, test } from 'vitest'
import { retry, type Outcome } from '../../src/controller/outcome.ts'
import { about, settle, type ManualClock } from '../support/clock.ts'
import { setUp } from './support/controller.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND

describe('after an outage that affected every key', () => {
  const away = Object.assign(new Error('the API server is away'), { isReported: true })
  const struck = retry(away)

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

  test('that concerned no key, the next one is not kept waiting', async () => {
    const { clock, controller, seen } = setUp([retry(away, 10 * MINUTE)])
    controller.resume()
    controller.add('ns/a')
    await settle()
    controller.resume()
    await clock.advance(SECOND)
    expect(seen).toHaveLength(2)
  })

  test.each([
    [1, SECOND],
    [100, 5 * SECOND],
    [2_000, 30 * SECOND],
  ])('%i keys are reconciled at random moments within %i ms', async (count, longest) => {
    /** How long it takes until all of them are reconciled, in ms. */
    const takes = async (random: number): Promise<number> => {
      const { clock, controller, seen } = setUp(Array<Outcome>(count).fill(retry(away, 10 * MINUTE)), {
        random: () => random,
      })
      for (let key = 0; key < count; key++) controller.add(`ns/${key}`)
      await settle()
      controller.resume()
      await settle()
      await clock.advance(MINUTE)
      expect(seen).toHaveLength(2 * count)
      return seen.at(-1)?.at ?? NaN
    }
    expect([await takes(0), await takes(1)]).toEqual(about([0, longest]))
  })
})
