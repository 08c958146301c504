/** What the decisions on an Agent are tested with: an instant, failures of each kind, a grant, and an Agent that was ready. */
import { expect } from 'vitest'
import { decide, type AgentFacts } from '../../../src/agent/decide.ts'
import { stepFailure } from '../../../src/failures/step-failure.ts'
import { conditionsFor, findCondition } from '../../../src/resources/conditions.ts'
import type { Agent, Condition } from '../../../src/resources/types.ts'
import { anAgent } from '../../support/resources.ts'
import { statusProblems } from '../../support/kstatus.ts'

export const now = Date.parse('2026-11-23T10:00:00Z')
/** The same instant by the monotonic clock. */
export const monotonic = 5_000.25
export const minutes = 60_000
export const hours = 60 * minutes

const google = new Error('away')
export const passing = {
  unreachable: stepFailure('Authorized', 'GoogleUnreachable', 'Google is away.', { kind: 'retry', error: google }),
  limited: stepFailure('Synced', 'RateLimited', 'Google limits.', { kind: 'retry', error: google, notBefore: 7_000 }),
  integration: stepFailure('Ready', 'IntegrationNotReady', 'Not proved.', { kind: 'wait', for: hours }),
}
export const unpublished = stepFailure('Synced', 'PublishFailed', 'Not taken.', { kind: 'retry', error: google })
export const stuck = {
  revoked: stepFailure('Authorized', 'GrantRevoked', 'Sign in again.', {
    kind: 'blocked',
    at: monotonic + 5 * minutes,
  }),
  notFound: stepFailure('Synced', 'CalendarNotFound', 'No such calendar.', {
    kind: 'blocked',
    at: monotonic + 5 * minutes,
  }),
}
export const grant = {
  end: undefined,
  grantedAt: now - 24 * hours,
  guess: false,
  accountHidden: false,
  advice: 'sign in again',
}

export const facts = (more: Partial<AgentFacts> = {}): AgentFacts => ({
  now,
  monotonic,
  publishedAt: now,
  agent: anAgent(),
  failures: [],
  due: [],
  ...more,
})

/** Decides, and holds the status that follows from it against the rules of kstatus. */
export function decided(given: AgentFacts): {
  of: (type: string) => Condition | undefined
  outcome: unknown
  agent: Agent
} {
  const { findings, outcome } = decide(given)
  const generation = given.agent.metadata.generation
  const conditions = conditionsFor('Agent', findings, { conditions: given.agent.status?.conditions, generation, now })
  const agent = { ...given.agent, status: { observedGeneration: generation, conditions } }
  expect(statusProblems(agent)).toEqual([])
  return { of: (type) => findCondition(conditions, type), outcome, agent }
}

export const readyAgent = (): Agent =>
  decided(facts({ grant, synced: { calendars: 1 }, freshUntil: now + 15 * minutes })).agent
