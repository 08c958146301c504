import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

const isTest = (name: string): boolean => name.endsWith('.test.ts')
const replacesModules = (path: string): boolean =>
  readFileSync(join(import.meta.dirname, path), 'utf8').includes('vi.mock(')

/** Files that replace modules, change flags of V8 or count what their process holds: each needs a process of its own. */
const ISOLATED = [
  ...readdirSync(join(import.meta.dirname, 'test'), { recursive: true, encoding: 'utf8' })
    .map((name) => `test/${name}`)
    .filter((path) => isTest(path) && replacesModules(path)),
  'test/platform/heap.test.ts',
  'test/lifecycle.test.ts',
  'test/process.test.ts',
]

/** What needs a real API server runs by `make test-kubernetes`, what needs Prometheus' tools by `make test-operations`. */
const ELSEWHERE = ['test/real/**', 'test/operations/**']

const common = { testTimeout: 30_000, hookTimeout: 60_000 }

export default defineConfig({
  test: {
    // Two slow cores: more workers than that only make every test slower.
    maxWorkers: 2,
    projects: [
      {
        test: {
          ...common,
          name: 'shared',
          include: ['test/**/*.test.ts'],
          exclude: [...ELSEWHERE, ...ISOLATED],
          // Importing the program takes two seconds: a process runs many files. No room keeps state in a module.
          isolate: false,
        },
      },
      { test: { ...common, name: 'isolated', include: ISOLATED } },
    ],
  },
})
