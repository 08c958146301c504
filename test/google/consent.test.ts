import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { GoogleFailure } from '../../src/google/port.ts'
import { CLIENT, failureOf, startHarness, type Reply, type Harness } from './support/harness.ts'

const json = (body: unknown, status = 200): Reply => ({ status, json: body })

let harness: Harness
beforeEach(async () => {
  harness = await startHarness()
})
afterEach(() => harness.close())

const START = Date.parse('2026-11-23T10:00:00Z')
const REDIRECT = 'https://booking.example.com/google-calendar/callback'
const GOOD = {
  access_token: 'ya29.access',
  expires_in: 3599,
  refresh_token: '1//refresh',
  scope: 'a b',
  token_type: 'Bearer',
}
const EXCHANGE = { code: '4/0A-code', redirectURI: REDIRECT, codeVerifier: 'verifier' }

describe('the address of consent', () => {
  const REQUEST = {
    redirectURI: REDIRECT,
    scopes: ['https://www.googleapis.com/auth/calendar', 'https://www.googleapis.com/auth/drive'],
    state: 'st&te=/+',
    codeChallenge: 'challenge',
    loginHint: 'alice+work@example.com',
  }
  const query = (url: string): Record<string, string> => Object.fromEntries(new URL(url).searchParams)

  it('is at the origin of accounts and asks for a refresh token every time', () => {
    const url = harness.client.consentURL(REQUEST)
    expect(url).toMatch(`${harness.url}/o/oauth2/v2/auth?`)
    expect(query(url)).toEqual({
      client_id: CLIENT.clientId,
      redirect_uri: REDIRECT,
      response_type: 'code',
      scope: 'https://www.googleapis.com/auth/calendar https://www.googleapis.com/auth/drive',
      access_type: 'offline',
      prompt: 'consent',
      state: 'st&te=/+',
      code_challenge: 'challenge',
      code_challenge_method: 'S256',
      login_hint: 'alice+work@example.com',
    })
    expect(url).not.toContain(CLIENT.clientSecret)
    expect(harness.asked).toEqual([])
  })

  it('suggests nobody where nobody is expected', () => {
    expect(query(harness.client.consentURL({ ...REQUEST, loginHint: undefined }))).not.toHaveProperty('login_hint')
  })
})

describe('the exchange of a code', () => {
  it('sends the code with its verifier in a form', async () => {
    harness.next(json(GOOD))
    await harness.client.exchange(EXCHANGE)
    expect(harness.asked[0]).toMatchObject({ method: 'POST', path: '/token', query: {} })
    expect(harness.asked[0]!.form).toEqual({
      client_id: CLIENT.clientId,
      client_secret: CLIENT.clientSecret,
      code: '4/0A-code',
      redirect_uri: REDIRECT,
      grant_type: 'authorization_code',
      code_verifier: 'verifier',
    })
  })

  it('sends no verifier if there is none', async () => {
    harness.next(json(GOOD))
    await harness.client.exchange({ code: 'c', redirectURI: 'postmessage' })
    expect(harness.asked[0]!.form).not.toHaveProperty('code_verifier')
  })

  it('answers tokens, scopes, and the end of the grant', async () => {
    harness.next(json({ ...GOOD, refresh_token_expires_in: 604799 }))
    expect(await harness.client.exchange(EXCHANGE)).toEqual({
      accessToken: 'ya29.access',
      refreshToken: '1//refresh',
      obtainedAt: START,
      expiresAt: START + 3599_000,
      scopes: ['a', 'b'],
      grantExpiresAt: START + 604799_000,
    })
  })

  it('answers no refresh token where Google gave none', async () => {
    harness.next(json({ ...GOOD, refresh_token: undefined }))
    expect((await harness.client.exchange(EXCHANGE)).refreshToken).toBeUndefined()
  })

  it.each<[GoogleFailure, Reply]>([
    ['InvalidCode', json({ error: 'invalid_grant', error_description: 'Malformed auth code.' }, 400)],
    ['RedirectURIMismatch', json({ error: 'redirect_uri_mismatch' }, 400)],
    ['InvalidClient', json({ error: 'invalid_client' }, 401)],
    ['BlockedByAdmin', json({ error: 'admin_policy_enforced' }, 400)],
    ['InvalidRequest', json({ error: 'invalid_request' }, 400)],
    ['RateLimited', json({ error: 'redirect_uri_mismatch' }, 429)],
    ['Unreachable', json({}, 503)],
    ['Unreachable', (response) => void response.destroy()],
  ])('fails with %s, and asks once only', async (failure, script) => {
    harness.next(script)
    const error = await failureOf(harness.client.exchange(EXCHANGE))
    expect(error.failure).toBe(failure)
    expect(error.message).not.toMatch(/4\/0A|GOCSPX|verifier/)
    expect(harness.asked).toHaveLength(1)
    expect(harness.observed.map(([kind, outcome]) => `${kind} ${outcome}`)).toEqual([`exchange ${failure}`])
  })
})
