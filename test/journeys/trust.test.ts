import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { findCondition } from '../../src/resources/conditions.ts'
import { agentManifest, integrationManifest } from './support/manifests.ts'
import { isReal, startWorld, withinMs, type World } from './support/world.ts'
import type { EventSeen } from './support/port.ts'

const MINUTE = 60_000

let world: World

beforeEach(async () => {
  world = await startWorld()
  await world.addPerson('alice')
})

afterEach(() => world.stop())

const start = async (agent: Record<string, unknown> = {}, integration: Record<string, unknown> = {}): Promise<void> => {
  await world.objects.apply(integrationManifest(integration))
  await world.objects.apply(agentManifest('alice', agent))
  await world.untilReady('alice')
  // Waits until everything that a new object causes has happened.
  await world.clock.advance(5_000)
}

const ready = async (name = 'alice') => findCondition((await world.agent(name)).status?.conditions, 'Ready')
const warnings = async (reason: string): Promise<number> => {
  const events = (await world.objects.list('Event')) as unknown as EventSeen[]
  const like = events.filter((event) => event.type === 'Warning' && event.reason === reason)
  return like.reduce((sum, { series }) => sum + (series?.count ?? 1), 0)
}

describe('an output that is wanted and does not exist', () => {
  test.skipIf(isReal)('makes the agent not ready at once, with an Event, until it can be created again', async () => {
    await start()
    const refused = { method: 'POST', path: '/configmaps', status: 403, times: 10_000 }
    world.sandbox?.failNext(refused)
    await world.objects.delete('ConfigMap', 'alice-calendar')
    const began = world.clock.now()
    const agent = await world.untilReason('alice', 'PublishFailed')
    expect(world.clock.now() - began).toBeLessThan(5_000)
    expect(findCondition(agent.status?.conditions, 'Ready')?.message).not.toContain('good until')
    await world.untilEvent('that says so', ({ type, reason }) => type === 'Warning' && reason === 'PublishFailed')
    await world.clock.advance(20 * MINUTE)
    expect((await ready())?.status).toBe('False')
    world.sandbox?.clearFaults()
    await world.untilReady('alice')
    expect(await world.busy('alice')).toMatchObject({ complete: true })
  })

  test.skipIf(isReal)('includes one that somebody changed and made immutable', async () => {
    await start()
    const busy = { ...(await world.busy('alice')), timeZone: 'UTC', busy: [] }
    await world.objects.patch('ConfigMap', 'alice-calendar', {
      immutable: true,
      data: { 'busy.json': JSON.stringify(busy) },
    })
    await world.until('it says so', async () => (await ready())?.reason === 'PublishFailed')
    await world.objects.delete('ConfigMap', 'alice-calendar')
    await world.untilReady('alice')
  })
})

describe('an access token that cannot be replaced', () => {
  test('keeps the agent ready until it expires, and no longer, with an Event', async () => {
    await start({ publish: { calendar: { name: 'alice-calendar' }, accessToken: { name: 'alice-token' } } })
    await world.objects.patch('Secret', 'alice-token', { immutable: true })
    const end = Date.parse((await world.objects.secretText('alice-token')).expires_at ?? '')
    while (world.clock.now() < end - 25 * MINUTE) await world.clock.advance(MINUTE)
    await world.until('the token is renewed', async () => ((await ready())?.message ?? '').includes('since'))
    expect(await ready()).toMatchObject({
      status: 'True',
      message: expect.stringMatching(/good until .*immutable/) as string,
    })
    while (world.clock.now() < end - MINUTE) await world.clock.advance(30_000)
    await world.clock.advance(end - world.clock.now() - 1_000)
    expect((await ready())?.status).toBe('True')
    await world.clock.advance(1_200)
    await world.until('it is over', async () => (await ready())?.status === 'False')
    expect((await ready())?.reason).toBe('PublishFailed')
    expect(world.clock.now() - end).toBeLessThan(withinMs(2_000))
    await world.untilEvent('that says so', ({ type, reason }) => type === 'Warning' && reason === 'PublishFailed')
    await world.objects.delete('Secret', 'alice-token')
    await world.untilReady('alice')
  })
})

