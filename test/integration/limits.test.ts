/** What an integration says about the Calendar API, Google's limits and its own budget. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { OneAgent } from '../agent/support/one-agent.ts'
import {
  CLIENT_ID,
  DAY,
  encoded,
  HOUR,
  KEY,
  LIMITS,
  MINUTE,
  OneIntegration,
  REFUSES,
  SECOND,
} from './support/one-integration.ts'

let google: OneIntegration

beforeEach(() => {
  google = new OneIntegration()
})

afterEach(() => google.end())

describe('an integration whose project has the Calendar API switched off', () => {
  beforeEach(async () => {
    await google.reconcile()
    google.world.registry.report(KEY, { api: 'Disabled' })
  })

  test('says so, is looked at when an Agent may probe it, and holds the others back', async () => {
    expect(await google.reconcile()).toEqual({ kind: 'blocked', reason: 'APIDisabled', checkAgainIn: 5 * MINUTE })
    expect(google.summary).toEqual(['False', 'APIDisabled', 'Stalled'])
    expect(google.condition('CalendarAPIEnabled')).toMatchObject({ status: 'False', reason: 'APIDisabled' })
    expect(google.condition('Ready')?.message).toMatch(/switched off in the Google Cloud project.*enable "Google/)
    expect(google.told()).toMatchObject({ ready: false, apiDisabled: true })
    expect(await google.reconcileAfter(6 * MINUTE)).toMatchObject({ checkAgainIn: SECOND })
  })

  test('is ready once an Agent has read a calendar', async () => {
    await google.reconcile()
    google.world.registry.report(KEY, { api: 'Enabled' })
    await google.reconcile()
    expect(google.summary).toEqual(['True', 'Ready', undefined])
    expect(google.condition('CalendarAPIEnabled')).toMatchObject({
      status: 'True',
      message: 'The Calendar API answers.',
    })
    expect(google.told()).toMatchObject({ ready: true, apiDisabled: false })
  })

  test('says first that Google refuses the client, if that is so', async () => {
    google.answerTokens(REFUSES('invalid_client'))
    await google.reconcileAfter(DAY)
    expect(google.summary).toEqual(['False', 'InvalidClient', 'Stalled'])
    expect(google.condition('CalendarAPIEnabled')?.status).toBe('False')
    expect(google.told()).toMatchObject({ ready: false, apiDisabled: false })
  })

  test('remembers it over a restart, since when, and lets one Agent probe it at once', async () => {
    await google.reconcile()
    await google.world.clock.advance(3 * HOUR)
    google.world.restart()
    const outcome = await google.reconcile()
    expect(google.summary).toEqual(['False', 'APIDisabled', 'Stalled'])
    expect(google.told()?.apiDisabled).toBe(true)
    expect(outcome).toMatchObject({ checkAgainIn: SECOND })
    expect(google.world.registry.tryAcquireProbe(KEY)).toBeTypeOf('function')
    // It was switched off three hours ago, so the next probe is an hour away.
    expect(await google.reconcile()).toMatchObject({ checkAgainIn: HOUR })
  })

  test('offers another probe if somebody asks for a reconcile', async () => {
    await google.reconcile()
    expect(google.world.registry.canProbe(KEY, false)).toBe(false)
    google.request('now')
    await google.reconcile()
    expect(google.world.registry.canProbe(KEY, false)).toBe(true)
    expect(google.status.lastHandledReconcileAt).toBe('now')
  })
})

describe('an integration whose project has the Calendar API switched on', () => {
  test('remembers it over a restart', async () => {
    await google.reconcile()
    google.world.registry.report(KEY, { api: 'Enabled' })
    await google.reconcile()
    google.world.restart()
    await google.reconcile()
    expect(google.condition('CalendarAPIEnabled')).toMatchObject({ status: 'True', reason: 'Enabled' })
    expect(google.world.registry.api(KEY)?.state).toBe('Enabled')
  })

  test('does not recall a status that is older than what an Agent has found out', async () => {
    await google.reconcile()
    google.world.registry.report(KEY, { api: 'Disabled' })
    await google.reconcile()
    google.world.registry.report(KEY, { api: 'Enabled' })
    await google.reconcile()
    expect(google.condition('CalendarAPIEnabled')?.status).toBe('True')
  })
})

describe('a client that Google limits', () => {
  test('stays ready and says since when; it is looked at when the limit ends', async () => {
    await google.reconcile()
    google.answerTokens(LIMITS)
    const outcome = await google.reconcileAfter(DAY)
    expect(outcome).toMatchObject({ kind: 'retry', error: { failure: 'RateLimited' } })
    expect(google.summary).toEqual(['True', 'Ready', undefined])
    expect(google.condition('WithinQuota')).toMatchObject({ status: 'False', reason: 'RateLimited' })
    expect(google.condition('WithinQuota')?.message).toMatch(/^Since 2026-11-24T10:00:00Z Google limits the rate/)
    google.answerAgain()
    await google.reconcileAfter(10 * MINUTE)
    expect(google.condition('WithinQuota')).toMatchObject({ status: 'True', reason: 'WithinQuota' })
  })

  /** An Agent that reads a calendar meets the limit. */
  async function limitedBy(reason: string): Promise<OneAgent> {
    await google.world.close()
    const alice = new OneAgent()
    await alice.ready()
    alice.refuseListings(403, '', { error: { code: 403, errors: [{ domain: 'usageLimits', reason }] } })
    await alice.reconcileAfter(6 * MINUTE)
    alice.answerAgain()
    return alice
  }

  const quotaOf = ({ world }: OneAgent): { reason?: string; message?: string } | undefined => {
    const { conditions } = world.kubernetes.find('CalendarIntegration', 'google')!.status as OneIntegration['status']
    return conditions?.find(({ type }) => type === 'WithinQuota')
  }

  test('for the rest of the day says what to do about it, and is tried again every hour', async () => {
    const alice = await limitedBy('dailyLimitExceeded')
    const outcome = await alice.world.reconcile('CalendarIntegration', KEY)
    expect(quotaOf(alice)).toMatchObject({ status: 'False', reason: 'DailyQuotaExceeded' })
    expect(quotaOf(alice)?.message).toMatch(
      /^Since 2026-11-23T10:06:00Z the project's daily quota.*lengthen spec\.sync/,
    )
    expect(outcome.kind).toBe('done')
    const { checkAgainIn } = outcome as { checkAgainIn: number }
    expect(checkAgainIn).toBeGreaterThan(50 * MINUTE)
    expect(checkAgainIn).toBeLessThanOrEqual(66 * MINUTE)
    await alice.world.close()
  })

  test('is looked at once a second, no more often, while the pause is over and nobody has asked yet', async () => {
    const alice = await limitedBy('rateLimitExceeded')
    const limited = await alice.world.reconcile('CalendarIntegration', KEY)
    const { checkAgainIn } = limited as { checkAgainIn: number }
    expect(checkAgainIn).toBeLessThan(10 * SECOND)
    await alice.world.clock.advance(checkAgainIn)
    expect(await alice.world.reconcile('CalendarIntegration', KEY)).toEqual({ kind: 'done', checkAgainIn: SECOND })
    await alice.world.close()
  })

  test('lets one request through, and wakes its Agents, if somebody asks for a reconcile', async () => {
    const alice = await limitedBy('dailyLimitExceeded')
    const { world } = alice
    world.woken = []
    const integration = world.kubernetes.find('CalendarIntegration', 'google')!
    const annotations = { 'calendar-operator.io/requestedAt': 'now' }
    world.put({ ...integration, metadata: { ...integration.metadata, annotations } })
    await world.reconcile('CalendarIntegration', KEY)
    expect(world.woken).toContain(KEY)
    const listings = world.google.asked.filter(({ path }) => path.includes('/events?')).length
    await world.clock.advance(6 * MINUTE)
    await world.reconcile('Agent', 'booking/alice')
    expect(world.google.asked.filter(({ path }) => path.includes('/events?'))).toHaveLength(listings + 1)
    await world.close()
  })
})

