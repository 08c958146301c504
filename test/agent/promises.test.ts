/** What the comments of the room promise, each broken once in test/promises to see that a test notices. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Outcome } from '../../src/controller/outcome.ts'
import type { AgentStatus } from '../../src/resources/types.ts'
import { ACCOUNT, REFRESH_TOKEN } from '../memory/google.ts'
import { refusal, type Stored } from '../memory/kubernetes.ts'
import { agentOf, clientSecretOf, grantOf, integrationOf } from '../memory/objects.ts'
import { MemoryWorld } from '../memory/world.ts'
import { HOUR, MEETING, MINUTE, PLAIN } from './support/one-agent.ts'
import type { Case } from '../fuzz/support/arbitraries.ts'

let world: MemoryWorld

beforeEach(() => {
  world = new MemoryWorld()
  world.google.change(ACCOUNT, MEETING.id, MEETING)
})

afterEach(() => world.close())

/** Makes the objects; answers nothing, since nobody has looked at them yet. */
function seed(given: Partial<Case> = {}, sync: object = {}): void {
  const wanted = { ...PLAIN, ...given }
  Object.assign(world.google, { rotates: wanted.rotates })
  world.put(clientSecretOf(wanted.clientSecret))
  world.put(grantOf())
  const integration = integrationOf(wanted)
  const spec = integration.spec as { sync: object }
  world.put({ ...integration, spec: { ...spec, sync: { ...spec.sync, ...sync } } })
  world.put(agentOf(wanted))
}

async function look(): Promise<Outcome> {
  await world.reconcile('CalendarIntegration', 'booking/google')
  return world.reconcile('Agent', 'booking/alice')
}

/** Looks after so long, as the queue would do. */
async function lookAfter(ms: number): Promise<Outcome> {
  await world.clock.advance(ms)
  return look()
}

async function ready(given: Partial<Case> = {}, sync: object = {}): Promise<Outcome> {
  seed(given, sync)
  await look()
  return look()
}

const textOf = (object: Stored | undefined, key: string): string =>
  Buffer.from(object?.data?.[key] ?? '', 'base64').toString()

const kept = (): string => textOf(world.kubernetes.find('Secret', 'alice-google-grant'), 'refresh_token')

const refreshes = (): number =>
  world.google.asked.filter(({ path, body }) => path === '/token' && String(body).includes('1%2F%2F')).length

const listings = (): string[] => world.google.asked.map(({ path }) => path).filter((path) => path.includes('/events?'))

describe('a refresh token that Google rotates', () => {
  /** Whether every request that used an access token found the refresh token that came with it in the Secret. */
  function watchUses(): boolean[] {
    const found: boolean[] = []
    world.google.before = ({ path }) => {
      if (path.startsWith('/calendar/')) found.push(kept() === world.google.latest)
    }
    return found
  }

  test('is saved before the access token is used, at the first time', async () => {
    const uses = watchUses()
    await ready({ rotates: true })
    expect(uses.length).toBeGreaterThanOrEqual(2)
    expect(uses).not.toContain(false)
  })

  test('is saved before the access token is used, if the last one was refused while a calendar was read', async () => {
    await ready({ rotates: true })
    const uses = watchUses()
    world.google.twist([{ do: 'refuse', status: 401, body: { error: { code: 401 } } }])
    await lookAfter(6 * MINUTE)
    expect(uses).toEqual([true, true])
    expect(refreshes()).toBe(2)
  })

  test('replaces the Secret that somebody edited while it could not be saved', async () => {
    await ready({ rotates: true })
    const secret = world.kubernetes.find('Secret', 'alice-google-grant')!
    const before = kept()
    world.kubernetes.refuse = (method, path) =>
      method === 'PATCH' && path.includes('/secrets/') ? refusal(403, 'Forbidden') : undefined
    await lookAfter(45 * MINUTE)
    expect(world.google.latest).not.toBe(before)
    expect(kept()).toBe(before)
    world.kubernetes.refuse = () => undefined
    world.put({ ...secret, data: { ...secret.data, note: Buffer.from('edited').toString('base64') } })
    await lookAfter(MINUTE)
    expect(kept()).toBe(world.google.latest)
  })
})

