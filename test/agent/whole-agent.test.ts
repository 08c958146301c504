/** What the status of an Agent says, from its first reconcile to its end. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { refusal } from '../memory/kubernetes.ts'
import { HOUR, MINUTE, OneAgent } from './support/one-agent.ts'

let alice: OneAgent

beforeEach(() => {
  alice = new OneAgent()
})

afterEach(() => alice.end())

const START = '2026-11-23T10:00:00Z'
/** Give or take what puts the next read on a tick. */
const anInterval: unknown = expect.closeTo(5 * MINUTE, -4)
const TO_MINUTE_10_15 = 15 * MINUTE

describe('an Agent whose calendar is read', () => {
  test('says whose grant it is, when it ends, and what was read', async () => {
    expect(await alice.ready()).toEqual({ kind: 'done', checkAgainIn: anInterval })
    expect(alice.status).toEqual({
      observedGeneration: 1,
      conditions: [
        expect.objectContaining({ type: 'Ready', status: 'True', message: 'The calendar is read and up to date.' }),
        expect.objectContaining({
          type: 'Authorized',
          reason: 'Granted',
          message: `Access was granted ${START} at the latest; it ends 2026-11-30T10:00:00Z at the latest.`,
        }),
        expect.objectContaining({ type: 'Synced', message: 'The calendar is read and up to date.' }),
      ],
      authorization: {
        account: 'alice@example.com',
        scopes: ['https://www.googleapis.com/auth/calendar'],
        grantedAt: START,
        expiresAt: '2026-11-30T10:00:00Z',
        accessTokenExpiresAt: '2026-11-23T10:59:59Z',
      },
      sync: {
        lastSyncTime: START,
        lastFullSyncTime: START,
        busyIntervals: 1,
        calendars: [{ id: 'primary', events: 1, lastSyncTime: START }],
      },
    })
  })

  test('writes its status again only when more than a time has changed, or as a heartbeat', async () => {
    await alice.ready()
    const version = alice.agent.metadata.resourceVersion
    await alice.reconcileAfter(6 * MINUTE)
    expect(alice.agent.metadata.resourceVersion).toBe(version)
    await alice.reconcileAfter(6 * MINUTE)
    expect(alice.status.sync).toMatchObject({ lastSyncTime: '2026-11-23T10:12:00Z', lastFullSyncTime: START })
  })

  test('is reconciled when its grant is about to end, to warn about that', async () => {
    alice.changeIntegration({
      sync: { interval: '72h', fullSyncInterval: '168h', window: { pastDays: 1, futureDays: 30 } },
    })
    alice.change({
      publish: {
        calendar: { kind: 'ConfigMap', name: 'alice-calendar', detail: 'Busy', formats: ['JSON'] },
        staleAfter: '168h',
        whenStale: 'KeepLast',
      },
    })
    await alice.ready()
    await alice.reconcileAfter(5 * 24 * HOUR)
    expect(alice.condition('Authorized')?.reason).toBe('GrantExpiresSoon')
    expect(alice.condition('Ready')?.message).toBe(alice.condition('Authorized')?.message)
  })

  test('says which time counts if its staleAfter is shorter than two intervals', async () => {
    await alice.world.close()
    alice = new OneAgent({ staleAfter: '30s' })
    await alice.ready()
    expect(alice.condition('Synced')?.message).toContain('10m is used instead')
  })
})

