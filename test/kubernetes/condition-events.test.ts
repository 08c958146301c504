/** Which changes of a status are recorded as an Event: each once, and none for what works from the beginning. */
import { beforeEach, describe, expect, test } from 'vitest'
import { recordConditionEvents } from '../../src/kubernetes/condition-events.ts'
import type { EventRecord } from '../../src/kubernetes/port.ts'
import type { Condition } from '../../src/resources/types.ts'
import { aBooking, anAgent } from '../support/resources.ts'

const condition = (type: string, status: string, reason: string, message = 'words'): Condition =>
  ({ type, status, reason, message, lastTransitionTime: '2026-11-23T10:00:00Z' }) as Condition

const READY = condition('Ready', 'True', 'Ready')
const AUTHORIZED = condition('Authorized', 'True', 'Granted')
const SYNCED = condition('Synced', 'True', 'Synced')
const REVOKED = condition('Authorized', 'False', 'GrantRevoked')
const EXPIRES = condition('Authorized', 'True', 'GrantExpiresSoon', 'in 48 hours')
const UNREACHABLE = condition('Authorized', 'Unknown', 'GoogleUnreachable')
const UNWATCHED = condition('Watching', 'False', 'NotReachable')
const NOT_YET_KNOWN = condition('Authorized', 'Unknown', 'NotYetKnown')

let events: EventRecord[]
let logged: object[]

beforeEach(() => {
  events = []
  logged = []
})

function eventsOf(before: Condition[] | undefined, after: Condition[] | undefined): string[] {
  const cluster = { recordEvent: (event: EventRecord) => void events.push(event) }
  const log = {
    info: (fields: object, message: string) => void logged.push({ level: 'info', ...fields, message }),
    warn: (fields: object, message: string) => void logged.push({ level: 'warn', ...fields, message }),
  }
  recordConditionEvents({ cluster, log }, { kind: 'Agent', object: anAgent(), before, after })
  return events.map(({ type, reason }) => `${type} ${reason}`)
}

describe('an Event', () => {
  test.each<[string, Condition[] | undefined, Condition[] | undefined, string[]]>([
    ['a new object that works', undefined, [READY, AUTHORIZED, SYNCED], []],
    ['a new object that works, in an installation without push', undefined, [READY, SYNCED, UNWATCHED], []],
    ['a new object about which nothing is known yet', undefined, [NOT_YET_KNOWN], []],
    ['a status without conditions', [AUTHORIZED], undefined, []],
    ['nothing that has changed', [REVOKED], [REVOKED], []],
    ['another message alone', [REVOKED], [{ ...REVOKED, message: 'other words' }], []],
    ['what becomes known to work', [NOT_YET_KNOWN], [AUTHORIZED], []],
    ['a grant whose end is as near as it was', [EXPIRES], [EXPIRES], []],
    ['what only sums up', [condition('Stalled', 'False', 'Ready')], [condition('Stalled', 'True', 'GrantRevoked')], []],
  ])('is not recorded for %s', (_, before, after, expected) => {
    expect(eventsOf(before, after)).toEqual(expected)
  })

  test.each<[string, Condition[] | undefined, Condition[], string[]]>([
    ['a new object that fails', undefined, [REVOKED], ['Warning GrantRevoked']],
    ['what becomes known to fail', [NOT_YET_KNOWN], [REVOKED], ['Warning GrantRevoked']],
    ['what stops working', [AUTHORIZED], [REVOKED], ['Warning GrantRevoked']],
    ['push that stops', [condition('Watching', 'True', 'Watching')], [UNWATCHED], ['Warning NotReachable']],
    ['a trial of push', [condition('Watching', 'Unknown', 'NotYetWatching')], [UNWATCHED], ['Warning NotReachable']],
    ['what works again', [REVOKED], [AUTHORIZED], ['Normal Granted']],
    ['another failure', [REVOKED], [condition('Authorized', 'False', 'ScopeMissing')], ['Warning ScopeMissing']],
    ['what is no longer known because of a failure', [AUTHORIZED], [UNREACHABLE], ['Warning GoogleUnreachable']],
    ['what has to be found out again', [AUTHORIZED], [NOT_YET_KNOWN], ['Warning NotYetKnown']],
    [
      'a suspension',
      [condition('Ready', 'False', 'SyncFailed')],
      [condition('Ready', 'Unknown', 'Suspended')],
      ['Normal Suspended'],
    ],
    ['a grant that will end', [AUTHORIZED], [EXPIRES], ['Warning GrantExpiresSoon']],
    ['a new object whose grant will end', undefined, [EXPIRES], ['Warning GrantExpiresSoon']],
    [
      'a grant whose end has come closer',
      [EXPIRES],
      [{ ...EXPIRES, message: 'in 12 hours' }],
      ['Warning GrantExpiresSoon'],
    ],
    ['a grant that will not end any more', [EXPIRES], [AUTHORIZED], ['Normal Granted']],
  ])('is recorded for %s', (_, before, after, expected) => {
    expect(eventsOf(before, after)).toEqual(expected)
  })

  test('is recorded once if Ready repeats the reason of another condition', () => {
    const stalled = condition('Stalled', 'True', 'GrantRevoked')
    const ready = condition('Ready', 'False', 'GrantRevoked')
    expect(eventsOf([READY, AUTHORIZED], [ready, REVOKED, stalled])).toEqual(['Warning GrantRevoked'])
  })

  test('is recorded for a reason that only Ready has, whatever Stalled and Reconciling repeat', () => {
    const reason = 'IntegrationNotFound'
    const after = [condition('Ready', 'False', reason), condition('Reconciling', 'True', reason), AUTHORIZED]
    expect(eventsOf([READY, AUTHORIZED], after)).toEqual([`Warning ${reason}`])
  })

  test('is not recorded for Ready when all is well again: the other condition has one', () => {
    const ready = condition('Ready', 'False', 'GrantRevoked')
    expect(eventsOf([ready, REVOKED], [READY, AUTHORIZED])).toEqual(['Normal Granted'])
  })

  test('contains no e-mail address', () => {
    eventsOf(undefined, [{ ...REVOKED, message: 'alice@example.com took it back' }])
    expect(events[0]).toMatchObject({ regarding: { metadata: { name: 'alice' } }, action: 'Reconcile' })
    expect(events[0]?.note).not.toContain('alice@example.com')
  })
})

