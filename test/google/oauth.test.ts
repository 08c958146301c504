import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { GoogleFailure } from '../../src/google/port.ts'
import { createGoogle } from '../../src/google/google.ts'
import { CLIENT, failureOf, startHarness, type Reply, type Harness } from './support/harness.ts'

const json = (body: unknown, status = 200): Reply => ({ status, json: body })
/** An answer of somebody in between. */
const html = (status: number, headers?: Record<string, string>): Reply => ({ status, text: '<!doctype html>', headers })
/** The request was taken, perhaps acted upon, and the connection broken. */
const drop: Reply = (response) => void response.destroy()
const hang: Reply = () => undefined
const answerAfter =
  (ms: number, body: unknown): Reply =>
  (response) =>
    void harness.clock.advance(ms).then(() => response.end(JSON.stringify(body)))

let harness: Harness
beforeEach(async () => {
  harness = await startHarness()
})
afterEach(() => harness.close())

const START = Date.parse('2026-11-23T10:00:00Z')
const GOOD = { access_token: 'ya29.access', expires_in: 3599, token_type: 'Bearer' }

const refused = async (...script: Reply[]): ReturnType<typeof failureOf> => {
  harness.next(...script)
  return failureOf(harness.client.refresh('1//refresh'))
}

describe('refreshing an access token', () => {
  it('asks the token endpoint with a form', async () => {
    harness.next(json(GOOD))
    await harness.client.refresh('1//refresh')
    const [request] = harness.asked
    expect(request).toMatchObject({ method: 'POST', path: '/token' })
    expect(request!.form).toEqual({
      client_id: CLIENT.clientId,
      client_secret: CLIENT.clientSecret,
      refresh_token: '1//refresh',
      grant_type: 'refresh_token',
    })
    expect(request!.query).toEqual({})
    expect(request!.headers).toMatchObject({
      'content-type': 'application/x-www-form-urlencoded',
      accept: 'application/json',
    })
  })

  it('answers the token, and its end counted from the moment of asking', async () => {
    harness.next(answerAfter(4_000, GOOD))
    expect(await harness.client.refresh('1//refresh')).toEqual({
      accessToken: 'ya29.access',
      obtainedAt: START,
      expiresAt: START + 3599_000,
    })
  })

  it('tells of a rotated refresh token, the scopes, and the end of the grant', async () => {
    harness.next(json({ ...GOOD, refresh_token: '1//new', scope: 'a  b\nc ', refresh_token_expires_in: 604799 }))
    expect(await harness.client.refresh('1//refresh')).toMatchObject({
      refreshToken: '1//new',
      scopes: ['a', 'b', 'c'],
      grantExpiresAt: START + 604799_000,
    })
  })

  it('calls a refresh token rotated only if it is another one', async () => {
    harness.next(json({ ...GOOD, refresh_token: '1//refresh' }))
    expect((await harness.client.refresh('1//refresh')).refreshToken).toBeUndefined()
  })

  it.each([
    ['missing', undefined, 3600],
    ['a string', '1800', 1800],
    ['null', null, 3600],
    ['beyond all measure', 1e300, 24 * 3600],
  ])('bears an expires_in that is %s', async (_, expires_in, seconds) => {
    harness.next(json({ ...GOOD, expires_in }))
    const answer = await harness.client.refresh('1//refresh')
    expect(answer.expiresAt).toBe(START + seconds * 1000)
  })

  it.each([
    ['an end of the grant beyond all measure', { refresh_token_expires_in: 1e300 }, 'grantExpiresAt'],
    ['an empty scope', { scope: ' ' }, 'scopes'],
    ['an empty refresh token', { refresh_token: '' }, 'refreshToken'],
    ['an end of the grant that has been', { refresh_token_expires_in: 0 }, 'grantExpiresAt'],
  ] as const)('bears %s', async (_, fields, field) => {
    harness.next(json({ ...GOOD, ...fields }))
    const value = (await harness.client.refresh('1//refresh'))[field]
    if (typeof value === 'number') expect(new Date(value).toISOString()).toMatch(/^2036/)
    else expect(value).toBeUndefined()
  })

  it.each<[string, object, RegExp]>([
    ['no access token', { access_token: undefined }, /has no access_token/],
    ['an access token of spaces', { access_token: ' ' }, /has no access_token/],
    ['an access token that is no text', { access_token: 5 }, /access_token that is not a string/],
    ['a line break in the access token', { access_token: 'ya29.a\nb' }, /access_token with characters/],
    ['a space in the access token', { access_token: 'ya29.a b' }, /access_token with characters/],
    ['a control character in the access token', { access_token: 'ya29.a\u0000b' }, /access_token with characters/],
    ['a letter that no header takes', { access_token: 'ya29.ü€' }, /access_token with characters/],
    ['an access token of 5,000 characters', { access_token: 'a'.repeat(5_000) }, /access_token of 5000 characters/],
    ['a refresh token of 100 kB', { refresh_token: 'a'.repeat(100_000) }, /refresh_token of 100000 characters/],
    ['a refresh token with a space', { refresh_token: '1//a b' }, /refresh_token with characters/],
    ['a scope of 100 kB', { scope: 'a'.repeat(100_000) }, /names something that is not a scope/],
    ['200 scopes', { scope: Array.from({ length: 200 }, (_, index) => `s${index}`).join(' ') }, /names 200 scopes/],
    ['a scope with a control character', { scope: 'a\u001bb' }, /names something that is not a scope/],
    [
      'a scope with a control character among good ones',
      { scope: 'a b\u001b c' },
      /names something that is not a scope/,
    ],
    ['a scope that is a list', { scope: ['a'] }, /scope that is not a string/],
    ['a lifetime that is no number', { expires_in: 'soon' }, /expires_in that is not a number of seconds/],
    ['a lifetime of nothing', { expires_in: 0 }, /expires_in that is not a number of seconds/],
    ['a lifetime before it began', { expires_in: -5 }, /expires_in that is not a number of seconds/],
    ['a lifetime that is an object', { expires_in: {} }, /expires_in that is not a number of seconds/],
  ])('refuses as a whole an answer with %s, and tells no value', async (_, fields, words) => {
    const error = await refused(json({ ...GOOD, ...fields }))
    expect(error).toMatchObject({ failure: 'Unknown', status: 200 })
    expect(error.message).toMatch(words)
    expect(error.message.length).toBeLessThan(150)
  })

  it('takes tokens and scopes of every length that Google documents', async () => {
    const scope = Array.from({ length: 30 }, () => `https://www.googleapis.com/auth/${'a'.repeat(80)}`).join(' ')
    harness.next(json({ ...GOOD, access_token: 'a'.repeat(2_048), refresh_token: 'b'.repeat(512), scope }))
    expect((await harness.client.refresh('1//refresh')).scopes).toHaveLength(30)
  })

  it('is not tried with a client id that can be none: nothing is sent', async () => {
    const client = harness.google.client({ clientId: 'GOCSPX-oh', clientSecret: CLIENT.clientId })
    expect(await failureOf(client.refresh('1//refresh'))).toMatchObject({ failure: 'InvalidRequest' })
    expect(await failureOf(client.verify())).toMatchObject({ failure: 'InvalidRequest' })
    expect(harness.asked).toEqual([])
  })

  it.each<[GoogleFailure, number, object]>([
    ['InvalidGrant', 400, { error: 'invalid_grant', error_description: 'Token has been expired or revoked.' }],
    ['InvalidGrant', 400, { error: 'invalid_grant', error_description: 'Bad Request' }],
    ['InvalidGrant', 400, { error: 'invalid_grant', error_description: 'Account has been deleted' }],
    ['InvalidGrant', 400, { error: 'invalid_grant', error_subtype: 'something_new' }],
    ['SessionExpired', 400, { error: 'invalid_grant', error_subtype: 'invalid_rapt' }],
    ['SessionExpired', 400, { error: 'invalid_grant', error_subtype: 'rapt_required' }],
    ['InvalidRequest', 400, { error: 'invalid_request', error_description: 'client_secret is missing.' }],
    ['InvalidRequest', 400, { error: 'redirect_uri_mismatch' }],
    ['BlockedByAdmin', 400, { error: 'admin_policy_enforced' }],
    ['InvalidClient', 401, { error: 'invalid_client', error_description: 'The OAuth client was not found.' }],
    ['InvalidClient', 401, { error: 'invalid_client', error_description: 'Unauthorized' }],
    ['ClientDeleted', 401, { error: 'deleted_client' }],
    ['ClientDisabled', 400, { error: 'disabled_client' }],
    ['ClientDisabled', 403, { error: 'disabled_client' }],
    ['UnauthorizedClient', 401, { error: 'unauthorized_client' }],
    ['RateLimited', 429, { error: 'invalid_grant' }],
    ['Unreachable', 500, { error: 'invalid_grant' }],
    ['Unreachable', 503, {}],
    ['Unreachable', 408, {}],
    ['Unknown', 400, { error: 'something_new' }],
    ['Unknown', 400, { error: { code: 400, status: 'INVALID_ARGUMENT' } }],
    ['Unknown', 403, {}],
    // An object's own inheritance is no table of errors.
    ['Unknown', 400, { error: 'constructor' }],
  ])('calls it %s when Google says %i %j', async (failure, status, body) => {
    expect(await refused(json(body, status))).toMatchObject({ failure, status })
  })

  it.each<[string, GoogleFailure, Reply]>([
    ['a web page with 200', 'Unreachable', html(200)],
    ['a web page with 400', 'Unknown', html(400)],
    ['a web page with 502', 'Unreachable', html(502)],
    ['a redirect', 'Unknown', html(302, { location: 'http://127.0.0.1:9/' })],
    ['200 without an access token', 'Unknown', json({ expires_in: 3599 })],
    ['200 with an access token that is none', 'Unknown', json({ ...GOOD, access_token: 5 })],
    ['200 with null', 'Unreachable', json(null)],
    ['a connection that breaks', 'Unreachable', drop],
  ])('calls %s %s', async (_, failure, script) => {
    expect((await refused(script)).failure).toBe(failure)
  })

  it('calls half an answer Unreachable', async () => {
    const error = await refused((response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '500' })
      response.write('{"access_token": "ya2', () => response.destroy())
    })
    expect(error.failure).toBe('Unreachable')
  })

  it('asks once only, even when the connection broke after Google had acted', async () => {
    await refused(drop)
    harness.next(json(GOOD))
    await harness.client.refresh('1//refresh')
    expect(harness.asked).toHaveLength(2)
  })

  it('gives up after ten seconds without an answer', async () => {
    harness.next(hang)
    const failing = failureOf(harness.client.refresh('1//refresh'))
    await harness.came(1)
    await harness.clock.advance(9_999)
    expect(harness.observed).toEqual([])
    await harness.clock.advance(1)
    expect(await failing).toMatchObject({ failure: 'Unreachable', message: 'no answer in time' })
  })

  it('gives up on an answer that drips', async () => {
    harness.next((response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      response.write('{')
    })
    const failing = failureOf(harness.client.refresh('1//refresh'))
    await harness.came(1)
    await harness.clock.advance(10_000)
    expect(await failing).toMatchObject({ failure: 'Unreachable', message: 'no answer in time' })
  })

  it('leaves no timer behind', async () => {
    harness.next(json(GOOD), html(400))
    await harness.client.refresh('1//refresh')
    await failureOf(harness.client.refresh('1//other'))
    expect(harness.clock.pending).toEqual([])
  })

  it('calls it Unreachable where nobody listens', async () => {
    const nobody = createGoogle({ oauthUrl: 'http://127.0.0.1:9', clock: harness.clock, random: () => 0.5 })
    const error = await failureOf(nobody.client(CLIENT).refresh('1//refresh'))
    expect(error).toMatchObject({ failure: 'Unreachable', message: 'the connection failed (ECONNREFUSED)' })
    await nobody.close()
  })

  it('contains status and error code, and nothing else of the request or the response', async () => {
    const body = { error: 'invalid_grant', error_description: 'alice@example.com', error_uri: '1//refresh' }
    const error = await refused(json(body, 400))
    expect(error.message).toBe('400 invalid_grant')
    expect(error.cause).toBeUndefined()
    const odd = await refused(json({ error: 'alice@example.com has been bad' }, 400))
    expect(odd.message).toBe('400 no error code')
  })
})

