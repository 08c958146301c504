import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CALENDAR, DAY, startHarness, post, refusal, type Harness } from './harness.ts'

let harness: Harness
beforeEach(async () => {
  harness = await startHarness()
})
afterEach(() => harness.close())

const HOUR = DAY / 24

describe('the token endpoint', () => {
  it('answers a refresh with an access token and no refresh token', async () => {
    const { status, body } = await harness.refresh()
    expect(status).toBe(200)
    expect(body).toEqual({
      access_token: expect.stringMatching(/^ya29\./) as string,
      expires_in: 3599,
      scope: CALENDAR,
      token_type: 'Bearer',
    })
  })

  it('verifies a client by a made-up token: invalid_grant if id and secret are right, invalid_client if not', async () => {
    expect(refusal(await harness.refresh('made-up'))).toBe('400 invalid_grant')
    const wrong = { ...harness.client, client_secret: 'wrong', grant_type: 'refresh_token', refresh_token: 'made-up' }
    expect((await harness.token(wrong)).body).toEqual({ error: 'invalid_client', error_description: 'Unauthorized' })
    expect((await harness.token({ ...wrong, client_id: 'nobody' })).body).toEqual({
      error: 'invalid_client',
      error_description: 'The OAuth client was not found.',
    })
    expect((await harness.token({ ...wrong, client_secret: '' })).body).toEqual({
      error: 'invalid_request',
      error_description: 'client_secret is missing.',
    })
  })

  it.each([
    ['deleted', '401 deleted_client'],
    ['disabled', '401 disabled_client'],
  ] as const)('refuses a %s client', async (state, expected) => {
    harness.google.setClient({ client: harness.client.client_id, state })
    expect(refusal(await harness.refresh())).toBe(expected)
  })

  it('accepts two secrets at once, and no disabled one', async () => {
    const { clientSecret } = harness.google.addSecret({ client: harness.client.client_id })
    expect((await harness.refresh()).status).toBe(200)
    harness.google.disableSecret({ client: harness.client.client_id, secret: harness.client.client_secret })
    expect(refusal(await harness.refresh())).toBe('401 invalid_client')
    harness.client.client_secret = clientSecret
    const form = { client_id: harness.client.client_id, client_secret: clientSecret, grant_type: 'refresh_token' }
    expect((await harness.token({ ...form, refresh_token: harness.refreshToken })).status).toBe(200)
    expect(() => harness.google.addSecret({ client: harness.client.client_id })).toThrow(/two secrets/)
  })

  it('answers unauthorized_client for a refresh token of another client', async () => {
    const other = harness.google.addClient()
    const form = { client_id: other.clientId, client_secret: other.clientSecret, grant_type: 'refresh_token' }
    expect(refusal(await harness.token({ ...form, refresh_token: harness.refreshToken }))).toBe(
      '401 unauthorized_client',
    )
  })

  it('says that an ended token expired or was revoked, and half a day later only "Bad Request"', async () => {
    harness.google.revoke({ refreshToken: harness.refreshToken })
    const soon = await harness.refresh()
    expect(soon.body).toEqual({ error: 'invalid_grant', error_description: 'Token has been expired or revoked.' })
    harness.google.advance({ ms: 12 * HOUR })
    expect((await harness.refresh()).body).toEqual({ error: 'invalid_grant', error_description: 'Bad Request' })
  })

  it('ends the grants of deleted, blocked and re-authenticating accounts, each with its own error', async () => {
    const restriction = { client: harness.client.client_id, for: 'alice@example.com' }
    harness.google.restrict(restriction)
    expect(refusal(await harness.refresh())).toBe('400 admin_policy_enforced')
    harness.google.restrict({ ...restriction, restricted: false })
    harness.google.requireReauthentication({ account: 'alice@example.com', subtype: 'rapt_required' })
    expect((await harness.refresh()).body).toMatchObject({ error: 'invalid_grant', error_subtype: 'rapt_required' })
    harness.google.deleteAccount({ account: 'alice@example.com' })
    expect((await harness.refresh()).body).toEqual({
      error: 'invalid_grant',
      error_description: 'Account has been deleted',
    })
  })

  it.each([
    ['invalid_rapt', { error: 'invalid_grant', error_subtype: 'invalid_rapt' }],
    ['redirect_uri_mismatch', { error: 'redirect_uri_mismatch' }],
    ['unauthorized_client', { error: 'unauthorized_client' }],
    ['503', { error: 'internal_failure' }],
    ['429', { error: 'rate_limit_exceeded' }],
  ] as const)('plays %s by name', async (fault, expected) => {
    harness.google.addFault({ fault, kind: 'token.refresh', times: 1 })
    expect((await harness.refresh()).body).toMatchObject(expected)
    expect((await harness.refresh()).status).toBe(200)
  })

  it('rotates refresh tokens by a switch: the old one ends at once', async () => {
    harness.google.switches({ rotateRefreshTokens: true })
    const first = await harness.refresh()
    const next = first.body.refresh_token as string
    expect(refusal(await harness.refresh())).toBe('400 invalid_grant')
    expect((await harness.refresh(next)).status).toBe(200)
  })

  it('rotates them with an overlap by a switch: the old one ends once the new one is used', async () => {
    harness.google.switches({ rotateRefreshTokens: true, rotationOverlap: true })
    const lost = (await harness.refresh()).body.refresh_token as string
    const next = (await harness.refresh()).body.refresh_token as string
    expect(refusal(await harness.refresh(lost))).toBe('400 invalid_grant')
    expect((await harness.refresh(next)).status).toBe(200)
    expect(refusal(await harness.refresh())).toBe('400 invalid_grant')
  })
})

