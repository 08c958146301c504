import { describe, expect, it } from 'vitest'
import type { Condition } from '../../src/resources/types.ts'
import { statusProblems } from '../support/kstatus.ts'

const condition = (type: string, status: string, reason: string, more: Partial<Condition> = {}): Condition => ({
  type,
  status: status as Condition['status'],
  reason,
  message: 'so it is',
  observedGeneration: 1,
  lastTransitionTime: '2026-11-23T10:00:00Z',
  ...more,
})
const of = (conditions: Condition[], observedGeneration = 1, generation = 1): string[] =>
  statusProblems({ kind: 'Agent', metadata: { generation }, status: { observedGeneration, conditions } })

const READY = condition('Ready', 'True', 'Ready')
const FAILED = condition('Ready', 'False', 'SyncFailed')
const REVOKED = condition('Ready', 'False', 'GrantRevoked')
const RECONCILING = condition('Reconciling', 'True', 'ProgressingWithRetry')
const STALLED = condition('Stalled', 'True', 'GrantRevoked')

describe('a status is sound', () => {
  it.each([
    ['ready', of([READY])],
    ['failing for now', of([FAILED, RECONCILING])],
    ['stalled', of([REVOKED, STALLED])],
    ['ready beside what does not hold', of([READY, { ...STALLED, status: 'False' }])],
    ['about an older generation', of([READY], 1, 2)],
    ['never written', statusProblems({ kind: 'Agent', metadata: { generation: 1 } })],
    ['as the definition defaults it', of([], -1)],
  ])('when it is %s', (_, problems) => {
    expect(problems).toEqual([])
  })
})

describe('a status is not sound', () => {
  it.each([
    ['without conditions', of([]), /no conditions/],
    ['without Ready', of([STALLED]), /Ready is missing/],
    ['when ready and reconciling', of([READY, RECONCILING]), /Reconciling=True stands beside/],
    ['when ready and stalled', of([READY, STALLED]), /Stalled=True stands beside/],
    ['when reconciling and stalled', of([REVOKED, RECONCILING, STALLED]), /both True/],
    ['when not ready for no reason', of([FAILED]), /neither Reconciling nor Stalled/],
    ['when stalled for what may pass', of([FAILED, { ...STALLED, reason: 'SyncFailed' }]), /calls for Reconciling/],
    ['when reconciling what a person must do', of([REVOKED, RECONCILING]), /calls for Stalled/],
    ['ahead of its time', of([READY], 2), /observedGeneration 2 is ahead/],
    ['with a condition ahead of its time', of([{ ...READY, observedGeneration: 2 }]), /is ahead of generation 1/],
    ['with conditions that nobody observed', of([READY], -1), /no observedGeneration/],
    ['with a type twice', of([READY, READY]), /stands there twice/],
    ['with a reason in words', of([{ ...READY, reason: 'all is well' }]), /is not CamelCase/],
    [
      'with a reason of another condition',
      of([READY, condition('Synced', 'True', 'Granted')]),
      /not one of its reasons/,
    ],
    ['without a message', of([{ ...READY, message: ' ' }]), /message is empty/],
    [
      'with fractions of a second',
      of([{ ...READY, lastTransitionTime: '2026-11-23T10:00:00.000Z' }]),
      /lastTransitionTime/,
    ],
    ['with a status that is none', of([READY, condition('Synced', 'Maybe', 'Synced')]), /"Maybe"/],
  ])('%s', (_, problems, expected) => {
    expect(problems.join('; ')).toMatch(expected)
  })
})