describe('a dead grant', () => {
  test('causes no request before its pause ends, whatever triggers a reconcile', async () => {
    await ready()
    world.google.twist([{ do: 'refuse', status: 400, body: { error: 'invalid_grant' } }])
    await lookAfter(45 * MINUTE)
    const asked = refreshes()
    world.google.before = ({ path }) => {
      if (path === '/token') world.google.twist([{ do: 'refuse', status: 400, body: { error: 'invalid_grant' } }])
    }
    for (let n = 0; n < 5; n++) await lookAfter(30_000)
    expect(refreshes()).toBe(asked)
    await lookAfter(4 * MINUTE)
    expect(refreshes()).toBe(asked + 1)
  })

  test('is not used any more once another one is supplied', async () => {
    await ready()
    expect(kept()).toBe(REFRESH_TOKEN)
    const supplied = grantOf()
    const token = '1//another-refresh-token'
    world.put({ ...supplied, data: { refresh_token: Buffer.from(token).toString('base64') } })
    await lookAfter(MINUTE)
    expect(String(world.google.asked.findLast(({ path }) => path === '/token')?.body)).toContain(
      encodeURIComponent(token),
    )
  })
})

describe('a listing', () => {
  test('is made for a new window within a day, however long fullSyncInterval is', async () => {
    await ready({}, { fullSyncInterval: '168h', interval: '1h' })
    const isWhole = (path: string): boolean => path.includes('timeMin=')
    const before = listings().filter(isWhole).length
    for (let n = 0; n < 20; n++) await lookAfter(70 * MINUTE)
    expect(listings().filter(isWhole)).toHaveLength(before + 1)
  })

  test('of changes that was not understood is followed by a full listing', async () => {
    await ready()
    world.google.change(ACCOUNT, 'bbbbb', { ...MEETING, id: 'bbbbb', from: MEETING.from + 120 })
    const text = JSON.stringify({ timeZone: 'UTC', nextSyncToken: 'sync-2', items: [null] })
    world.google.twist([{ do: 'replace', text }])
    await lookAfter(6 * MINUTE)
    await lookAfter(6 * MINUTE)
    expect(listings().at(-1)).toContain('timeMin=')
    expect(world.kubernetes.find('ConfigMap', 'alice-calendar')?.data?.['busy.json']).toContain('T04:00:00Z')
  })

  test('that fails on its second page leaves the snapshot and the sync token as they were', async () => {
    await ready()
    world.google.pageSize = 1
    for (const id of ['bbbbb', 'ccccc']) world.google.change(ACCOUNT, id, { ...MEETING, id, from: MEETING.from + 120 })
    world.google.twist([{ do: 'tell' }, { do: 'refuse', status: 500, body: {} }])
    await lookAfter(6 * MINUTE)
    const published = (): string => world.kubernetes.find('ConfigMap', 'alice-calendar')?.data?.['busy.json'] ?? ''
    expect(published()).not.toContain('T04:00:00Z')
    const token = (path: string | undefined): string => /syncToken=([^&]*)/.exec(path ?? '')?.[1] ?? ''
    const used = token(listings().at(-1))
    await lookAfter(6 * MINUTE)
    expect(listings().slice(-2).map(token)).toEqual([used, used])
    expect(published()).toContain('T04:00:00Z')
  })
})

describe('chance', () => {
  const pauseOf = (outcome: Outcome): number => (outcome.kind === 'done' ? (outcome.checkAgainIn ?? 0) : 0)

  test('makes each interval up to a tenth shorter or longer, so that agents spread out', async () => {
    await ready()
    world.chance = 0
    const shortest = pauseOf(await lookAfter(6 * MINUTE))
    world.chance = 0.999
    const longest = pauseOf(await lookAfter(6 * MINUTE))
    expect(shortest / (5 * MINUTE)).toBeCloseTo(0.9, 2)
    expect(longest / (5 * MINUTE)).toBeCloseTo(1.1, 2)
  })

  test('renews an access token up to a twentieth of its lifetime before two thirds of it, never later', async () => {
    world.chance = 0.999
    await ready()
    const early = refreshes()
    await lookAfter(38 * MINUTE)
    expect(refreshes()).toBe(early + 1)
    world.chance = 0
    await lookAfter(38 * MINUTE)
    const late = refreshes()
    await lookAfter(38 * MINUTE)
    expect(refreshes()).toBe(late)
    await lookAfter(2 * MINUTE)
    expect(refreshes()).toBe(late + 1)
  })
})

test('an Agent that is reconciled twice at a time is written once, because the second sees what the first has written', async () => {
  seed()
  await world.reconcile('CalendarIntegration', 'booking/google')
  const created: string[] = []
  world.kubernetes.refuse = (method, path) => {
    if (method === 'POST' && path.includes('/configmaps')) created.push(path)
    return undefined
  }
  await Promise.all([1, 2].map(() => world.reconcile('Agent', 'booking/alice')))
  expect(created).toHaveLength(1)
})

