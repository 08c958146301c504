import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CALENDAR, DAY, newStage, post, refusal, type Stage } from './fixture.ts'

let stage: Stage
beforeEach(async () => {
  stage = await newStage()
})
afterEach(() => stage.close())

const HOUR = DAY / 24

describe('the token endpoint (§1.4)', () => {
  it('answers a refresh with an access token and no refresh token', async () => {
    const { status, body } = await stage.refresh()
    expect(status).toBe(200)
    expect(body).toEqual({
      access_token: expect.stringMatching(/^ya29\./) as string,
      expires_in: 3599,
      scope: CALENDAR,
      token_type: 'Bearer',
    })
  })

  it('proves a client by a made-up token: invalid_grant when id and secret are right, invalid_client when not', async () => {
    expect(refusal(await stage.refresh('made-up'))).toBe('400 invalid_grant')
    const wrong = { ...stage.client, client_secret: 'wrong', grant_type: 'refresh_token', refresh_token: 'made-up' }
    expect((await stage.token(wrong)).body).toEqual({ error: 'invalid_client', error_description: 'Unauthorized' })
    expect((await stage.token({ ...wrong, client_id: 'nobody' })).body).toEqual({
      error: 'invalid_client',
      error_description: 'The OAuth client was not found.',
    })
    expect((await stage.token({ ...wrong, client_secret: '' })).body).toEqual({
      error: 'invalid_request',
      error_description: 'client_secret is missing.',
    })
  })

  it.each([
    ['deleted', '401 deleted_client'],
    ['disabled', '401 disabled_client'],
  ] as const)('refuses a %s client', async (state, expected) => {
    stage.google.setClient({ client: stage.client.client_id, state })
    expect(refusal(await stage.refresh())).toBe(expected)
  })

  it('knows two secrets at once, and no longer the disabled one', async () => {
    const { clientSecret } = stage.google.addSecret({ client: stage.client.client_id })
    expect((await stage.refresh()).status).toBe(200)
    stage.google.disableSecret({ client: stage.client.client_id, secret: stage.client.client_secret })
    expect(refusal(await stage.refresh())).toBe('401 invalid_client')
    stage.client.client_secret = clientSecret
    const form = { client_id: stage.client.client_id, client_secret: clientSecret, grant_type: 'refresh_token' }
    expect((await stage.token({ ...form, refresh_token: stage.refreshToken })).status).toBe(200)
    expect(() => stage.google.addSecret({ client: stage.client.client_id })).toThrow(/two secrets/)
  })

  it('calls a refresh token of another client unauthorized_client', async () => {
    const other = stage.google.addClient()
    const form = { client_id: other.clientId, client_secret: other.clientSecret, grant_type: 'refresh_token' }
    expect(refusal(await stage.token({ ...form, refresh_token: stage.refreshToken }))).toBe('401 unauthorized_client')
  })

  it('says of a dead token that it expired or was revoked, and half a day later only "Bad Request"', async () => {
    stage.google.revoke({ refreshToken: stage.refreshToken })
    const soon = await stage.refresh()
    expect(soon.body).toEqual({ error: 'invalid_grant', error_description: 'Token has been expired or revoked.' })
    stage.google.advance({ ms: 12 * HOUR })
    expect((await stage.refresh()).body).toEqual({ error: 'invalid_grant', error_description: 'Bad Request' })
  })

  it('ends the grants of deleted, blocked and re-authenticating accounts, each in its own words', async () => {
    const restriction = { client: stage.client.client_id, for: 'alice@example.com' }
    stage.google.restrict(restriction)
    expect(refusal(await stage.refresh())).toBe('400 admin_policy_enforced')
    stage.google.restrict({ ...restriction, restricted: false })
    stage.google.requireReauthentication({ account: 'alice@example.com', subtype: 'rapt_required' })
    expect((await stage.refresh()).body).toMatchObject({ error: 'invalid_grant', error_subtype: 'rapt_required' })
    stage.google.deleteAccount({ account: 'alice@example.com' })
    expect((await stage.refresh()).body).toEqual({
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
    stage.google.addFault({ fault, kind: 'token.refresh', times: 1 })
    expect((await stage.refresh()).body).toMatchObject(expected)
    expect((await stage.refresh()).status).toBe(200)
  })

  it('rotates refresh tokens when switched on: the old one is dead at once', async () => {
    stage.google.switches({ rotateRefreshTokens: true })
    const first = await stage.refresh()
    const next = first.body.refresh_token as string
    expect(refusal(await stage.refresh())).toBe('400 invalid_grant')
    expect((await stage.refresh(next)).status).toBe(200)
  })

  it('rotates them with an overlap when switched on: the old one is dead once the new one is used', async () => {
    stage.google.switches({ rotateRefreshTokens: true, rotationOverlap: true })
    const lost = (await stage.refresh()).body.refresh_token as string
    const next = (await stage.refresh()).body.refresh_token as string
    expect(refusal(await stage.refresh(lost))).toBe('400 invalid_grant')
    expect((await stage.refresh(next)).status).toBe(200)
    expect(refusal(await stage.refresh())).toBe('400 invalid_grant')
  })
})

describe('how refresh tokens die (§1.5)', () => {
  it('lets a grant of a Testing project live seven days and no longer', async () => {
    stage.google.setProject({ publishing: 'Testing' })
    stage.google.switches({ reportRefreshExpiry: true })
    const { refreshToken } = consent()
    expect((await stage.refresh(refreshToken)).body).toMatchObject({ refresh_token_expires_in: 604_799 })
    stage.google.advance({ ms: 7 * DAY - 1 })
    expect((await stage.refresh(refreshToken)).status).toBe(200)
    stage.google.advance({ ms: 1 })
    expect(refusal(await stage.refresh(refreshToken))).toBe('400 invalid_grant')
  })

  it('lets a sign-in grant of a Testing project live on', async () => {
    stage.google.setProject({ publishing: 'Testing' })
    const { refreshToken } = consent(['openid', 'email'])
    stage.google.advance({ ms: 8 * DAY })
    expect((await stage.refresh(refreshToken)).status).toBe(200)
  })

  it('ends a token that nobody used for six months, counted from its last use', async () => {
    stage.google.advance({ ms: 180 * DAY })
    expect((await stage.refresh()).status).toBe(200)
    stage.google.advance({ ms: 180 * DAY })
    expect((await stage.refresh()).status).toBe(200)
    stage.google.advance({ ms: 184 * DAY })
    expect(refusal(await stage.refresh())).toBe('400 invalid_grant')
  })

  it('kills the oldest of more than a hundred live tokens, silently', async () => {
    const rest = Array.from({ length: 99 }, () => consent())
    expect((await stage.refresh()).status).toBe(200)
    consent()
    expect(refusal(await stage.refresh())).toBe('400 invalid_grant')
    expect((await stage.refresh(rest[0]!.refreshToken)).status).toBe(200)
  })

  it('admits to an Internal project only the organisation, in Testing only listed people', () => {
    stage.google.setProject({ userType: 'Internal', orgDomain: 'example.org' })
    expect(() => consent()).toThrow(/org_internal/)
    stage.google.setProject({ userType: 'External', publishing: 'Testing', testUsers: ['bob@example.com'] })
    expect(() => consent()).toThrow(/access_denied/)
    stage.google.setProject({ testUsers: ['Alice@example.com'] })
    expect(consent().alive).toBe(true)
  })

  function consent(scopes = [CALENDAR]) {
    return stage.google.grant({ client: stage.client.client_id, account: 'alice@example.com', scopes })
  }
})

describe('revoke and tokeninfo (§1.6)', () => {
  it('revokes a refresh token once; then it is an invalid_token', async () => {
    expect((await post(stage.google, '/revoke', { token: stage.refreshToken })).status).toBe(200)
    expect(refusal(await post(stage.google, '/revoke', { token: stage.refreshToken }))).toBe('400 invalid_token')
    expect((await stage.list()).status).toBe(401)
  })

  it('kills the refresh token with the access token', async () => {
    const { accessToken } = stage.google.accessToken({ refreshToken: stage.refreshToken })
    const response = await fetch(`${stage.google.url}/revoke?token=${accessToken}`, { method: 'POST' })
    expect(response.status).toBe(200)
    expect(refusal(await stage.refresh())).toBe('400 invalid_grant')
  })

  it('tells whose an access token is, and until when', async () => {
    const { accessToken } = stage.google.accessToken({ refreshToken: stage.refreshToken })
    const ask = async () => fetch(`${stage.google.url}/tokeninfo?access_token=${accessToken}`)
    const info = (await (await ask()).json()) as object
    const { client_id } = stage.client
    expect(info).toMatchObject({
      azp: client_id,
      aud: client_id,
      scope: CALENDAR,
      expires_in: '3599',
      access_type: 'offline',
    })
    const headers = { authorization: `Bearer ${accessToken}` }
    expect((await fetch(`${stage.google.url}/tokeninfo`, { method: 'POST', headers })).status).toBe(200)
    stage.google.advance({ ms: HOUR })
    expect((await ask()).status).toBe(400)
  })
})
