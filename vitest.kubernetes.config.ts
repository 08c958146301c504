import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config'

/** Each project's API server leaves its audit log here, and each journey the statuses that it saw, for the last one. test/real/setup.ts throws it away. */
const AUDIT_LOGS = (process.env.AUDIT_LOGS ??= mkdtempSync(join(tmpdir(), 'audit-')))

/** Projects run in the order of their numbers, each in a process of its own, which its API server ends with. */
const project = (
  groupOrder: number,
  name: string,
  { env, ...test }: NonNullable<TestProjectInlineConfiguration['test']>,
): TestProjectInlineConfiguration => ({
  test: {
    name,
    sequence: { groupOrder },
    // What `startWorld` of the journeys takes for its default.
    env: { KUBERNETES: 'real', AUDIT_LOGS, SNAPSHOTS: join(AUDIT_LOGS, 'snapshots'), ...env },
    // Longer than any wait inside a test, so that it is the wait that fails, and says what it waited for.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 60_000 } },
    // A control plane takes a core and 400 MB, so one file at a time: what journeys start once, they share.
    pool: 'forks',
    maxWorkers: 1,
    fileParallelism: false,
    isolate: false,
    ...test,
  },
})

const JOURNEYS = 'test/journeys/**/*.test.ts'

/** What they ask of Kubernetes, rights.test.ts does too. */
const LONG_JOURNEYS = ['test/journeys/credentials.test.ts', 'test/journeys/publishing.test.ts']

/** What runs on a real kube-apiserver: the tests that need one, and once more the journeys of `make test`. */
export default defineConfig({
  test: {
    // Finds or builds the programs before the first test, so that no test's time limit has to allow for it.
    globalSetup: ['test/real/setup.ts'],
    projects: [
      project(0, 'real', {
        include: ['test/real/**/*.test.ts'],
        exclude: ['test/real/audit/**'],
        // Here the operator lacks rights on purpose: that is nothing to compare.
        env: { RBAC: 'namespaced', AUDIT_LOGS: '' },
      }),
      project(1, 'cluster-wide', { include: [JOURNEYS], env: { RBAC: 'cluster-wide' } }),
      project(2, 'namespaced', { include: [JOURNEYS], exclude: LONG_JOURNEYS, env: { RBAC: 'namespaced' } }),
      // Last: what the journeys asked for, against what the shipped roles allow; and what they showed, as others judge it.
      project(3, 'audit', { include: ['test/real/audit/**/*.test.ts'] }),
    ],
  },
})