describe('whenStale: Block', () => {
  const publish = { calendar: { name: 'alice-calendar' }, staleAfter: '10m', whenStale: 'Block' }

  /** Moves the clock to just before the time in the published object, and then to just after it. */
  const aroundTheEnd = async (): Promise<void> => {
    const before = await world.busy('alice')
    const end = Date.parse(before.freshUntil)
    while (world.clock.now() < end - MINUTE) await world.clock.advance(20_000)
    await world.clock.advance(end - world.clock.now() - 100)
    expect(await world.busy('alice')).toEqual(before)
    await world.clock.advance(200)
    const blocked = await world.until('it is blocked', async () => {
      const now = await world.busy('alice')
      return now.busy.length === 1 && now
    })
    expect(world.clock.now() - end).toBeLessThan(withinMs(1_000))
    expect(blocked).toEqual({ ...before, window: blocked.window, busy: [blocked.window] })
  }

  test.each([
    ['answers with errors', () => world.google.addFault({ fault: '500', kind: '*' })],
    ['refuses connections', () => world.google.outage()],
    ['hangs', () => world.google.addFault({ fault: 'slow', ms: 10 * 60 * MINUTE, kind: 'events.list' })],
  ])('comes at the instant that stands in the cluster while Google %s, and Ready goes with it', async (_, trouble) => {
    await start({ publish })
    trouble()
    await aroundTheEnd()
    expect((await ready())?.status).toBe('False')
    world.google.endOutage()
    world.google.clearFaults()
  })

  test('applies while the integration is gone', async () => {
    await start({ publish })
    await world.objects.delete('CalendarIntegration', 'google')
    await aroundTheEnd()
    expect((await ready())?.reason).toBe('IntegrationNotFound')
  })

  test('applies while the integration is suspended, and the conditions stay', async () => {
    await start({ publish })
    await world.objects.patch('CalendarIntegration', 'google', { spec: { suspend: true } })
    await aroundTheEnd()
    expect((await ready())?.status).toBe('True')
    await world.objects.patch('CalendarIntegration', 'google', { spec: { suspend: false } })
    await world.until('it is free again', async () => (await world.busy('alice')).busy.length === 0)
  })

  test('applies after a restart under a suspended integration, too', async () => {
    await start({ publish })
    await world.objects.patch('CalendarIntegration', 'google', { spec: { suspend: true } })
    await world.restartOperator()
    await aroundTheEnd()
  })

  test('does not apply to an agent that is suspended itself', async () => {
    await start({ publish })
    await world.objects.patch('Agent', 'alice', { spec: { suspend: true } })
    const before = await world.busy('alice')
    await world.clock.advance(30 * MINUTE)
    expect(await world.busy('alice')).toEqual(before)
  })
})

describe('published timestamps in the future', () => {
  test.each(['while it runs', 'while it was away, and Google is too'])('are corrected: %s', async (when) => {
    await start()
    const away = when !== 'while it runs'
    if (away) await world.stopOperator()
    const [syncedAt, freshUntil] = [world.inHours(6), world.inHours(7)]
    const edited = JSON.stringify({ ...(await world.busy('alice')), syncedAt, freshUntil })
    await world.objects.patch('ConfigMap', 'alice-calendar', { data: { 'busy.json': edited } })
    if (away) world.google.outage()
    if (away) await world.startOperator()
    const busy = await world.until('they are corrected', async () => {
      const now = await world.busy('alice')
      return Date.parse(now.syncedAt) <= world.clock.now() && now
    })
    expect(Date.parse(busy.freshUntil) - world.clock.now()).toBeLessThanOrEqual(away ? 0 : 15 * MINUTE)
    if (away) world.google.endOutage()
  })
})

describe('values that are not ours', () => {
  test('are cut and cleaned before they are written into a status', async () => {
    await start()
    const request = `\u001b[2J${'x'.repeat(2_000)}`
    const annotations = { 'calendar-operator.io/requestedAt': request }
    await world.objects.patch('Agent', 'alice', { metadata: { annotations } })
    await world.objects.patch('CalendarIntegration', 'google', { metadata: { annotations } })
    for (const read of [() => world.agent('alice'), () => world.integration()]) {
      const handled = await world.until('it is answered', async () => (await read()).status?.lastHandledReconcileAt)
      expect(handled).toBe(`\ufffd[2J${'x'.repeat(60)}`)
    }
    expect((await ready())?.status).toBe('True')
  })
})

describe('rate limits, together with a calendar that is refused for good', () => {
  test('do not alternate: it stays refused, and no Event is repeated', async () => {
    world.google.addCalendar({ id: 'team@group.calendar.google.com', owner: 'alice@example.com' })
    const read = ['primary', 'team@group.calendar.google.com', 'gone']
    await world.objects.apply(integrationManifest({ sync: { interval: '1m' } }))
    await world.objects.apply(agentManifest('alice', { calendars: { read } }))
    await world.untilReason('alice', 'CalendarNotFound')
    await world.clock.advance(MINUTE)
    const before = await warnings('CalendarNotFound')
    const seen = new Set<string>()
    for (let round = 0; round < 20; round++) {
      world.google.addFault({ fault: '429', kind: 'events.list', times: 2 })
      for (let step = 0; step < 6; step++) {
        await world.clock.advance(5_000)
        seen.add((await ready())?.reason ?? '')
      }
    }
    expect([...seen]).toEqual(['CalendarNotFound'])
    expect([await warnings('CalendarNotFound'), await warnings('RateLimited')]).toEqual([before, 0])
  })
})

describe('a first status', () => {
  test('is written within ten seconds, however many wait for a Google that hangs', async () => {
    world.google.addFault({ fault: 'slow', ms: 60 * MINUTE, kind: 'token.refresh', skip: 1 })
    await world.objects.apply(integrationManifest())
    await world.until('the integration is ready', async () => {
      return findCondition((await world.integration()).status?.conditions, 'Ready')?.status === 'True'
    })
    const names = Array.from({ length: 24 }, (_, n) => `person-${n}`)
    for (const name of names) await world.addPerson(name)
    for (const name of names) await world.objects.apply(agentManifest(name))
    for (let second = 0; second < 9; second++) await world.clock.advance(1_000)
    for (const name of names) expect((await ready(name))?.status).toBe('Unknown')
    world.google.clearFaults()
  })
})