describe('one flight per refresh token', () => {
  it('asks once however many want to know', async () => {
    harness.next(json(GOOD))
    const asked = [1, 2, 3].map(() => harness.client.refresh('1//refresh'))
    const answers = await Promise.all(asked)
    expect(harness.asked).toHaveLength(1)
    expect(answers[2]).toBe(answers[0])
  })

  it('tells a failure to everybody, and asks again afterwards', async () => {
    harness.next(html(503), json(GOOD))
    const failures = await Promise.all([1, 2].map(() => failureOf(harness.client.refresh('1//refresh'))))
    expect(failures.map(({ failure }) => failure)).toEqual(['Unreachable', 'Unreachable'])
    await harness.client.refresh('1//refresh')
    expect(harness.asked).toHaveLength(2)
  })

  it('sends a new request when the previous one has ended', async () => {
    harness.next(json(GOOD), json(GOOD))
    await harness.client.refresh('1//refresh')
    await harness.client.refresh('1//refresh')
    expect(harness.asked).toHaveLength(2)
  })

  it('keeps tokens apart, and clients', async () => {
    harness.next(json(GOOD), json(GOOD), json(GOOD))
    const other = harness.google.client({ ...CLIENT, clientId: '2-b.apps.googleusercontent.com' })
    await Promise.all([harness.client.refresh('1//a'), harness.client.refresh('1//b'), other.refresh('1//a')])
    expect(harness.asked.map(({ form }) => `${form.client_id!} ${form.refresh_token!}`).sort()).toEqual([
      `${CLIENT.clientId} 1//a`,
      `${CLIENT.clientId} 1//b`,
      '2-b.apps.googleusercontent.com 1//a',
    ])
  })

  it('gives the same client for the same credentials, and another for another secret', () => {
    const { google, client } = harness
    expect(google.client({ ...CLIENT })).toBe(client)
    const rotated = google.client({ ...CLIENT, clientSecret: 'secret-2' })
    expect(rotated.credentials.clientSecret).toBe('secret-2')
    // Both are good at Google while a secret is rotated: neither may push the other out.
    expect(google.client({ ...CLIENT })).toBe(client)
    expect(google.client({ ...CLIENT, clientSecret: 'secret-2' })).toBe(rotated)
  })
})

