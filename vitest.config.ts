import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // What needs a real API server runs by `make test-kubernetes`, what needs a browser by `make test-browser`, what needs
    // Prometheus' tools by `make test-operations`.
    exclude: ['test/real/**', 'test/browser/**', 'test/operations/**'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Two slow cores: more workers than that only make every test slower.
    maxWorkers: 2,
  },
})
