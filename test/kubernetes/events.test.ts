import { beforeEach, describe, expect, it } from 'vitest'
import { createEventRecorder, type EventRecorder } from '../../src/kubernetes/events.ts'
import { ApiError, type EventRecord } from '../../src/kubernetes/port.ts'
import type { ApiRequest, SendRequest } from '../../src/kubernetes/request.ts'
import { ManualClock, settle } from '../support/clock.ts'
import { agent } from './support/objects.ts'
import { LogBook } from './support/wait.ts'

const MINUTE = 60_000
const EVENTS = '/apis/events.k8s.io/v1/namespaces/booking/events'

let clock: ManualClock
let requests: ApiRequest[]
let answer: (request: ApiRequest, signal?: AbortSignal) => Promise<unknown>
let dropped: string[]
let recorder: EventRecorder

const note = (rest: Partial<EventRecord> = {}): void =>
  recorder.record({
    regarding: agent('alice'),
    type: 'Warning',
    reason: 'GrantRevoked',
    action: 'Reconcile',
    note: 'Sign in again.',
    ...rest,
  })

beforeEach(() => {
  clock = new ManualClock()
  requests = []
  dropped = []
  answer = async () => ({})
  const send = (async (request: ApiRequest, signal?: AbortSignal) => {
    requests.push(request)
    return answer(request, signal)
  }) as SendRequest
  recorder = createEventRecorder({
    send,
    clock,
    random: () => 0.5,
    log: new LogBook(),
    instance: 'calendar-operator-abc',
    dropped: (why) => dropped.push(why),
  })
})

const methods = (): string[] => requests.map(({ method }) => method)

describe('an Event', () => {
  it('has the fields that events.k8s.io/v1 requires', async () => {
    note()
    await settle()
    expect(requests).toEqual([
      {
        method: 'POST',
        path: EVENTS,
        body: {
          apiVersion: 'events.k8s.io/v1',
          kind: 'Event',
          metadata: { name: `alice.${clock.now().toString(16)}80000000`, namespace: 'booking' },
          eventTime: '2026-11-23T10:00:00.000000Z',
          type: 'Warning',
          reason: 'GrantRevoked',
          action: 'Reconcile',
          note: 'Sign in again.',
          regarding: {
            apiVersion: 'calendar-operator.io/v1alpha1',
            kind: 'Agent',
            namespace: 'booking',
            name: 'alice',
            uid: 'uid-1',
            resourceVersion: '1',
          },
          reportingController: 'calendar-operator.io/calendar-operator',
          reportingInstance: 'calendar-operator-abc',
        },
      },
    ])
  })

  it('about a cluster-scoped object is kept in default', async () => {
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'booking', uid: 'n' } }
    note({ regarding: namespace })
    await settle()
    expect(requests[0]?.path).toBe('/apis/events.k8s.io/v1/namespaces/default/events')
  })

  it('has a valid name, however long the object’s name is', async () => {
    note({ regarding: agent(`${'a'.repeat(199)}-${'b'.repeat(50)}`) })
    await settle()
    const { name } = (requests[0]?.body as { metadata: { name: string } }).metadata
    expect(name).toMatch(/^a{199}\.[0-9a-f]+$/)
  })

  it.each([
    ['letters', 'x'.repeat(2000)],
    ['letters of two bytes', 'é'.repeat(2000)],
    ['letters of four bytes', `x${'🗓'.repeat(2000)}`],
  ])('has a note of 1,024 bytes at most, cut between %s', async (_what, long) => {
    note({ note: long })
    await settle()
    const { note: sent } = requests[0]?.body as { note: string }
    expect(Buffer.byteLength(sent)).toBeLessThanOrEqual(1024)
    expect(Buffer.byteLength(sent)).toBeGreaterThan(1015)
    expect(long.startsWith(sent.slice(0, -1))).toBe(true)
    expect(sent.at(-1)).toBe('…')
  })

  it('contains no control characters', async () => {
    note({ note: 'Calendar a\u001b[2J\u202eb\nis refused' })
    await settle()
    expect((requests[0]?.body as { note: string }).note).toBe('Calendar a\ufffd[2J\ufffdb is refused')
  })

  it('contains no e-mail address and no token', async () => {
    note({ note: 'alice@example.com has 1//0gabcdefghijklmnopqrstuvwxyz-0123456789' })
    await settle()
    expect(JSON.stringify(requests)).not.toMatch(/alice@|1\/\//)
  })
})

