import { beforeEach, describe, expect, test } from 'vitest'
import { ApiError, type EventRecord } from '../../src/kubernetes/port.ts'
import {
  asWritten,
  isOverwritten,
  withOwnStatus,
  writeReport,
  type StatusReport,
} from '../../src/kubernetes/status-report.ts'
import { conditionsFor, findCondition } from '../../src/resources/conditions.ts'
import type { Agent, AgentStatus } from '../../src/resources/types.ts'
import { statusProblems } from '../support/kstatus.ts'
import { anAgent } from '../support/resources.ts'

const now = Date.parse('2026-11-23T10:00:00Z')
const refusal = new ApiError(
  'Invalid',
  'PATCH … answered 422 Invalid (status.authorization.account: FieldValueTooLong)',
)

let agent: Agent
/** The status that we wrote last. */
let own: AgentStatus | undefined
/** What the API server says of each write. */
let answers: (ApiError | 'taken')[]
let written: AgentStatus[]
let notes: EventRecord[]

beforeEach(() => {
  agent = anAgent()
  own = undefined
  answers = []
  written = []
  notes = []
})

const cluster = {
  writeStatus: async (object: object, status: AgentStatus) => {
    const answer = answers.shift() ?? 'taken'
    if (answer !== 'taken') throw answer
    written.push(status)
    agent = { ...(object as Agent), status: structuredClone(status) }
    return agent.status
  },
  recordEvent: (event: EventRecord) => void notes.push(event),
}
const deps = { cluster, clock: { now: () => now }, log: { info: () => undefined, warn: () => undefined } }

const refused: StatusReport<'Agent'>['refused'] = (message) => {
  const finding = { status: 'False', reason: 'PublishFailed', message } as const
  return { ready: finding, own: { Synced: finding } }
}
/** @throws ApiError why the status could not be written. */
async function report(status: AgentStatus): Promise<void> {
  const about = { kind: 'Agent', object: agent, written: own, generation: 1, refused } as const
  const result = await writeReport(deps, about, asWritten('Agent', status))
  own = result.written
  if (result.error) throw result.error
}

const readyStatus = (): AgentStatus => {
  const ready = { status: 'True', reason: 'Ready', message: 'All is well.' } as const
  const conditions = { Authorized: { ...ready, reason: 'Granted' }, Synced: { ...ready, reason: 'Synced' } } as const
  const before = { conditions: undefined, generation: 1, now }
  return { observedGeneration: 1, conditions: conditionsFor('Agent', { ready, own: conditions }, before) }
}
const reasonOf = (type: string): string | undefined => findCondition(agent.status?.conditions, type)?.reason

describe('a status that somebody has overwritten', () => {
  test('is distinguished from an unchanged one, however often that was read since', async () => {
    await report(readyStatus())
    agent = { ...agent, status: structuredClone(agent.status) }
    expect(isOverwritten(agent, own)).toBe(false)
    agent = { ...agent, status: { ...agent.status, sync: { lastSyncTime: '2030-01-01T00:00:00Z' } } }
    expect(isOverwritten(agent, own)).toBe(true)
  })

  test('is ignored: the status that we wrote counts', async () => {
    await report(readyStatus())
    const edited = structuredClone(agent.status?.conditions ?? []).map((one) => ({ ...one, status: 'False' as const }))
    agent = { ...agent, status: { ...agent.status, conditions: edited } }
    expect(withOwnStatus<'Agent'>(agent, own).status).toEqual(readyStatus())
  })

  test('is accepted after a restart, when nobody can know', () => {
    agent = { ...agent, status: readyStatus() }
    expect(withOwnStatus<'Agent'>(agent, own)).toBe(agent)
    expect(isOverwritten(agent, own)).toBe(false)
  })
})

describe('a status that the API server rejects', () => {
  test('is replaced by one that says so and keeps the old fields, with an Event; and the full one is tried again', async () => {
    await report({ ...readyStatus(), sync: { lastSyncTime: '2026-11-23T09:00:00Z' } })
    answers = [refusal]
    await expect(report({ ...readyStatus(), authorization: { account: 'x' } })).rejects.toBe(refusal)
    expect(statusProblems(agent)).toEqual([])
    expect([reasonOf('Ready'), reasonOf('Synced'), reasonOf('Authorized')]).toEqual([
      'PublishFailed',
      'PublishFailed',
      'Granted',
    ])
    expect(findCondition(agent.status?.conditions, 'Ready')?.message).toContain('FieldValueTooLong')
    expect(agent.status?.sync?.lastSyncTime).toBe('2026-11-23T09:00:00Z')
    expect(notes.map(({ type, reason }) => `${type} ${reason}`)).toContain('Warning PublishFailed')
  })

  test('is not replaced twice by the same short status', async () => {
    await report(readyStatus())
    for (let round = 0; round < 3; round++) {
      answers = [refusal]
      await expect(report({ ...readyStatus(), authorization: { account: 'x' } })).rejects.toBe(refusal)
    }
    expect(written).toHaveLength(2)
  })

  test('is replaced by the short status alone if the old fields are rejected as well', async () => {
    agent = { ...agent, status: { ...readyStatus(), authorization: { account: 'x' } } }
    answers = [refusal, refusal]
    await expect(report(readyStatus())).rejects.toBe(refusal)
    expect(Object.keys(agent.status ?? {}).sort()).toEqual(['conditions', 'observedGeneration'])
    expect(reasonOf('Ready')).toBe('PublishFailed')
  })

  test('is replaced as well if it is too large', async () => {
    answers = [new ApiError('TooLarge', 'too large')]
    await expect(report(readyStatus())).rejects.toThrow('too large')
    expect(reasonOf('Ready')).toBe('PublishFailed')
  })

  test('is tried again if the short status finds no API server', async () => {
    answers = [refusal, new ApiError('Unreachable', 'no answer')]
    await expect(report(readyStatus())).rejects.toThrow('no answer')
    expect(written).toEqual([])
  })

  test('is only tried again if the API server did not process it', async () => {
    answers = [new ApiError('Unreachable', 'no answer')]
    await expect(report(readyStatus())).rejects.toThrow('no answer')
    expect(written).toEqual([])
  })
})
