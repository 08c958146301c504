/**
 * Random objects, and random answers of Google, through both reconcilers: whatever comes, nothing crashes, every status is one
 * that the API server and kstatus take, nothing secret is shown, what is somebody else's stays, and what is published is never
 * freer than the last picture that was told truly. `make test` tries a few cases, `.ci/run` some thousands, and
 * `make fuzz` a hundred thousand (CASES=…); SEED=… repeats a run.
 */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { CASE } from './support/arbitraries.ts'
import { run } from './support/run.ts'

const CASES = Number(process.env.CASES ?? 50)
const BATCH = 1000
const SEED = Number(process.env.SEED ?? (process.env.CASES === undefined ? 20_261_128 : Date.now() % 2 ** 31))

it(
  'whatever Google answers and people write, the reconcilers hold their promises',
  { timeout: 24 * 3_600_000 },
  async () => {
    const unhandled: unknown[] = []
    const note = (error: unknown): void => void unhandled.push(error)
    process.on('unhandledRejection', note)
    for (let done = 0; done < CASES; done += BATCH) {
      const numRuns = Math.min(BATCH, CASES - done)
      const seed = SEED + done
      if (CASES > BATCH) process.stderr.write(`${done} of ${CASES} cases, seed ${seed}\n`)
      await fc.assert(
        fc.asyncProperty(CASE, async (given) => {
          expect(await run(given)).toEqual([])
          expect(unhandled).toEqual([])
        }),
        { numRuns, seed },
      )
    }
    process.off('unhandledRejection', note)
  },
)
