/** Clocks that are wrong, are corrected, or jump: every calendar is still read at every interval. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { agentManifest, integrationManifest } from './support/manifests.ts'
import { isReal, startWorld, type World } from './support/world.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

let world: World

beforeEach(async () => {
  world = await startWorld({ start: false })
})

afterEach(() => world.stop())

const started = async (names: string[], sync: object): Promise<void> => {
  await world.startOperator()
  for (const name of names) await world.addPerson(name)
  await world.objects.apply(integrationManifest({ sync }))
  for (const name of names) await world.objects.apply(agentManifest(name))
  for (const name of names) await world.untilReady(name)
}

const reads = (): number => world.google.requests().byKind['events.list'] ?? 0

/** How often calendars are read while so much time passes. */
async function readsWithin(ms: number): Promise<number> {
  world.google.resetRequests()
  await world.clock.advance(ms)
  return reads()
}

/** Seconds from now, by the operator's own clock. */
const fromNow = (instant: string | undefined): number => (Date.parse(instant ?? '') - world.clock.now()) / SECOND

describe.skipIf(isReal)('every calendar is read at every interval', () => {
  test('over hundreds of intervals with timers that are a fraction early', async () => {
    await started(['alice', 'bob'], { interval: '10s' })
    const count = await readsWithin(100 * 10 * SECOND)
    // Each interval is up to a tenth shorter or longer, and 10 s on average.
    expect(count).toBeGreaterThanOrEqual(2 * 96)
    expect(count).toBeLessThanOrEqual(2 * 104)
  })

  test('when the clock is six hours ahead at the start and then is corrected', async () => {
    world.clock.setTimeOfDay(6 * HOUR)
    await started(['alice'], { interval: '1m' })
    expect(await readsWithin(5 * MINUTE)).toBeGreaterThanOrEqual(4)
    world.clock.setTimeOfDay(-6 * HOUR)
    expect(await readsWithin(66 * SECOND)).toBeGreaterThanOrEqual(1)
    const [busy, { status }] = [await world.busy('alice'), await world.agent('alice')]
    expect(fromNow(busy.syncedAt)).toBeLessThanOrEqual(0)
    expect(fromNow(busy.freshUntil)).toBeLessThanOrEqual(15 * 60)
    expect(fromNow(status?.sync?.lastSyncTime)).toBeLessThanOrEqual(0)
    expect(fromNow(status?.authorization?.accessTokenExpiresAt)).toBeLessThanOrEqual(60 * 60)
    expect(await readsWithin(10 * MINUTE)).toBeGreaterThanOrEqual(9)
  })

  test('when the clock is six hours behind at the start and then is corrected: no agent counts as stale', async () => {
    await started(['alice', 'bob'], { interval: '5m' })
    world.clock.setTimeOfDay(6 * HOUR)
    await world.clock.advance(40 * SECOND)
    for (const name of ['alice', 'bob']) {
      expect(fromNow((await world.busy(name)).syncedAt)).toBeGreaterThan(-45)
      expect((await world.agent(name)).status?.conditions?.[0]).toMatchObject({ type: 'Ready', status: 'True' })
    }
    expect(await readsWithin(11 * MINUTE)).toBeGreaterThanOrEqual(4)
  })

  test('when the clock is set back by an hour with five agents waiting', async () => {
    const names = ['alice', 'bob', 'carol', 'dora', 'emil']
    await started(names, { interval: '1m' })
    world.clock.setTimeOfDay(-HOUR)
    world.google.resetRequests()
    const since = world.clock.monotonic()
    await world.until('each was read', () => {
      const listings = world.google.requests().log.filter(({ kind }) => kind === 'events.list')
      return new Set(listings.map(({ path }) => path)).size === names.length
    })
    expect(world.clock.monotonic() - since).toBeLessThan(70 * SECOND)
  })

  test('by an operator that is restarted after the clock was corrected', async () => {
    world.clock.setTimeOfDay(6 * HOUR)
    await started(['alice'], { interval: '1m' })
    await world.stopOperator()
    world.clock.setTimeOfDay(-6 * HOUR)
    world.google.resetRequests()
    await world.startOperator()
    await world.clock.advance(20 * SECOND)
    // The verification of the client, and a new access token: the real end of the stored one is not known any more.
    expect(world.google.requests().byKind).toMatchObject({ 'token.refresh': 2, 'events.list': 1 })
    expect(fromNow((await world.busy('alice')).syncedAt)).toBeLessThanOrEqual(0)
    expect(fromNow((await world.agent('alice')).status?.authorization?.accessTokenExpiresAt)).toBeLessThanOrEqual(3600)
  })
})

