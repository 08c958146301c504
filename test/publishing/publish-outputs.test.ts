/** The steps of publishing: what one of them fails with leaves the state of the others as it is. */
import { beforeEach, describe, expect, test } from 'vitest'
import { newCalendar, newCalendarsState } from '../../src/calendars/state.ts'
import { ApiError } from '../../src/kubernetes/port.ts'
import type { PublishDeps, PublishInput, PublishResult } from '../../src/publishing/port.ts'
import { pruneOutputs, publishOutputs } from '../../src/publishing/publish-outputs.ts'
import type { PublicationState } from '../../src/publishing/state.ts'
import { trustedUntil } from '../../src/publishing/trust.ts'
import { marksOf, withController } from '../../src/resources/ownership.ts'
import type { Agent } from '../../src/resources/types.ts'
import { zones } from '../calendar/support.ts'
import { ManualClock } from '../support/clock.ts'
import { anAgent, anIntegration } from '../support/resources.ts'
import { SmallCluster } from '../support/small-cluster.ts'

const agent = anAgent({ publish: { staleAfter: '15m', whenStale: 'KeepLast', accessToken: { name: 'token' } } })
const metadata = { ...marksOf(agent, 'access-token'), ownerReferences: withController([], agent) }

let clock: ManualClock
let small: SmallCluster
let deps: PublishDeps
let state: PublicationState

beforeEach(async () => {
  clock = new ManualClock()
  small = new SmallCluster()
  small.agents = [agent]
  deps = { cluster: small.cluster, clock, zones }
  state = {}
  await publish()
})

async function publish(special: Partial<PublishInput> = {}): Promise<PublishResult> {
  const result = await publishOutputs(
    deps,
    {
      agent,
      isNarrowed: false,
      calendars: newCalendarsState(),
      account: undefined,
      sync: anIntegration().spec.sync,
      authorized: true,
      token: { accessToken: 'ya29', expiresAt: clock.now() + 60 * 60_000 },
      reportsConflicts: false,
      ...special,
    },
    state,
  )
  state = result.state
  return result
}

const trusted = (): number | undefined =>
  trustedUntil(state, { agent, now: clock.now(), staleAfter: undefined, readingEnds: undefined })

describe('an object that somebody else has changed', () => {
  beforeEach(() => void small.secret('token', { access_token: 'theirs' }, metadata))

  test('is repaired', async () => {
    await publish()
    expect(small.text('token').access_token).toBe('ya29')
    expect(trusted()).toBeGreaterThan(clock.now())
  })

  test('is not trusted while it can’t be repaired', async () => {
    small.refuse = (write) => (write === 'patch Secret token' ? new ApiError('Forbidden', 'no') : undefined)
    const { failures, conflict } = await publish()
    expect([failures.map(({ reason }) => reason), conflict]).toEqual([['PublishFailed'], undefined])
    expect(trusted()).toBe(-Infinity)
  })

  test('again while we write ends the step with a conflict, which is reported only if conflicts last', async () => {
    const change = (): void => void small.secret('token', { access_token: 'theirs again' }, metadata)
    small.meanwhile = [change]
    const first = await publish()
    expect([first.failures, first.conflict]).toMatchObject([[], { failure: 'Conflict' }])
    small.meanwhile = [change]
    const { failures, conflict } = await publish({ reportsConflicts: true })
    expect([failures.map(({ reason }) => reason), conflict]).toEqual([['PublishFailed'], undefined])
  })
})

