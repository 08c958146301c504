import { defineConfig } from 'vitest/config'

/** What `make mutation` runs after each change of the code: stryker.config.mjs says which tests. */
export default defineConfig({
  test: {
    include: (process.env.MUTATION_TESTS ?? '').split(' '),
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
})