describe.skipIf(isReal)('an outage of Google', () => {
  const names = Array.from({ length: 12 }, (_, index) => `agent-${index}`)

  const expire = (name: string): Promise<unknown> => {
    const expired = new Date(world.clock.now() - MINUTE).toISOString()
    const data = { access_token: btoa('ya29.expired'), expires_at: btoa(expired) }
    return world.objects.patch('Secret', `${name}-google-grant`, { data })
  }

  test('of two minutes, at an interval of ten seconds: all are read again within about an interval of the first success', async () => {
    await started(names, { interval: '10s' })
    world.google.addFault({ fault: '503', kind: '*' })
    world.google.resetRequests()
    await world.clock.advance(2 * MINUTE)
    // With backoff, but the pauses are no longer than the interval.
    expect(reads()).toBeLessThan(names.length * 20)
    world.google.clearFaults()
    world.google.resetRequests()
    const answered = (): Set<string> => {
      const listings = world.google
        .requests()
        .log.filter(({ kind, status }) => kind === 'events.list' && status === 200)
      return new Set(listings.map(({ path }) => path))
    }
    await world.until('the first is answered', () => answered().size > 0)
    const since = world.clock.monotonic()
    await world.until('all are answered', () => answered().size === names.length)
    expect(world.clock.monotonic() - since).toBeLessThan(12 * SECOND)
  })

  test('at a long interval: the first success wakes the others, and they do not start all at once', async () => {
    await started(names, { interval: '1h' })
    world.google.addFault({ fault: '503', kind: '*' })
    // By then each of them has found Google unreachable.
    await world.clock.advance(90 * MINUTE)
    world.google.clearFaults()
    world.google.resetRequests()
    await world.until('the first is answered', () => reads() > 0)
    const since = world.clock.monotonic()
    await world.clock.advance(200)
    expect(reads()).toBeLessThan(names.length)
    await world.until('all are answered', () => reads() >= names.length)
    expect(world.clock.monotonic() - since).toBeLessThan(10 * SECOND)
  })

  test('of the token endpoint alone: reads go on with the current token, Ready stays, and the published token expires', async () => {
    await world.startOperator()
    await world.addPerson('alice')
    await world.objects.apply(integrationManifest({ sync: { interval: '1m' } }))
    const publish = { calendar: { name: 'alice-calendar' }, accessToken: { name: 'alice-token' } }
    await world.objects.apply(agentManifest('alice', { publish }))
    await world.untilReady('alice')
    const end = Date.parse((await world.objects.secretText('alice-token')).expires_at ?? '')
    world.google.addFault({ fault: '503', kind: 'token.refresh' })
    while (world.clock.now() < end - 15 * MINUTE) await world.clock.advance(MINUTE)
    // It should have been renewed minutes ago.
    expect(await readsWithin(10 * MINUTE)).toBeGreaterThanOrEqual(9)
    expect(world.google.requests().byKind['token.refresh']).toBeLessThanOrEqual(15)
    const ready = async () => (await world.agent('alice')).status?.conditions?.find(({ type }) => type === 'Ready')
    expect(await ready()).toMatchObject({ status: 'True', message: expect.stringContaining('renewed') as string })
    expect(fromNow((await world.busy('alice')).syncedAt)).toBeGreaterThan(-9 * 60)
    while (world.clock.now() < end + 2_000) await world.clock.advance(10 * SECOND)
    await world.until('it is over', async () => (await ready())?.status !== 'True')
    expect(world.clock.now() - end).toBeLessThan(15 * SECOND)
    world.google.clearFaults()
    await world.untilReady('alice')
  })

  test('of the token endpoint alone: agents that still read do not wake those that wait for a token', async () => {
    await started(names, { interval: '10s' })
    world.google.addFault({ fault: '503', kind: 'token.refresh' })
    await Promise.all(names.slice(10).map(expire))
    await world.clock.advance(MINUTE)
    world.google.resetRequests()
    await world.clock.advance(MINUTE)
    // Ten agents, each of which sends about one request in an interval.
    expect(world.google.requests().byKind['token.refresh']).toBeLessThanOrEqual(10 * 14)
  })

  test('of an hour: an Agent with Revoke that is deleted is gone within about a minute', async () => {
    await world.startOperator()
    await world.addPerson('alice')
    await world.objects.apply(integrationManifest())
    await world.objects.apply(agentManifest('alice', { deletionPolicy: 'Revoke' }))
    await world.untilReady('alice')
    world.google.addFault({ fault: '503', kind: '*' })
    await world.clock.advance(HOUR)
    const since = world.clock.monotonic()
    await world.objects.delete('Agent', 'alice')
    const isGone = async (): Promise<boolean> => (await world.objects.list('Agent')).length === 0
    await world.until('alice is gone', isGone)
    expect(world.clock.monotonic() - since).toBeGreaterThan(55 * SECOND)
    expect(world.clock.monotonic() - since).toBeLessThan(70 * SECOND)
  })

  test.each(['503', 'invalid_client'] as const)(
    'while %s answers the client, Agents that are created cost no request each',
    async (fault) => {
      await world.startOperator()
      world.google.addFault({ fault, kind: 'token.refresh' })
      await world.objects.apply(integrationManifest())
      await world.clock.advance(SECOND)
      for (const name of names) {
        await world.addPerson(name)
        await world.objects.apply(agentManifest(name))
        await world.clock.advance(6 * SECOND)
      }
      expect(world.google.requests().byKind['token.refresh']).toBeLessThanOrEqual(10)
    },
  )
})