describe('the log', () => {
  test('has a line for each transition of Ready, with the object', () => {
    eventsOf(undefined, [READY])
    expect(logged).toEqual([
      { level: 'info', controller: 'agent', key: 'booking/alice', ready: 'True', reason: 'Ready', message: 'words' },
    ])
    eventsOf([READY], [condition('Ready', 'False', 'GrantRevoked')])
    eventsOf([condition('Ready', 'False', 'GrantRevoked')], [condition('Ready', 'False', 'SyncFailed')])
    eventsOf([condition('Ready', 'False', 'Suspended')], [condition('Ready', 'Unknown', 'Suspended')])
    expect(logged).toHaveLength(4)
  })

  test('has no warning for an answer to a Booking, although it is stalled', () => {
    const taken = (type: string, status: string): Condition => condition(type, status, 'SlotTaken')
    const after = [taken('Ready', 'False'), taken('Stalled', 'True'), taken('Accepted', 'False')]
    const log = { info: () => void logged.push({ level: 'info' }), warn: () => void logged.push({ level: 'warn' }) }
    const cluster = { recordEvent: () => undefined }
    recordConditionEvents({ cluster, log }, { kind: 'Booking', object: aBooking(), before: undefined, after })
    recordConditionEvents({ cluster, log }, { kind: 'Agent', object: anAgent(), before: undefined, after })
    expect(logged).toEqual([{ level: 'info' }, { level: 'warn' }])
  })

  test('has a warning if a person has to act, and only then', () => {
    eventsOf([READY], [condition('Ready', 'False', 'GrantRevoked'), condition('Stalled', 'True', 'GrantRevoked')])
    eventsOf([READY], [condition('Ready', 'False', 'SyncFailed'), condition('Stalled', 'False', 'SyncFailed')])
    expect(logged).toMatchObject([
      { level: 'warn', reason: 'GrantRevoked' },
      { level: 'info', reason: 'SyncFailed' },
    ])
  })

  test('has none if Ready says what it said, or is not there', () => {
    eventsOf([READY], [{ ...READY, message: 'other words' }, REVOKED])
    eventsOf([READY], [REVOKED])
    expect(logged).toEqual([])
  })
})