describe('an object that somebody changes after each repair', () => {
  const MINUTE = 60_000
  let edits = 0
  const edit = async (): Promise<string[]> => {
    small.secret('token', { access_token: `theirs ${++edits}` }, metadata)
    return reasons()
  }
  const reasons = async (): Promise<string[]> => (await publish()).failures.map(({ reason }) => reason)

  test('is repaired each time, and the tenth time within five minutes is reported', async () => {
    for (let count = 1; count < 10; count++) expect(await edit()).toEqual([])
    const { failures } = await (small.secret('token', { access_token: 'theirs' }, metadata), publish())
    expect(failures.map(({ reason }) => reason)).toEqual(['PublishConflict'])
    expect(failures[0]?.message).toContain('Secret token')
    expect(small.text('token').access_token).toBe('ya29')
  })

  test('is reported until nobody has changed it for five minutes, and looked at again then', async () => {
    for (let count = 0; count < 10; count++) await edit()
    await clock.advance(4 * MINUTE)
    expect(await edit()).toEqual(['PublishConflict'])
    await clock.advance(4.9 * MINUTE)
    const { failures } = await publish()
    expect(failures.map(({ requeue }) => requeue)).toEqual([
      { kind: 'blocked', at: expect.closeTo(clock.monotonic() + 0.1 * MINUTE, -3) as number },
    ])
    await clock.advance(0.2 * MINUTE)
    expect(await reasons()).toEqual([])
    expect(await edit()).toEqual([])
  })

  test('less often is repaired without a word', async () => {
    for (let count = 0; count < 20; count++) {
      expect(await edit()).toEqual([])
      await clock.advance(0.6 * MINUTE)
    }
  })

  test('by deleting it is reported likewise', async () => {
    for (let count = 0; count < 10; count++) {
      small.objects.delete('Secret/booking/token')
      expect(await reasons()).toEqual(count < 9 ? [] : ['PublishConflict'])
    }
  })
})

describe('a calendar that can no longer be trusted, and that was not read since a restart', () => {
  const publishing = anAgent({
    publish: { ...anAgent().spec.publish, whenStale: 'Block' },
  })
  const owned = { ...marksOf(publishing, 'calendar'), ownerReferences: withController([], publishing) }
  const window = { start: '2026-11-22T10:00:00Z', end: '2027-01-22T10:00:00Z' }
  const header = { version: 1, agent: 'booking/alice', timeZone: 'UTC', window, syncedAt: '2026-11-23T09:00:00Z' }
  const text = JSON.stringify({ ...header, freshUntil: '2026-11-23T09:15:00Z', complete: true, busy: [] })
  const edited = (as = text): object => small.configMap('alice-calendar', { 'busy.json': as }, owned)
  const published = (): unknown => JSON.parse(small.get('ConfigMap', 'alice-calendar')?.data?.['busy.json'] ?? '')
  let reads: number

  beforeEach(() => {
    edited()
    reads = 0
    small.refuseRead = () => void (reads += 1)
    small.writes.length = 0
  })

  const block = (): ReturnType<typeof publishOutputs> => publish({ agent: publishing })

  test('is rewritten without free time', async () => {
    await block()
    expect(published()).toMatchObject({ ...header, busy: [window] })
    expect(state.calendar).toMatchObject({ busyIntervals: 1, isEdited: false })
  })

  test('is rewritten again if the write fails, which is reported', async () => {
    small.refuse = (write) => (write.startsWith('patch') ? new ApiError('Forbidden', 'no') : undefined)
    for (let round = 0; round < 2; round++) {
      expect((await block()).failures.map(({ reason }) => reason)).toEqual(['PublishFailed'])
      expect(published()).toMatchObject({ busy: [] })
    }
    small.refuse = undefined
    expect((await block()).failures).toEqual([])
    expect(published()).toMatchObject({ busy: [window] })
  })

  test('is read and written no more once it has no free time', async () => {
    await block()
    await block()
    const [readsSoFar] = [reads]
    for (let round = 0; round < 3; round++) await block()
    expect([reads, small.writes]).toEqual([readsSoFar, ['patch ConfigMap alice-calendar']])
  })

  test('is rewritten again if somebody changes it', async () => {
    await block()
    await block()
    edited()
    await block()
    expect(published()).toMatchObject({ busy: [window] })
    expect(state.calendar?.isEdited).toBe(false)
  })

  test('is blocked in time although it can’t be read any more', async () => {
    edited(text.replace('09:15', '10:15'))
    await block()
    await clock.advance(16 * 60_000)
    small.refuseRead = () => new ApiError('Forbidden', 'no')
    await block()
    expect(published()).toMatchObject({ busy: [window], freshUntil: '2026-11-23T10:15:00Z' })
  })

  test('makes no conflict once it has no free time, however often somebody changes its annotations', async () => {
    await block()
    await block()
    const { cluster } = small
    const touched = (): void => {
      const { data = {}, metadata: before } = small.get('ConfigMap', 'alice-calendar')!
      small.configMap('alice-calendar', data, before)
    }
    const readConfigMap: typeof cluster.readConfigMap = async (...at) => {
      const found = await cluster.readConfigMap(...at)
      touched()
      return found
    }
    deps = { ...deps, cluster: { ...cluster, readConfigMap } }
    for (let round = 0; round < 3; round++) {
      touched()
      expect((await block()).conflict).toBeUndefined()
    }
  })

  test('that somebody changes while it is rewritten is left to the next attempt', async () => {
    const { cluster } = small
    let changes = 1
    const readConfigMap: typeof cluster.readConfigMap = async (...at) => {
      const found = await cluster.readConfigMap(...at)
      if (changes-- > 0) edited()
      return found
    }
    deps = { ...deps, cluster: { ...cluster, readConfigMap } }
    expect((await block()).conflict).toMatchObject({ failure: 'Conflict' })
    expect(published()).toMatchObject({ busy: [] })
    expect((await block()).conflict).toBeUndefined()
    expect(published()).toMatchObject({ busy: [window] })
  })
})

