/** What the loop promises, whatever comes in whatever order: schedules are made up by fast-check, time is frozen. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createController, type Controller } from '../../src/controller/controller.ts'
import { blocked, done, retry, wait, type Outcome } from '../../src/controller/outcome.ts'
import { ManualClock, settle } from '../support/clock.ts'
import { silent } from '../support/log.ts'

const steady = (): number => 0.5

const key = fc.constantFrom('a', 'b', 'c')
const steps = fc.array(
  fc.oneof(
    fc.record({ do: fc.constant('add' as const), key }),
    fc.record({ do: fc.constant('addLater' as const), key, delay: fc.integer({ min: 0, max: 5_000 }) }),
    fc.record({ do: fc.constant('finish' as const), which: fc.nat(2), outcome: fc.nat(3) }),
    fc.record({ do: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 3_000 }) }),
  ),
  { maxLength: 60 },
)

const OUTCOMES: (() => Outcome)[] = [
  () => done(),
  () => retry(new Error('made up')),
  () => wait('made up', 1_000),
  () => blocked('made up', 2_000),
]

/** A controller whose reconciles end when the test says so. */
class ControllerHarness {
  readonly clock = new ManualClock()
  readonly controller: Controller
  readonly processing: { key: string; end: (outcome: Outcome) => void; fail: (error: Error) => void }[] = []
  /** The last time at which each key was begun. */
  readonly begunAt = new Map<string, number>()
  twice = false

  constructor(workers = 2) {
    this.controller = createController({
      name: 'test',
      workers,
      clock: this.clock,
      random: steady,
      log: silent,
    })
    this.controller.start((one) => this.#begin(one))
  }

  #begin(one: string): Promise<Outcome> {
    if (this.processing.some((other) => other.key === one)) this.twice = true
    this.begunAt.set(one, this.clock.now())
    return new Promise((resolve, reject) => {
      const leave = (): void => void this.processing.splice(this.processing.indexOf(entry), 1)
      const entry = {
        key: one,
        end: (outcome: Outcome) => (leave(), resolve(outcome)),
        fail: (error: Error) => (leave(), reject(error)),
      }
      this.processing.push(entry)
    })
  }

  /** Ends everything, until nothing more begins. */
  async drain(): Promise<void> {
    await settle()
    while (this.processing.length > 0) {
      for (const { end } of [...this.processing]) end(done())
      await settle()
    }
  }
}

describe('whatever is added, whenever', () => {
  test('no key is ever processed twice at once, and never more keys than there are workers', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (list) => {
        const harness = new ControllerHarness()
        let most = 0
        for (const step of list) {
          if (step.do === 'add') harness.controller.add(step.key)
          else if (step.do === 'addLater') harness.controller.addAfter(step.key, step.delay)
          else if (step.do === 'pass') await harness.clock.advance(step.ms)
          else harness.processing[step.which]?.end(OUTCOMES[step.outcome]!())
          await settle()
          most = Math.max(most, harness.processing.length)
        }
        expect(harness.twice).toBe(false)
        expect(most).toBeLessThanOrEqual(2)
      }),
      { numRuns: 60, seed: 1 },
    )
  })

  test('a key is processed after it was last added, and by the time that it was added for', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (list) => {
        const harness = new ControllerHarness(3)
        const wished = new Map<string, number>()
        for (const step of list) {
          const now = harness.clock.now()
          if (step.do === 'add') {
            harness.controller.add(step.key)
            wished.set(step.key, now)
          } else if (step.do === 'addLater') {
            harness.controller.addAfter(step.key, step.delay)
            wished.set(step.key, Math.max(now, wished.get(step.key) ?? 0))
          } else if (step.do === 'pass') await harness.clock.advance(step.ms)
          await harness.drain()
        }
        await harness.clock.advance(10_000)
        await harness.drain()
        for (const [one, at] of wished) expect(harness.begunAt.get(one)).toBeGreaterThanOrEqual(at)
      }),
      { numRuns: 60, seed: 2 },
    )
  })
})
