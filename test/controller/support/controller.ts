import { createController, type ControllerOptions, type Reconcile } from '../../../src/controller/controller.ts'
import { done, type Outcome } from '../../../src/controller/outcome.ts'
import { ManualClock } from '../../support/clock.ts'
import { keepLog } from '../../support/log.ts'

/** A controller whose reconcile answers with the next of `answers`, and with `done()` after the last. */
export function setUp(
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
