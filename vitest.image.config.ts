import { defineConfig } from 'vitest/config'

/** The image, built by its Dockerfile and run as the Deployment says, without a container engine. */
export default defineConfig({
  test: {
    include: ['test/image/**/*.image.ts'],
    globalSetup: ['test/image/setup.ts'],
    testTimeout: 60_000,
    hookTimeout: 180_000,
    // One container with its API server at a time.
    maxWorkers: 1,
    fileParallelism: false,
  },
})