describe('the end of refresh tokens', () => {
  it('ends a grant of a Testing project after seven days', async () => {
    harness.google.setProject({ publishing: 'Testing' })
    harness.google.switches({ reportRefreshExpiry: true })
    const { refreshToken } = consent()
    expect((await harness.refresh(refreshToken)).body).toMatchObject({ refresh_token_expires_in: 604_799 })
    harness.google.advance({ ms: 7 * DAY - 1 })
    expect((await harness.refresh(refreshToken)).status).toBe(200)
    harness.google.advance({ ms: 1 })
    expect(refusal(await harness.refresh(refreshToken))).toBe('400 invalid_grant')
  })

  it('does not end a sign-in grant of a Testing project', async () => {
    harness.google.setProject({ publishing: 'Testing' })
    const { refreshToken } = consent(['openid', 'email'])
    harness.google.advance({ ms: 8 * DAY })
    expect((await harness.refresh(refreshToken)).status).toBe(200)
  })

  it('ends a token that nobody used for six months, counted from its last use', async () => {
    harness.google.advance({ ms: 180 * DAY })
    expect((await harness.refresh()).status).toBe(200)
    harness.google.advance({ ms: 180 * DAY })
    expect((await harness.refresh()).status).toBe(200)
    harness.google.advance({ ms: 184 * DAY })
    expect(refusal(await harness.refresh())).toBe('400 invalid_grant')
  })

  it('silently ends the oldest of more than a hundred live tokens', async () => {
    const rest = Array.from({ length: 99 }, () => consent())
    expect((await harness.refresh()).status).toBe(200)
    consent()
    expect(refusal(await harness.refresh())).toBe('400 invalid_grant')
    expect((await harness.refresh(rest[0]!.refreshToken)).status).toBe(200)
  })

  it('admits only the organisation to an Internal project, and only listed people in Testing', () => {
    harness.google.setProject({ userType: 'Internal', orgDomain: 'example.org' })
    expect(() => consent()).toThrow(/org_internal/)
    harness.google.setProject({ userType: 'External', publishing: 'Testing', testUsers: ['bob@example.com'] })
    expect(() => consent()).toThrow(/access_denied/)
    harness.google.setProject({ testUsers: ['Alice@example.com'] })
    expect(consent().alive).toBe(true)
  })

  function consent(scopes = [CALENDAR]) {
    return harness.google.grant({ client: harness.client.client_id, account: 'alice@example.com', scopes })
  }
})

describe('revoke and tokeninfo', () => {
  it('revokes a refresh token once; then it is an invalid_token', async () => {
    expect((await post(harness.google, '/revoke', { token: harness.refreshToken })).status).toBe(200)
    expect(refusal(await post(harness.google, '/revoke', { token: harness.refreshToken }))).toBe('400 invalid_token')
    expect((await harness.list()).status).toBe(401)
  })

  it('ends the refresh token together with the access token', async () => {
    const { accessToken } = harness.google.accessToken({ refreshToken: harness.refreshToken })
    const response = await fetch(`${harness.google.url}/revoke?token=${accessToken}`, { method: 'POST' })
    expect(response.status).toBe(200)
    expect(refusal(await harness.refresh())).toBe('400 invalid_grant')
  })

  it('returns the account of an access token, and its end', async () => {
    const { accessToken } = harness.google.accessToken({ refreshToken: harness.refreshToken })
    const ask = async () => fetch(`${harness.google.url}/tokeninfo?access_token=${accessToken}`)
    const info = (await (await ask()).json()) as object
    const { client_id } = harness.client
    expect(info).toMatchObject({
      azp: client_id,
      aud: client_id,
      scope: CALENDAR,
      expires_in: '3599',
      access_type: 'offline',
    })
    const headers = { authorization: `Bearer ${accessToken}` }
    expect((await fetch(`${harness.google.url}/tokeninfo`, { method: 'POST', headers })).status).toBe(200)
    harness.google.advance({ ms: HOUR })
    expect((await ask()).status).toBe(400)
  })
})
