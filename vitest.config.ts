import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** What needs a real API server runs by `make test-kubernetes`, what needs Prometheus' tools by `make test-operations`. */
const ELSEWHERE = ['test/real/**', 'test/operations/**']

/** They wait for programs and deadlines most of their time: at the end, nothing would use the cores meanwhile. */
const WAITING = /\/test\/(kubernetes\/beside-kubectl|contract\/sandbox)\.test\.ts$/

/** Files that take long come first, so that all workers end together. A clean clone knows only the sizes of files. */
class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b))
  }
}

function rank({ moduleId }: TestSpecification): number {
  if (WAITING.test(moduleId)) return 0
  return moduleId.includes('/test/journeys/') ? 1 : 2
}

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ELSEWHERE,
    // Longer than any test takes on a busy machine: a wait inside a test fails by itself, and says what it waited for.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // One more than the cores that CI has: a file that waits for a server, a program or a timer leaves its core to another one.
    maxWorkers: 3,
    // Importing the program takes two seconds: a process runs many files. No room keeps state in a module, and no test replaces one.
    isolate: false,
    sequence: { sequencer: LongFirst },
  },
})