describe('a calendar of which nothing is known but that Google refuses it', () => {
  const window = { start: '2026-11-22T10:00:00Z', end: '2027-01-22T10:00:00Z' }
  const header = { version: 1, agent: 'booking/alice', timeZone: 'UTC', window, syncedAt: '2026-11-23T10:00:00Z' }
  const busy = { ...header, freshUntil: '2026-11-23T10:15:00Z', complete: true, busy: [] }
  const texts = { 'busy.json': JSON.stringify(busy), 'events.json': JSON.stringify({ ...busy, events: [] }) }
  const failure = { stepFailure: {} as never, since: 0, refused: true, attempts: 1, error: '403' }
  const calendars = { byId: new Map([['alice@example.com', { ...newCalendar(), failure }]]) }
  const publishing = (whenStale: 'Block' | 'KeepLast'): Agent =>
    anAgent({
      publish: {
        staleAfter: '15m',
        whenStale,
        calendar: { kind: 'Secret', name: 'calendar', detail: 'Full', formats: ['JSON'] },
      },
    })
  const owned = { ...marksOf(agent, 'calendar'), ownerReferences: withController([], agent) }
  const published = (): Record<string, unknown> =>
    Object.fromEntries(Object.entries(small.text('calendar')).map(([key, text]) => [key, JSON.parse(text)]))
  const refused = (whenStale: 'Block' | 'KeepLast' = 'KeepLast'): ReturnType<typeof publishOutputs> =>
    publish({ agent: publishing(whenStale), account: 'alice@example.com', calendars })

  beforeEach(() => void small.secret('calendar', texts, owned))

  test('is marked as incomplete later if that can’t be written at first', async () => {
    small.refuse = (write) => (write === 'patch Secret calendar' ? new ApiError('Forbidden', 'no') : undefined)
    for (let round = 0; round < 2; round++) {
      expect((await refused()).failures.map(({ reason }) => reason)).toEqual(['PublishFailed'])
      expect(published()).toMatchObject({ 'busy.json': { complete: true } })
    }
    small.refuse = undefined
    expect((await refused()).failures).toEqual([])
    expect(published()).toMatchObject({ 'busy.json': { complete: false } })
  })

  test('is marked as incomplete in all of its files', async () => {
    await refused()
    expect(published()).toMatchObject({ 'busy.json': { complete: false }, 'events.json': { complete: false } })
  })

  test('has no free time with Block although it can’t be read any more, and its events stay until it can', async () => {
    await publish({ agent: publishing('Block'), sync: undefined })
    small.refuseRead = () => new ApiError('Forbidden', 'no')
    const { failures } = await refused('Block')
    expect(failures.map(({ reason }) => reason)).toEqual(['PublishFailed'])
    expect(published()).toEqual({ 'busy.json': { ...busy, busy: [window] }, 'events.json': { ...busy, events: [] } })
    small.refuseRead = undefined
    expect((await refused('Block')).failures).toEqual([])
    expect(published()).toMatchObject({
      'busy.json': { complete: false, busy: [window] },
      'events.json': { complete: false },
    })
  })

  test('is read once in each version, and makes no conflict, however often somebody changes its annotations', async () => {
    await refused()
    await refused()
    const { cluster } = small
    const touched = (): void => {
      const { data, metadata: before } = small.get('Secret', 'calendar')!
      small.secret('calendar', {}, before).data = data!
    }
    let reads = 0
    const readSecret: typeof cluster.readSecret = async (...at) => {
      const found = await cluster.readSecret(...at)
      reads += 1
      touched()
      return found
    }
    deps = { ...deps, cluster: { ...cluster, readSecret } }
    for (let round = 0; round < 3; round++) {
      touched()
      expect((await refused()).conflict).toBeUndefined()
    }
    expect(reads).toBe(3)
  })
})

