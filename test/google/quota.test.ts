/** Which budgets the requests of a client count in. */
import { beforeEach, describe, expect, test } from 'vitest'
import { acquirePlace } from '../../src/google/budget-place.ts'
import { Bypass } from '../../src/google/bypass.ts'
import type { ClientRateLimiter } from '../../src/google/client-rate-limiter.ts'
import { ClientRegistry, type LimiterMembership } from '../../src/google/client-registry.ts'
import { GoogleError, OverBudgetError, type Payer, type RequestOptions } from '../../src/google/port.ts'
import { QuotaBudget } from '../../src/google/quota-budget.ts'
import { limitFor, reservedBy } from '../../src/google/replica-role.ts'
import { TokenBucket } from '../../src/rate-limit/token-bucket.ts'
import { ManualClock } from '../support/clock.ts'

const MINE = { clientId: 'a.apps.googleusercontent.com', clientSecret: 'first' }
const SECOND = { ...MINE, clientSecret: 'second' }

let clock: ManualClock
let registry: ClientRegistry<LimiterMembership>

beforeEach(() => {
  clock = new ManualClock()
  registry = new ClientRegistry({ clock, random: () => 0.5 }, (_, membership) => membership)
})

const quota = (requestsPerMinute: number, requestsPerMinutePerAgent = 1_000) => ({
  requestsPerMinute,
  requestsPerMinutePerAgent,
})

interface Sent extends RequestOptions {
  answer?: string
  error?: Error
}

/** Sends requests until one is turned away; returns how many were sent, and what turned the last one away. */
async function untilTurnedAway(
  membership: LimiterMembership,
  payer: Payer,
  { answer = payer.account, error, ...options }: Sent = {},
): Promise<[number, string]> {
  for (let sent = 0; sent < 1_000; sent++) {
    const send = (): Promise<string> => (error ? Promise.reject(error) : Promise.resolve(answer))
    const limits = { ...options, payer, integration: membership.budgetOf(payer.integration), accountOf: () => answer }
    const ended = membership.limiter().run('calendar', send, limits)
    const refusal = ended.then(
      () => undefined,
      (thrown: unknown) => (thrown instanceof OverBudgetError ? thrown.budget : undefined),
    )
    await clock.advance(5_000)
    const budget = await refusal
    if (budget) return [sent, budget]
    if (options.bypass) return [1, 'sent']
  }
  return [1_000, 'never']
}

const payer = (account: string, integration = 'ns/google'): Payer => ({ integration, account })

describe('a budget', () => {
  test('is that of the account or that of the integration, whichever is used up first', async () => {
    registry.setQuota('ns/google', MINE, quota(8, 4))
    const client = registry.get(MINE)
    expect((await untilTurnedAway(client, payer('alice')))[1]).toBe('account')
    registry.setQuota('ns/google', MINE, quota(4))
    await clock.advance(120_000)
    expect((await untilTurnedAway(client, payer('alice')))[1]).toBe('client')
  })

  test('of a client is the largest of the integrations whose secrets Google has accepted', () => {
    registry.setQuota('ns/google', MINE, quota(10, 50))
    registry.setQuota('ns/second', SECOND, quota(20, 5))
    const [mine, second] = [registry.get(MINE), registry.get(SECOND)]
    const of = (one: LimiterMembership): ClientRateLimiter['budget']['quota'] => one.limiter().budget.quota
    expect([of(mine), of(second)]).toEqual([quota(10, 50), quota(20, 5)])
    mine.onAccepted()
    expect([of(mine), of(second)]).toEqual([quota(10, 50), quota(20, 5)])
    second.onAccepted()
    expect(mine.limiter()).toBe(second.limiter())
    expect(of(mine)).toEqual(quota(20, 50))
    registry.setQuota('ns/google', MINE, quota(30, 50))
    expect(of(second)).toEqual(quota(30, 50))
    second.onRefused()
    expect([of(mine), of(second)]).toEqual([quota(30, 50), quota(20, 5)])
    registry.forgetQuota('ns/google')
    expect(of(mine)).toEqual(quota(10_000, 600))
  })

  test('moves with an integration that uses another secret', () => {
    registry.setQuota('ns/google', MINE, quota(10))
    registry.setQuota('ns/google', SECOND, quota(10))
    expect(registry.get(MINE).limiter().budget.quota).toEqual(quota(10_000, 600))
    expect(registry.get(SECOND).limiter().budget.quota).toEqual(quota(10))
  })

  test('of one integration is not that of another of the same client', async () => {
    registry.setQuota('ns/google', MINE, quota(2))
    registry.setQuota('ns/large', MINE, quota(1_000))
    const client = registry.get(MINE)
    expect((await untilTurnedAway(client, payer('alice')))[0]).toBeLessThanOrEqual(2)
    expect((await untilTurnedAway(client, payer('alice', 'ns/large')))[0]).toBeGreaterThan(50)
  })
})

test('a request that the client has no place for costs its account nothing', async () => {
  const budget = new QuotaBudget(clock, quota(1, 3))
  const ask = async (account: string): Promise<unknown> =>
    acquirePlace(clock, [budget], { priority: 'routine', payer: payer(account), maxWaitMs: 0 })
  await ask('bob')
  await expect(ask('alice')).rejects.toThrow(OverBudgetError)
  expect(budget.ofAccount('alice').isIdle).toBe(true)
})

