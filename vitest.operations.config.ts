import { defineConfig } from 'vitest/config'

/** What is made for those who run the operator, judged by their own tools: promtool, kstatus. */
export default defineConfig({
  test: {
    include: ['test/operations/**/*.test.ts'],
    globalSetup: ['test/operations/setup.ts'],
    // Long enough for any wait inside a test, on a machine that others keep busy.
    testTimeout: 120_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 60_000 } },
    maxWorkers: 2,
  },
})