test('a token of a grant that was not found valid is not published, but its object is looked at', async () => {
  small.secret('token', { access_token: 'theirs' }, metadata)
  await publish({ authorized: false })
  expect(small.text('token').access_token).toBe('theirs')
  expect(state.accessToken?.isEdited).toBe(true)
})

describe('a token of a grant that is not valid', () => {
  test('gets another end if that of the published one has changed', async () => {
    await publish({ authorized: false, token: { accessToken: 'ya29', expiresAt: clock.now() + 60_000 } })
    expect(small.text('token').expires_at).toBe('2026-11-23T10:01:00Z')
  })

  test('is not published if there is none', async () => {
    small.objects.clear()
    small.writes.length = 0
    await publish({ authorized: false })
    expect(small.writes).toEqual([])
  })
})

describe('an access token', () => {
  test('is written if only one of its values differs, or is missing', async () => {
    await publish({ token: { accessToken: 'renewed', expiresAt: clock.now() + 60 * 60_000 } })
    expect(small.text('token').access_token).toBe('renewed')
    small.secret('token', { access_token: 'renewed', expires_at: small.text('token').expires_at! }, metadata)
    await publish({ token: { accessToken: 'renewed', expiresAt: clock.now() + 60 * 60_000 } })
    expect(small.text('token').token_type).toBe('Bearer')
  })

  test('that a webhook changes on the way is reported, and written once in each attempt', async () => {
    small.objects.clear()
    small.admit = (object) => ({ ...object, data: { access_token: 'dGhlaXJz' } })
    small.writes.length = 0
    const { failures, isComplete } = await publish()
    expect(failures.map(({ reason }) => reason)).toEqual(['PublishFailed'])
    expect([isComplete, small.writes]).toEqual([false, ['create Secret token']])
  })
})

describe('an object of somebody else under the name of an output', () => {
  const bob = anAgent({}, 'bob')
  const theirs = (): void => {
    const labelled = { ...marksOf(bob, 'access-token'), ownerReferences: withController([], bob) }
    small.secret('token', { access_token: 'theirs' }, labelled)
  }
  const reasons = async (): Promise<string[]> => (await publish()).failures.map(({ reason }) => reason)

  test('is left alone without an attempt to write it, and reported', async () => {
    theirs()
    small.writes.length = 0
    expect(await reasons()).toEqual(['PublishConflict'])
    expect([small.text('token'), small.writes]).toEqual([{ access_token: 'theirs' }, []])
    expect(state.accessToken).toBeNull()
  })

  test('is left alone if it is the calendar, too', async () => {
    small.configMap('alice-calendar', { 'busy.json': 'theirs' }, { labels: marksOf(bob, 'calendar').labels })
    small.writes.length = 0
    const { failures } = await publish({ agent: anAgent() })
    expect(failures.map(({ reason }) => reason)).toEqual(['PublishConflict'])
    expect([small.get('ConfigMap', 'alice-calendar')?.data, small.writes]).toEqual([{ 'busy.json': 'theirs' }, []])
  })

  test('that appears while we create ours is left alone and reported, too', async () => {
    small.objects.clear()
    small.meanwhile = [theirs]
    expect(await reasons()).toEqual(['PublishConflict'])
    expect(small.text('token')).toEqual({ access_token: 'theirs' })
  })
})

test('a calendar that was not read yet is no failure, and nothing is written for it', async () => {
  small.writes.length = 0
  const { failures } = await publish({ agent: anAgent() })
  expect([failures, small.writes]).toEqual([[], []])
})

test.each([true, false])(
  'objects under former names are updated only while consent is asked for: %s',
  async (asked) => {
    small.secret('former', { access_token: 'old' }, metadata)
    const input = { agent, isNarrowed: asked, reportsConflicts: false } as PublishInput
    expect(await pruneOutputs(deps, input, { state, isComplete: false })).toBeUndefined()
    expect(small.text('former')).toEqual({ access_token: asked ? 'ya29' : 'old' })
  },
)
