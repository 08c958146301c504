import { beforeEach, describe, expect, test } from 'vitest'
import { progressBefore } from '../../src/agent/progress.ts'
import { newAgentState, type AgentState } from '../../src/agent/state.ts'
import { read, runAll } from '../../src/agent/run-steps.ts'
import type { AgentRun, AgentStep } from '../../src/agent/steps.ts'
import type { AgentDeps } from '../../src/agent/port.ts'
import { publishAndPrune } from '../../src/agent/write-steps.ts'
import { GrantStore } from '../../src/grants/grant-store.ts'
import { createTokenSource } from '../../src/grants/token-source.ts'
import { ObjectState } from '../../src/kubernetes/object-states.ts'
import { ApiError } from '../../src/kubernetes/port.ts'
import { UnexpectedError } from '../../src/controller/outcome.ts'
import { ReconcileLogger } from '../../src/controller/reconcile-logger.ts'
import { createLog } from '../../src/platform/log.ts'
import { anAgent, anIntegration } from '../support/resources.ts'
import { ManualClock } from '../support/clock.ts'

const secret = 'Rendezvous with bob'
const failures = {
  'a mistake of ours': new TypeError("Cannot read properties of null (reading 'self')"),
  'an error that repeats what it stumbled over': new SyntaxError(`Unexpected token in ${secret}`),
  'something that is no error at all': secret,
  'a refusal of the API server': new ApiError('Forbidden', 'PATCH … answered 403'),
}

let tracked: ObjectState<AgentState>
let thrown: unknown

const fail = (): never => {
  throw thrown
}

/** Whatever a step asks of the cluster fails. */
const clock = new ManualClock()
const random = (): number => 0.5
const cluster = {
  secrets: { get: fail, byIndex: fail },
  configMaps: { get: fail, byIndex: fail },
  agents: { byIndex: fail },
} as unknown as AgentDeps['cluster']
const store = new GrantStore({ cluster, clock })
const tokens = createTokenSource({ store, clock, random, signInURL: () => undefined })
const deps = { clock, random, cluster, tokens } as unknown as AgentDeps

const run = (): AgentRun =>
  ({
    deps,
    agent: anAgent(),
    resolution: {
      kind: 'resolved',
      key: 'booking/google',
      integration: anIntegration(),
      entry: { siteAccepted: true, client: { credentials: {} } },
    },
  }) as unknown as AgentRun

beforeEach(() => {
  tracked = new ObjectState('uid-of-alice', newAgentState(0))
})

describe.each(Object.entries(failures))('a step that fails with %s', (_, error) => {
  beforeEach(() => {
    thrown = error
  })

  test('is a failure to read the calendars, and nothing more', async () => {
    const { failures, grant } = await read(run(), tracked)
    expect(failures.map(({ condition, requeue }) => [condition, requeue.kind])).toEqual([['Synced', 'retry']])
    expect([grant, failures[0]?.message.includes(secret)]).toEqual([undefined, false])
  })

  test('is a failure to publish, besides what failed before', async () => {
    const before = await read(run(), tracked)
    const { failures } = await runAll([publishAndPrune], run(), tracked, before)
    expect(failures.slice(0, 1)).toEqual(before.failures)
    expect(failures.length).toBeGreaterThan(1)
    expect(failures.some(({ message }) => message.includes(secret))).toBe(false)
  })
})

test('a step that throws before it waits for anything fails like any other, and the next one runs', async () => {
  thrown = failures['a mistake of ours']
  const reached: AgentStep = (_, __, progress) => ({ progress: { ...progress, reached: 'Google' } })
  const progress = await runAll([fail, reached], run(), tracked, progressBefore())
  expect(progress.failures.map(({ requeue }) => requeue.kind)).toEqual(['retry'])
  expect(progress.reached).toBe('Google')
})

test('a conflict ends the whole reconcile: what was decided on has changed', async () => {
  thrown = new ApiError('Conflict', 'PATCH … answered 409')
  await expect(async () => read(run(), tracked)).rejects.toBe(thrown)
})

test('a bug is logged once, with where it happened, and never with the data that caused it', () => {
  const lines: string[] = []
  const log = createLog({ level: 'debug', clock: new ManualClock(), write: (line) => void lines.push(line) })
  const logger = new ReconcileLogger('agent', log)
  const mistake = (): UnexpectedError => new UnexpectedError(failures['an error that repeats what it stumbled over'])
  for (let round = 0; round < 5; round++)
    logger.logOutcome('booking/alice', { outcome: { kind: 'retry', error: mistake() } })
  expect(lines).toHaveLength(1)
  expect(lines[0]).toContain('step-failures.test.ts')
  expect(lines[0]).not.toContain('Rendezvous')
})
