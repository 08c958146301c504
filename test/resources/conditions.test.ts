import { describe, expect, it } from 'vitest'
import { conditionsFor, type ConditionsContext, type Finding } from '../../src/resources/conditions.ts'
import { meaningOf, REASONS, type ReadyReason } from '../../src/resources/reasons.ts'
import type { Condition, ConditionStatus } from '../../src/resources/types.ts'
import { statusProblems } from '../support/kstatus.ts'
import { validatorFor, agent, stored, type Json } from './manifests.ts'

const T0 = Date.parse('2026-11-23T10:00:00.700Z')
const HOUR = 3_600_000

const ready = (
  status: ConditionStatus,
  reason: ReadyReason<'Agent'>,
  message = 'it is so',
): Finding<ReadyReason<'Agent'>> => ({
  status,
  reason,
  message,
})
const first = (now = T0): ConditionsContext => ({ conditions: undefined, generation: 1, now })
const summary = (conditions: Condition[]): string[] =>
  conditions.map(({ type, status, reason }) => `${type}=${status} ${reason}`)

describe('the conditions', () => {
  it('of a ready agent are Ready and its own, and no others', () => {
    const conditions = conditionsFor(
      'Agent',
      {
        ready: ready('True', 'Ready'),
        own: {
          Synced: { status: 'True', reason: 'Synced', message: 'read' },
          Authorized: { status: 'True', reason: 'Granted', message: 'granted' },
        },
      },
      first(),
    )
    expect(summary(conditions)).toEqual(['Ready=True Ready', 'Authorized=True Granted', 'Synced=True Synced'])
    expect(conditions[0]).toEqual({
      type: 'Ready',
      status: 'True',
      observedGeneration: 1,
      lastTransitionTime: '2026-11-23T10:00:00Z',
      reason: 'Ready',
      message: 'it is so',
    })
  })

  it('say Stalled with the reason itself where a person has to act', () => {
    const conditions = conditionsFor('Agent', { ready: ready('False', 'GrantRevoked'), own: {} }, first())
    expect(summary(conditions)).toEqual(['Ready=False GrantRevoked', 'Stalled=True GrantRevoked'])
  })

  it('say Reconciling with retries if the failure is temporary', () => {
    const conditions = conditionsFor('Agent', { ready: ready('False', 'SyncFailed'), own: {} }, first())
    expect(summary(conditions)).toEqual(['Ready=False SyncFailed', 'Reconciling=True ProgressingWithRetry'])
  })

  it('say Reconciling if nothing is known yet', () => {
    const conditions = conditionsFor('Agent', { ready: ready('Unknown', 'NotYetKnown'), own: {} }, first())
    expect(summary(conditions)).toEqual(['Ready=Unknown NotYetKnown', 'Reconciling=True Progressing'])
  })

  it('say neither of a suspended agent that never was anything', () => {
    const conditions = conditionsFor('Agent', { ready: ready('Unknown', 'Suspended'), own: {} }, first())
    expect(summary(conditions)).toEqual(['Ready=Unknown Suspended'])
  })

  it('know when their status last changed, not when they were last written', () => {
    const before = conditionsFor('Agent', { ready: ready('False', 'SyncFailed'), own: {} }, first())
    const later = { conditions: before, generation: 2, now: T0 + HOUR }
    const same = conditionsFor('Agent', { ready: ready('False', 'RateLimited', 'other'), own: {} }, later)
    expect(same.map(({ lastTransitionTime }) => lastTransitionTime)).toEqual(Array(2).fill('2026-11-23T10:00:00Z'))
    expect(same.map(({ observedGeneration }) => observedGeneration)).toEqual([2, 2])
    const well = conditionsFor('Agent', { ready: ready('True', 'Ready'), own: {} }, later)
    expect(well.map(({ lastTransitionTime }) => lastTransitionTime)).toEqual(['2026-11-23T11:00:00Z'])
  })

  it('that were not looked at stay as they were, in their place', () => {
    const own = { Authorized: { status: 'True', reason: 'Granted', message: 'granted' } } as const
    const before = conditionsFor('Agent', { ready: ready('True', 'Ready'), own }, first())
    const later = { conditions: before, generation: 2, now: T0 + HOUR }
    const synced = { Synced: { status: 'False', reason: 'CalendarNotFound', message: 'gone' } } as const
    const after = conditionsFor('Agent', { ready: ready('False', 'CalendarNotFound'), own: synced }, later)
    expect(summary(after)).toEqual([
      'Ready=False CalendarNotFound',
      'Stalled=True CalendarNotFound',
      'Authorized=True Granted',
      'Synced=False CalendarNotFound',
    ])
    expect(after[2]).toEqual(before[1])
  })

  it('hold for kstatus and for the definition, whatever the reason', () => {
    for (const reasons of Object.values(REASONS.Agent)) {
      for (const reason of Object.keys(reasons) as ReadyReason<'Agent'>[]) {
        const statuses: ConditionStatus[] = meaningOf('Agent', reason) === 'neutral' ? ['True'] : ['False', 'Unknown']
        for (const status of statuses) {
          const conditions = conditionsFor('Agent', { ready: ready(status, reason), own: {} }, first())
          const object = {
            ...stored(agent({}, { generation: 1 })),
            status: { observedGeneration: 1, conditions },
          } as Json
          expect(statusProblems(object as never), `${status} ${reason}`).toEqual([])
          expect(validatorFor(object).problems(object)).toEqual([])
        }
      }
    }
  })
})

describe('a reason', () => {
  it('means one thing to Ready wherever it comes from', () => {
    for (const kind of ['Agent', 'Booking', 'CalendarIntegration'] as const) {
      const tables: Record<string, Record<string, string>> = REASONS[kind]
      const meanings = new Map<string, Set<string>>()
      for (const [reason, meaning] of Object.values(tables).flatMap((reasons) => Object.entries(reasons))) {
        if (meaning !== 'neutral') meanings.set(reason, (meanings.get(reason) ?? new Set()).add(meaning))
      }
      expect([...meanings.values()].every((each) => each.size === 1)).toBe(true)
    }
  })

  it('that decides about the credentials is not the one that waits for an agent', () => {
    expect(meaningOf('CalendarIntegration', 'NotYetKnown')).toBe('passing')
    expect(meaningOf('CalendarIntegration', 'APIDisabled')).toBe('stuck')
    expect(meaningOf('Agent', 'RateLimited')).toBe('passing')
    expect(meaningOf('CalendarIntegration', 'RateLimited')).toBe('neutral')
  })

  it('that nobody knows never means that a person has to act', () => {
    expect(meaningOf('Agent', 'toString')).toBe('passing')
  })
})
