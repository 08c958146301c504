import { describe, expect, test } from 'vitest'
import { stepFailure, type StepFailure } from '../../src/failures/step-failure.ts'
import {
  decided,
  facts,
  grant,
  hours,
  minutes,
  monotonic,
  now,
  passing,
  readyAgent,
  stuck,
  unpublished,
} from './support/decided.ts'

describe('an agent that is fully known', () => {
  test('is ready, and is reconciled when the next step is due', () => {
    const { of, outcome } = decided(
      facts({ grant, synced: { calendars: 1 }, due: [monotonic + 5 * minutes, monotonic + 2 * hours] }),
    )
    expect([of('Ready')?.status, of('Authorized')?.reason, of('Synced')?.reason]).toEqual(['True', 'Granted', 'Synced'])
    expect([of('Reconciling'), of('Stalled')]).toEqual([undefined, undefined])
    expect(outcome).toMatchObject({ kind: 'done', checkAgainIn: 5 * minutes })
  })

  test.each([
    [49 * hours, 'Granted', undefined],
    [48 * hours, 'GrantExpiresSoon', 'less than 48 hours'],
    [13 * hours, 'GrantExpiresSoon', 'less than 48 hours'],
    [12 * hours, 'GrantExpiresSoon', 'less than 12 hours'],
    [0, 'GrantExpiresSoon', 'which is past'],
  ])('whose grant ends in %d ms says %s', (left, reason, words) => {
    const { of } = decided(facts({ grant: { ...grant, end: now + left }, synced: { calendars: 1 } }))
    expect(of('Ready')?.status).toBe('True')
    expect(of('Authorized')?.reason).toBe(reason)
    if (words) expect(of('Ready')?.message).toContain(words)
  })
})

describe('a grant that Google accepted after its recorded end', () => {
  test('does not end soon for ever, and the message says that its end is not known', () => {
    const { of } = decided(facts({ grant: { ...grant, isEndDisproved: true }, synced: { calendars: 1 } }))
    expect(of('Authorized')?.reason).toBe('Granted')
    expect(of('Authorized')?.message).toContain('so its end is not known')
  })
})

describe('an agent that was ready', () => {
  test.each(Object.entries(passing))(
    'stays ready, with its message extended, while %s fails and its outputs can be trusted',
    (_, trouble) => {
      const given = facts({
        agent: readyAgent(),
        failures: [trouble],
        freshUntil: now + minutes,
        failingSince: now - minutes,
      })
      const { of } = decided(given)
      expect([of('Ready')?.status, of('Ready')?.reason]).toEqual(['True', 'Ready'])
      expect([of('Authorized')?.reason, of('Synced')?.reason]).toEqual(['Granted', 'Synced'])
      expect(of('Ready')?.message).toBe(
        `What was published is good until 2026-11-23T10:01:00Z. There has been a problem since 2026-11-23T09:59:00Z: ${trouble.message}`,
      )
    },
  )

  test('is not ready once its outputs can no longer be trusted, and its grant does not become unknown', () => {
    const { of } = decided(facts({ agent: readyAgent(), failures: [passing.unreachable], freshUntil: now }))
    expect([of('Ready')?.status, of('Ready')?.reason]).toEqual(['False', 'SyncFailed'])
    expect([of('Authorized')?.status, of('Authorized')?.reason]).toEqual(['True', 'Granted'])
    expect(of('Reconciling')?.status).toBe('True')
  })

  test('names the integration if that fails', () => {
    const { of } = decided(facts({ agent: readyAgent(), failures: [passing.integration], freshUntil: now - 1 }))
    expect([of('Ready')?.reason, of('Synced')?.reason]).toEqual(['IntegrationNotReady', 'SyncFailed'])
  })

  test.each(Object.entries(stuck))('reports at once that it was %s', (_, trouble) => {
    const { of, outcome } = decided(facts({ agent: readyAgent(), failures: [trouble], freshUntil: now + minutes }))
    expect([of('Ready')?.status, of('Ready')?.reason]).toEqual(['False', trouble.reason])
    expect(of('Stalled')?.status).toBe('True')
    expect(outcome).toMatchObject({ kind: 'blocked', reason: trouble.reason })
  })

  test.each(Object.entries(passing))(
    'gets no patience for %s where what is wanted does not stand there',
    (_, trouble) => {
      const { of } = decided(facts({ agent: readyAgent(), failures: [trouble], freshUntil: -Infinity }))
      expect(of('Ready')?.status).toBe('False')
    },
  )

  test('tolerates no failure after a change of its spec', () => {
    const agent = readyAgent()
    agent.metadata.generation = 2
    const { of } = decided(facts({ agent, failures: [passing.limited], freshUntil: now + minutes }))
    expect([of('Ready')?.status, of('Ready')?.reason]).toEqual(['False', 'RateLimited'])
  })
})

describe('an agent that was never reconciled', () => {
  test('is unknown while Google cannot be reached', () => {
    const { of } = decided(facts({ failures: [passing.unreachable] }))
    expect([of('Ready')?.status, of('Ready')?.reason]).toEqual(['Unknown', 'GoogleUnreachable'])
    expect([of('Synced')?.status, of('Synced')?.reason]).toEqual(['Unknown', 'NotYetSynced'])
  })

  test('names the integration that it waits for', () => {
    const { of } = decided(facts({ failures: [passing.integration] }))
    expect([of('Ready')?.status, of('Ready')?.reason]).toEqual(['False', 'IntegrationNotReady'])
    expect([of('Authorized')?.reason, of('Synced')?.reason]).toEqual(['NotYetKnown', 'NotYetSynced'])
  })
})

