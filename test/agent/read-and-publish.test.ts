import { beforeEach, describe, expect, test } from 'vitest'
import { newCalendar, withCalendar } from '../../src/calendars/state.ts'
import type { AgentProgress } from '../../src/agent/progress.ts'
import { read, runAll } from '../../src/agent/run-steps.ts'
import { publishAndPrune } from '../../src/agent/write-steps.ts'
import { ApiError } from '../../src/kubernetes/port.ts'
import { consentOf } from '../../src/resources/consent.ts'
import { marksOf, withController } from '../../src/resources/ownership.ts'
import type { Agent } from '../../src/resources/types.ts'
import { anAgent, anIntegration } from '../support/resources.ts'
import { Bench } from '../support/agent-bench.ts'

const publish = { staleAfter: '15m', whenStale: 'KeepLast', accessToken: { name: 'token' } } as const

let bench: Bench

/** Its calendar was just read, and is not due. */
function begin(agent: Agent): void {
  bench = new Bench(agent)
  const calendar = { ...newCalendar(), lastRead: 0, lastFull: 0, dueAt: Infinity }
  bench.tracked.update({ calendars: withCalendar(bench.tracked.value.calendars, 'alice@example.com', calendar) })
}

const published = (name: string): void =>
  void bench.small.secret(
    name,
    { access_token: 'old' },
    { ...marksOf(bench.agent, 'access-token'), ownerReferences: withController([], bench.agent) },
  )

async function reconcile(): Promise<AgentProgress> {
  const { run, tracked } = bench
  return runAll([publishAndPrune], run, tracked, await read(run, tracked))
}

describe('an object that was published under another name', () => {
  beforeEach(() => {
    begin(anAgent({ publish }))
    bench.small.secret('alice-grant', { refresh_token: '1//0gAlice' })
    published('old-token')
  })

  test('is deleted once everything is published under the new name', async () => {
    await reconcile()
    expect(bench.small.get('Secret', 'old-token')).toBeUndefined()
    expect(bench.small.text('token').access_token).toMatch(/^ya29/)
  })

  test('stays while the object with the new name cannot be updated', async () => {
    published('token')
    bench.small.refuse = (write) => (write === 'patch Secret token' ? new ApiError('Forbidden', 'no') : undefined)
    const { failures } = await reconcile()
    expect(failures.map(({ reason }) => reason)).toEqual(['PublishFailed'])
    expect(bench.small.get('Secret', 'old-token')).toBeDefined()
    bench.small.refuse = undefined
    await reconcile()
    expect(bench.small.get('Secret', 'old-token')).toBeUndefined()
  })

  test('stays while nothing can be published under the new name', async () => {
    bench.refuses = { refresh: 'Unreachable' }
    await reconcile()
    expect(bench.small.get('Secret', 'old-token')).toBeDefined()
  })
})

