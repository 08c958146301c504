import { defineConfig } from 'vitest/config'

/** What needs a browser: the pages as people see them, and whole sign-ins. */
export default defineConfig({
  test: {
    include: ['test/browser/**/*.browser.ts'],
    // Long enough for any wait inside a test, on a machine that others keep busy.
    testTimeout: 120_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 60_000 } },
    // A browser takes a core: one file at a time.
    maxWorkers: 1,
    fileParallelism: false,
  },
})
