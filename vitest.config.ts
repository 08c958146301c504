import { defineConfig } from 'vitest/config'

/** What needs a real API server runs by `make test-kubernetes`, what needs Prometheus' tools by `make test-operations`. */
const ELSEWHERE = ['test/real/**', 'test/operations/**']

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ELSEWHERE,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // One more than the cores that CI has: a file that waits for a server, a program or a timer leaves its core to another one.
    maxWorkers: 3,
    // Importing the program takes two seconds: a process runs many files. No room keeps state in a module, and no test replaces one.
    isolate: false,
  },
})
