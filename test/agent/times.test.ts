/** What the status of an Agent says about times, when it is written, and when the Agent is reconciled to warn about an end. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { refusal } from '../memory/kubernetes.ts'
import { DAY, HOUR, MINUTE, OneAgent } from './support/one-agent.ts'

const START = '2026-11-23T10:00:00Z'
const TEAM = 'team%40example.com'
const NOT_FOUND = { error: { code: 404, errors: [{ domain: 'global', reason: 'notFound' }] } }

let alice: OneAgent

beforeEach(() => {
  alice = new OneAgent()
})

afterEach(() => alice.end())

async function begin(given: ConstructorParameters<typeof OneAgent>[0]): Promise<void> {
  await alice.world.close()
  alice = new OneAgent(given)
}

describe('the end of a grant', () => {
  /** Nothing else is due for days, except that tokens are renewed. */
  beforeEach(async () => {
    alice.changeIntegration({
      sync: { interval: '72h', fullSyncInterval: '168h', window: { pastDays: 1, futureDays: 30 } },
    })
    await alice.ready()
  })

  const reconciledIn = async (ms: number): Promise<number> => {
    const outcome = await alice.reconcileAfter(ms)
    return outcome.kind === 'done' ? Math.round((outcome.checkAgainIn ?? NaN) / MINUTE) : NaN
  }

  test('is warned about on time, 48 and 12 hours before it', async () => {
    expect(await reconciledIn(5 * DAY - 10 * MINUTE)).toBe(10)
    expect(alice.condition('Authorized')?.reason).toBe('Granted')
    expect(await reconciledIn(11 * MINUTE)).toBeGreaterThan(15)
    expect(alice.condition('Authorized')?.reason).toBe('GrantExpiresSoon')
    expect(await reconciledIn(36 * HOUR - 11 * MINUTE)).toBe(10)
    expect(alice.condition('Authorized')?.message).toContain('less than 48 hours')
    expect(await reconciledIn(11 * MINUTE)).toBeGreaterThan(15)
    expect(alice.condition('Authorized')?.message).toContain('less than 12 hours')
  })
})

describe('of two calendars', () => {
  beforeEach(() => begin({ calendars: 2 }))

  test('the one that was read longest ago says when the Agent was read', async () => {
    await alice.ready()
    alice.refuseListings(500, TEAM)
    await alice.reconcileAfter(8 * MINUTE)
    await alice.reconcileAfter(MINUTE)
    expect(alice.status.sync).toMatchObject({
      lastSyncTime: START,
      lastFullSyncTime: START,
      calendars: [{ id: 'primary', lastSyncTime: '2026-11-23T10:08:00Z' }, { lastSyncTime: START }],
    })
  })

  test('one that is refused does not make the other look older than it is', async () => {
    await alice.ready()
    alice.refuseListings(404, TEAM, NOT_FOUND)
    await alice.reconcileAfter(8 * MINUTE)
    expect(alice.status.sync?.calendars?.[1]).toMatchObject({ lastSyncTime: START, error: '404 notFound' })
    expect(alice.status.sync?.lastSyncTime).toBe('2026-11-23T10:08:00Z')
  })

  test('both are said to be as before a restart until both were read again', async () => {
    await alice.ready()
    const { sync } = alice.status
    alice.world.restart()
    alice.refuseListings(500, TEAM)
    await alice.reconcileAfter(8 * MINUTE)
    await alice.reconcileAfter(MINUTE)
    expect(alice.condition('Ready')?.message).toContain('There has been a problem')
    expect(alice.status.sync).toEqual(sync)
  })
})

describe('a status', () => {
  test('that was stamped by a clock that was ahead is corrected by the next reading', async () => {
    await alice.ready()
    alice.world.clock.setTimeOfDay(-HOUR)
    await alice.reconcileAfter(6 * MINUTE)
    expect(alice.status.sync?.lastSyncTime).toBe('2026-11-23T09:06:00Z')
  })

  test('says which request to reconcile was acted upon last, also after the request is gone', async () => {
    await alice.ready()
    expect(alice.status.lastHandledReconcileAt).toBeUndefined()
    alice.change({}, { annotations: { 'calendar-operator.io/requestedAt': 'now' } })
    await alice.reconcileAfter(MINUTE)
    expect(alice.status.lastHandledReconcileAt).toBe('now')
    alice.world.restart()
    alice.change({}, { annotations: {} })
    await alice.reconcileAfter(HOUR)
    expect(alice.status.lastHandledReconcileAt).toBe('now')
  })

  test('is not written to an Agent that was made under the same name meanwhile', async () => {
    await alice.world.reconcile('CalendarIntegration', 'booking/google')
    const { agent } = alice
    alice.world.google.before = ({ path }) => {
      if (!path.includes('/events?') || alice.agent.metadata.uid === 'another') return
      alice.world.remove(agent)
      alice.world.put({ ...agent, metadata: { name: 'alice', namespace: 'booking', uid: 'another' } })
    }
    await alice.reconcileAlone().catch(() => undefined)
    expect(alice.agent.metadata.uid).toBe('another')
    expect(alice.status.conditions).toBeUndefined()
  })

  test('that the API server rejects is replaced by one that says so: the Agent does not stay Ready', async () => {
    await alice.ready()
    let rejected = false
    alice.world.kubernetes.refuse = (method, path) => {
      if (rejected || method !== 'PATCH' || !path.endsWith('/agents/alice/status')) return undefined
      rejected = true
      return refusal(422, 'Invalid')
    }
    alice.addMeeting()
    await alice.reconcileAfter(6 * MINUTE)
    expect(rejected).toBe(true)
    for (const type of ['Ready', 'Synced'])
      expect(alice.condition(type)).toMatchObject({ status: 'False', reason: 'PublishFailed' })
    expect(alice.condition('Authorized')?.status).toBe('True')
    expect(alice.status.sync?.lastSyncTime).toBe(START)
  })
})