describe('proving a client', () => {
  it.each([{}, { error_subtype: 'invalid_rapt' }, { error_description: 'Bad Request' }])(
    'takes invalid_grant %j for a proof',
    async (extra) => {
      harness.next(json({ error: 'invalid_grant', ...extra }, 400))
      await expect(harness.client.verify()).resolves.toBeUndefined()
    },
  )

  it('sends a made-up token, always the same', async () => {
    harness.next(json({ error: 'invalid_grant' }, 400), json({ error: 'invalid_grant' }, 400))
    await harness.client.verify()
    await harness.client.verify()
    const [first, second] = harness.asked.map(({ form }) => form.refresh_token)
    expect(first).toBe(second)
    expect(first).not.toMatch(/^1\/\//)
  })

  it.each<[GoogleFailure, Reply]>([
    ['InvalidClient', json({ error: 'invalid_client' }, 401)],
    ['ClientDeleted', json({ error: 'deleted_client' }, 401)],
    ['UnauthorizedClient', json({ error: 'unauthorized_client' }, 401)],
    ['RateLimited', html(429)],
    ['Unreachable', html(500)],
    ['Unreachable', drop],
    ['Unknown', html(400)],
  ])('fails with %s', async (failure, script) => {
    harness.next(script)
    expect((await failureOf(harness.client.verify())).failure).toBe(failure)
  })
})

describe('revoking a grant', () => {
  it('sends the token in the body, where no access log sees it', async () => {
    harness.next(json({}))
    await harness.google.revoke('1//refresh')
    expect(harness.asked[0]).toMatchObject({ method: 'POST', path: '/revoke' })
    expect(harness.asked[0]!.form.token).toBe('1//refresh')
    expect(harness.asked[0]!.query).toEqual({})
  })

  it('takes a grant that is dead already for done', async () => {
    harness.next(json({ error: 'invalid_token', error_description: 'Token expired or revoked' }, 400))
    await expect(harness.google.revoke('1//refresh')).resolves.toBeUndefined()
  })

  it.each<[GoogleFailure, Reply]>([
    ['InvalidRequest', json({ error: 'invalid_request' }, 400)],
    ['Unknown', html(400)],
    ['Unreachable', json({ error: 'invalid_token' }, 503)],
    ['Unreachable', html(503)],
    ['Unreachable', drop],
  ])('fails with %s', async (failure, script) => {
    harness.next(script)
    expect((await failureOf(harness.google.revoke('1//refresh'))).failure).toBe(failure)
  })
})

describe('what is observed', () => {
  it('is each request that was sent: its kind, its outcome, its seconds', async () => {
    harness.next(json({ error: 'invalid_grant' }, 400), json({ error: 'invalid_grant' }, 400), answerAfter(2_000, {}))
    await harness.client.verify()
    await failureOf(harness.client.refresh('1//refresh'))
    await harness.google.revoke('1//refresh')
    expect(harness.observed).toEqual([
      ['prove', 'ok', 0],
      ['refresh', 'InvalidGrant', 0],
      ['revoke', 'ok', 2],
    ])
  })
})
