/** What an Agent says and asks for when a step of its reconcile fails, and in which order failures are said. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ACCOUNT } from '../memory/google.ts'
import { refusal } from '../memory/kubernetes.ts'
import { hostileOf } from '../memory/objects.ts'
import { HOUR, MINUTE, OneAgent } from './support/one-agent.ts'

const SECOND = 1_000

let alice: OneAgent

beforeEach(() => {
  alice = new OneAgent()
})

afterEach(() => alice.end())

/** Google's answer to requests whose path contains this. */
function refuse(what: string, status: number, body: object): void {
  alice.world.google.before = ({ path }) => {
    if (path.includes(what)) alice.world.google.twist([{ do: 'refuse', status, body }])
  }
}

const apiError = (code: number, reason: string): object => ({
  error: { code, errors: [{ domain: 'usageLimits', reason }] },
})

const asked = (what: string): number => alice.world.google.asked.filter(({ path }) => path.includes(what)).length

/** Everything that is asked of Google, except that the integration's client is verified. */
const askedAll = (): number => alice.world.google.asked.length

/** The integration is good, and the Agent was not reconciled yet. */
const withIntegration = (): Promise<unknown> => alice.world.reconcile('CalendarIntegration', 'booking/google')

describe('an Agent whose token Google does not renew, because it gives no answer', () => {
  beforeEach(async () => {
    await withIntegration()
    refuse('/token', 503, {})
  })

  test('knows nothing about its grant, and asks nothing else', async () => {
    expect(await alice.reconcileAlone()).toMatchObject({ kind: 'retry', error: { failure: 'Unreachable' } })
    expect(alice.says('Authorized')).toEqual(['Unknown', 'GoogleUnreachable'])
    expect(alice.says('Synced')).toEqual(['Unknown', 'NotYetSynced'])
    expect(alice.says('Ready')).toEqual(['Unknown', 'GoogleUnreachable'])
    expect(asked('/calendar/v3/')).toBe(0)
  })

  test('asks nothing before its backoff ends, whatever triggers a reconcile, and says the same', async () => {
    await alice.reconcileAlone()
    const before = askedAll()
    const { conditions } = alice.status
    alice.change({}, { labels: { a: 'b' } })
    const outcome = await alice.reconcileAlone()
    expect(askedAll()).toBe(before)
    expect(alice.status.conditions).toEqual(conditions)
    expect(outcome).toMatchObject({ kind: 'retry', notBefore: expect.closeTo(750, -1) as number })
    alice.answerAgain()
    await alice.world.clock.advance(SECOND)
    await alice.reconcileAlone()
    expect(askedAll()).toBeGreaterThan(before)
  })

  test('asks at once if somebody requests it', async () => {
    await alice.reconcileAlone()
    alice.answerAgain()
    alice.change({}, { annotations: { 'calendar-operator.io/requestedAt': 'now' } })
    await alice.reconcileAlone()
    expect(alice.says('Ready')).toEqual(['True', 'Ready'])
    expect(alice.status.lastHandledReconcileAt).toBe('now')
  })

  test('asks at once with another grant', async () => {
    await alice.reconcileAlone()
    alice.answerAgain()
    const secret = alice.world.kubernetes.find('Secret', 'alice-grant')!
    alice.world.put({ ...secret, data: { refresh_token: Buffer.from('1//another-refresh-token').toString('base64') } })
    await alice.reconcileAlone()
    expect(alice.says('Authorized')).toEqual(['False', 'GrantRevoked'])
  })

  test('asks at once with other credentials or a larger quota', async () => {
    await alice.reconcileAlone()
    alice.answerAgain()
    alice.changeIntegration({ quota: { requestsPerMinute: 20_000, requestsPerMinutePerAgent: 600 } })
    await alice.reconcileAlone()
    expect(alice.says('Ready')).toEqual(['True', 'Ready'])
  })
})

