/** The endpoint of Google's notifications. */
import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { request } from 'undici'
import { calendarTag, channelCheck, channelToken, newChannelId } from '../../src/push/channel-token.ts'
import type { WebDeps } from '../../src/web/port.ts'
import { KeyRing } from '../../src/web/key-ring.ts'
import { createWeb, type Web } from '../../src/web/web.ts'
import { ManualClock } from '../support/clock.ts'

const UID = '8f0c1f52-3a5e-4c8b-9d6a-0e6a51f1c111'
const ADDRESS = 'https://booking.example.com/google-calendar/notifications'
const tag = calendarTag(UID, 'alice@example.com')

let web: Web
let keys: KeyRing
let notified: unknown[]
/** The channel of the last notification. */
let sentId: string
let counted: string[]
let logged: unknown[]
let agents: Set<string>
let hasKeys: boolean

beforeEach(async () => {
  notified = []
  counted = []
  logged = []
  agents = new Set([UID])
  hasKeys = true
  await serve()
})

afterEach(() => web.stop())

async function serve(): Promise<void> {
  const cluster = {
    readSecret: () => Promise.resolve(undefined),
    create: (secret: object) => (hasKeys ? Promise.resolve(secret) : Promise.reject(new Error('forbidden'))),
    watchSecret: () => undefined,
  }
  const log = (...line: unknown[]): void => void logged.push(line)
  const shared = {
    cluster,
    clock: new ManualClock(),
    log: { debug: log, info: log, warn: log, error: log },
    randomBytes,
    namespace: 'operator',
  } as unknown as ConstructorParameters<typeof KeyRing>[0]
  keys = new KeyRing(shared)
  const deps = {
    ...shared,
    keys,
    observe: () => undefined,
    observeNotification: (result: string) => void counted.push(result),
    notified(notification: { uid: string }) {
      if (!agents.has(notification.uid)) return false
      notified.push(notification)
      return true
    },
  } as unknown as WebDeps
  web = createWeb(deps, { host: '127.0.0.1', port: 0, trustedProxies: [], pathPrefix: '/google-calendar' })
  await web.start()
}

interface Sent {
  method?: 'POST' | 'GET'
  state?: string
  id?: string
  token?: string
  body?: string
}

/** A notification as Google sends it; with the right token unless the test says otherwise. */
async function send({ method = 'POST', state = 'exists', body, ...given }: Sent = {}) {
  const [key] = keys.all
  const id =
    given.id ??
    (key
      ? newChannelId(key, { uid: UID, address: ADDRESS }, { randomBytes, now: Date.parse('2026-11-23T10:00:00Z') })
      : 'none')
  sentId = id
  const token = given.token ?? (key ? channelToken(key, id, tag) : 'none')
  const headers = { 'x-goog-channel-id': id, 'x-goog-channel-token': token, 'x-goog-resource-state': state }
  const answer = await request(`http://127.0.0.1:${web.port ?? 0}/google-calendar/notifications`, {
    ...{ method, headers, body },
  })
  return { status: answer.statusCode, text: await answer.body.text() }
}

describe('a notification with the right token', () => {
  test('is answered 204, without a body, and passed on', async () => {
    expect(await send()).toEqual({ status: 204, text: '' })
    expect(notified).toEqual([{ uid: UID, tag, check: channelCheck(sentId), kind: 'change' }])
    expect(counted).toEqual(['change'])
  })

  test.each([
    ['sync', 'sync'],
    ['exists', 'change'],
    ['not_exists', 'change'],
    ['something that Google adds later', 'change'],
  ])('and the resource state %s is a %s', async (state, kind) => {
    expect((await send({ state })).status).toBe(204)
    expect(notified).toEqual([{ uid: UID, tag, check: channelCheck(sentId), kind }])
  })

  test('is answered without reading its body', async () => {
    expect((await send({ body: 'x'.repeat(1_000_000) })).status).toBe(204)
  })

  test('is answered 404 if its Agent is gone', async () => {
    agents.clear()
    expect((await send()).status).toBe(404)
    expect(counted).toEqual(['refused'])
  })

  test('is answered 404 if it is not a POST', async () => {
    expect((await send({ method: 'GET' })).status).toBe(404)
    expect(notified).toEqual([])
  })
})

describe('any other notification', () => {
  test.each<[string, Sent]>([
    ['with a wrong token', { token: `${tag}.${'A'.repeat(43)}` }],
    ['without a token', { token: '' }],
    ['of another channel', { id: 'some-channel' }],
  ])('is answered 404 %s, and has no effect', async (_, sent) => {
    const before = logged.length
    expect((await send(sent)).status).toBe(404)
    expect(notified).toEqual([])
    expect(counted).toEqual(['refused'])
    expect(logged.length).toBe(before)
  })

  test('is limited like requests for pages that do not exist, which does not affect the right ones', async () => {
    const statuses = new Set<number>()
    for (let round = 0; round < 100; round++) statuses.add((await send({ token: 'wrong' })).status)
    expect([...statuses]).toEqual([404, 429])
    expect((await send()).status).toBe(204)
  })
})

test('while there are no keys, Google is asked to send it again', async () => {
  await web.stop()
  hasKeys = false
  await serve()
  expect((await send()).status).toBe(503)
})
