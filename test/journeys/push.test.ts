import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { REQUESTED_AT } from '../../src/resources/names.ts'
import type { Agent } from '../../src/resources/types.ts'
import { agentManifest, integrationManifest } from './support/manifests.ts'
import { scrape } from './support/scrape.ts'
import { isReal, startWorld, withinMs, type World } from './support/world.ts'

const ALICE = 'alice@example.com'
const TEAM = 'team@group.calendar.google.com'
const [MINUTE, HOUR] = [60_000, 60 * 60_000]

let world: World

beforeEach(async () => {
  world = await startWorld()
  await world.addPerson('alice')
})

afterEach(() => world.stop())

const deliver = (): void => void world.google.switches({ deliverTo: `http://127.0.0.1:${world.operator.webPort}` })
const deliverNowhere = (): void => void world.google.switches({ deliverTo: 'http://127.0.0.1:9' })

async function apply(sync: object = {}, agent: Record<string, unknown> = {}): Promise<void> {
  await world.objects.apply(integrationManifest({ sync: { push: 'Enabled', ...sync } }))
  await world.objects.apply(agentManifest('alice', agent))
}

type Watching = { status?: string; reason?: string; message?: string }
const watchingOf = ({ status }: Agent): Watching => status?.conditions?.find(({ type }) => type === 'Watching') ?? {}
const watching = async (name = 'alice'): Promise<Watching> => watchingOf(await world.agent(name))
const channelsOf = ({ status }: Agent): (string | undefined)[] =>
  (status?.sync?.calendars ?? []).map(({ channel }) => channel?.id)

const untilWatching = (reason: string | undefined, name = 'alice'): Promise<Agent> =>
  world.until(`${name} says ${reason}`, async () => {
    const agent = await world.agent(name)
    return watchingOf(agent).reason === reason && agent
  })

const addEvent = (hours: number, calendar = ALICE): { id: string } =>
  world.google.addEvent({
    calendar,
    event: { summary: 'x', start: { dateTime: world.inHours(hours) }, end: { dateTime: world.inHours(hours + 1) } },
  })

const asked = (kind: string): number => world.google.requests().byKind[kind] ?? 0
const requests = (...kinds: string[]): string[] =>
  world.google
    .requests()
    .log.map(({ kind }) => kind)
    .filter((kind) => kinds.includes(kind))
const alive = (): string[] =>
  world.google
    .channels()
    .filter((channel) => channel.alive)
    .map(({ id }) => id)
const writes = (): unknown[] =>
  (world.sandbox?.requests() ?? []).filter(({ verb }) => ['create', 'update', 'patch', 'delete'].includes(verb))

async function requestReconcile(kind: 'Agent' | 'CalendarIntegration', name: string): Promise<void> {
  await world.objects.patch(kind, name, { metadata: { annotations: { [REQUESTED_AT]: String(world.clock.now()) } } })
}

describe('a site that Google reaches', () => {
  beforeEach(deliver)

  test('proves the channel, and a change is published within a second, with one read', async () => {
    await apply()
    const agent = await untilWatching('Watching')
    expect(channelsOf(agent)).toEqual(alive())
    expect(alive()[0]?.startsWith(`${agent.metadata.uid}-`)).toBe(true)
    await world.clock.advance(5_000)
    const before = asked('events.list')
    addEvent(3)
    const started = world.clock.now()
    await world.until('it is published', async () => (await world.busy('alice')).busy.length === 1)
    expect(world.clock.now() - started).toBeLessThanOrEqual(withinMs(1_000))
    await world.clock.advance(3_000)
    expect(asked('events.list')).toBe(before + 1)
    const { syncedAt, freshUntil } = await world.busy('alice')
    expect(Date.parse(freshUntil) - Date.parse(syncedAt)).toBe(15 * MINUTE)
  })

  test('causes no read by its first message', async () => {
    await apply()
    await untilWatching('Watching')
    await world.clock.advance(5_000)
    expect(asked('events.list')).toBe(1)
  })

  test('costs a request for each calendar and interval, and none of Kubernetes', async () => {
    await apply({ interval: '1m' }, { publish: { calendar: { name: 'alice-calendar' }, staleAfter: '1h' } })
    await untilWatching('Watching')
    await world.clock.advance(MINUTE)
    world.google.resetRequests()
    world.sandbox?.resetRequests()
    for (let minute = 0; minute < 10; minute++) await world.clock.advance(MINUTE)
    await world.until('it was read', () => asked('events.list') >= 8)
    expect(world.google.requests().total).toBe(asked('events.list'))
    expect(asked('events.list')).toBeLessThanOrEqual(12)
    if (!isReal) expect(writes()).toEqual([])
  })

  test('is watched for every Agent and calendar once it is proved', async () => {
    await world.addPerson('bob')
    world.google.addCalendar({ id: TEAM, owner: ALICE })
    await apply({}, { calendars: { read: ['primary', TEAM] } })
    await world.objects.apply(agentManifest('bob'))
    await untilWatching('Watching')
    await untilWatching('Watching', 'bob')
    expect(alive()).toHaveLength(3)
    expect(new Set(alive()).size).toBe(3)
  })
})

