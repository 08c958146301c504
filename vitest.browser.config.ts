import { defineConfig } from 'vitest/config'

/** What needs a browser: the pages as people see them, and whole sign-ins. */
export default defineConfig({
  test: {
    include: ['test/browser/**/*.browser.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // A browser takes a core: one file at a time.
    maxWorkers: 1,
    fileParallelism: false,
  },
})
