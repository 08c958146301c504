/** The budget of `spec.quota`: no sliding minute holds more, urgent requests go first, and a shortage is reported ahead. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Agent, CalendarIntegration } from '../../src/resources/types.ts'
import { agentManifest, integrationManifest } from './support/manifests.ts'
import { isReal, limitMs, startWorld, withinMs, type World } from './support/world.ts'

const MINUTE = 60_000

let world: World

beforeEach(async () => {
  world = await startWorld()
})

afterEach(() => world.stop())

const conditionOf = ({ status }: CalendarIntegration, type: string) =>
  status?.conditions?.find((condition) => condition.type === type)

const quota = async (name?: string) => conditionOf(await world.integration(name), 'WithinQuota')

const untilQuota = (reason: string, name?: string): Promise<unknown> =>
  world.until(`the quota says ${reason}`, async () => (await quota(name))?.reason === reason)

const synced = async (name: string): Promise<string | undefined> =>
  (await world.agent(name)).status?.conditions?.find(({ type }) => type === 'Synced')?.message

const ask = (name: string, value: string): Promise<unknown> =>
  world.objects.patch('Agent', name, { metadata: { annotations: { 'calendar-operator.io/requestedAt': value } } })

async function notReady(): Promise<Agent[]> {
  const agents = (await world.objects.list('Agent')) as unknown as Agent[]
  const isReady = ({ status }: Agent): boolean =>
    status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') === true
  return agents.filter((agent) => !isReady(agent))
}

/** The most requests of the client, and of an account, in any sliding minute, as Google saw them. */
function busiest(account?: string): number {
  const client = world.google.busiestMinutes().clients.find(({ name }) => name === world.client.clientId)
  if (account === undefined) return client?.requests ?? 0
  return client?.accounts.find(({ name }) => name === account)?.requests ?? 0
}

async function connect(names: readonly string[], spec: Record<string, unknown> = {}): Promise<void> {
  for (const name of names) await world.addPerson(name)
  for (const name of names) await world.objects.apply(agentManifest(name, spec))
}

/** Agents that are trusted for an hour: with a small budget, it takes minutes until each has had its turn. */
async function connectMany(count: number): Promise<void> {
  const names = Array.from({ length: count }, (_, index) => `person-${index}`)
  for (const name of names) await world.addPerson(name)
  for (const name of names) {
    const publish = { calendar: { name: `${name}-calendar` }, staleAfter: '1h' }
    await world.objects.apply(agentManifest(name, { publish }))
  }
}

// On a real API server this takes minutes, and shows nothing more: the budget concerns requests to Google.
describe.skipIf(isReal)('100 Agents with 20 requests a minute', () => {
  test(
    'never exceed them, and are told that the budget is too small; who asks is read at once',
    async () => {
      await world.objects.apply(integrationManifest({ quota: { requestsPerMinute: 20 } }))
      await connectMany(100)
      await untilQuota('OverBudget')
      const message = (await quota())?.message ?? ''
      expect(message).toContain('needs 20 requests a minute')
      expect(message).toContain('leaves 18 for that')
      expect(message).toContain('Set spec.quota.requestsPerMinute to 23 or more')
      for (let minute = 0; minute < 4; minute++) await world.clock.advance(MINUTE)
      expect(busiest()).toBeGreaterThan(16)

      const waiting = (await notReady())[0]?.metadata.name ?? ''
      const askedAt = world.clock.monotonic()
      await ask(waiting, 'now')
      await world.untilReady(waiting)
      expect(world.clock.monotonic() - askedAt).toBeLessThan(withinMs(10_000))
      await world.clock.advance(MINUTE)
      expect(busiest()).toBeLessThanOrEqual(20)
      expect(conditionOf(await world.integration(), 'Ready')?.status).toBe('True')
    },
    limitMs(600_000),
  )
})

describe('30 Agents with 6 requests a minute', () => {
  test(
    'are all read, one after the other',
    async () => {
      await world.objects.apply(integrationManifest({ quota: { requestsPerMinute: 6 } }))
      await connectMany(30)
      // The account is verified, and the calendar is read: two requests for each Agent.
      for (let minute = 0; minute < 10; minute++) await world.clock.advance(MINUTE)
      await world.until('all are ready', async () => (await notReady()).length === 0)
      expect(busiest()).toBeLessThanOrEqual(6)
    },
    limitMs(300_000),
  )
})

