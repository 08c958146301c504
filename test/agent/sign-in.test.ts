/** What the status of an Agent says to the person who has to sign in. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { consentOf } from '../../src/resources/consent.ts'
import { marksOf } from '../../src/resources/ownership.ts'
import type { Agent } from '../../src/resources/types.ts'
import { ACCOUNT, REFRESH_TOKEN } from '../memory/google.ts'
import { CLIENT_ID } from '../memory/objects.ts'
import { HOUR, MINUTE, OneAgent } from './support/one-agent.ts'

const URL = 'https://booking.example.com/google-calendar/sign-in/link'
const START = '2026-11-23T10:00:00Z'

let alice: OneAgent

beforeEach(() => {
  alice = new OneAgent()
  alice.world.signInURL = URL
  alice.change({ grantSecretRef: undefined })
})

afterEach(() => alice.end())

/** The person signs in: the page saves this. */
function signIn(): void {
  const agent = alice.agent as unknown as Agent
  const values = {
    ...{ refresh_token: REFRESH_TOKEN, account: ACCOUNT, granted_at: START, client_id: CLIENT_ID },
    ...{ scope: 'https://www.googleapis.com/auth/calendar', consent: JSON.stringify(consentOf(agent.spec)) },
  }
  const data = Object.entries(values).map(([key, value]) => [key, Buffer.from(value).toString('base64')] as const)
  alice.world.put({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'alice-google-grant', namespace: 'booking', ...marksOf(agent, 'grant') },
    data: Object.fromEntries(data),
  })
}

describe('an Agent that nobody has signed in for', () => {
  beforeEach(() => alice.reconcile())

  test('says where to sign in, in the message and in the status, and asks Google nothing', () => {
    expect(alice.says('Authorized')).toEqual(['False', 'AwaitingSignIn'])
    expect(alice.says('Ready')).toEqual(['False', 'AwaitingSignIn'])
    expect(alice.says('Reconciling')[0]).toBe('True')
    expect(alice.condition('Ready')?.message).toContain(URL)
    expect(alice.status.authorization).toEqual({ url: URL })
    expect(alice.status.sync).toBeUndefined()
    expect(alice.world.google.asked.filter(({ path }) => path.includes('/calendar/v3/'))).toEqual([])
  })

  test('is ready once the person has signed in, and shows no link any more', async () => {
    signIn()
    await alice.reconcileAfter(MINUTE)
    expect(alice.says('Ready')).toEqual(['True', 'Ready'])
    expect(alice.status.authorization).toMatchObject({ account: ACCOUNT, grantedAt: START })
    expect(alice.status.authorization).not.toHaveProperty('url')
    expect(alice.busy).toHaveLength(1)
  })

  test('keeps the link while it is suspended', async () => {
    alice.change({ suspend: true })
    await alice.reconcileAfter(MINUTE)
    expect(alice.status.authorization?.url).toBe(URL)
  })

  test('shows no link of an integration that does not allow it any more, or is gone', async () => {
    alice.changeIntegration({ allowedNamespaces: { from: 'Selector', selector: { matchLabels: { a: 'b' } } } })
    alice.change({ integrationRef: { name: 'another' } })
    await alice.reconcileAfter(MINUTE)
    expect(alice.says('Ready')).toEqual(['False', 'IntegrationNotFound'])
    expect(alice.status.authorization?.url).toBeUndefined()
  })
})

describe('an Agent whose grant has died', () => {
  beforeEach(async () => {
    signIn()
    await alice.ready()
    alice.world.google.before = ({ path }) => {
      const body = { error: 'invalid_grant' }
      if (path === '/token') alice.world.google.twist([{ do: 'refuse', status: 400, body }])
    }
  })

  test('says where to sign in again and why it probably died, and names no end that is still to come', async () => {
    await alice.reconcileAfter(HOUR)
    expect(alice.says('Ready')).toEqual(['False', 'GrantRevoked'])
    expect(alice.says('Stalled')[0]).toBe('True')
    const { authorization } = alice.status
    expect(authorization).toMatchObject({ account: ACCOUNT, grantedAt: START, url: URL })
    expect(authorization?.likelyCause).toBeTruthy()
    expect(authorization).not.toHaveProperty('expiresAt')
    expect(alice.condition('Ready')?.message).toContain(URL)
  })

  test('after its seven days says that it has expired', async () => {
    await alice.reconcileAfter(7 * 24 * HOUR)
    expect(alice.says('Authorized')).toEqual(['False', 'GrantExpired'])
    expect(alice.status.authorization).toMatchObject({ url: URL, expiresAt: '2026-11-30T10:00:00Z' })
  })
})
