import { expect, test } from 'vitest'
import type { Resolution } from '../../src/clients/resolve-integration.ts'
import { newAgentPush, type AgentPush } from '../../src/push/agent-push.ts'
import { observed, type Observation } from '../../src/push/observe.ts'
import { newPushState } from '../../src/push/state.ts'

/** The state of an Agent after two reconciles, with one calendar that was read and not announced. */
const quiet = (uid: string): AgentPush => {
  const resolution = { kind: 'failed', key: 'booking/google' } as Resolution
  const calendars = [{ id: uid, name: uid, lastRead: 1 }]
  const observation = { resolution, calendars, accessToken: undefined } as unknown as Observation
  const look = (push: AgentPush): AgentPush => observed(push, observation, { kind: 'unknown' })
  return look(
    look(newAgentPush({ uid, integration: 'booking/google', mode: { kind: 'unknown' }, state: newPushState() })),
  )
}

test('Agents without channels share what they do not have', () => {
  const [one, other] = [quiet('anna'), quiet('ben')]
  expect(one.changed).toBe(other.changed)
  expect(one.reading).toBe(other.reading)
  expect(one.state).toBe(other.state)
  const [announcements, ofOther] = [one.announcements.get('anna'), other.announcements.get('ben')]
  expect(announcements?.lastRead).toBe(1)
  expect(announcements?.unannounced).toBe(ofOther?.unannounced)
})