describe('a published access token', () => {
  beforeEach(async () => {
    await alice.world.close()
    alice = new OneAgent({ accessToken: true })
    await alice.ready()
  })

  const publishedUntil = (): number => {
    const { expires_at: until = '' } = alice.world.kubernetes.find('Secret', 'alice-token')?.data ?? {}
    return Date.parse(Buffer.from(until, 'base64').toString())
  }

  async function waitAnHour(): Promise<void> {
    for (let waited = 0; waited < HOUR; waited += 6 * MINUTE) await alice.reconcileAfter(6 * MINUTE)
  }

  test('is renewed while the Calendar API gives no answer', async () => {
    alice.refuseListings(503)
    await waitAnHour()
    expect(publishedUntil()).toBeGreaterThan(alice.world.clock.now())
  })

  test('is not replaced by one that Google refuses', async () => {
    const before = publishedUntil()
    let renewals = 0
    alice.world.google.before = ({ path }) => {
      const status =
        path.includes('/token') && ++renewals > 1 ? 503 : renewals > 0 && path.includes('/events') ? 401 : undefined
      if (status) alice.world.google.twist([{ do: 'refuse', status, body: apiError(status, 'authError') }])
    }
    await waitAnHour()
    expect(renewals).toBeGreaterThan(1)
    expect(publishedUntil()).toBe(before)
  })
})

describe('an Agent that Google stops answering after it has read', () => {
  beforeEach(() => alice.ready())

  test('is still authorized, during its backoff, too', async () => {
    alice.refuseListings(503)
    await alice.reconcileAfter(6 * MINUTE)
    await alice.reconcileAlone()
    expect(alice.says('Authorized')).toEqual(['True', 'Granted'])
    expect(alice.says('Synced')).toEqual(['True', 'Synced'])
    expect(alice.says('Ready')).toEqual(['True', 'Ready'])
    await alice.reconcileAfter(14 * MINUTE)
    expect(alice.says('Authorized')).toEqual(['True', 'Granted'])
    expect(alice.says('Ready')[0]).toBe('False')
  })
})

describe('an access token that Google refuses while a calendar is read', () => {
  const refuseOnce = (): void => {
    let isRefused = false
    alice.world.google.before = ({ path }) => {
      if (isRefused || !path.includes('/events?')) return
      isRefused = true
      alice.world.google.twist([{ do: 'refuse', status: 401, body: apiError(401, 'authError') }])
    }
  }

  test('is renewed, and the calendar is read with the new one', async () => {
    await alice.ready()
    alice.addMeeting()
    const before = asked('/token')
    refuseOnce()
    await alice.reconcileAfter(6 * MINUTE)
    expect(asked('/token')).toBe(before + 1)
    expect(alice.says('Ready')).toEqual(['True', 'Ready'])
    expect(alice.busy).toHaveLength(2)
  })

  test('and that Google does not renew says at once that the grant is dead', async () => {
    await alice.ready()
    alice.world.google.before = ({ path }) => {
      const refused = path === '/token' ? { status: 400, body: { error: 'invalid_grant' } } : undefined
      const listing = path.includes('/events?') ? { status: 401, body: apiError(401, 'authError') } : undefined
      const answer = refused ?? listing
      if (answer) alice.world.google.twist([{ do: 'refuse', ...answer }])
    }
    await alice.reconcileAfter(6 * MINUTE)
    expect(alice.says('Authorized')).toEqual(['False', 'GrantRevoked'])
    expect(alice.says('Ready')).toEqual(['False', 'GrantRevoked'])
  })
})

describe('an Agent of which one calendar is refused', () => {
  test('says that first, once, however long Google then gives no answer about the others', async () => {
    await alice.world.close()
    alice = new OneAgent({ calendars: 2 })
    alice.refuseListings(404, 'team%40example.com', apiError(404, 'notFound'))
    await alice.ready()
    alice.refuseListings(503)
    for (let round = 0; round < 4; round++) await alice.reconcileAfter(10 * MINUTE)
    expect(alice.says('Ready')).toEqual(['False', 'CalendarNotFound'])
    expect(alice.says('Synced')).toEqual(['False', 'CalendarNotFound'])
    expect(alice.condition('Ready')?.message.match(/Google knows no calendar/g)).toHaveLength(1)
  })
})

