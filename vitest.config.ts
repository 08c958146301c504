import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // What needs a real API server runs by `make test-kubernetes`, what needs a browser by `make test-browser`.
    exclude: ['test/real/**', 'test/browser/**'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Two slow cores: more workers than that only make every test slower.
    maxWorkers: 2,
  },
})
