import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { schemaErrors } from '../support/published-schemas.ts'
import { agentManifest, integrationManifest } from './support/manifests.ts'
import { startWorld, type World } from './support/world.ts'

const MINUTE = 60_000

let world: World

beforeEach(async () => {
  world = await startWorld()
  await world.addPerson('alice')
})

afterEach(() => world.stop())

const addEvent = (hours: number, more: object = {}, calendar = 'alice@example.com'): { id: string } =>
  world.google.addEvent({
    calendar,
    event: {
      summary: 'Secret rendezvous',
      start: { dateTime: world.inHours(hours) },
      end: { dateTime: world.inHours(hours + 1) },
      ...more,
    },
  })

const start = async (agent: Record<string, unknown> = {}, integration: Record<string, unknown> = {}): Promise<void> => {
  await world.objects.apply(integrationManifest(integration))
  await world.objects.apply(agentManifest('alice', agent))
}

const intervals = async (): Promise<number> => (await world.busy('alice')).busy.length

describe('names that change places', () => {
  test('leave no calendar next to the token, and no token next to the calendar', async () => {
    await world.objects.apply(integrationManifest())
    const calendar = { kind: 'Secret', name: 'one', detail: 'Full' }
    await world.objects.apply(agentManifest('alice', { publish: { calendar, accessToken: { name: 'two' } } }))
    await world.untilReady('alice')
    const keys = async (name: string): Promise<string[]> => Object.keys(await world.objects.secretText(name)).sort()
    const [ofCalendar, ofToken] = [await keys('one'), await keys('two')]
    const swapped = { calendar: { ...calendar, name: 'two' }, accessToken: { name: 'one' } }
    await world.objects.apply(agentManifest('alice', { publish: swapped }))
    await world.until('the token is in one', async () => 'access_token' in (await world.objects.secretText('one')))
    await world.until('the calendar is in two', async () => 'busy.json' in (await world.objects.secretText('two')))
    expect([await keys('two'), await keys('one')]).toEqual([ofCalendar, ofToken])
  })
})

