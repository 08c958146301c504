import { describe, expect, test } from 'vitest'
import { stepFailure } from '../../src/failures/step-failure.ts'
import { decided, facts, grant, hours, minutes, monotonic, now, passing, readyAgent, stuck } from './support/decided.ts'

/** The person is asked to consent to more; what was consented to is still read. */
const asked = stepFailure('Authorized', 'AwaitingSignIn', 'Sign in for more.', {
  kind: 'wait',
  for: hours,
  readsOn: true,
})

describe('Ready', () => {
  test('does not stay while a person is asked to sign in again', () => {
    const { of } = decided(facts({ agent: readyAgent(), grant, failures: [asked], freshUntil: now + minutes }))
    expect([of('Ready')?.status, of('Ready')?.reason]).toEqual(['False', 'AwaitingSignIn'])
  })

  test('does not stay if one failure may pass and another has to be repaired', () => {
    const failures = [passing.limited, stuck.notFound]
    const { of } = decided(facts({ agent: readyAgent(), grant, failures, freshUntil: now + minutes }))
    expect([of('Ready')?.status, of('Ready')?.reason]).toEqual(['False', 'CalendarNotFound'])
  })

  test('ends with the published access token if only its renewal has failed', () => {
    const renewal = stepFailure('Authorized', 'GoogleUnreachable', 'Not renewed.', {
      kind: 'wait',
      for: minutes,
      readsOn: true,
    })
    const { of } = decided(
      facts({ agent: readyAgent(), failures: [renewal], synced: { calendars: 1 }, freshUntil: now }),
    )
    expect(of('Ready')).toMatchObject({ status: 'False', reason: 'GoogleUnreachable', message: 'Not renewed.' })
  })

  test('is not called good of an agent that was not ready before', () => {
    const { agent } = decided(facts({ grant, failures: [passing.limited] }))
    const { of } = decided(facts({ agent, failures: [passing.integration], freshUntil: now + minutes }))
    expect(of('Ready')).toMatchObject({ status: 'False', reason: 'IntegrationNotReady', message: 'Not proved.' })
  })

  test('names the step that failed rather than one that was skipped because of it', () => {
    const { of } = decided(facts({ failures: [passing.limited] }))
    expect([of('Ready')?.reason, of('Authorized')?.reason]).toEqual(['RateLimited', 'NotYetKnown'])
  })

  test('names the first failure, if it failed itself', () => {
    const { of } = decided(facts({ failures: [passing.integration, passing.limited] }))
    expect(of('Ready')?.reason).toBe('IntegrationNotReady')
  })

  test('repeats how much was read', () => {
    const { of } = decided(facts({ grant: { ...grant, end: now + 49 * hours }, synced: { calendars: 1 } }))
    expect(of('Ready')?.message).toBe('The calendar is read and up to date.')
    expect(decided(facts({ grant, synced: { calendars: 2 } })).of('Ready')?.message).toBe(
      '2 calendars are read and up to date.',
    )
  })

  test('says which duration counts if the one in the spec is too short', () => {
    const { of } = decided(facts({ grant, synced: { calendars: 1, staleAfterRaised: 10 * minutes } }))
    expect(of('Ready')?.message).toContain('10m is used instead')
  })
})

describe('Authorized', () => {
  test('says that Google cannot be reached even if nothing was known before', () => {
    const { agent } = decided(facts({ failures: [passing.limited] }))
    const { of } = decided(facts({ agent, failures: [passing.unreachable] }))
    expect(of('Authorized')).toMatchObject({ status: 'Unknown', reason: 'GoogleUnreachable' })
  })

  test('repeats what was remarked about a supplied Secret, and nothing else if there is no remark', () => {
    const { of } = decided(facts({ grant: { ...grant, remark: 'It has no account.' } }))
    expect(of('Authorized')?.message).toBe('Access was granted 2026-11-22T10:00:00Z. It has no account.')
    expect(decided(facts({ grant })).of('Authorized')?.message).toBe('Access was granted 2026-11-22T10:00:00Z.')
  })
})

describe('Synced, while an earlier step fails', () => {
  const syncedAfter = (freshUntil: number | undefined, agent = readyAgent()) =>
    decided(facts({ agent, failures: [stuck.revoked], freshUntil })).of('Synced')

  test('stays true as long as what was read can be trusted, and no longer', () => {
    expect(syncedAfter(now + 1)).toMatchObject({ status: 'True', reason: 'Synced' })
    expect(syncedAfter(now)).toMatchObject({ status: 'False', reason: 'SyncFailed' })
    expect(syncedAfter(undefined)).toMatchObject({ status: 'False', reason: 'SyncFailed' })
  })

  test('does not repeat a failure of reading that would have passed', () => {
    const { agent } = decided(facts({ grant, failures: [passing.limited] }))
    expect(syncedAfter(now + minutes, agent)).toMatchObject({ status: 'False', reason: 'SyncFailed' })
  })

  test('stays unknown if nothing was ever read', () => {
    const { agent } = decided(facts({ failures: [passing.integration] }))
    expect(syncedAfter(undefined, agent)).toMatchObject({ status: 'Unknown', reason: 'NotYetSynced' })
  })
})

describe('an agent of which nothing is known', () => {
  test('is unknown, and keeps what its status said', () => {
    const { of } = decided(facts())
    expect([of('Ready')?.status, of('Synced')?.reason]).toEqual(['Unknown', 'NotYetSynced'])
    expect(decided(facts({ agent: readyAgent() })).of('Synced')?.status).toBe('True')
  })

  test('reports the failure of its first reading', () => {
    const { of } = decided(facts({ grant, unread: true, failures: [passing.limited] }))
    expect([of('Ready')?.status, of('Synced')?.reason]).toEqual(['False', 'RateLimited'])
  })
})

describe('the next reconcile', () => {
  test('of a blocked agent comes after its pause, whatever else waits', () => {
    const { outcome } = decided(facts({ failures: [passing.integration, stuck.notFound] }))
    expect(outcome).toMatchObject({ kind: 'blocked', reason: 'CalendarNotFound', checkAgainIn: 5 * minutes })
  })

  test('comes when a calendar is due while a person is asked to consent to more', () => {
    const { outcome } = decided(facts({ grant, failures: [asked], due: [monotonic + 30_000] }))
    expect(outcome).toMatchObject({ kind: 'wait', for: 30_000 })
  })

  test('does not come for a calendar that is due while its grant is refused', () => {
    const { outcome } = decided(facts({ failures: [stuck.revoked], due: [monotonic + 30_000] }))
    expect(outcome).toMatchObject({ kind: 'blocked', checkAgainIn: 5 * minutes })
  })

  test.each([monotonic, monotonic + 1_000])(
    'does not come before the backoff for a calendar that is due at %d while reading fails',
    (due) => {
      const { outcome } = decided(facts({ grant, failures: [passing.limited], due: [due] }))
      expect(outcome).toMatchObject({ kind: 'retry', atLatest: undefined })
    },
  )

  test('comes no sooner for what is due in this very moment if publishing fails', () => {
    const unpublished = stepFailure('Synced', 'PublishFailed', 'Not taken.', { kind: 'retry', error: new Error('no') })
    const { outcome } = decided(facts({ grant, failures: [unpublished], due: [monotonic] }))
    expect(outcome).toMatchObject({ kind: 'retry', atLatest: undefined })
  })
})