describe('an integration whose polls need more than its budget', () => {
  const quota = (requestsPerMinute: number): object => ({ requestsPerMinute, requestsPerMinutePerAgent: 600 })

  test('says both numbers and what to change, and is ready all the same', async () => {
    google.change({ quota: quota(1) } as never)
    for (let number = 0; number < 5; number++) google.addAgent(`agent-${number}`)
    await google.reconcile()
    expect(google.condition('WithinQuota')).toMatchObject({ status: 'False', reason: 'OverBudget' })
    expect(google.condition('WithinQuota')?.message).toMatch(
      /calendars of this integration's Agents \(5 calendars\) needs 1 requests a minute.* leaves 0\.9 .*nine tenths of spec\.quota\.requestsPerMinute, 1\. .*to 2 or more/,
    )
    expect(google.summary).toEqual(['True', 'Ready', undefined])
    google.change({ sync: { ...google.object().spec.sync, interval: '1h' } })
    await google.reconcile()
    expect(google.condition('WithinQuota')?.status).toBe('True')
  })

  test('counts one calendar as one', async () => {
    google.change({ quota: quota(1), sync: { ...google.object().spec.sync, interval: '30s' } } as never)
    google.addAgent('bob')
    await google.reconcile()
    expect(google.condition('WithinQuota')?.message).toContain('(1 calendar) needs 2 requests')
  })

  test('says what Google limits first', async () => {
    google.change({ quota: quota(1) } as never)
    for (let number = 0; number < 5; number++) google.addAgent(`agent-${number}`)
    await google.reconcile()
    google.answerTokens(LIMITS)
    await google.reconcileAfter(DAY)
    expect(google.condition('WithinQuota')?.reason).toBe('RateLimited')
  })

  test('together with another integration of its client says so, and shares the largest budget', async () => {
    google.change({ quota: quota(1) } as never)
    google.add('other/second', { spec: { quota: quota(2) } as never })
    for (let number = 0; number < 4; number++) {
      google.addAgent(`agent-${number}`)
      const integrationRef = { name: 'second' }
      google.addAgent(`theirs-${number}`, [], { namespace: 'other', spec: { integrationRef } })
      google.addAgent(`more-${number}`, [], { namespace: 'other', spec: { integrationRef } })
    }
    await google.reconcile()
    expect(google.told()?.share).toEqual({
      clientId: CLIENT_ID,
      quota: { requestsPerMinute: 1, requestsPerMinutePerAgent: 600 },
      pollsPerMinute: 0.8,
    })
    await google.reconcile('other/second')
    await google.reconcile()
    expect(google.condition('WithinQuota')?.message).toMatch(
      /all Agents of this OAuth client, over 2 integrations, \(12 calendars\) needs 2\.4 .*the largest spec\.quota\.requestsPerMinute of these integrations, 2\./,
    )
  })

  test('does not count the polls of an integration that is suspended, or of one whose secret is made up', async () => {
    google.change({ quota: quota(1) } as never)
    google.add('other/asleep', { spec: { quota: quota(1) } as never })
    await google.reconcile('other/asleep')
    const asleep = google.object('other/asleep')
    google.world.put({ ...asleep, spec: { ...asleep.spec, suspend: true } })
    const madeUp = { ...google.object().spec.google, clientSecretRef: { name: 'client-of-made-up' } }
    const data = encoded({ client_id: CLIENT_ID, client_secret: 'GOCSPX-made-up' })
    google.add('third/made-up', { spec: { quota: quota(1), google: madeUp } as never, data })
    for (let number = 0; number < 4; number++) {
      google.addAgent(`ours-${number}`)
      google.addAgent(`asleep-${number}`, [], { namespace: 'other', spec: { integrationRef: { name: 'asleep' } } })
      google.addAgent(`theirs-${number}`, [], { namespace: 'third', spec: { integrationRef: { name: 'made-up' } } })
    }
    await google.reconcile()
    google.answerTokens(REFUSES('invalid_client'))
    await google.reconcile('third/made-up')
    expect(google.told('third/made-up')?.share).toBeUndefined()
    await google.reconcile()
    for (const key of [KEY, 'third/made-up']) expect(google.condition('WithinQuota', key)?.status).toBe('True')
  })

  test('keeps to its budget: an Agent that needs more is read later', async () => {
    await google.world.close()
    const alice = new OneAgent()
    alice.changeIntegration({ quota: { requestsPerMinute: 1, requestsPerMinutePerAgent: 600 } })
    await alice.ready()
    const requests = (): number => alice.world.google.asked.filter(({ path }) => path.includes('/calendar/v3/')).length
    expect(requests()).toBe(1)
    expect(alice.condition('Ready')?.status).not.toBe('True')
    await alice.reconcileAfter(2 * MINUTE)
    await alice.reconcileAfter(2 * MINUTE)
    expect(alice.condition('Ready')?.status).toBe('True')
    await alice.world.close()
  })

  test('does not count Agents of namespaces that it does not allow, or Agents that are suspended or being deleted', async () => {
    google.change({ quota: quota(1) } as never)
    for (let number = 0; number < 9; number++) {
      google.addAgent(`foreign-${number}`, [], { namespace: 'elsewhere' })
      google.addAgent(`asleep-${number}`, [], { spec: { suspend: true } })
    }
    await google.reconcile()
    expect(google.condition('WithinQuota')?.status).toBe('True')
  })

  test('tells its Agents which accounts need too much', async () => {
    google.change({ quota: { requestsPerMinute: 10_000, requestsPerMinutePerAgent: 1 } })
    const status = { authorization: { account: 'Alice@example.com' } }
    for (let number = 0; number < 6; number++) google.addAgent(`alice-${number}`, [], { status })
    await google.reconcile()
    expect(google.condition('WithinQuota')?.status).toBe('True')
    expect(google.told()?.accountsOverBudget?.get('alice@example.com')).toMatchObject({ needed: 1.2, budget: 1 })
  })
})