describe('an Agent whose client Google limits', () => {
  test('that was never read says so, and is read once the limit has ended', async () => {
    alice.refuseListings(403, '', apiError(403, 'rateLimitExceeded'))
    await alice.reconcile()
    expect(alice.says('Ready')).toEqual(['False', 'RateLimited'])
    expect(alice.says('Authorized')).toEqual(['True', 'Granted'])
    const before = asked('/events?')
    alice.answerAgain()
    await alice.reconcileAfter(SECOND)
    expect(asked('/events?')).toBe(before)
    await alice.reconcileAfter(MINUTE)
    expect(alice.says('Ready')).toEqual(['True', 'Ready'])
  })

  test('is read at once after another Agent of the client has met the end of the limit', async () => {
    await alice.ready()
    alice.refuseListings(403, '', apiError(403, 'dailyLimitExceeded'))
    await alice.reconcileAfter(6 * MINUTE)
    expect(alice.condition('Ready')?.message).toContain('daily quota')
    alice.answerAgain()
    alice.world.put(bob())
    alice.world.put({
      ...bob(),
      metadata: { ...bob().metadata, annotations: { 'calendar-operator.io/requestedAt': 'x' } },
    })
    await alice.world.reconcile('Agent', 'booking/bob')
    const before = asked('/events?')
    await alice.reconcileAfter(SECOND)
    expect(asked('/events?')).toBe(before + 1)
    expect(alice.condition('Synced')?.message).toBe('The calendar is read and up to date.')
  })
})

const bob = (): ReturnType<typeof hostileOf> =>
  hostileOf({
    account: ACCOUNT,
    calendars: ['primary'],
    calendarKind: 'ConfigMap',
    calendarName: 'bob-calendar',
    tokenName: undefined,
    grantName: 'alice-grant',
    revoke: false,
  })

describe('an Agent whose client Google refuses', () => {
  test('says that its integration is not ready, and has it verified', async () => {
    await withIntegration()
    refuse('/token', 401, { error: 'invalid_client' })
    await alice.world.clock.advance(MINUTE)
    await alice.reconcileAlone()
    expect(alice.says('Ready')).toEqual(['False', 'IntegrationNotReady'])
    expect(alice.says('Authorized')[0]).not.toBe('False')
    expect(alice.world.registry.isSuspect('booking/google')).toBe(true)
    await withIntegration()
    const integration = alice.world.kubernetes.find('CalendarIntegration', 'google')?.status as OneAgent['status']
    expect(integration.conditions?.find(({ type }) => type === 'Ready')?.reason).toBe('InvalidClient')
  })
})

describe('an Agent whose project has the Calendar API switched off', () => {
  beforeEach(async () => {
    await alice.ready()
    alice.refuseListings(403, '', apiError(403, 'accessNotConfigured'))
    await alice.reconcileAfter(6 * MINUTE)
  })

  test('tells its integration, and asks for nothing more but a probe now and then', async () => {
    expect(alice.world.registry.api('booking/google')?.state).toBe('Disabled')
    await alice.reconcile()
    const before = asked('/events?')
    await alice.reconcileAfter(2 * MINUTE)
    expect(asked('/events?')).toBe(before)
    alice.answerAgain()
    await alice.reconcileAfter(10 * MINUTE)
    await alice.reconcile()
    expect(alice.world.registry.api('booking/google')?.state).toBe('Enabled')
    expect(alice.says('Ready')).toEqual(['True', 'Ready'])
  })

  test('is not ready once its calendar can’t be trusted any more; its grant is still good', async () => {
    await alice.reconcileAfter(20 * MINUTE)
    expect(alice.says('Ready')).toEqual(['False', 'IntegrationNotReady'])
    expect(alice.condition('Ready')?.message).toContain('Calendar API is switched off')
    expect(alice.says('Authorized')).toEqual(['True', 'Granted'])
  })
})

