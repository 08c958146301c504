import { defineConfig } from 'vitest/config'

/** The files of a release, made under dist/release and checked. */
export default defineConfig({
  test: {
    include: ['test/release/**/*.release.ts'],
    globalSetup: ['test/release/setup.ts'],
    testTimeout: 60_000,
    hookTimeout: 180_000,
    maxWorkers: 1,
    fileParallelism: false,
  },
})
