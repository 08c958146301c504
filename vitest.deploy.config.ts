import { defineConfig } from 'vitest/config'

/** What the operator is installed by: kustomize and Helm, their output judged by the tools that others judge it with. */
export default defineConfig({
  test: {
    include: ['test/deploy/**/*.deploy.ts'],
    globalSetup: ['test/deploy/setup.ts'],
    // Long enough for any wait inside a test, on a machine that others keep busy.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    // One API server at a time.
    maxWorkers: 1,
    fileParallelism: false,
  },
})