describe('a published object with a new name', () => {
  const rename = (what: 'calendar' | 'accessToken' = 'calendar'): void => {
    const agent = world.kubernetes.find('Agent', 'alice')!
    const spec = agent.spec as { publish: Record<string, object> }
    const renamed = { ...spec.publish[what], name: 'alice-new' }
    world.put({ ...agent, spec: { ...spec, publish: { ...spec.publish, [what]: renamed } } })
  }

  const forbid = (verb: string, plural: string): void => {
    world.kubernetes.refuse = (method, path) =>
      method === verb && path.includes(`/${plural}`) ? refusal(403, 'Forbidden') : undefined
  }

  test('is complete before the old one is deleted', async () => {
    await ready()
    rename()
    forbid('POST', 'configmaps')
    await lookAfter(MINUTE)
    expect(world.kubernetes.find('ConfigMap', 'alice-calendar')).toBeDefined()
    world.kubernetes.refuse = () => undefined
    await lookAfter(MINUTE)
    expect(world.kubernetes.find('ConfigMap', 'alice-new')).toBeDefined()
    expect(world.kubernetes.find('ConfigMap', 'alice-calendar')).toBeUndefined()
  })

  test('is left to the next attempt if somebody changes the old one while it is deleted', async () => {
    await ready()
    rename()
    world.kubernetes.refuse = (method) => (method === 'DELETE' ? refusal(409, 'Conflict') : undefined)
    expect(await lookAfter(MINUTE)).toMatchObject({ kind: 'wait', for: 1_000 })
    world.kubernetes.refuse = () => undefined
    await lookAfter(1_000)
    expect(world.kubernetes.find('ConfigMap', 'alice-calendar')).toBeUndefined()
  })

  test('does not replace the old one while another output cannot be published', async () => {
    await ready({ accessToken: true })
    rename('accessToken')
    world.google.change(ACCOUNT, 'bbbbb', { ...MEETING, id: 'bbbbb', from: MEETING.from + 120 })
    forbid('PATCH', 'configmaps')
    await lookAfter(6 * MINUTE)
    expect(world.kubernetes.find('Secret', 'alice-new')).toBeDefined()
    expect(world.kubernetes.find('Secret', 'alice-token')).toBeDefined()
    world.kubernetes.refuse = () => undefined
    await lookAfter(6 * MINUTE)
    expect(world.kubernetes.find('Secret', 'alice-token')).toBeUndefined()
  })

  test('does not replace the old one after a restart without Google', async () => {
    await ready()
    rename()
    world.restart()
    world.google.before = ({ path }) => {
      if (path.includes('/events?')) world.google.twist([{ do: 'refuse', status: 500, body: {} }])
    }
    await look()
    await lookAfter(MINUTE)
    expect(world.kubernetes.find('ConfigMap', 'alice-calendar')).toBeDefined()
    world.google.before = () => undefined
    await lookAfter(HOUR)
    expect(world.kubernetes.find('ConfigMap', 'alice-new')).toBeDefined()
    expect(world.kubernetes.find('ConfigMap', 'alice-calendar')).toBeUndefined()
  })
})

describe('an agent whose trust has ended', () => {
  test.each(['KeepLast', 'Block'] as const)('causes no work every few seconds from then on: %s', async (whenStale) => {
    await ready({ whenStale })
    world.google.twist([{ do: 'refuse', status: 400, body: { error: 'invalid_grant' } }])
    await lookAfter(45 * MINUTE)
    await world.clock.advance(HOUR)
    expect(world.deadlinesRun).toBeLessThanOrEqual(4)
  })

  test('with an edit that can’t be repaired causes no work every few seconds, either', async () => {
    await ready()
    world.kubernetes.refuse = (method, path) =>
      method === 'PATCH' && path.includes('/configmaps') ? refusal(403, 'Forbidden') : undefined
    const published = world.kubernetes.find('ConfigMap', 'alice-calendar')
    if (published) world.put({ ...published, data: { 'busy.json': '{}' } })
    await look()
    const before = world.deadlinesRun
    await world.clock.advance(HOUR)
    expect(world.deadlinesRun - before).toBeLessThanOrEqual(4)
  })

  test('is published again if the API server refuses what is published then', async () => {
    await ready({ whenStale: 'Block' })
    world.kubernetes.refuse = (method, path) =>
      method === 'PATCH' && path.includes('/configmaps') ? refusal(403, 'Forbidden') : undefined
    await world.clock.advance(20 * MINUTE)
    world.kubernetes.refuse = () => undefined
    await world.clock.advance(MINUTE)
    const { window, busy } = JSON.parse(
      world.kubernetes.find('ConfigMap', 'alice-calendar')?.data?.['busy.json'] ?? '',
    ) as {
      window: object
      busy: object[]
    }
    expect(busy).toEqual([window])
  })
})