describe('a restart', () => {
  test.skipIf(isReal)('makes no new channels, and writes nothing', async () => {
    deliver()
    await apply()
    const before = await untilWatching('Watching')
    await world.clock.advance(10_000)
    await world.stopOperator()
    world.google.resetRequests()
    world.sandbox?.resetRequests()
    await world.startOperator()
    deliver()
    await world.until('it was read', () => asked('events.list') >= 1)
    for (let second = 0; second < 90; second++) await world.clock.advance(1_000)
    expect(asked('events.watch')).toBe(0)
    expect((await world.agent('alice')).status).toEqual(before.status)
    expect(writes()).toEqual([])
    addEvent(3)
    await world.until('the old channel still announces', async () => (await world.busy('alice')).busy.length === 1)
  })

  test.skipIf(isReal)('makes no new channels and writes nothing while Google cannot reach the site', async () => {
    deliverNowhere()
    await apply()
    const before = await untilWatching('NotReachable')
    await world.clock.advance(10_000)
    await world.stopOperator()
    world.google.resetRequests()
    world.sandbox?.resetRequests()
    await world.startOperator()
    await world.until('it was read', () => asked('events.list') >= 1)
    for (let second = 0; second < 120; second++) await world.clock.advance(1_000)
    expect(asked('events.watch')).toBe(0)
    expect((await world.agent('alice')).status).toEqual(before.status)
    expect(writes()).toEqual([])
  })
})

describe('a site that Google does not reach', () => {
  beforeEach(deliverNowhere)

  test('is said so after a minute, keeps nobody from being ready, and is tried again ever more rarely', async () => {
    await apply()
    expect(watchingOf(await world.untilReady('alice'))).toMatchObject({ status: 'Unknown', reason: 'NotYetWatching' })
    await world.until('a channel is asked for', () => asked('events.watch') === 1)
    const started = world.clock.now()
    const agent = await untilWatching('NotReachable')
    expect(world.clock.now() - started).toBeGreaterThan(55_000)
    expect(world.clock.now() - started).toBeLessThan(70_000)
    expect(watchingOf(agent).message).toContain('https://booking.example.com/google-calendar/notifications')
    expect(agent.status?.conditions?.find(({ type }) => type === 'Ready')?.status).toBe('True')
    await world.until('its channel is stopped', () => alive().length === 0)
    await world.until('no channel is named', async () => channelsOf(await world.agent('alice'))[0] === undefined)
    await world.clock.advance(4 * MINUTE)
    expect(asked('events.watch')).toBe(1)
    await world.clock.advance(MINUTE)
    await world.until('another one is tried', () => asked('events.watch') === 2)
    await world.clock.advance(9 * MINUTE)
    expect(asked('events.watch')).toBe(2)
    await world.clock.advance(3 * MINUTE)
    await world.until('another one is tried', () => asked('events.watch') === 3)
    expect(await watching()).toMatchObject({ reason: 'NotReachable' })
  })

  test('is tried again at once when somebody asks, and its Agents are watched when it is reached', async () => {
    await world.addPerson('bob')
    await apply()
    await world.objects.apply(agentManifest('bob'))
    await world.untilReady('bob')
    await world.until('a trial has failed', async () => {
      const all = await Promise.all(['alice', 'bob'].map((name) => watching(name)))
      return all.some(({ reason }) => reason === 'NotReachable')
    })
    const all = await Promise.all(['alice', 'bob'].map((name) => watching(name)))
    expect(all.map(({ reason }) => reason).sort()).toEqual(['NotReachable', 'NotYetWatching'])
    expect(asked('events.watch')).toBe(1)
    deliver()
    const waits = all[0]?.reason === 'NotReachable' ? 'bob' : 'alice'
    await requestReconcile('Agent', waits)
    await untilWatching('Watching', 'alice')
    await untilWatching('Watching', 'bob')
    expect(asked('events.watch')).toBe(3)
  })

  test('is tried again at once when somebody asks its integration', async () => {
    await apply()
    await untilWatching('NotReachable')
    deliver()
    await requestReconcile('CalendarIntegration', 'google')
    const started = world.clock.now()
    await untilWatching('Watching')
    expect(world.clock.now() - started).toBeLessThan(MINUTE)
  })
})

