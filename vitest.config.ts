import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // What needs a real API server runs by `make test-kubernetes`, what needs a browser by `make test-browser`, what needs
    // Prometheus' tools by `make test-operations`.
    exclude: ['test/real/**', 'test/browser/**', 'test/operations/**'],
    // Long enough for any wait inside a test, on a machine that others keep busy.
    testTimeout: 120_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 60_000 } },
    // Two slow cores: more workers than that only make every test slower.
    maxWorkers: 2,
  },
})