describe('the end of trust', () => {
  const deadline = (): Promise<unknown> => alice.world.writeFirstStatus('booking/alice', 'Agent')

  test('is reported after a restart, too, by what the status says about the last reading', async () => {
    await alice.ready()
    alice.world.restart()
    await alice.world.clock.advance(14 * MINUTE)
    await deadline()
    expect(alice.condition('Ready')?.status).toBe('True')
    await alice.world.clock.advance(2 * MINUTE)
    await deadline()
    expect(alice.condition('Ready')).toMatchObject({ status: 'False', reason: 'SyncFailed' })
    expect(alice.status.sync?.lastSyncTime).toBe(START)
  })

  test('blocks the calendar after a restart, too, if the spec says so', async () => {
    await begin({ whenStale: 'Block' })
    await alice.ready()
    const { busy } = alice
    alice.world.restart()
    await alice.world.clock.advance(16 * MINUTE)
    await deadline()
    expect(alice.busy).not.toEqual(busy)
    expect(alice.busy).toHaveLength(1)
  })

  test('does not come, and reports nothing, if what was read can be published then', async () => {
    await alice.ready()
    alice.world.kubernetes.refuse = (method, path) =>
      method === 'PATCH' && path.includes('/configmaps') ? refusal(500, 'InternalError') : undefined
    await alice.reconcileAfter(14 * MINUTE)
    const { conditions } = alice.status
    expect(alice.condition('Ready')?.status).toBe('True')
    alice.world.kubernetes.refuse = () => undefined
    await alice.world.clock.advance(2 * MINUTE)
    expect(alice.status.conditions).toEqual(conditions)
  })

  test.each(['KeepLast', 'Block'] as const)(
    'of a new Agent whose integration is suspended leaves it a status: %s',
    async (whenStale) => {
      await begin({ whenStale })
      alice.changeIntegration({ suspend: true })
      await alice.reconcile()
      expect(alice.condition('Ready')).toMatchObject({ status: 'Unknown', reason: 'Suspended' })
    },
  )

  test('changes nothing in what an Agent of a suspended integration says', async () => {
    await alice.ready()
    alice.changeIntegration({ suspend: true })
    await alice.reconcile()
    const { conditions } = alice.status
    await alice.world.clock.advance(20 * MINUTE)
    expect(alice.status.conditions).toEqual(conditions)
  })

  test('causes no work from then on, although Google still gives no answer', async () => {
    await alice.ready()
    alice.refuseListings(500)
    await alice.reconcileAfter(14 * MINUTE)
    await alice.world.clock.advance(2 * MINUTE)
    const { deadlinesRun } = alice.world
    await alice.world.clock.advance(HOUR)
    expect(alice.world.deadlinesRun).toBe(deadlinesRun)
  })
})

describe('a deletion with Revoke', () => {
  test('lasts a minute if Google gives no answer, from when it was first seen', async () => {
    alice.change({ deletionPolicy: 'Revoke' })
    await alice.ready()
    await alice.reconcile()
    alice.world.google.before = ({ path }) => {
      if (path.includes('/revoke')) alice.world.google.twist([{ do: 'refuse', status: 503, body: {} }])
    }
    alice.change({}, { deletionTimestamp: START })
    const finalizers = (): unknown => alice.agent.metadata.finalizers
    const reconcileAfter = async (ms: number): Promise<string> => {
      await alice.world.clock.advance(ms)
      return (await alice.reconcileAlone()).kind
    }
    expect(await reconcileAfter(0)).toBe('retry')
    expect(await reconcileAfter(40_000)).toBe('retry')
    expect(await reconcileAfter(19_000)).toBe('retry')
    expect(finalizers()).toEqual(['calendar-operator.io/revoke'])
    await reconcileAfter(2_000)
    expect(alice.world.kubernetes.find('Agent', 'alice')?.metadata.finalizers ?? []).toEqual([])
  })
})

describe('calendars that a Booking asks for', () => {
  const awaited = (): boolean | undefined => alice.world.isAwaited('booking/alice')
  const ask = (): void => alice.world.refresh('booking/alice', alice.world.clock.monotonic())

  test('are awaited until the next reconcile, and no longer', async () => {
    await alice.ready()
    ask()
    expect(awaited()).toBe(true)
    await alice.reconcile()
    expect(awaited()).toBe(false)
  })

  test('while a reconcile reads are left to the next one', async () => {
    await alice.ready()
    alice.world.google.before = ({ path }) => {
      if (path.includes('/events?')) ask()
    }
    await alice.reconcileAfter(6 * MINUTE)
    expect(awaited()).toBe(true)
    alice.world.google.before = () => undefined
    await alice.reconcile()
    expect(awaited()).toBe(false)
  })
})