describe('nothing is asked for, and the condition says why,', () => {
  test('where no pages are served', async () => {
    await world.stopOperator()
    await world.startOperator({ 'web-bind-address': '0' })
    await apply()
    const agent = await untilWatching('NotReachable')
    expect(watchingOf(agent).message).toContain('--web-bind-address')
    await world.clock.advance(10_000)
    expect(asked('events.watch')).toBe(0)
  })

  test('where the site is not an https origin', async () => {
    await world.objects.apply(integrationManifest({ sync: { push: 'Enabled' } }, { siteURI: 'http://localhost:3000' }))
    await world.objects.apply(agentManifest('alice'))
    const agent = await untilWatching('NotReachable')
    expect(watchingOf(agent).message).toContain('https')
    await world.clock.advance(10_000)
    expect(asked('events.watch')).toBe(0)
  })
})

describe('a restart while Google does not answer', () => {
  test('keeps the channels and the condition', async () => {
    deliver()
    await apply()
    const before = await untilWatching('Watching')
    await world.stopOperator()
    world.google.resetRequests()
    world.google.addFault({ fault: '503', kind: 'token.*' })
    world.google.addFault({ fault: '503', kind: 'events.*' })
    await world.startOperator()
    await world.clock.advance(2 * MINUTE)
    expect(watchingOf(await world.agent('alice'))).toEqual(watchingOf(before))
    expect(asked('channels.stop')).toBe(0)
    expect(channelsOf(await world.agent('alice'))).toEqual(alive())
  })
})

describe('a site that belongs to another namespace', () => {
  test('has no channels, and the condition says so', async () => {
    await world.stopOperator()
    await world.startOperator({ sites: 'booking.example.com=another' })
    await apply()
    const agent = await untilWatching('NotReachable')
    expect(watchingOf(agent).message).toContain('SiteAccepted')
    await world.clock.advance(10_000)
    expect(asked('events.watch')).toBe(0)
    expect(agent.status?.conditions?.find(({ type }) => type === 'Ready')?.status).toBe('True')
  })
})

describe('a calendar that Google does not announce', () => {
  beforeEach(() => {
    deliver()
    world.google.addCalendar({ id: TEAM, owner: ALICE, pushSupported: false })
  })

  test('is NotSupported if there is no other, and is not asked for again soon', async () => {
    await apply({ interval: '1h' }, { calendars: { read: [TEAM] } })
    await untilWatching('NotSupported')
    await world.clock.advance(2 * HOUR)
    expect(asked('events.watch')).toBe(1)
  })

  test('does not matter beside one that Google announces', async () => {
    await apply({}, { calendars: { read: ['primary', TEAM] } })
    expect(channelsOf(await untilWatching('Watching'))).toEqual([alive()[0], undefined])
  })
})