describe('a repetition', () => {
  it('within ten minutes increments the series of an Event, and starts another after that', async () => {
    note()
    await settle()
    const { name } = (requests[0]?.body as { metadata: { name: string } }).metadata
    await clock.advance(9 * MINUTE)
    note()
    await settle()
    await clock.advance(10 * MINUTE)
    note()
    await settle()
    await clock.advance(10 * MINUTE + 1)
    note()
    await settle()
    expect(methods()).toEqual(['POST', 'PATCH', 'PATCH', 'POST'])
    expect(requests[1]).toEqual({
      method: 'PATCH',
      path: `${EVENTS}/${name}`,
      contentType: 'application/merge-patch+json',
      body: { series: { count: 2, lastObservedTime: '2026-11-23T10:09:00.000000Z' } },
    })
    expect(requests[2]?.body).toMatchObject({ series: { count: 3 } })
  })

  it('is counted by real time, whatever the time of day does', async () => {
    note()
    await clock.advance(MINUTE)
    clock.setTimeOfDay(60 * MINUTE)
    note()
    clock.setTimeOfDay(-180 * MINUTE)
    await clock.advance(11 * MINUTE)
    note()
    await settle()
    expect(methods()).toEqual(['POST', 'PATCH', 'POST'])
  })

  it('a little more than ten minutes later is another Event, whatever was recorded in between', async () => {
    note()
    await clock.advance(9.5 * MINUTE)
    note({ reason: 'GrantExpired' })
    await clock.advance(MINUTE - 1)
    note()
    await settle()
    expect(methods()).toEqual(['POST', 'POST', 'POST'])
  })

  it('about another object, with another reason or another note, is another Event', async () => {
    note()
    note({ regarding: { ...agent('alice'), metadata: { ...agent('alice').metadata, uid: 'remade' } } })
    note({ reason: 'GrantExpired' })
    note({ note: 'Please sign in again.' })
    note({ type: 'Normal' })
    await settle()
    expect(methods()).toEqual(Array(5).fill('POST'))
  })

  it('is a new Event if somebody has deleted the last one', async () => {
    note()
    await settle()
    answer = async ({ method }) => {
      if (method === 'PATCH') throw new ApiError('NotFound', 'gone')
    }
    note()
    note()
    await settle()
    expect(methods()).toEqual(['POST', 'PATCH', 'POST', 'PATCH', 'POST'])
    expect(dropped).toEqual([])
  })

  it('that the API server refuses is dropped, and is no new Event', async () => {
    note()
    await settle()
    answer = async () => {
      throw new ApiError('Forbidden', 'no')
    }
    note()
    await settle()
    expect(methods()).toEqual(['POST', 'PATCH'])
    expect(dropped).toEqual(['refused'])
  })

  it('is a new Event if the first could not be written', async () => {
    answer = async () => {
      throw new ApiError('Forbidden', 'no')
    }
    note()
    await settle()
    answer = async () => ({})
    note()
    await settle()
    expect(methods()).toEqual(['POST', 'POST'])
    expect(dropped).toEqual(['refused'])
  })
})

describe('many Events', () => {
  it('about one object are limited to twenty-five at once, then one in five minutes', async () => {
    for (let turn = 0; turn < 40; turn++) note({ note: `again ${turn}` })
    note({ regarding: { ...agent('bob'), metadata: { ...agent('bob').metadata, uid: 'bob' } } })
    await settle()
    await settle()
    expect(requests).toHaveLength(26)
    expect(dropped).toEqual(Array(15).fill('object'))
    await clock.advance(5 * MINUTE)
    note({ note: 'one' })
    note({ note: 'two' })
    await settle()
    expect(requests).toHaveLength(27)
  })

  it('about one object are limited by real time, whatever the time of day does', async () => {
    for (let turn = 0; turn < 30; turn++) note({ note: `${turn}` })
    clock.setTimeOfDay(24 * 60 * MINUTE)
    note({ note: 'soon' })
    clock.setTimeOfDay(-48 * 60 * MINUTE)
    await clock.advance(5 * MINUTE)
    note({ note: 'later' })
    await settle()
    expect(requests).toHaveLength(26)
  })

  it('of one namespace never take the place of those of another, which are fewer', async () => {
    let letGo: () => void = () => undefined
    const hangs = new Promise<void>((resolve) => (letGo = resolve))
    answer = () => hangs
    const of = (namespace: string, uid: string): EventRecord['regarding'] => ({
      ...agent('x'),
      metadata: { ...agent('x').metadata, namespace, uid },
    })
    for (let turn = 0; turn < 1001; turn++) note({ regarding: of('flooded', `uid-${turn}`) })
    expect(dropped).toEqual([])
    note({ regarding: of('booking', 'alice') })
    note({ regarding: of('booking', 'bob') })
    note({ regarding: of('flooded', 'more') })
    expect(dropped).toEqual(['full', 'full', 'full'])
    letGo()
    await settle()
    expect(requests.filter(({ path }) => path === EVENTS)).toHaveLength(2)
    expect(requests).toHaveLength(1001)
  })

  it('while the API server hangs fill a queue of a thousand, and no more', async () => {
    answer = () => new Promise(() => undefined)
    for (let turn = 0; turn < 1500; turn++) {
      note({ regarding: { ...agent('x'), metadata: { ...agent('x').metadata, uid: `uid-${turn}` } } })
    }
    await settle()
    expect(requests).toHaveLength(1)
    expect(dropped).toEqual(Array(499).fill('full'))
  })
})

describe('stopping', () => {
  it('writes the pending Events', async () => {
    note()
    note({ reason: 'GrantExpired' })
    await recorder.stop()
    expect(methods()).toEqual(['POST', 'POST'])
    expect(clock.pending).toEqual([])
  })

  it('waits for a second at most, and accepts no more Events', async () => {
    answer = (_request, signal) =>
      new Promise((_resolve, reject) =>
        signal?.addEventListener('abort', () => reject(new ApiError('Unreachable', ''))),
      )
    note()
    note({ reason: 'GrantExpired' })
    let ended = false
    void recorder.stop().then(() => (ended = true))
    await settle()
    expect(ended).toBe(false)
    await clock.advance(1_000)
    expect(ended).toBe(true)
    note()
    await settle()
    expect(requests).toHaveLength(1)
  })
})