describe('an Agent of which one calendar is refused', () => {
  beforeEach(async () => {
    await alice.world.close()
    alice = new OneAgent({ calendars: 2 })
    alice.refuseListings(404, 'team%40example.com', {
      error: { code: 404, errors: [{ domain: 'global', reason: 'notFound' }] },
    })
  })

  test('is not ready, names the calendar, and still reads and shows the other one', async () => {
    await alice.ready()
    expect(alice.condition('Ready')).toMatchObject({ status: 'False', reason: 'CalendarNotFound' })
    expect(alice.status.sync?.calendars).toEqual([
      { id: 'primary', events: 1, lastSyncTime: START },
      { id: 'team@example.com', events: 0, error: '404 notFound' },
    ])
    expect(alice.busy).toHaveLength(1)
  })

  test('stays so while Google cannot be reached, and is ready once the calendar is shared', async () => {
    await alice.ready()
    alice.refuseListings(500)
    await alice.reconcileAfter(6 * MINUTE)
    expect(alice.condition('Ready')).toMatchObject({ status: 'False', reason: 'CalendarNotFound' })
    alice.answerAgain()
    await alice.reconcileAfter(HOUR)
    await alice.reconcileAfter(HOUR)
    expect(alice.condition('Ready')).toMatchObject({ status: 'True', message: '2 calendars are read and up to date.' })
  })
})

describe('an Agent that Google does not answer', () => {
  test('stays ready, says since when and why, and is tried again soon', async () => {
    await alice.ready()
    alice.refuseListings(500)
    await alice.reconcileAfter(6 * MINUTE)
    const outcome = await alice.reconcileAfter(MINUTE)
    expect(outcome).toMatchObject({ kind: 'retry' })
    expect(alice.condition('Ready')).toMatchObject({ status: 'True', reason: 'Ready' })
    expect(alice.condition('Ready')?.message).toMatch(
      /^What was published is good until 2026-11-23T10:15:00Z\. There has been a problem since 2026-11-23T10:06:00Z: .*can't be reached/,
    )
  })

  test('is not ready from the end of trust on, even if no reconcile comes', async () => {
    await alice.ready()
    await alice.world.clock.advance(TO_MINUTE_10_15 - 1)
    expect(alice.condition('Ready')?.status).toBe('True')
    await alice.world.clock.advance(MINUTE)
    const message = 'The calendars could not be read in time; the operator keeps trying.'
    expect(alice.condition('Ready')).toMatchObject({ status: 'False', reason: 'SyncFailed', message })
    expect(alice.condition('Synced')).toMatchObject({ status: 'False', reason: 'SyncFailed', message })
    expect(alice.condition('Authorized')).toMatchObject({ status: 'True', reason: 'Granted' })
    expect(alice.status.sync?.lastSyncTime).toBe(START)
  })

  test('repeats at the end of trust why it could not be read', async () => {
    await alice.ready()
    alice.refuseListings(500)
    await alice.reconcileAfter(14 * MINUTE)
    await alice.world.clock.advance(2 * MINUTE)
    expect(alice.condition('Ready')).toMatchObject({ status: 'False', reason: 'SyncFailed' })
    expect(alice.condition('Ready')?.message).toContain("Google can't be reached")
  })

  test('is ready again as soon as it is read', async () => {
    await alice.ready()
    alice.refuseListings(500)
    await alice.reconcileAfter(20 * MINUTE)
    expect(alice.condition('Ready')?.status).toBe('False')
    alice.answerAgain()
    await alice.reconcileAfter(MINUTE)
    expect(alice.condition('Ready')).toMatchObject({ status: 'True', message: 'The calendar is read and up to date.' })
  })
})

describe('writes of others', () => {
  const conflict = (what: string): void => {
    alice.world.kubernetes.refuse = (method, path) =>
      method === 'PATCH' && path.includes(what) ? refusal(409, 'Conflict') : undefined
  }

  test.each(['/configmaps', '/agents/alice/status'])(
    'to %s are waited for in silence, and reported if they do not end within half a minute',
    async (what) => {
      await alice.ready()
      conflict(what)
      alice.change({ busy: { tentative: 'Free', allDay: 'Busy' } })
      alice.addMeeting()
      for (let second = 0; second < 29; second += 7) {
        const outcome = await alice.reconcileAfter(second === 0 ? 6 * MINUTE : 7_000)
        expect(outcome).toMatchObject({ kind: 'wait', for: 1_000 })
      }
      expect(alice.condition('Ready')?.status).toBe('True')
      const last = await alice.reconcileAfter(10_000).catch((error: unknown) => ({ kind: 'retry', error }))
      expect(last).toMatchObject({ kind: 'retry' })
      alice.world.kubernetes.refuse = () => undefined
      expect(await alice.reconcileAfter(MINUTE)).toMatchObject({ kind: 'done' })
    },
  )
})

