import { defineConfig } from 'vitest/config'

/** The image, built by its Dockerfile and run as the Deployment says, without a container engine. */
export default defineConfig({
  test: {
    include: ['test/image/**/*.image.ts'],
    globalSetup: ['test/image/setup.ts'],
    // Long enough for any wait inside a test, on a machine that others keep busy.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    // One container with its API server at a time.
    maxWorkers: 1,
    fileParallelism: false,
  },
})