describe('the requests of the last minute', () => {
  const [one, two] = [payer('alice', 'ns/google'), payer('bob', 'ns/second')]
  const all = { priority: 'requested' } as const

  beforeEach(async () => {
    registry.setQuota('ns/google', MINE, quota(4))
    registry.setQuota('ns/second', MINE, quota(4))
    registry.get(MINE).onAccepted()
    // They are spread over the minute.
    for (let sent = 0; sent < 4; sent++) {
      if (sent > 0) await clock.advance(16_700)
      const client = registry.get(MINE)
      const limits = { payer: one, integration: client.budgetOf('ns/google'), ...all }
      await client.limiter().run('calendar', () => Promise.resolve(), limits)
    }
    registry.get(MINE).onRefused()
  })

  test('count although Google has refused the secret for a moment', async () => {
    registry.get(MINE).onAccepted()
    expect(await untilTurnedAway(registry.get(MINE), two, all)).toEqual([0, 'client'])
  })

  test('count for the secret that replaces one that Google refuses', async () => {
    registry.setQuota('ns/second', SECOND, quota(4))
    registry.get(SECOND).onAccepted()
    expect(await untilTurnedAway(registry.get(SECOND), two, all)).toEqual([0, 'client'])
  })

  test('count for no secret that Google has not accepted', async () => {
    registry.setQuota('ns/second', SECOND, quota(4))
    expect(await untilTurnedAway(registry.get(SECOND), two, all)).toEqual([1, 'client'])
  })
})

describe('an account that is only claimed', () => {
  const claimed: Payer = { ...payer('alice'), isClaimed: true }
  const left = async (client: LimiterMembership, account: string): Promise<number> =>
    (await untilTurnedAway(client, payer(account), { priority: 'requested' }))[0]

  test.each<[string, Pick<Sent, 'answer' | 'error'>]>([
    ['answered for another account', { answer: 'mallory' }],
    ['refused because of the token', { error: new GoogleError('Unauthenticated', '401') }],
  ])('loses nothing to a request that was %s', async (_, sent) => {
    registry.setQuota('ns/google', MINE, quota(1_000, 1))
    const client = registry.get(MINE)
    const limits = { payer: claimed, integration: client.budgetOf('ns/google'), accountOf: () => sent.answer }
    const send = (): Promise<string> => (sent.error ? Promise.reject(sent.error) : Promise.resolve(''))
    await client
      .limiter()
      .run('calendar', send, limits)
      .catch(() => undefined)
    expect(await left(client, 'alice')).toBe(1)
    expect(await left(client, 'mallory')).toBe(sent.answer ? 0 : 1)
  })

  test('pays for what it was', async () => {
    registry.setQuota('ns/google', MINE, quota(1_000, 1))
    const client = registry.get(MINE)
    const limits = { payer: claimed, integration: client.budgetOf('ns/google'), accountOf: () => 'alice' }
    await client.limiter().run('calendar', () => Promise.resolve(''), limits)
    expect(await left(client, 'alice')).toBe(0)
  })
})

describe('a request that somebody asked for', () => {
  test('is repeated when the budget has no place, unless the look has begun', async () => {
    registry.setQuota('ns/google', MINE, quota(1))
    const client = registry.get(MINE)
    expect(await untilTurnedAway(client, payer('alice'), { bypass: new Bypass() })).toEqual([1, 'sent'])
    const [late, begun] = [new Bypass(), new Bypass()]
    begun.onSend(true)
    for (const bypass of [late, begun]) await untilTurnedAway(client, payer('alice'), { bypass })
    expect(late.retryInMs).toBeGreaterThan(5_000)
    expect(begun.retryInMs).toBeUndefined()
  })

  test('passes over two pauses with one bypass: the API that is off, and a limit', () => {
    const bypass = new Bypass()
    const bucket = new TokenBucket(clock, { burst: 1, intervalMs: 10_000 })
    expect([bypass.tryUse(bucket), bypass.tryUse(bucket)]).toEqual([true, true])
    bypass.onSend(true)
    expect(bypass.tryUse(bucket)).toBe(false)
  })
})

test('accounts without requests in the last minute are forgotten', async () => {
  const budget = new QuotaBudget(clock, quota(1_000_000))
  const use = async (account: string): Promise<void> => (await budget.ofAccount(account).acquire('routine', 0)).end()
  for (let one = 0; one < 1_000; one++) await use(`first ${one}`)
  expect(budget.accounts).toBe(1_000)
  await clock.advance(61_000)
  for (let one = 0; one < 1_000; one++) await use(`second ${one}`)
  expect(budget.accounts).toBeLessThanOrEqual(1_001)
})

describe('several replicas', () => {
  test.each([2, 10, 19, 20, 60, 600, 10_000])(
    'share a budget of %i, and the leader keeps what polls may use',
    (budget) => {
      const replicas = budget < 20 ? 2 : 3
      const leader = limitFor('leader', budget) - reservedBy('leader', budget)
      expect(leader + (replicas - 1) * limitFor('other', budget)).toBeLessThanOrEqual(budget)
      expect(limitFor('other', budget)).toBeGreaterThanOrEqual(1)
      expect(leader).toBeGreaterThanOrEqual(Math.floor(budget * 0.9))
      expect([limitFor('only', budget), reservedBy('only', budget)]).toEqual([budget, 0])
    },
  )

  test.each([
    ['leader', 58],
    ['other', 1],
    ['only', 60],
  ] as const)('give the %s %i of 60 requests', async (role, most) => {
    const { total } = new QuotaBudget(clock, quota(60), () => role)
    let sent = 0
    for (let turn = 0; turn < 200; turn++) {
      for (const priority of ['requested', 'interactive', 'routine'] as const) {
        const acquired = total.acquire(priority, 0)
        await acquired.then(
          () => (sent += 1),
          () => undefined,
        )
      }
      await clock.advance(300)
    }
    // Nothing of it has ended, so every request still occupies its slot.
    expect(sent).toBe(most)
  })
})