describe('several failures', () => {
  test('a failure that a person has to repair is reported before one that may pass', () => {
    const trouble: StepFailure[] = [passing.limited, stuck.notFound]
    expect(decided(facts({ failures: trouble, grant })).of('Ready')?.reason).toBe('CalendarNotFound')
  })

  test('a failure that a person has to repair is reported before an integration that is not ready', () => {
    const agent = decided(facts({ failures: [stuck.revoked] })).agent
    const { of } = decided(facts({ agent, failures: [passing.integration] }))
    expect([of('Ready')?.reason, of('Stalled')?.status, of('Reconciling')]).toEqual(['GrantRevoked', 'True', undefined])
  })

  test('an integration that does not admit the agent is reported first', () => {
    const notAllowed = stepFailure('Ready', 'IntegrationNotAllowed', 'Not here.', { kind: 'blocked', at: now })
    const agent = decided(facts({ failures: [stuck.revoked] })).agent
    expect(decided(facts({ agent, failures: [notAllowed] })).of('Ready')?.reason).toBe('IntegrationNotAllowed')
  })

  test.each([passing.limited, passing.unreachable])(
    'a calendar that is refused for good stays refused while Google can’t be asked about it, after a restart too',
    (trouble) => {
      const agent = decided(facts({ grant, failures: [stuck.notFound] })).agent
      const { of } = decided(facts({ agent, unread: true, failures: [trouble] }))
      expect([of('Ready')?.reason, of('Stalled')?.status, of('Synced')?.message]).toEqual([
        'CalendarNotFound',
        'True',
        'No such calendar.',
      ])
    },
  )

  test('a refusal under an earlier spec is not reported for a new one that was not reconciled yet', () => {
    const agent = decided(facts({ grant, failures: [stuck.notFound] })).agent
    agent.metadata.generation = 2
    for (const trouble of [passing.limited, passing.unreachable]) {
      const { of } = decided(facts({ agent, unread: true, failures: [trouble] }))
      expect([of('Ready')?.reason, of('Reconciling')?.status]).not.toContain('CalendarNotFound')
    }
  })

  test('a failure that may pass is retried soon, even if another one has to be repaired', () => {
    const { outcome } = decided(facts({ failures: [stuck.notFound, passing.limited], grant }))
    expect(outcome).toMatchObject({ kind: 'retry', notBefore: 7_000 })
  })

  test('one refused calendar does not delay the others', () => {
    const { outcome } = decided(facts({ failures: [stuck.notFound], grant, due: [monotonic + 30_000] }))
    expect(outcome).toMatchObject({ kind: 'blocked', checkAgainIn: 30_000 })
  })

  test('steps that are due wait while an earlier step prevents them', () => {
    const { outcome } = decided(facts({ failures: [passing.integration], due: [monotonic - 1] }))
    expect(outcome).toMatchObject({ kind: 'wait', for: hours })
  })
})

describe('a step that is due already when everything is decided', () => {
  test('is taken at once: it is never dropped', () => {
    const well = { grant, synced: { calendars: 2 } }
    const due = [monotonic + 5 * minutes, monotonic - 0.4]
    expect(decided(facts({ ...well, due })).outcome).toEqual({ kind: 'done', checkAgainIn: 0 })
    expect(decided(facts({ ...well, due: [monotonic - 3 * hours] })).outcome).toEqual({ kind: 'done', checkAgainIn: 0 })
  })

  test('counts at once, even together with a refused calendar', () => {
    const { outcome } = decided(facts({ failures: [stuck.notFound], grant, due: [monotonic - 30_000] }))
    expect(outcome).toMatchObject({ kind: 'blocked', checkAgainIn: 0 })
  })

  test.each([passing.unreachable, passing.limited, unpublished])('waits for the backoff ($reason)', (trouble) => {
    const { outcome } = decided(facts({ failures: [trouble], grant, due: [monotonic - 0.4, monotonic - hours] }))
    expect(outcome).toMatchObject({ kind: 'retry', atLatest: undefined })
  })

  test('does not hide a step that is due later', () => {
    const due = [monotonic - 1, monotonic + minutes]
    expect(decided(facts({ failures: [unpublished], grant, due })).outcome).toMatchObject({ atLatest: minutes })
  })

  test('causes a reconcile at once if trust ended after publishing, and only then', () => {
    const stale = { grant, synced: { calendars: 1 }, freshUntil: now - 5 }
    expect(decided(facts({ ...stale, publishedAt: now - 10 })).outcome).toEqual({ kind: 'done', checkAgainIn: 0 })
    expect(decided(facts({ ...stale, publishedAt: now })).outcome).toEqual({ kind: 'done', checkAgainIn: undefined })
  })
})

describe('while Google is away', () => {
  test('the agent is reconciled at the end of trust nevertheless, so that it is blocked in time', () => {
    const given = { failures: [passing.unreachable], freshUntil: now + minutes, due: [monotonic + 1_000] }
    expect(decided(facts(given)).outcome).toMatchObject({ kind: 'retry', atLatest: minutes })
  })

  test('no backoff is longer than the sync interval', () => {
    const { outcome } = decided(facts({ failures: [passing.unreachable], interval: 10_000 }))
    expect(outcome).toMatchObject({ kind: 'retry', longest: 10_000 })
  })
})