describe.skipIf(isReal)('the health of the operator', () => {
  const healthz = async (): Promise<number> =>
    (await fetch(`http://127.0.0.1:${world.operator.healthPort}/healthz`)).status

  test('is good while the clock jumps by twelve minutes during a reconcile', async () => {
    await started(['alice'], { interval: '1m' })
    world.google.addFault({ fault: 'hang', kind: 'events.list' })
    world.google.resetRequests()
    await world.until('it is in hand', () => reads() > 0)
    world.clock.setTimeOfDay(12 * MINUTE)
    expect(await healthz()).toBe(200)
    world.clock.setTimeOfDay(-HOUR)
    expect(await healthz()).toBe(200)
    world.google.clearFaults()
  })
})

describe.skipIf(isReal)('a requested reconcile', () => {
  const ask = (name: string, value: string): Promise<unknown> =>
    world.objects.patch('Agent', name, { metadata: { annotations: { 'calendar-operator.io/requestedAt': value } } })
  const handled = async (): Promise<string | undefined> => (await world.agent('alice')).status?.lastHandledReconcileAt

  test('runs at once, and once in ten seconds, however often somebody asks; the last request is never lost', async () => {
    await started(['alice'], { interval: '1h' })
    world.google.resetRequests()
    for (let turn = 0; turn < 100; turn++) {
      await ask('alice', `turn-${turn}`)
      await world.clock.advance(250)
      if (turn === 0) await world.until('the first is answered', async () => (await handled()) === 'turn-0')
    }
    await world.until('the last is answered', async () => (await handled()) === 'turn-99')
    expect(reads()).toBeGreaterThanOrEqual(3)
    expect(reads()).toBeLessThanOrEqual(5)
  })

  test('does not bypass the backoff if it is requested without end while Google fails', async () => {
    await started(['alice'], { interval: '1h' })
    world.google.addFault({ fault: '503', kind: '*' })
    world.google.resetRequests()
    for (let turn = 0; turn < 120; turn++) {
      await ask('alice', `turn-${turn}`)
      await world.clock.advance(500)
    }
    expect(reads()).toBeLessThanOrEqual(16)
  })

  test('is compared, and returned, as cut to 64 characters', async () => {
    await started(['alice'], { interval: '1h' })
    const long = 'x'.repeat(2_000)
    await ask('alice', long)
    await world.until('it is answered', async () => (await handled()) === long.slice(0, 64))
    world.google.resetRequests()
    await world.clock.advance(MINUTE)
    expect(reads()).toBe(0)
  })
})
