/** The facts that the conditions of an Agent are decided on: what was read since the start, and whether all of it was. */
import { beforeEach, describe, expect, test } from 'vitest'
import type { AgentFacts } from '../../src/agent/decide.ts'
import { factsOf, isFailing } from '../../src/agent/facts.ts'
import type { AgentDeps } from '../../src/agent/port.ts'
import type { AgentProgress } from '../../src/agent/progress.ts'
import { newCalendarsState, type CalendarState } from '../../src/calendars/state.ts'
import type { AccountShortage } from '../../src/clients/port.ts'
import { stepFailure, type StepFailure } from '../../src/failures/step-failure.ts'
import { NO_GRANT } from '../../src/grants/grant-state.ts'
import type { Grant } from '../../src/grants/grant.ts'
import { ManualClock } from '../support/clock.ts'
import { anAgent, anIntegration } from '../support/resources.ts'

const agent = anAgent({ account: 'alice@example.com', calendars: { read: ['primary', 'team@example.com'] } })
const clock = new ManualClock()
const shortage = {} as AccountShortage
const READ = { lastRead: 1, dueAt: 2 }
const NEVER = { dueAt: 2 }
const FAILED = { dueAt: 2, failure: {} }

let progress: Pick<AgentProgress, 'isAuthorized' | 'failures'>
let states: [object, object]
let account: string | undefined

beforeEach(() => {
  progress = { isAuthorized: true, failures: [] }
  states = [READ, READ]
  account = 'alice@example.com'
})

function facts(): AgentFacts {
  const [own, team] = states as [CalendarState, CalendarState]
  const byId = new Map([
    ['alice@example.com', own],
    ['team@example.com', team],
  ])
  const entry = { accountsOverBudget: new Map([['alice@example.com', shortage]]) }
  const deps = { clock, integrations: new Map([['booking/google', entry]]) } as unknown as AgentDeps
  const grant = account === undefined ? NO_GRANT : { ...NO_GRANT, grant: { account } as Grant }
  const calendars = { ...newCalendarsState(), byId }
  const input = { agent, integration: anIntegration(), grant, calendars, publication: {}, failingSince: undefined }
  return factsOf(deps, input, progress as AgentProgress)
}

const failure = (
  requeue: StepFailure['requeue'],
  reason: 'SyncFailed' | 'CalendarNotFound' = 'SyncFailed',
): StepFailure => stepFailure('Synced', reason, 'It fails.', requeue)

describe('a calendar', () => {
  test.each<[string, [object, object], boolean]>([
    ['was read, like the other', [READ, READ], false],
    ['was never read, unlike the other', [READ, NEVER], true],
    ['was never read, like the other', [NEVER, NEVER], true],
    ['was not read, but its reading failed', [READ, FAILED], false],
  ])('that %s makes an Agent that is not fully known: %s', (_, given, unread) => {
    states = given
    expect(facts().unread).toBe(unread)
  })
})

describe('an Agent counts as synced', () => {
  test('if nothing fails, or only what leaves its calendars read', () => {
    expect(facts().synced).toMatchObject({ calendars: 2 })
    progress = { ...progress, failures: [failure({ kind: 'wait', for: 1, readsOn: true })] }
    expect(facts().synced).toBeDefined()
  })

  test.each<[string, Partial<typeof progress>]>([
    ['it is not authorized', { isAuthorized: false }],
    ['it waits without being read', { failures: [failure({ kind: 'wait', for: 1 })] }],
    [
      'one of two failures is to be tried again',
      {
        failures: [
          failure({ kind: 'wait', for: 1, readsOn: true }),
          failure({ kind: 'retry', error: new Error('no') }),
        ],
      },
    ],
  ])('not if %s', (_, change) => {
    progress = { ...progress, ...change }
    expect(facts().synced).toBeUndefined()
  })
})

describe('a budget that is too small', () => {
  test('is said to the Agents of the account that it is too small for, however the account is spelled', () => {
    account = 'Alice@Example.com'
    expect(facts().synced?.shortage).toBe(shortage)
  })

  test.each([undefined, 'bob@example.com'])('is not said to an Agent whose account is %s', (other) => {
    account = other
    expect(facts().synced?.shortage).toBeUndefined()
  })
})

test('an Agent fails for a reason that may pass only if the reason is one of those', () => {
  const retry = { kind: 'retry', error: new Error('no') } as const
  const failing = (...failures: StepFailure[]): boolean =>
    isFailing({ ...progress, failures } as unknown as AgentProgress)
  expect(failing(failure(retry, 'CalendarNotFound'))).toBe(false)
  expect(failing(failure(retry, 'CalendarNotFound'), failure(retry, 'SyncFailed'))).toBe(true)
})