describe('a status that somebody has written over', () => {
  test('is restored, with its times, also after a reconcile that had nothing to write', async () => {
    await alice.ready()
    const { resourceVersion } = alice.agent.metadata
    await alice.reconcileAfter(MINUTE)
    expect(alice.agent.metadata.resourceVersion).toBe(resourceVersion)
    const own = structuredClone(alice.status)
    const conditions = own.conditions?.map((one) => ({ ...one, lastTransitionTime: '2020-01-01T00:00:00Z' }))
    alice.world.put({ ...alice.agent, status: { ...own, conditions } }, true)
    await alice.reconcile()
    expect(alice.status).toEqual(own)
  })
})

describe('a status that the API server refuses', () => {
  test('is written again after a pause, and by the next reconcile at the latest', async () => {
    alice.world.kubernetes.refuse = (method, path) =>
      method === 'PATCH' && path.endsWith('/status') && path.includes('/agents/')
        ? refusal(403, 'Forbidden')
        : undefined
    await alice.reconcile()
    const outcome = await alice.reconcile()
    expect(outcome).toMatchObject({ kind: 'retry', atLatest: anInterval, error: { failure: 'Forbidden' } })
    alice.world.kubernetes.refuse = () => undefined
    await alice.reconcile()
    expect(alice.condition('Ready')?.status).toBe('True')
  })
})

describe('a suspended Agent', () => {
  test('asks Google nothing, keeps its calendar and its conditions, even beyond the end of trust', async () => {
    await alice.ready()
    const { busy, status } = alice
    alice.change({ suspend: true })
    const asked = alice.world.google.asked.length
    expect(await alice.reconcileAfter(MINUTE)).toEqual({ kind: 'done', checkAgainIn: undefined })
    await alice.world.clock.advance(20 * MINUTE)
    expect([alice.busy, alice.status.conditions]).toEqual([busy, status.conditions])
    expect(alice.world.google.asked).toHaveLength(asked)
  })

  test('that was never reconciled says so', async () => {
    alice.change({ suspend: true })
    await alice.reconcile()
    expect(alice.condition('Ready')).toMatchObject({ status: 'Unknown', reason: 'Suspended' })
    expect(alice.world.google.asked.filter(({ path }) => path.includes('/calendar'))).toEqual([])
  })

  test('with its integration is blocked at the end of trust, if its spec says so', async () => {
    await alice.world.close()
    alice = new OneAgent({ whenStale: 'Block' })
    await alice.ready()
    alice.changeIntegration({ suspend: true })
    expect(await alice.reconcile()).toMatchObject({ kind: 'done', checkAgainIn: 15 * MINUTE })
    const { busy } = alice
    await alice.world.clock.advance(TO_MINUTE_10_15 + 10_000)
    expect(alice.busy).not.toEqual(busy)
    expect(alice.busy).toHaveLength(1)
  })

  test.each(['KeepLast', 'Block'] as const)(
    'publishes no change of its spec while its integration is suspended: %s',
    async (whenStale) => {
      await alice.end()
      alice = new OneAgent({ whenStale })
      await alice.ready()
      alice.changeIntegration({ suspend: true })
      const { publish } = alice.agent.spec as { publish: { calendar: object } }
      alice.change({ publish: { ...publish, calendar: { ...publish.calendar, formats: ['JSON', 'ICalendar'] } } })
      const formats = (): string[] =>
        Object.keys(alice.world.kubernetes.find('ConfigMap', 'alice-calendar')?.data ?? {})
      await alice.reconcile()
      expect(formats()).toEqual(['busy.json'])
      alice.changeIntegration({ suspend: false })
      await alice.ready()
      expect(formats()).toEqual(['busy.json', 'busy.ics'])
    },
  )
})