describe('a channel', () => {
  beforeEach(deliver)

  test('is replaced when a quarter of its life is left, the new one first', async () => {
    world.google.switches({ channelLifetime: 3600 })
    await apply()
    const [first] = channelsOf(await untilWatching('Watching'))
    world.google.resetRequests()
    await world.clock.advance(42 * MINUTE)
    expect(asked('events.watch')).toBe(0)
    await world.clock.advance(5 * MINUTE)
    await world.until('the old one is stopped', () => asked('channels.stop') === 1)
    expect(requests('events.watch', 'channels.stop')).toEqual(['events.watch', 'channels.stop'])
    await world.until('the status names the new one', async () => {
      const [now] = channelsOf(await world.agent('alice'))
      return now !== undefined && now !== first && now === alive()[0]
    })
    expect(alive()).toHaveLength(1)
    expect((await watching()).reason).toBe('Watching')
  })

  test('is stopped when its calendar goes', async () => {
    world.google.addCalendar({ id: TEAM, owner: ALICE })
    await apply({}, { calendars: { read: ['primary', TEAM] } })
    await untilWatching('Watching')
    await world.objects.patch('Agent', 'alice', { spec: { calendars: { read: ['primary'] } } })
    await world.until('one is left', () => alive().length === 1)
    expect(asked('channels.stop')).toBe(1)
  })

  test.each(['Retain', 'Revoke'])('is stopped when its Agent goes (%s)', async (deletionPolicy) => {
    await apply({}, { deletionPolicy })
    await untilWatching('Watching')
    await world.objects.delete('Agent', 'alice')
    await world.until('none is left', () => asked('channels.stop') === 1)
    expect(alive()).toEqual([])
  })

  test('is stopped when push is disabled, and leaves the status with the condition', async () => {
    await apply()
    await untilWatching('Watching')
    await apply({ push: 'Disabled' })
    const agent = await untilWatching(undefined)
    expect(channelsOf(agent)).toEqual([undefined])
    await world.until('none is left', () => alive().length === 0)
  })

  test('is stopped when push was disabled while the operator was away', async () => {
    await apply()
    await untilWatching('Watching')
    await world.stopOperator()
    await apply({ push: 'Disabled' })
    await world.startOperator()
    await untilWatching(undefined)
    await world.until('none is left', () => alive().length === 0)
  })

  test('stays while its Agent is suspended, and nothing is requested', async () => {
    await apply()
    const before = await untilWatching('Watching')
    await world.objects.patch('Agent', 'alice', { spec: { suspend: true } })
    await world.clock.advance(5_000)
    world.google.resetRequests()
    addEvent(3)
    await world.clock.advance(10 * MINUTE)
    expect(world.google.requests().total).toBe(0)
    expect(watchingOf(await world.agent('alice'))).toEqual(watchingOf(before))
    expect(alive()).toHaveLength(1)
  })

  test('is replaced at once when its key is not accepted any more', async () => {
    await apply()
    const [first] = channelsOf(await untilWatching('Watching'))
    await world.objects.delete('Secret', 'calendar-operator-keys', 'calendar-operator')
    const deletedAt = world.clock.now()
    await world.until('another one is made', () => alive().some((id) => id !== first))
    expect(world.clock.now() - deletedAt).toBeLessThanOrEqual(withinMs(10_000))
    await world.until('the first one is stopped', () => !alive().includes(first ?? ''))
    await untilWatching('Watching')
  })

  test('that Google refuses is WatchFailed, with the reason, and is tried again', async () => {
    world.google.addFault({ fault: 'forbidden', kind: 'events.watch', times: 1 })
    await apply()
    expect(watchingOf(await untilWatching('WatchFailed')).message).toContain('403 forbidden')
    await world.clock.advance(5 * MINUTE)
    await untilWatching('Watching')
  })
})

describe('messages that get lost', () => {
  const missed = async (): Promise<number> => {
    const samples = await scrape(world)
    return samples.find(({ name }) => name === 'calendar_operator_push_missed_total')?.value ?? 0
  }

  test('are counted when a poll finds the change; three in a row make a new channel', async () => {
    deliver()
    await apply({ interval: '3m' })
    const [first] = channelsOf(await untilWatching('Watching'))
    await world.clock.advance(4 * MINUTE)
    world.google.addFault({ fault: 'lost', kind: 'notification.exists', times: 3 })
    for (let count = 1; count <= 3; count++) {
      addEvent(count * 2)
      await world.until('a poll finds it', async () => (await world.busy('alice')).busy.length === count)
      expect(await missed()).toBe(count - 1)
      await world.clock.advance(70_000)
      await world.until('it is counted', async () => (await missed()) === count)
    }
    await world.until('another channel is made', async () => channelsOf(await world.agent('alice'))[0] !== first)
    await world.until('the first one is stopped', () => !alive().includes(first ?? ''))
    expect(asked('events.watch')).toBe(2)
    addEvent(20)
    const started = world.clock.now()
    await world.until('it announces', async () => (await world.busy('alice')).busy.length === 4)
    expect(world.clock.now() - started).toBeLessThanOrEqual(withinMs(1_200))
    expect(await missed()).toBe(3)
  })
})
