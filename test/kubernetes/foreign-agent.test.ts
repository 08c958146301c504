import { expect, test } from 'vitest'
import { compactForeignAgent } from '../../src/kubernetes/foreign-agent.ts'
import type { Agent, AgentStatus, Condition } from '../../src/resources/types.ts'
import { anAgent } from '../support/resources.ts'

const condition = (type: string): Condition => ({
  type,
  status: 'False',
  reason: 'Trying',
  message: `${type} says this`,
  lastTransitionTime: 'then',
})
const ofAnother = (status?: AgentStatus): Agent => compactForeignAgent({ ...anAgent(), status })

test("of another replica's Agent, the conditions are kept that others decide by, and what Watching says", () => {
  const conditions = ['Ready', 'Reconciling', 'Watching'].map(condition)
  const kept = ofAnother({ conditions }).status?.conditions
  expect(kept?.map(({ type, message }) => [type, message])).toEqual([
    ['Ready', ''],
    ['Watching', 'Watching says this'],
  ])
})

test('its channels are kept, and no calendar without one', () => {
  const channel = { id: 'c1', expiresAt: '2026-12-01T00:00:00Z' }
  const calendars = [{ id: 'a@example.com', channel, events: 7 }, { id: 'b@example.com' }] as never
  expect(ofAnother({ sync: { lastSyncTime: 'now', calendars } }).status?.sync).toEqual({
    calendars: [{ id: 'a@example.com', channel }],
  })
  expect(ofAnother({ sync: { calendars: [{ id: 'b@example.com' }] as never } }).status?.sync).toBeUndefined()
})

test('of one without a status, everything is kept', () => {
  expect(ofAnother()).toEqual({ ...anAgent(), status: undefined })
  expect(ofAnother({}).spec).toEqual(anAgent().spec)
})
