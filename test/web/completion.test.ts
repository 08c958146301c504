/** How attempts are completed, when concurrency is limited and things change meanwhile. Google and the cluster are stubs. */
import { beforeEach, describe, expect, test } from 'vitest'
import type { Agent, CalendarIntegration } from '../../src/resources/types.ts'
import { AttemptCompleter } from '../../src/web/completion.ts'
import { GrantStore } from '../../src/grants/grant-store.ts'
import type { WebDeps } from '../../src/web/port.ts'
import type { OAuthState } from '../../src/web/oauth-state.ts'
import { SignInContexts } from '../../src/web/sign-in-context.ts'
import { ManualClock, settle } from '../support/clock.ts'
import { anAgent, anIntegration } from '../support/resources.ts'

const CLIENT_ID = '1-a.apps.googleusercontent.com'
const SCOPE = 'https://www.googleapis.com/auth/calendar'
const base64 = (text: string): string => Buffer.from(text).toString('base64')

let clock: ManualClock
let agent: Agent
let completions: AttemptCompleter
let created: object[]
let lines: string[]
/** Resolves the requests to Google, in their order. */
let exchanges: (() => void)[]

function integration(): CalendarIntegration {
  const lastTransitionTime = '2026-11-23T10:00:00Z'
  const type = { type: 'SiteAccepted', status: 'True', reason: 'Accepted', message: '' } as const
  return { ...anIntegration(), status: { conditions: [{ ...type, observedGeneration: 1, lastTransitionTime }] } }
}

beforeEach(() => {
  clock = new ManualClock()
  agent = anAgent({ grantSecretRef: undefined })
  created = []
  lines = []
  exchanges = []
  const asks = integration()
  const file = { client_id: base64(CLIENT_ID), client_secret: base64('secret') }
  const cluster = {
    agents: { byIndex: () => [agent], list: () => [agent] },
    integrations: { get: () => asks, byIndex: () => [asks] },
    secrets: new Map([['booking/google-oauth-client', { metadata: { resourceVersion: '1' } }]]),
    readSecret: (_: string, name: string) => Promise.resolve(name.endsWith('-grant') ? undefined : { data: file }),
    create: (secret: object) => Promise.resolve(created.push(secret)),
    recordEvent: () => undefined,
  }
  const answer = { accessToken: 'a', expiresAt: 0, obtainedAt: 0, refreshToken: 'r', scopes: [SCOPE] }
  const client = {
    credentials: { clientId: CLIENT_ID },
    exchange: () => new Promise((resolve) => exchanges.push(() => resolve(answer))),
    calendar: () => Promise.resolve({ id: 'alice@example.com' }),
  }
  const deps = {
    cluster,
    grants: new GrantStore({ cluster: cluster as never, clock }),
    google: { setQuota: () => undefined, client: () => client },
    sites: new Map(),
    clock,
    log: { info: (_: object, message: string) => void lines.push(message) },
    observe: () => undefined,
    connected: () => undefined,
  } as unknown as WebDeps
  completions = new AttemptCompleter(deps, new SignInContexts(deps))
})

const state = (id: string): OAuthState => ({
  id,
  uid: agent.metadata.uid ?? '',
  mode: 'Redirect',
  browser: '',
  clientId: CLIENT_ID,
  shown: { detail: 'Busy', accessToken: false, write: false, calendars: ['primary'] },
  expiresAt: Infinity,
})

const come = (id: string): Promise<unknown> =>
  completions.complete(state(id), { code: 'code' }).catch((error: unknown) => (error as Error).name)

describe('an attempt', () => {
  test('waits while two of its link are with Google, and is then taken there', async () => {
    const all = ['a', 'b', 'c'].map(come)
    await settle()
    expect(exchanges).toHaveLength(2)
    exchanges[0]?.()
    expect(await all[0]).toBe('connected')
    await settle()
    expect(exchanges).toHaveLength(3)
  })

  test('that waited in vain has begun nothing, and may come again', async () => {
    const all = ['a', 'b', 'c'].map(come)
    await settle()
    await clock.advance(45_000)
    expect(await all[2]).toBe('BusyError')
    exchanges.forEach((end) => end())
    await Promise.all(all)
    const again = come('c')
    await settle()
    exchanges.at(-1)?.()
    expect(await again).toBe('connected')
  })

  test('that has come to its end does not come to another', async () => {
    const first = come('a')
    await settle()
    exchanges[0]?.()
    expect([await first, await come('a')]).toEqual(['connected', undefined])
    expect(created).toHaveLength(1)
  })

  test('keeps nothing for an Agent that names another account by then', async () => {
    const coming = come('a')
    await settle()
    agent = { ...agent, spec: { ...agent.spec, account: 'bob@example.com' } }
    exchanges[0]?.()
    expect(await coming).toBe('wrong-account')
    expect(created).toEqual([])
  })
})

test('failures of one Agent cause few log lines, and a connection is still logged', async () => {
  for (let turn = 0; turn < 20; turn++) await completions.complete(state(String(turn)), { error: 'access_denied' })
  expect(lines).toHaveLength(5)
  const coming = come('good')
  await settle()
  exchanges[0]?.()
  await coming
  expect(lines).toHaveLength(6)
})
