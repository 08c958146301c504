import { defineConfig } from 'vitest/config'

/** What runs on a real kube-apiserver: the tests that need one, and once more the journeys of `make test`. */
export default defineConfig({
  test: {
    include: ['test/real/**/*.test.ts', 'test/journeys/**/*.test.ts'],
    // Finds or builds the programs before the first test, so that no test's time limit has to allow for it.
    globalSetup: ['test/real/setup.ts'],
    // What `startWorld` of the journeys takes for its default.
    env: { KUBERNETES: 'real' },
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // A control plane takes a core and 400 MB, so one file at a time, all in one process: what journeys start once, they
    // share. It ends with that process.
    pool: 'forks',
    maxWorkers: 1,
    fileParallelism: false,
    isolate: false,
  },
})