describe('an Agent without a grant', () => {
  const removeGrant = (): void =>
    alice.world.remove({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'alice-grant', namespace: 'booking' } })

  test('says which Secret is missing, and asks Google nothing', async () => {
    removeGrant()
    await alice.reconcile()
    expect(alice.says('Authorized')).toEqual(['False', 'GrantSecretNotFound'])
    expect(alice.says('Ready')).toEqual(['False', 'GrantSecretNotFound'])
    expect(asked('/calendar/v3/')).toBe(0)
  })

  test('says first that its integration is not ready, if the Calendar API is switched off', async () => {
    await withIntegration()
    alice.world.registry.report('booking/google', { api: 'Disabled' })
    await withIntegration()
    removeGrant()
    await alice.world.clock.advance(10 * MINUTE)
    await alice.reconcileAlone()
    expect(alice.says('Ready')).toEqual(['False', 'IntegrationNotReady'])
  })

  test('with a Secret that can’t hold one says that, also if the Calendar API is switched off', async () => {
    await withIntegration()
    alice.world.registry.report('booking/google', { api: 'Disabled' })
    await withIntegration()
    const secret = alice.world.kubernetes.find('Secret', 'alice-grant')!
    alice.world.put({ ...secret, data: { refresh_token: Buffer.from('two words').toString('base64') } })
    await alice.world.clock.advance(10 * MINUTE)
    await alice.reconcileAlone()
    expect(alice.says('Ready')).toEqual(['False', 'GrantSecretInvalid'])
  })

  test('says first that nobody can sign in, if the site belongs to another namespace', async () => {
    const object = alice.world.kubernetes.find('CalendarIntegration', 'google')!
    const other = { ...object.metadata, namespace: 'other', name: 'first', uid: 'other' }
    const older = { ...other, creationTimestamp: '2026-11-23T09:00:00Z' }
    const secret = alice.world.kubernetes.find('Secret', 'google-oauth-client')!
    alice.world.put({ ...secret, metadata: { name: 'google-oauth-client', namespace: 'other' } })
    alice.world.put({ ...object, metadata: older })
    await alice.world.reconcile('CalendarIntegration', 'other/first')
    removeGrant()
    await alice.reconcile()
    expect(alice.says('Ready')).toEqual(['False', 'IntegrationNotReady'])
    expect(alice.says('Authorized')).toEqual(['False', 'GrantSecretNotFound'])
  })
})

describe('an Agent whose grant is dead', () => {
  test('says so before a calendar that is refused, and keeps what is published', async () => {
    await alice.world.close()
    alice = new OneAgent({ calendars: 2 })
    alice.refuseListings(404, 'team%40example.com', apiError(404, 'notFound'))
    await alice.ready()
    expect(alice.says('Ready')).toEqual(['False', 'CalendarNotFound'])
    const { busy } = alice
    refuse('/token', 400, { error: 'invalid_grant' })
    await alice.reconcileAfter(HOUR)
    expect(alice.says('Authorized')).toEqual(['False', 'GrantRevoked'])
    expect(alice.says('Ready')).toEqual(['False', 'GrantRevoked'])
    expect(alice.condition('Synced')?.reason).toBe('CalendarNotFound')
    expect(alice.busy).toEqual(busy)
  })
})

describe('a refresh token that can’t be saved', () => {
  test('is used from memory and reported, and saved as soon as that works', async () => {
    alice.world.google.rotates = true
    alice.world.kubernetes.refuse = (method, path) =>
      method !== 'GET' && path.includes('/secrets') ? refusal(403, 'Forbidden') : undefined
    await alice.ready()
    expect(alice.busy).toHaveLength(1)
    expect(alice.says('Ready')[0]).toBe('False')
    expect(alice.condition('Ready')?.message).toContain('alice-google-grant')
    alice.world.kubernetes.refuse = () => undefined
    await alice.reconcileAfter(MINUTE)
    expect(alice.says('Ready')).toEqual(['True', 'Ready'])
    const kept = alice.world.kubernetes.find('Secret', 'alice-google-grant')?.data?.refresh_token ?? ''
    expect(Buffer.from(kept, 'base64').toString()).toBe(alice.world.google.latest)
  })
})

describe('Agents that Google does not answer', () => {
  test('are tried again soon after it has answered one of them', async () => {
    alice.world.put(bob())
    await alice.reconcile()
    await alice.world.reconcile('Agent', 'booking/bob')
    alice.refuseListings(503)
    await alice.world.clock.advance(6 * MINUTE)
    for (let round = 0; round < 8; round++) {
      await alice.reconcileAlone()
      await alice.world.reconcile('Agent', 'booking/bob')
      await alice.world.clock.advance(2 * MINUTE)
    }
    expect(alice.world.wokenAgents).toEqual([])
    await alice.reconcileAlone()
    await alice.world.reconcile('Agent', 'booking/bob')
    alice.answerAgain()
    alice.change({}, { annotations: { 'calendar-operator.io/requestedAt': 'now' } })
    await alice.reconcileAlone()
    expect(alice.world.wokenAgents).toEqual(['booking/bob'])
    const before = asked('/events?')
    await alice.world.clock.advance(15 * SECOND)
    await alice.world.reconcile('Agent', 'booking/bob')
    expect(asked('/events?')).toBe(before + 1)
  })
})