describe('two integrations of one client', () => {
  test(
    'stay together within the larger budget, and each reports what both need',
    async () => {
      const [one, other] = [{ requestsPerMinute: 10 }, { requestsPerMinute: 20 }]
      const sync = { interval: '30s' }
      await world.objects.apply(integrationManifest({ quota: one, sync }))
      await world.objects.apply({ ...integrationManifest({ quota: other, sync }), metadata: { name: 'second' } })
      await connect(['alice', 'bob', 'carol', 'dora', 'emil'])
      await connect(['fred', 'gina', 'hans', 'ida', 'jo'], { integrationRef: { name: 'second' } })
      for (const name of ['google', 'second']) {
        await world.until(
          `${name} counts all ten`,
          async () => (await quota(name))?.message.includes('10 calendars') === true,
        )
        expect((await quota(name))?.message).toContain('over 2 integrations')
        expect((await quota(name))?.message).toContain('needs 20 requests a minute, and the budget leaves 18')
      }
      for (let minute = 0; minute < 5; minute++) await world.clock.advance(MINUTE)
      expect(busiest()).toBeLessThanOrEqual(20)
      expect(busiest()).toBeGreaterThan(15)

      await world.objects.delete('CalendarIntegration', 'second')
      await world.until(
        'the first needs its own only',
        async () => (await quota())?.message.includes('5 calendars') === true,
      )
      expect((await quota())?.message).toContain('needs 10 requests a minute, and the budget leaves 9')
      await world.objects.patch('CalendarIntegration', 'google', { spec: { quota: { requestsPerMinute: 12 } } })
      await untilQuota('WithinQuota')
    },
    limitMs(120_000),
  )

  test(
    'stay together within a smaller budget once an integration with a larger one is gone',
    async () => {
      const sync = { interval: '30s' }
      const add = async (name: string, requestsPerMinute: number): Promise<void> => {
        await world.objects.apply({
          ...integrationManifest({ quota: { requestsPerMinute }, sync }),
          metadata: { name },
        })
        const isReady = async () => conditionOf(await world.integration(name), 'Ready')?.status === 'True'
        await world.until(`${name} is ready`, isReady)
      }
      await add('google', 6)
      await add('second', 6)
      await add('large', 600)
      await world.objects.delete('CalendarIntegration', 'large')
      await connect(['alice', 'bob', 'carol', 'dora'])
      await connect(['emil', 'fred', 'gina', 'hans'], { integrationRef: { name: 'second' } })
      for (let minute = 0; minute < 3; minute++) await world.clock.advance(MINUTE)
      expect(busiest()).toBeLessThanOrEqual(6)
    },
    limitMs(120_000),
  )
})

describe('one account', () => {
  test(
    'has a budget that its Agents share, and no other account waits for it',
    async () => {
      const tight = { requestsPerMinutePerAgent: 10 }
      await world.objects.apply(integrationManifest({ quota: tight, sync: { interval: '10s' } }))
      await connect(['alice', 'bob'])
      const again = { account: 'alice@example.com', grantSecretRef: { name: 'alice-grant' } }
      await world.objects.apply(agentManifest('alice-again', again))
      await world.until('the Agents say so', async () => {
        const messages = [await synced('alice'), await synced('alice-again')]
        return messages.every((message) => message?.includes('needs 12 requests a minute, and its budget leaves 9'))
      })
      expect(await synced('bob')).toBe('The calendar is read and up to date.')
      expect((await quota())?.reason).toBe('WithinQuota')
      for (let minute = 0; minute < 4; minute++) await world.clock.advance(MINUTE)
      expect(busiest('alice@example.com')).toBeLessThanOrEqual(10)
      expect(busiest('bob@example.com')).toBeGreaterThanOrEqual(6)
      for (const name of ['alice', 'alice-again', 'bob']) await world.untilReady(name)
    },
    limitMs(120_000),
  )
})

describe('a secret that Google has not accepted', () => {
  test(
    'slows nobody with its quota',
    async () => {
      await world.objects.apply(integrationManifest({ sync: { interval: '10s' } }))
      await connect(['alice'])
      await world.untilReady('alice')
      const file = { web: { client_id: world.client.clientId, client_secret: 'GOCSPX-guessed' } }
      await world.objects.secret('rival', { 'client_secret.json': JSON.stringify(file) })
      const google = { clientSecretRef: { name: 'rival', key: 'client_secret.json' } }
      const rival = integrationManifest({ quota: { requestsPerMinute: 1, requestsPerMinutePerAgent: 1 } }, google)
      await world.objects.apply({ ...rival, metadata: { name: 'rival' } })
      await world.until('the rival is refused', async () => {
        return conditionOf(await world.integration('rival'), 'CredentialsValid')?.reason === 'InvalidClient'
      })
      const before = world.google.requests().byKind['events.list'] ?? 0
      for (let minute = 0; minute < 2; minute++) await world.clock.advance(MINUTE)
      expect((world.google.requests().byKind['events.list'] ?? 0) - before).toBeGreaterThanOrEqual(10)
      expect((await quota())?.reason).toBe('WithinQuota')
    },
    limitMs(120_000),
  )
})