describe('a restart', () => {
  test('does not replace a published calendar before every calendar was read', async () => {
    await ready({ calendars: 2 })
    const version = (): string | undefined =>
      world.kubernetes.find('ConfigMap', 'alice-calendar')?.metadata.resourceVersion
    const before = version()
    world.google.change(ACCOUNT, 'bbbbb', { ...MEETING, id: 'bbbbb', from: MEETING.from + 120 })
    world.restart()
    world.google.before = ({ path }) => {
      if (path.includes('team%40example.com')) world.google.twist([{ do: 'refuse', status: 500, body: {} }])
    }
    await look()
    await look()
    expect(version()).toBe(before)
    world.google.before = () => undefined
    await lookAfter(HOUR)
    expect(version()).not.toBe(before)
  })

  test('does not leave Ready as it was if the published object was edited and the client is refused', async () => {
    await ready()
    world.restart()
    world.google.twist([{ do: 'refuse', status: 401, body: { error: 'invalid_client' } }])
    const published = world.kubernetes.find('ConfigMap', 'alice-calendar')
    if (published) world.put({ ...published, data: { 'busy.json': '{}' } })
    await look()
    const { conditions = [] } = world.kubernetes.find('Agent', 'alice')?.status as AgentStatus
    expect(conditions.find(({ type }) => type === 'Ready')).toMatchObject({
      status: 'False',
      reason: 'IntegrationNotReady',
    })
  })
})

describe('a clock', () => {
  const cut = (): never => {
    throw Object.assign(new Error('cut'), { code: 'ECONNRESET' })
  }
  const statusOf = (): AgentStatus => world.kubernetes.find('Agent', 'alice')?.status as AgentStatus
  const condition = (type: string): object | undefined => statusOf().conditions?.find((one) => one.type === type)

  test('that is set forward while a calendar is read makes that read older, not fresh', async () => {
    await ready()
    const readAt = world.clock.now() + 6 * MINUTE
    world.google.before = ({ path }) => {
      if (!path.includes('/events?')) return
      world.clock.setTimeOfDay(12 * HOUR)
      world.google.before = cut
    }
    await lookAfter(6 * MINUTE)
    await lookAfter(MINUTE)
    const text = world.kubernetes.find('ConfigMap', 'alice-calendar')?.data?.['busy.json'] ?? ''
    const { syncedAt } = JSON.parse(text) as { syncedAt: string }
    expect(Date.parse(syncedAt)).toBe(readAt)
    expect(condition('Ready')).toMatchObject({ status: 'False' })
  })

  test.each(['with', 'without'])(
    'that was ahead never makes an access token good for hours, %s a restart',
    async (restart) => {
      world.clock.setTimeOfDay(6 * HOUR)
      await ready({ accessToken: true })
      if (restart === 'with') world.restart()
      world.clock.setTimeOfDay(-6 * HOUR)
      world.google.before = ({ path }) => {
        if (path === '/token') cut()
      }
      for (let round = 0; round < 13; round++) await lookAfter(5 * MINUTE)
      const published = textOf(world.kubernetes.find('Secret', 'alice-token'), 'expires_at')
      expect(Date.parse(published)).toBeLessThanOrEqual(world.clock.now())
      expect(condition('Ready')).toMatchObject({ status: 'False' })
    },
  )

  test('that begins in 1970 does not make a new grant one that has ended', async () => {
    world.clock.setTimeOfDay(-world.clock.now())
    await ready()
    world.clock.setTimeOfDay(Date.parse('2026-11-23T10:00:00Z'))
    await lookAfter(MINUTE)
    expect(condition('Authorized')).toMatchObject({ status: 'True', reason: 'Granted' })
  })

  test('that is set forward before Google accepts a token dates its consent to the new time', async () => {
    world.google.before = ({ body }) => {
      if (String(body).includes('1%2F%2F')) cut()
    }
    seed()
    await look()
    await look()
    world.clock.setTimeOfDay(30 * 24 * HOUR)
    world.google.before = () => undefined
    await lookAfter(10 * MINUTE)
    expect(condition('Authorized')).toMatchObject({ status: 'True', reason: 'Granted' })
  })
})