describe('a spec that asks for more than the person consented to', () => {
  beforeEach(() => {
    begin(anAgent({ grantSecretRef: undefined, publish }))
    const consent = { ...consentOf(bench.agent.spec), accessToken: false }
    const stored = { refresh_token: '1//0gAlice', account: 'alice@example.com', consent: JSON.stringify(consent) }
    bench.small.secret('alice-google-grant', stored, marksOf(bench.agent, 'grant'))
    published('old-token')
  })

  test('is reported, with what is new and where to sign in, and the calendars are still read', async () => {
    const { failures, grant } = await reconcile()
    expect(grant).toBeDefined()
    expect(failures).toMatchObject([
      { condition: 'Authorized', reason: 'AwaitingSignIn', requeue: { kind: 'wait', readsOn: true } },
    ])
    expect(failures[0]?.message).toContain('spec.publish.accessToken')
    expect(failures[0]?.message).toContain('https://booking.example.com/google-calendar/sign-in/')
  })

  test('does not get it, and objects under other names stay until the person has decided', async () => {
    await reconcile()
    expect(bench.small.get('Secret', 'token')).toBeUndefined()
    expect(bench.small.get('Secret', 'old-token')).toBeDefined()
  })

  test('is served under the former name, too, with the keys that it had', async () => {
    const calendar = { kind: 'Secret', name: 'new', detail: 'Full', formats: ['JSON'] } as const
    begin(anAgent({ grantSecretRef: undefined, publish: { ...publish, calendar: { ...calendar, formats: ['JSON'] } } }))
    const consent = { ...consentOf(bench.agent.spec), detail: 'Busy' }
    const stored = { refresh_token: '1//0gAlice', account: 'alice@example.com', consent: JSON.stringify(consent) }
    bench.small.secret('alice-google-grant', stored, marksOf(bench.agent, 'grant'))
    const marks = { ...marksOf(bench.agent, 'calendar'), ownerReferences: withController([], bench.agent) }
    bench.small.configMap('former', { 'busy.json': 'old', theirs: 'x' }, marks)
    published('old-token')
    const { failures } = await reconcile()
    expect(failures.map(({ reason }) => reason)).toEqual(['AwaitingSignIn'])
    const now = bench.small.text('new')
    expect(Object.keys(now)).toEqual(['busy.json'])
    expect(bench.small.get('ConfigMap', 'former')?.data).toEqual({ ...now, theirs: 'x' })
    expect(bench.small.text('old-token')).toEqual({ access_token: bench.small.text('token').access_token })
  })

  test('is not reported while the grant is refused for another reason', async () => {
    bench.account = 'alice@example.com'
    bench.refuses = { refresh: 'InvalidGrant' }
    const { failures } = await reconcile()
    expect(failures.map(({ reason }) => reason)).toEqual(['GrantRevoked'])
    expect(bench.small.get('Secret', 'token')).toBeUndefined()
  })
})

describe('an integration without a scope that allows writing', () => {
  const readonly = ['https://www.googleapis.com/auth/calendar.readonly']
  const writing = { grantSecretRef: undefined, publish, calendars: { read: ['primary'], write: 'primary' } }

  const open = (scopes: string[], scope?: string): void => {
    begin(anAgent(writing))
    bench.integration = anIntegration({ scopes })
    if (scope === undefined) return
    const consent = { ...consentOf(bench.agent.spec), write: false }
    const stored = {
      refresh_token: '1//0gAlice',
      account: 'alice@example.com',
      scope,
      consent: JSON.stringify(consent),
    }
    bench.small.secret('alice-google-grant', stored, marksOf(bench.agent, 'grant'))
    bench.answer = { scopes: [scope] }
  }

  test('is named by an agent that is to write, without a link, and the calendars are still read', async () => {
    open(readonly, readonly[0])
    const { failures, grant } = await reconcile()
    expect(grant).toBeDefined()
    expect(failures[0]).toMatchObject({ reason: 'ScopeMissing', requeue: { kind: 'wait', readsOn: true } })
    expect(failures[0]?.message).toBe(
      'spec.calendars.write is set, but no scope in spec.google.scopes of CalendarIntegration booking/google allows writing events: add https://www.googleapis.com/auth/calendar.events there, or take calendars.write out of the spec.',
    )
    expect(failures.map(({ message }) => message).join()).not.toContain('/sign-in/')
  })

  test('is named instead of the sign-in that nobody can make good use of', async () => {
    open(readonly)
    const { failures } = await reconcile()
    expect(failures.map(({ reason }) => reason)).toEqual(['ScopeMissing'])
  })

  test.each(['calendar', 'calendar.events', 'calendar.events.owned'])('is not one with %s', async (name) => {
    const scope = `https://www.googleapis.com/auth/${name}`
    open([scope], scope)
    const { failures } = await reconcile()
    expect(failures.map(({ reason }) => reason)).toEqual(['AwaitingSignIn'])
    expect(failures[0]?.message).toContain('writing appointments (spec.calendars.write)')
  })
})
