import { beforeEach, describe, expect, test } from 'vitest'
import type { Grant } from '../../src/grants/grant.ts'
import { hurry, isAway, noteAbsence, standingAbsence } from '../../src/agent/absence.ts'
import type { AccessRequest } from '../../src/agent/access.ts'
import { newAgentState, type AgentState } from '../../src/agent/state.ts'
import { stepFailure, type StepFailure } from '../../src/failures/step-failure.ts'
import { GoogleError } from '../../src/google/port.ts'
import { ManualClock } from '../support/clock.ts'

const SECOND = 1_000
const error = new GoogleError('Unreachable', 'no answer')
const away = stepFailure('Authorized', 'GoogleUnreachable', 'Google is away.', { kind: 'retry', error })
const limited = (notBefore: number): StepFailure =>
  stepFailure('Synced', 'RateLimited', 'Google limits.', { kind: 'retry', error, notBefore })

let clock: ManualClock
let memory: AgentState
let interval: string
const grant = { refreshToken: 'one' } as Grant

beforeEach(() => {
  clock = new ManualClock()
  interval = '10s'
  memory = newAgentState('uid', clock.monotonic())
})

const request = (more: { force?: boolean; credentialsHash?: string } = {}): AccessRequest =>
  ({
    deps: { clock, random: () => 0.5 },
    memory,
    gate: {
      view: { credentialsHash: more.credentialsHash ?? 'hash', client: { limit: () => undefined } },
      integration: { spec: { sync: { interval } } },
    },
    force: more.force ?? false,
  }) as unknown as AccessRequest

const fail = (trouble: StepFailure): void => noteAbsence(request(), grant, { failures: [trouble], grant: undefined })
const left = (): number | undefined => {
  const requeue = standingAbsence(request(), grant)?.failures[0]?.requeue
  return requeue?.kind === 'retry' ? requeue.notBefore : undefined
}

describe('while Google is away', () => {
  test('nothing wakes an agent before its backoff is over', async () => {
    fail(away)
    expect(left()).toBeCloseTo(750, 0)
    await clock.advance(700)
    expect(left()).toBeCloseTo(50, 0)
    await clock.advance(50)
    expect(standingAbsence(request(), grant)).toBeUndefined()
  })

  test('the backoff doubles, and does not outgrow the interval', () => {
    const pauses = Array.from({ length: 7 }, () => {
      fail(away)
      return Math.round(left() ?? 0)
    })
    expect(pauses).toEqual([750, 1_500, 3_000, 6_000, 8_750, 8_750, 8_750])
  })

  test('it begins anew once Google has answered', () => {
    for (let turn = 0; turn < 5; turn++) fail(away)
    noteAbsence(request(), grant, { failures: [], grant })
    expect(memory.absence).toBeUndefined()
    fail(away)
    expect(left()).toBeCloseTo(750, 0)
  })

  test('a look that is asked for, another grant or other credentials pass over it', () => {
    fail(away)
    expect(standingAbsence(request({ force: true }), grant)).toBeUndefined()
    expect(standingAbsence(request({ credentialsHash: 'other' }), grant)).toBeUndefined()
    expect(standingAbsence(request(), { ...grant, refreshToken: 'two' })).toBeUndefined()
    expect(standingAbsence(request(), grant)).toBeDefined()
  })

  test('it ends when somebody else was answered, but the time that a limit asked for does not', async () => {
    interval = '1h'
    for (let turn = 0; turn < 6; turn++) fail(away)
    expect(isAway(memory)).toBe(true)
    await clock.advance(12 * SECOND)
    expect(hurry(clock, memory, 500)).toBe(500)
    expect(standingAbsence(request(), grant)).toBeDefined()
    await clock.advance(501)
    expect(standingAbsence(request(), grant)).toBeUndefined()
    fail(limited(60 * SECOND))
    expect(isAway(memory)).toBe(false)
    expect(left()).toBeGreaterThanOrEqual(60 * SECOND)
  })

  test('who is hurried in vain is hurried less and less', () => {
    interval = '1h'
    const pauses = [1, 2, 3].map(() => {
      for (let turn = 0; turn < 8; turn++) fail(away)
      return hurry(clock, memory, 500)
    })
    expect(pauses).toEqual([10, 20, 40].map((seconds) => seconds * SECOND))
  })

  test('a failure of our own is no absence', () => {
    fail(stepFailure('Synced', 'PublishFailed', 'Not taken.', { kind: 'retry', error: new Error('403') }))
    expect(memory.absence).toBeUndefined()
  })
})
