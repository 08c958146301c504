import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { agentManifest, integrationManifest } from './support/manifests.ts'
import { isReal, startWorld, withinMs, type World } from './support/world.ts'

let world: World

beforeEach(async () => {
  world = await startWorld()
})

afterEach(() => world.stop())

/** The current statuses, with the version of each. */
const standing = async (names: string[]): Promise<unknown> =>
  Promise.all(names.map(async (name) => (await world.objects.get('Agent', name)).status))

describe.skipIf(isReal)('a restart during a failure writes nothing that was reported before', () => {
  test.each([
    ['a grant was revoked', () => world.google.revoke({ account: 'alice@example.com' }), 'GrantRevoked'],
    [
      'a calendar was taken away',
      () =>
        world.google.share({ calendar: 'team@group.calendar.google.com', account: 'alice@example.com', role: 'none' }),
      'CalendarNotFound',
    ],
  ])('%s', async (_, trouble, reason) => {
    await world.addPerson('alice', { consentAge: 60_000 })
    await world.addPerson('bob')
    world.google.addCalendar({ id: 'team@group.calendar.google.com', owner: 'bob@example.com' })
    world.google.share({ calendar: 'team@group.calendar.google.com', account: 'alice@example.com', role: 'reader' })
    await world.objects.apply(integrationManifest({ sync: { interval: '1m' } }))
    const read = ['primary', 'team@group.calendar.google.com']
    await world.objects.apply(agentManifest('alice', { calendars: { read } }))
    await world.untilReady('alice')
    trouble()
    await world.untilReason('alice', reason)
    await world.clock.advance(10_000)
    const before = await standing(['alice'])
    await world.stopOperator()
    world.sandbox?.resetRequests()
    world.google.resetRequests()
    await world.startOperator()
    // The verification of the client, and what it takes to see the failure again.
    await world.until('all was looked at', () => world.google.requests().total >= 3)
    for (let second = 0; second < 10; second++) await world.clock.advance(1_000)
    expect(await standing(['alice'])).toEqual(before)
    const writes = (world.sandbox?.requests() ?? []).filter(({ verb }) => ['create', 'update', 'patch'].includes(verb))
    expect(writes).toEqual([])
  })
})

describe('a restart after which every calendar is refused for good', () => {
  const busyAfter = async (whenStale: string): Promise<Awaited<ReturnType<World['busy']>>> => {
    await world.addPerson('alice')
    const times = { start: { dateTime: world.inHours(3) }, end: { dateTime: world.inHours(4) } }
    world.google.addEvent({ calendar: 'alice@example.com', event: { summary: 'Dentist', ...times } })
    await world.objects.apply(integrationManifest())
    const publish = { calendar: { name: 'alice-calendar', formats: ['JSON', 'ICalendar'] }, whenStale }
    await world.objects.apply(agentManifest('alice', { publish }))
    await world.untilReady('alice')
    await world.stopOperator()
    world.google.switchCalendar({ account: 'alice@example.com', on: false })
    await world.startOperator()
    await world.untilReason('alice', 'CalendarDisabled')
    await world.until('it says that it is not complete', async () => !(await world.busy('alice')).complete)
    const { data } = await world.objects.get('ConfigMap', 'alice-calendar')
    expect(data?.['busy.ics']).toMatch(/^X-CALENDAR-OPERATOR-COMPLETE:false/m)
    return world.busy('alice')
  }

  test('keeps the last known busy time, and says that it is not complete', async () => {
    const { busy } = await busyAfter('KeepLast')
    expect(busy).toHaveLength(1)
    expect(Date.parse(busy[0]?.end ?? '') - Date.parse(busy[0]?.start ?? '')).toBe(60 * 60_000)
  })

  test('blocks the whole window if the spec says so', async () => {
    const { busy, window } = await busyAfter('Block')
    expect(busy).toEqual([window])
  })
})

test('after a restart while Google hangs, a calendar is blocked as soon as it can no longer be trusted', async () => {
  await world.addPerson('alice')
  await world.objects.apply(integrationManifest())
  await world.objects.apply(
    agentManifest('alice', { publish: { calendar: { name: 'alice-calendar' }, whenStale: 'Block' } }),
  )
  await world.untilReady('alice')
  const freshUntil = Date.parse((await world.busy('alice')).freshUntil)
  await world.stopOperator()
  await world.clock.advance(freshUntil - world.clock.now() - 10_000)
  world.google.addFault({ fault: 'hang', kind: 'events.list' })
  await world.startOperator()
  await world.until('it is blocked', async () => {
    const { busy, window } = await world.busy('alice')
    return busy[0]?.start === window.start && busy[0].end === window.end
  })
  expect(world.clock.now() - freshUntil).toBeLessThanOrEqual(withinMs(10_000))
})
