import { defineConfig } from 'vitest/config'

/** What is made for those who run the operator, judged by their own tools: promtool, kstatus. */
export default defineConfig({
  test: {
    include: ['test/operations/**/*.test.ts'],
    globalSetup: ['test/operations/setup.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
  },
})
