/** Run now: it bypasses a pause because of a limit or of the switched-off API, and is limited itself. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { agentManifest, integrationManifest } from './support/manifests.ts'
import { startWorld, withinMs, type World } from './support/world.ts'

const MINUTE = 60_000

let world: World

beforeEach(async () => {
  world = await startWorld()
  for (const name of ['alice', 'bob']) await world.addPerson(name)
  await world.objects.apply(integrationManifest())
})

afterEach(() => world.stop())

const ask = (kind: string, name: string, value: string): Promise<unknown> =>
  world.objects.patch(kind, name, { metadata: { annotations: { 'calendar-operator.io/requestedAt': value } } })

const untilHandled = (name: string, value: string): Promise<unknown> =>
  world.until(`${value} was handled for ${name}`, async () => {
    return (await world.agent(name)).status?.lastHandledReconcileAt === value
  })

const sent = (kind: string): number => world.google.requests().byKind[kind] ?? 0

async function connect(...names: string[]): Promise<void> {
  for (const name of names) await world.objects.apply(agentManifest(name))
  for (const name of names) await world.untilReady(name)
}

const quota = async () => (await world.integration()).status?.conditions?.find(({ type }) => type === 'WithinQuota')

const untilQuota = (reason: string): Promise<unknown> =>
  world.until(`the quota says ${reason}`, async () => (await quota())?.reason === reason)

describe('while the daily quota is used up', () => {
  beforeEach(async () => {
    await connect('alice', 'bob')
    world.google.addFault({ fault: 'dailyLimitExceeded', kind: 'events.list' })
    await world.clock.advance(6 * MINUTE)
    await untilQuota('DailyQuotaExceeded')
    world.google.resetRequests()
  })

  test('one request is sent at once, and it shows that the limit still holds', async () => {
    await ask('Agent', 'alice', 'one')
    await untilHandled('alice', 'one')
    expect(sent('events.list')).toBe(1)
    await world.clock.advance(5 * MINUTE)
    expect(sent('events.list')).toBe(1)
    expect((await quota())?.reason).toBe('DailyQuotaExceeded')
  })

  test('all agents go on once it shows that the limit is over', async () => {
    world.google.clearFaults()
    const startedAt = world.clock.monotonic()
    await ask('Agent', 'alice', 'one')
    await untilHandled('alice', 'one')
    await untilQuota('WithinQuota')
    await world.until('bob was read, too', () => sent('events.list') >= 2)
    expect(world.clock.monotonic() - startedAt).toBeLessThan(withinMs(5_000))
  })

  test('a request on the integration makes one agent try', async () => {
    await ask('CalendarIntegration', 'google', 'one')
    await world.until('a calendar was asked for', () => sent('events.list') === 1)
    await world.clock.advance(MINUTE)
    expect(sent('events.list')).toBe(1)
    world.google.clearFaults()
    await ask('CalendarIntegration', 'google', 'two')
    await untilQuota('WithinQuota')
  })

  test('a second Agent waits for its turn at the client, and is answered then', async () => {
    const startedAt = world.clock.monotonic()
    await ask('Agent', 'alice', 'one')
    await untilHandled('alice', 'one')
    await ask('Agent', 'bob', 'one')
    await untilHandled('bob', 'one')
    expect(sent('events.list')).toBe(2)
    expect(world.clock.monotonic() - startedAt).toBeGreaterThanOrEqual(10_000)
    expect(world.clock.monotonic() - startedAt).toBeLessThan(withinMs(13_000))
  })
})

test('an Agent is reconciled once in ten seconds, however often somebody asks; the last request is answered', async () => {
  await connect('alice')
  world.google.resetRequests()
  const startedAt = world.clock.monotonic()
  for (let turn = 0; turn < 50; turn++) {
    await ask('Agent', 'alice', `turn ${turn}`)
    await world.clock.advance(200)
  }
  await untilHandled('alice', 'turn 49')
  const seconds = (world.clock.monotonic() - startedAt) / 1000
  // A timer may be a fraction of a millisecond early.
  expect(sent('events.list')).toBeLessThanOrEqual(Math.floor((seconds + 0.1) / 10) + 1)
  expect(sent('events.list')).toBeGreaterThanOrEqual(2)
})

test('an integration is verified once in ten seconds, however often somebody asks', async () => {
  await connect('alice')
  world.google.resetRequests()
  for (let turn = 0; turn < 50; turn++) {
    await ask('CalendarIntegration', 'google', `turn ${turn}`)
    await world.clock.advance(200)
  }
  expect(sent('token.refresh')).toBeLessThanOrEqual(2)
})

describe('while the API is disabled', () => {
  const untilAPI = (reason: string): Promise<unknown> =>
    world.until(`the API is ${reason}`, async () => {
      const { status } = await world.integration()
      return status?.conditions?.find(({ type }) => type === 'CalendarAPIEnabled')?.reason === reason
    })

  beforeEach(async () => {
    world.google.setProject({ calendarApi: false })
    await world.objects.apply(agentManifest('alice'))
    await untilAPI('APIDisabled')
    // They have no grant to use.
    for (let number = 0; number < 20; number++) {
      await world.objects.apply(agentManifest(`nobody-${number}`, { grantSecretRef: undefined }))
    }
    await world.clock.advance(12 * MINUTE)
  })

  test('Agents that never signed in do not use up the one request: the API is noticed within five minutes', async () => {
    world.google.setProject({ calendarApi: true })
    await world.clock.advance(5 * MINUTE + 2_000)
    await untilAPI('Enabled')
    await world.untilReady('alice')
  })

  test.each([
    ['an Agent with a token', 'Agent', 'alice'],
    ['the integration', 'CalendarIntegration', 'google'],
  ])('it is noticed at once where somebody asks for %s', async (_what, kind, name) => {
    world.google.setProject({ calendarApi: true })
    const startedAt = world.clock.monotonic()
    await ask(kind, name, 'now')
    await untilAPI('Enabled')
    expect(world.clock.monotonic() - startedAt).toBeLessThan(withinMs(5_000))
  })

  test('a request that does not reach Google does not count: the next one is sent', async () => {
    world.google.addFault({ fault: 'reset', kind: 'calendarList.get' })
    world.google.addFault({ fault: 'reset', kind: 'events.list' })
    await world.clock.advance(6 * MINUTE)
    world.google.clearFaults()
    world.google.setProject({ calendarApi: true })
    const startedAt = world.clock.monotonic()
    await untilAPI('Enabled')
    expect(world.clock.monotonic() - startedAt).toBeLessThan(5 * MINUTE)
  })

  test('one request in five minutes checks the API, however many agents could send one', async () => {
    await world.objects.apply(agentManifest('bob'))
    await world.clock.advance(MINUTE)
    world.google.resetRequests()
    await world.clock.advance(20 * MINUTE)
    const asked = sent('calendarList.get') + sent('events.list')
    expect(asked).toBeGreaterThanOrEqual(3)
    expect(asked).toBeLessThanOrEqual(5)
  })
})
