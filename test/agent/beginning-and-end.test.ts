/** The beginning of an Agent, its return after a restart of the operator, and its end. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { refusal } from '../memory/kubernetes.ts'
import { KEY, MINUTE, OneAgent } from './support/one-agent.ts'

let alice: OneAgent

beforeEach(() => {
  alice = new OneAgent()
})

afterEach(() => alice.end())

describe('the first status of an Agent', () => {
  test('stands before Google was asked for anything', async () => {
    await alice.world.writeFirstStatus(KEY, 'Agent')
    expect(alice.says('Ready')).toEqual(['Unknown', 'NotYetKnown'])
    expect(alice.says('Authorized')).toEqual(['Unknown', 'NotYetKnown'])
    expect(alice.says('Synced')).toEqual(['Unknown', 'NotYetSynced'])
    expect(alice.says('Reconciling')[0]).toBe('True')
    expect(alice.condition('Ready')?.message).toBe('Waiting for Google to answer.')
    expect(alice.world.google.asked).toEqual([])
  })

  test('is not written over one that stands', async () => {
    await alice.ready()
    const { status } = alice
    alice.world.restart()
    expect(await alice.world.writeFirstStatus(KEY, 'Agent')).toEqual({ kind: 'done', checkAgainIn: undefined })
    expect(alice.status).toEqual(status)
  })

  test.each([
    ['suspended', { suspend: true }, {}],
    ['being deleted', {}, { deletionTimestamp: '2026-11-23T10:00:00Z', finalizers: ['theirs'] }],
  ])('is not written for one that is %s', async (_, spec, metadata) => {
    alice.change(spec, metadata)
    await alice.world.writeFirstStatus(KEY, 'Agent')
    expect(alice.status.conditions).toBeUndefined()
  })
})

describe('an Agent that is gone', () => {
  test('is forgotten: one that is made under its name is read anew', async () => {
    await alice.ready()
    expect(alice.world.outputs()).toEqual([
      { namespace: 'booking', agent: 'alice', output: 'calendar', goodUntil: Date.parse('2026-11-23T10:15:00Z') },
    ])
    expect(alice.world.isAwaited(KEY)).toBe(false)
    const forgotten: string[] = []
    alice.world.push.forget = (key) => void forgotten.push(key)
    const { agent } = alice
    alice.world.remove(agent)
    expect(await alice.reconcileAlone()).toEqual({ kind: 'done', checkAgainIn: undefined })
    expect(alice.world.outputs()).toEqual([])
    // No calendars of it are known to a Booking any more, and its channels end.
    expect(alice.world.isAwaited(KEY)).toBeUndefined()
    expect(forgotten).toEqual([KEY])
    alice.world.put({ ...agent, status: undefined, metadata: { name: 'alice', namespace: 'booking', uid: 'another' } })
    const before = alice.world.google.asked.length
    await alice.reconcileAlone()
    const paths = alice.world.google.asked.slice(before).map(({ path }) => path)
    expect(paths.some((path) => path.includes('timeMin='))).toBe(true)
    expect(paths.some((path) => path.includes('syncToken='))).toBe(false)
  })

  test('or suspended does not count among the published objects', async () => {
    await alice.ready()
    alice.change({ suspend: true })
    expect(alice.world.outputs()).toEqual([])
    alice.change({ suspend: false })
    expect(alice.world.outputs()).toHaveLength(1)
    alice.changeIntegration({ suspend: true })
    expect(alice.world.outputs()).toEqual([])
  })
})

describe('an Agent whose integration was not looked at yet', () => {
  test('after a restart waits some seconds for that, and keeps what its status says', async () => {
    await alice.ready()
    const { status } = alice
    alice.world.restart()
    expect(await alice.reconcileAlone()).toEqual({ kind: 'done', checkAgainIn: 3_000 })
    await alice.world.clock.advance(3_000)
    expect(await alice.reconcileAlone()).toEqual({ kind: 'done', checkAgainIn: 3_000 })
    expect(alice.status).toEqual(status)
  })

  test('in another namespace waits as long, whether that integration exists or not', async () => {
    alice.change({ integrationRef: { name: 'google', namespace: 'elsewhere' } })
    expect(await alice.reconcileAlone()).toEqual({ kind: 'done', checkAgainIn: 3_000 })
    expect(alice.status.conditions).toBeUndefined()
    await alice.world.clock.advance(3_000)
    await alice.reconcileAlone()
    expect(alice.says('Ready')).toEqual(['False', 'IntegrationNotAllowed'])
  })
})

test('conflicts that ended do not count: a later one is waited for as long', async () => {
  await alice.ready()
  const conflictWith = (ends: boolean): void => {
    alice.world.kubernetes.refuse = (method, path) =>
      !ends && method === 'PATCH' && path.includes('/configmaps') ? refusal(409, 'Conflict') : undefined
  }
  for (const event of ['one', 'two']) {
    if (event === 'one') alice.addMeeting()
    else alice.world.google.change('alice@example.com', 'bbbbb', undefined)
    conflictWith(false)
    expect(await alice.reconcileAfter(6 * MINUTE)).toMatchObject({ kind: 'wait', for: 1_000 })
    conflictWith(true)
    expect(await alice.reconcileAfter(MINUTE)).toMatchObject({ kind: 'done' })
  }
})