describe('the published calendar', () => {
  test('follows what changes at Google: new, moved, cancelled', async () => {
    await start()
    await world.untilReady('alice')
    expect(await intervals()).toBe(0)
    const { id } = addEvent(5)
    await world.until('it is there', async () => (await intervals()) === 1)
    const moved = { start: { dateTime: world.inHours(7) }, end: { dateTime: world.inHours(8) } }
    world.google.changeEvent({ calendar: 'alice@example.com', id, changes: moved })
    await world.until('it has moved', async () => (await world.busy('alice')).busy[0]?.start === moved.start.dateTime)
    world.google.deleteEvent({ calendar: 'alice@example.com', id })
    await world.until('it is gone', async () => (await intervals()) === 0)
    expect(world.google.requests().log.filter(({ sync }) => sync === 'full')).toHaveLength(1)
  })

  test('is valid by its JSON Schemas', async () => {
    addEvent(2, { location: 'Room 3', attendees: [{ email: 'bob@example.com', responseStatus: 'needsAction' }] })
    addEvent(4, { start: { date: world.inHours(24).slice(0, 10) }, end: { date: world.inHours(48).slice(0, 10) } })
    await start({ publish: { calendar: { kind: 'Secret', name: 'alice-calendar', detail: 'Full' } } })
    await world.untilReady('alice')
    const published = await world.objects.secretText('alice-calendar')
    expect(JSON.parse(published['events.json'] ?? '{}')).toMatchObject({ events: [{}, {}] })
    expect(schemaErrors('busy.json', published['busy.json'] ?? '')).toEqual([])
    expect(schemaErrors('events.json', published['events.json'] ?? '')).toEqual([])
  })

  test('survives expired sync tokens, pages, empty pages, and a page that fails in the middle', async () => {
    for (let n = 0; n < 7; n++) addEvent(2 + 2 * n)
    world.google.switches({ pageSizeCap: 2, emptyPages: true })
    world.google.failPage({ page: 3, times: 1 })
    await start()
    await world.untilReady('alice')
    expect(await intervals()).toBe(7)
    addEvent(40)
    world.google.expireSyncTokens()
    await world.until('the eighth is there', async () => (await intervals()) === 8)
  })

  test('that could not be read on request is retried before its interval is over', async () => {
    const synced = async () =>
      (await world.agent('alice')).status?.conditions?.find(({ type }) => type === 'Synced')?.message ?? ''
    await start()
    await world.untilReady('alice')
    world.google.addFault({ fault: '500', kind: 'events.list' })
    const annotations = { 'calendar-operator.io/requestedAt': 'now please' }
    await world.objects.patch('Agent', 'alice', { metadata: { annotations } })
    await world.until('it says since when', async () => (await synced()).includes('since'))
    world.google.resetRequests()
    await world.clock.advance(MINUTE)
    expect(world.google.requests().byKind['events.list']).toBeGreaterThanOrEqual(2)
    expect(await synced()).toContain('since')
    world.google.clearFaults()
    await world.until('it is read', async () => (await synced()).includes('up to date'))
  })

  test('is written in every requested format, and only in those', async () => {
    addEvent(3)
    await start({ publish: { calendar: { name: 'alice-calendar', formats: ['JSON', 'ICalendar'] } } })
    await world.untilReady('alice')
    const { data } = await world.objects.get('ConfigMap', 'alice-calendar')
    expect(Object.keys(data ?? {}).sort()).toEqual(['busy.ics', 'busy.json'])
    expect(JSON.stringify(data)).not.toContain('rendezvous')
    expect(JSON.stringify(data)).not.toContain('@example.com')
    const spec = { publish: { calendar: { name: 'alice-calendar', formats: ['ICalendar'] } } }
    await world.objects.patch('Agent', 'alice', { spec })
    await world.until('the JSON is gone', async () => {
      const now = (await world.objects.get('ConfigMap', 'alice-calendar')).data ?? {}
      return !('busy.json' in now) && 'busy.ics' in now
    })
  })

  test('follows the spec at once: the window, staleAfter, the rules and the interval', async () => {
    addEvent(3, { status: 'tentative' })
    await start({}, { sync: { interval: '24h' } })
    await world.untilReady('alice')
    const before = await world.busy('alice')
    expect(before.busy).toHaveLength(1)
    const rules = { busy: { tentative: 'Free' }, publish: { staleAfter: '72h' } }
    await world.objects.patch('Agent', 'alice', { spec: rules })
    const after = await world.until('the rules are followed', async () => {
      const busy = await world.busy('alice')
      return busy.busy.length === 0 && busy
    })
    expect(Date.parse(after.freshUntil) - Date.parse(after.syncedAt)).toBe(72 * 60 * MINUTE)
    const sync = { interval: '1m', window: { pastDays: 0, futureDays: 7 } }
    await world.objects.patch('CalendarIntegration', 'google', { spec: { sync } })
    await world.until('the window is another', async () => {
      const { window } = await world.busy('alice')
      return Date.parse(window.end) - Date.parse(window.start) === 7 * 24 * 60 * MINUTE
    })
    world.google.resetRequests()
    await world.until('it is read every minute', () => (world.google.requests().byKind['events.list'] ?? 0) >= 3)
  })

  test('moves when the spec names another object, and leaves nothing behind', async () => {
    await start({ publish: { calendar: { name: 'alice-calendar' }, accessToken: { name: 'alice-token' } } })
    await world.untilReady('alice')
    const publish = { calendar: { kind: 'Secret', name: 'alice-hours' }, accessToken: null }
    await world.objects.patch('Agent', 'alice', { spec: { publish } })
    await world.until('the new one is there', async () => Boolean(await world.objects.find('Secret', 'alice-hours')))
    await world.until('the old ones are gone', async () => {
      const left = [
        await world.objects.find('ConfigMap', 'alice-calendar'),
        await world.objects.find('Secret', 'alice-token'),
      ]
      return left.every((one) => one === undefined)
    })
    expect(await world.objects.find('Secret', 'alice-google-grant')).toBeDefined()
  })

  test('contains titles only with detail Full, in a Secret', async () => {
    addEvent(3)
    const calendar = { kind: 'Secret', name: 'alice-full', detail: 'Full' }
    await start({ publish: { calendar } })
    await world.untilReady('alice')
    const text = await world.objects.secretText('alice-full')
    expect(JSON.parse(text['events.json'] ?? '')).toMatchObject({ events: [{ title: 'Secret rendezvous' }] })
    expect(text['busy.json']).not.toContain('rendezvous')
  })

  test('is repaired when it was edited or deleted by hand, and keys of other people in it are left alone', async () => {
    addEvent(3)
    await start()
    await world.untilReady('alice')
    const theirs = { metadata: { labels: { team: 'sales' } }, data: { 'busy.json': 'edited', notes: 'theirs' } }
    await world.objects.patch('ConfigMap', 'alice-calendar', theirs)
    await world.until(
      'it is repaired',
      async () => (await world.busy('alice').catch(() => undefined))?.busy.length === 1,
    )
    const repaired = await world.objects.get('ConfigMap', 'alice-calendar')
    expect([repaired.metadata.labels?.team, repaired.data?.notes]).toEqual(['sales', 'theirs'])
    await world.objects.delete('ConfigMap', 'alice-calendar')
    await world.until('it is back', async () => Boolean(await world.objects.find('ConfigMap', 'alice-calendar')))
    const labels = { 'app.kubernetes.io/managed-by': 'somebody' }
    await world.objects.patch('ConfigMap', 'alice-calendar', { metadata: { labels } })
    await world.until('our label is back', async () => {
      const { metadata } = await world.objects.get('ConfigMap', 'alice-calendar')
      return metadata.labels?.['app.kubernetes.io/managed-by'] === 'calendar-operator'
    })
  })

  test('never overwrites an object of somebody else', async () => {
    const metadata = { name: 'alice-calendar' }
    await world.objects.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { mine: 'yes' } } as never)
    await start()
    await world.untilReason('alice', 'PublishConflict')
    expect((await world.objects.get('ConfigMap', 'alice-calendar')).data).toEqual({ mine: 'yes' })
    await world.objects.delete('ConfigMap', 'alice-calendar')
    await world.untilReady('alice')
  })

  test('of several calendars continues without a refused one, and is marked as incomplete', async () => {
    world.google.addCalendar({ id: 'team@group.calendar.google.com', owner: 'alice@example.com' })
    addEvent(3, {}, 'team@group.calendar.google.com')
    await start({ calendars: { read: ['primary', 'team@group.calendar.google.com', 'alice@example.com', 'gone'] } })
    const agent = await world.untilReason('alice', 'CalendarNotFound')
    expect(agent.status?.conditions?.[0]?.message).toContain('gone')
    const busy = await world.until('it is published', async () => world.busy('alice').catch(() => undefined))
    expect([busy.complete, busy.busy.length]).toEqual([false, 1])
    expect(agent.status?.sync?.calendars?.map(({ id }) => id)).toEqual([
      'primary',
      'team@group.calendar.google.com',
      'gone',
    ])
    await world.objects.patch('Agent', 'alice', { spec: { calendars: { read: ['primary'] } } })
    await world.untilReady('alice')
    expect(await world.busy('alice')).toMatchObject({ complete: true, busy: [] })
  })

  test('is blocked when it is stale and the spec says so, with its timestamps unchanged', async () => {
    const publish = { calendar: { name: 'alice-calendar' }, staleAfter: '10m', whenStale: 'Block' }
    await start({ publish })
    await world.untilReady('alice')
    const before = await world.busy('alice')
    world.google.addFault({ fault: '500', kind: '*' })
    await world.clock.advance(5 * MINUTE)
    expect((await world.busy('alice')).busy).toEqual([])
    await world.clock.advance(10 * MINUTE)
    const blocked = await world.until('it is blocked', async () => {
      const now = await world.busy('alice')
      return now.busy.length === 1 && now
    })
    expect(blocked.busy).toEqual([blocked.window])
    expect([blocked.syncedAt, blocked.freshUntil]).toEqual([before.syncedAt, before.freshUntil])
    world.google.clearFaults()
    await world.until('it is free again', async () => (await intervals()) === 0)
  })

  test('that is too large with its events is published without them, and the message says what to shorten', async () => {
    await start({ publish: { calendar: { kind: 'Secret', name: 'alice-full', detail: 'Full' } } })
    await world.untilReady('alice')
    expect(Object.keys(await world.objects.secretText('alice-full')).sort()).toEqual(['busy.json', 'events.json'])
    const attendees = Array.from({ length: 100 }, (_, n) => ({ email: `${'guest'.repeat(12)}-${n}@example.com` }))
    for (let n = 0; n < 120; n++) addEvent(1 + 2 * n, { attendees })
    const agent = await world.untilReason('alice', 'PublishTooLarge')
    expect(agent.status?.conditions?.[0]?.message).toMatch(/Secret alice-full would hold \d+ kB, \d+ kB more than fits/)
    expect(agent.status?.conditions?.[0]?.message).toMatch(/busy time is published without the events: .*window/)
    const text = await world.objects.secretText('alice-full')
    expect(Object.keys(text)).toEqual(['busy.json'])
    expect((JSON.parse(text['busy.json'] ?? '') as { busy: unknown[] }).busy).toHaveLength(120)
    const { resourceVersion } = (await world.objects.get('Secret', 'alice-full')).metadata
    await world.clock.advance(6 * MINUTE)
    expect((await world.objects.get('Secret', 'alice-full')).metadata.resourceVersion).toBe(resourceVersion)
    await world.objects.patch('Agent', 'alice', { spec: { publish: { calendar: { detail: 'Busy' } } } })
    await world.untilReady('alice')
  })
})

describe('the published access token', () => {
  test('is always valid, is renewed before it expires, and is never the refresh token', async () => {
    await start({ publish: { calendar: { name: 'alice-calendar' }, accessToken: { name: 'alice-token' } } })
    await world.untilReady('alice')
    const first = await world.objects.secretText('alice-token')
    expect(Object.keys(first).sort()).toEqual(['access_token', 'expires_at', 'token_type'])
    for (let hour = 0; hour < 3; hour++) {
      await world.clock.advance(40 * MINUTE)
      const { expires_at: expiresAt } = await world.until('it is valid', async () => {
        const text = await world.objects.secretText('alice-token')
        return Date.parse(text.expires_at ?? '') > world.clock.now() && text
      })
      expect(Date.parse(expiresAt ?? '')).toBeGreaterThan(world.clock.now())
    }
    expect((await world.objects.secretText('alice-token')).access_token).not.toBe(first.access_token)
  })
})