describe('an Agent that is being deleted', () => {
  const KEPT = { deletionTimestamp: START, finalizers: ['example.com/theirs'] }

  test('and is kept by a finalizer of somebody else says so, and is not ready once nothing of it can be trusted', async () => {
    await alice.ready()
    alice.change({}, KEPT)
    const asked = alice.world.google.asked.length
    expect(await alice.reconcile()).toMatchObject({ kind: 'wait', for: 15 * MINUTE })
    expect(alice.condition('Ready')).toMatchObject({ status: 'True', reason: 'Ready' })
    expect(alice.condition('Ready')?.message).toMatch(
      /^What was published is good until .* is being deleted.*example\.com\/theirs/,
    )
    await alice.reconcileAfter(15 * MINUTE)
    expect(alice.condition('Ready')).toMatchObject({ status: 'False', reason: 'SyncFailed' })
    expect(await alice.reconcile()).toMatchObject({ kind: 'wait', for: HOUR })
    expect(alice.world.google.asked).toHaveLength(asked)
  })

  test('and is kept is blocked at the end of trust, if its spec says so', async () => {
    await alice.world.close()
    alice = new OneAgent({ whenStale: 'Block' })
    await alice.ready()
    const { busy } = alice
    alice.change({}, KEPT)
    await alice.reconcile()
    expect(alice.busy).toEqual(busy)
    await alice.reconcileAfter(15 * MINUTE)
    expect(alice.busy).not.toEqual(busy)
    expect(alice.busy).toHaveLength(1)
  })

  test('and is kept publishes nothing again that Kubernetes has removed', async () => {
    await alice.ready()
    alice.change({}, KEPT)
    alice.world.remove(alice.world.kubernetes.find('ConfigMap', 'alice-calendar')!)
    await alice.reconcile()
    expect(alice.world.kubernetes.find('ConfigMap', 'alice-calendar')).toBeUndefined()
  })

  test('is revoked only if its spec said so: the finalizer follows the spec, and those of others stay', async () => {
    alice.change({ deletionPolicy: 'Revoke' }, { finalizers: ['theirs'] })
    expect(await alice.reconcile()).toEqual({ kind: 'done', checkAgainIn: 0 })
    expect(alice.agent.metadata.finalizers).toEqual(['theirs', 'calendar-operator.io/revoke'])
    alice.change({ deletionPolicy: 'Retain' })
    await alice.reconcile()
    expect(alice.agent.metadata.finalizers).toEqual(['theirs'])
  })
})

describe('an Agent with another grant', () => {
  test('reads its calendars anew, as nothing of the former person is known about them', async () => {
    await alice.ready()
    const secret = alice.world.kubernetes.find('Secret', 'alice-grant')!
    const token = Buffer.from('1//another-refresh-token').toString('base64')
    alice.world.put({ ...secret, data: { refresh_token: token } })
    await alice.reconcileAfter(MINUTE)
    alice.world.put(secret)
    const asked = alice.world.google.asked.length
    await alice.reconcileAfter(MINUTE)
    const listings = alice.world.google.asked.slice(asked).filter(({ path }) => path.includes('/events?'))
    expect(listings.map(({ path }) => path.includes('timeMin='))).toEqual([true])
  })
})

describe('an Agent without its integration', () => {
  test('waits for it for some seconds before it says so', async () => {
    alice.change({ integrationRef: { name: 'later' } })
    expect(await alice.world.reconcile('Agent', 'booking/alice')).toEqual({ kind: 'done', checkAgainIn: 3_000 })
    expect(alice.status.conditions).toBeUndefined()
    await alice.reconcileAfter(3_000)
    expect(alice.condition('Ready')).toMatchObject({ status: 'False', reason: 'IntegrationNotFound' })
  })
})
