/** What is read for a request, also when many arrive at once, and which Agents have no page. The cluster has one of each kind. */
import { beforeEach, describe, expect, test } from 'vitest'
import { renderConsent } from '../../src/resources/consent.ts'
import { labelsOf } from '../../src/resources/names.ts'
import type { CalendarIntegration, ConditionStatus } from '../../src/resources/types.ts'
import { GrantStore } from '../../src/grants/grant-store.ts'
import type { WebDeps } from '../../src/web/port.ts'
import { signInView, SignInContexts } from '../../src/web/sign-in-context.ts'
import { ManualClock } from '../support/clock.ts'
import { anAgent, anIntegration } from '../support/resources.ts'

const file = { client_id: '1-a.apps.googleusercontent.com', client_secret: 'secret' }
const base64 = (text: string): string => Buffer.from(text).toString('base64')
const data = Object.fromEntries(Object.entries(file).map(([key, text]) => [key, base64(text)]))

let agent: ReturnType<typeof anAgent>
let clock: ManualClock

beforeEach(() => {
  agent = anAgent({ grantSecretRef: undefined })
  clock = new ManualClock()
})

function integration(accepted: ConditionStatus = 'True'): CalendarIntegration {
  const lastTransitionTime = '2026-11-23T10:00:00Z'
  const conditions = [
    { type: 'SiteAccepted', status: accepted, reason: 'R', message: '', observedGeneration: 1, lastTransitionTime },
  ]
  return { ...anIntegration(), status: { conditions } }
}

interface There {
  client?: (() => Promise<unknown>)[]
  grant?: () => Promise<unknown>
  sites?: WebDeps['sites']
  asks?: CalendarIntegration
}

function visits({ client = [found], grant, sites = new Map(), asks = integration() }: There = {}) {
  const reads = { client: 0, grant: 0 }
  const metadata = { name: 'alice-google-grant', namespace: 'booking', uid: 'u', labels: labelsOf('grant') }
  const secrets = new Map<string, object>([['booking/google-oauth-client', { metadata: { resourceVersion: '1' } }]])
  if (grant) secrets.set('booking/alice-google-grant', { metadata: { ...metadata, resourceVersion: '1' } })
  const cluster = {
    agents: { byIndex: () => [agent] },
    integrations: { get: () => asks, byIndex: () => [asks] },
    secrets,
    readSecret: (_: string, name: string) =>
      name === 'google-oauth-client'
        ? client[Math.min(reads.client++, client.length - 1)]?.()
        : (reads.grant++, grant?.().then((secret) => ({ metadata, ...(secret as object) }))),
  }
  const google = { client: (one: unknown) => one, setQuota: () => undefined }
  const grants = new GrantStore({ cluster: cluster as never, clock })
  const room = new SignInContexts({ cluster, google, grants, sites, clock } as unknown as WebDeps)
  return { room, come: () => room.resolve(agent.metadata.uid ?? ''), reads }
}

const found = () => Promise.resolve({ data })
const away = () => Promise.reject(new Error('away'))

describe('the client', () => {
  test('is read once, however many come at once', async () => {
    const { come, reads } = visits()
    const all = await Promise.all(Array.from({ length: 50 }, come))
    expect(reads.client).toBe(1)
    expect(all.every((visit) => visit?.client !== undefined)).toBe(true)
  })

  test.each(['client.json', '__proto__', 'constructor'])(
    'is read under the key %s, if the spec names it',
    async (key) => {
      const asks = integration()
      asks.spec.google.clientSecretRef.key = key
      const client = () => Promise.resolve({ data: Object.fromEntries([[key, base64(JSON.stringify({ web: file }))]]) })
      expect((await visits({ asks, client: [client] }).come())?.client).toBeDefined()
    },
  )

  test('that could not be read is tried again by who comes next', async () => {
    const { come, reads } = visits({ client: [away, found] })
    await expect(Promise.all([come(), come()])).rejects.toThrow('away')
    expect((await come())?.client).toBeDefined()
    expect(reads.client).toBe(2)
  })

  test('that can’t be read is not asked for with every page', async () => {
    const { come, reads } = visits({ client: [away] })
    for (let turn = 0; turn < 50; turn++) await expect(come()).rejects.toThrow()
    expect(reads.client).toBe(10)
    clock.jump(1_000)
    for (let turn = 0; turn < 50; turn++) await expect(come()).rejects.toThrow()
    expect(reads.client).toBe(11)
  })
})

describe('a site', () => {
  test.each<ConditionStatus>(['False', 'Unknown'])('that is not accepted (%s) has no page', async (accepted) => {
    const { come, reads } = visits({ asks: integration(accepted) })
    expect(await come()).toBeUndefined()
    expect(reads.client).toBe(0)
  })

  test('without a status has no page', async () => {
    expect(await visits({ asks: anIntegration() }).come()).toBeUndefined()
  })

  test('that the setting gives to another namespace has no page, whatever the status says', async () => {
    expect(await visits({ sites: new Map([['booking.example.com', ['other']]]) }).come()).toBeUndefined()
    expect(await visits({ sites: new Map([['booking.example.com', ['booking']]]) }).come()).toBeDefined()
  })
})

describe('what the person agreed to before', () => {
  const note = { detail: 'Busy', accessToken: false, write: false, calendars: ['primary'] } as const
  const grant = () => Promise.resolve({ data: { consent: base64(renderConsent({ ...note, calendars: ['primary'] })) } })

  async function added(there: There): Promise<unknown> {
    const { room, come } = visits(there)
    const visit = await come()
    return visit && signInView(visit, '/', await room.previousConsent(visit)).added
  }

  test('tells what is new', async () => {
    agent.spec.calendars.read = ['primary', 'team@group.calendar.google.com']
    agent.spec.publish.calendar = { kind: 'Secret', name: 'x', detail: 'Full', formats: ['JSON'] }
    agent.spec.publish.accessToken = { name: 'token' }
    expect(await added({ grant })).toEqual([
      'detail',
      'accessToken',
      { calendar: { kind: 'other', id: 'team@group.calendar.google.com' } },
    ])
  })

  test('is nothing where nobody agreed to anything, or as much as now', async () => {
    expect(await added({})).toEqual([])
    expect(await added({ grant })).toEqual([])
    expect(await added({ grant: () => Promise.resolve({ data: {} }) })).toEqual([])
  })

  test('is read once for each version, and its failure is no failure of the page', async () => {
    const { room, come, reads } = visits({ grant })
    for (let turn = 0; turn < 20; turn++) await room.previousConsent((await come())!)
    expect(reads.grant).toBe(1)
    expect(await added({ grant: away })).toEqual([])
  })
})
