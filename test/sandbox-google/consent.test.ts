import { createHash } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CALENDAR, startHarness, refusal, type Harness } from './harness.ts'

let harness: Harness
beforeEach(async () => {
  harness = await startHarness()
  harness.google.addAccount({ email: 'bob@example.com', org: 'example.com' })
})
afterEach(() => harness.close())

const CALLBACK = 'https://booking.example.com/callback'
const bob = 'bob@example.com'

function url(changes: Record<string, string> = {}): string {
  const query = {
    client_id: harness.client.client_id,
    redirect_uri: CALLBACK,
    response_type: 'code',
    scope: CALENDAR,
    access_type: 'offline',
    prompt: 'consent',
    state: 'the-state',
    ...changes,
  }
  return `${harness.google.url}/o/oauth2/v2/auth?${new URLSearchParams(query).toString()}`
}

/** Signs in and returns the parameters of the redirect. */
function signIn(
  changes: Record<string, string> = {},
  more: { untick?: string[]; account?: string } = {},
): URLSearchParams {
  const result = harness.google.signIn({ url: url(changes), account: bob, ...more })
  if (!('redirect' in result)) throw new Error(JSON.stringify(result))
  return new URL(result.redirect).searchParams
}

const exchange = (code: string, more: Record<string, string> = {}) =>
  harness.token({ ...harness.client, grant_type: 'authorization_code', redirect_uri: CALLBACK, code, ...more })

describe('the authorization endpoint', () => {
  it.each([
    ['a redirect URI with a slash more', { redirect_uri: `${CALLBACK}/` }, 400, 'redirect_uri_mismatch'],
    [
      'a redirect URI in other case',
      { redirect_uri: CALLBACK.replace('booking', 'Booking') },
      400,
      'redirect_uri_mismatch',
    ],
    ['an unknown client', { client_id: 'nobody' }, 401, 'invalid_client'],
    ['no scope', { scope: '' }, 400, 'invalid_request'],
    ['a scope of nobody', { scope: 'https://example.com/scope' }, 400, 'invalid_scope'],
    ['another response type', { response_type: 'token' }, 400, 'invalid_request'],
    [
      'a popup from an origin that is not registered',
      { redirect_uri: 'postmessage', origin: 'https://evil.example' },
      400,
      'origin_mismatch',
    ],
  ])('shows %s on a page of its own and never redirects', async (_what, changes, status, code) => {
    const response = await fetch(url(changes), { redirect: 'manual' })
    expect(response.status).toBe(status)
    expect(await response.text()).toContain(`Error ${status}: ${code}`)
  })

  it.each([
    ['Internal, other organisation', { userType: 'Internal', orgDomain: 'example.org' }, 403, 'org_internal'],
    ['Testing, not listed', { publishing: 'Testing', testUsers: ['alice@example.com'] }, 403, 'access_denied'],
  ] as const)('keeps people out without a redirect: %s', (_what, settings, status, error) => {
    harness.google.setProject({ ...settings, testUsers: [...('testUsers' in settings ? settings.testUsers : [])] })
    expect(harness.google.signIn({ url: url(), account: bob })).toMatchObject({ page: { status, error } })
  })

  it('refuses accounts that an administrator blocks, by organisation', () => {
    harness.google.restrict({ client: harness.client.client_id, for: 'example.com' })
    expect(harness.google.signIn({ url: url(), account: bob })).toMatchObject({
      page: { status: 400, error: 'admin_policy_enforced' },
    })
    expect(signIn({}, { account: 'alice@example.com' }).get('code')).toMatch(/^4\//)
  })

  it('shows a deleted client, and faults by name', async () => {
    harness.google.addFault({ fault: 'access_not_configured', kind: 'authorize', times: 1 })
    expect(await (await fetch(url())).text()).toContain('Error 400: access_not_configured')
    harness.google.setClient({ client: harness.client.client_id, state: 'deleted' })
    expect(await (await fetch(url())).text()).toContain('Error 401: deleted_client')
  })

  it('redirects a denial with the state', () => {
    const result = harness.google.signIn({ url: url(), account: bob, deny: true })
    expect(result).toEqual({ redirect: `${CALLBACK}?state=the-state&error=access_denied` })
  })

  it('lets a person untick scopes if there is more than one beyond signing in; the redirect still succeeds', async () => {
    const scope = `openid ${CALENDAR} https://www.googleapis.com/auth/drive`
    const params = signIn({ scope }, { untick: [CALENDAR, 'openid'] })
    expect(params.get('scope')).toBe('openid https://www.googleapis.com/auth/drive')
    const { body } = await exchange(params.get('code') ?? '')
    expect(body.scope).toBe('openid https://www.googleapis.com/auth/drive')
    expect(signIn({}, { untick: [CALENDAR] }).get('scope')).toBe(CALENDAR)
  })

  it('adds scopes that were granted before on request', () => {
    expect(harness.google.grants({ account: 'alice@example.com' })).toHaveLength(1)
    const drive = 'https://www.googleapis.com/auth/drive'
    expect(
      signIn({ scope: drive, include_granted_scopes: 'true' }, { account: 'alice@example.com' }).get('scope'),
    ).toBe(`${drive} ${CALENDAR}`)
    expect(signIn({ scope: drive }, { account: 'alice@example.com' }).get('scope')).toBe(drive)
  })

  it('works with a form in a browser: the page lists accounts and scopes, and its answer redirects', async () => {
    const page = await (await fetch(url({ login_hint: bob }))).text()
    expect(page).toContain(`<option selected>${bob}</option>`)
    const request = url().split('?')[1] ?? ''
    const body = new URLSearchParams({ request, account: bob, decision: 'allow' })
    const response = await fetch(`${harness.google.url}/o/oauth2/v2/auth/decide`, {
      method: 'POST',
      body,
      redirect: 'manual',
    })
    expect(response.status).toBe(302)
    const back = new URL(response.headers.get('location') ?? '')
    expect(back.origin + back.pathname).toBe(CALLBACK)
    expect(back.searchParams.get('state')).toBe('the-state')
    expect(back.searchParams.get('hd')).toBe('example.com')
  })

  it('gives a popup’s code to the registered origin, to be exchanged with redirect_uri=postmessage', async () => {
    harness.google.setClient({ client: harness.client.client_id, javascriptOrigins: ['https://booking.example.com'] })
    const popup = {
      redirect_uri: 'storagerelay://https/booking.example.com?id=auth',
      origin: 'https://booking.example.com',
    }
    const result = harness.google.signIn({ url: url(popup), account: bob })
    if (!('popup' in result)) throw new Error('no popup')
    expect(result.popup.origin).toBe('https://booking.example.com')
    const { code = '' } = result.popup.params
    expect((await exchange(code, { redirect_uri: 'postmessage' })).body).toHaveProperty('refresh_token')
  })

  it('escapes text of the request', async () => {
    const page = await (await fetch(url({ state: '"><script>alert(1)</script>' }))).text()
    expect(page).not.toContain('<script>')
  })
})

describe('the exchange of a code', () => {
  it('returns a refresh token at the first consent, then only if consent is forced', async () => {
    const first = await exchange(signIn({ prompt: '' }).get('code') ?? '')
    expect(first.body.refresh_token).toMatch(/^1\/\//)
    const second = await exchange(signIn({ prompt: '' }).get('code') ?? '')
    expect(second.body).not.toHaveProperty('refresh_token')
    const third = await exchange(signIn().get('code') ?? '')
    expect(third.body).toHaveProperty('refresh_token')
    const online = await exchange(signIn({ access_type: 'online' }).get('code') ?? '')
    expect(online.body).not.toHaveProperty('refresh_token')
  })

  it('requires the verifier of the challenge', async () => {
    // The example of RFC 7636, appendix B.
    const verifier = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'
    const challenge = createHash('sha256').update(verifier).digest('base64url')
    expect(challenge).toBe('E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM')
    const pkce = { code_challenge: challenge, code_challenge_method: 'S256' }
    expect(refusal(await exchange(signIn(pkce).get('code') ?? ''))).toBe('400 invalid_grant')
    expect(refusal(await exchange(signIn(pkce).get('code') ?? '', { code_verifier: 'wrong' }))).toBe(
      '400 invalid_grant',
    )
    expect((await exchange(signIn(pkce).get('code') ?? '', { code_verifier: verifier })).status).toBe(200)
  })

  it('accepts a code once, within ten minutes, from its client and with its redirect URI', async () => {
    const code = signIn().get('code') ?? ''
    expect((await exchange(code)).status).toBe(200)
    expect(refusal(await exchange(code))).toBe('400 invalid_grant')
    expect((await exchange('nonsense')).body.error_description).toBe('Malformed auth code.')
    const other = await exchange(signIn().get('code') ?? '', { redirect_uri: 'https://booking.example.com/' })
    expect(refusal(other)).toBe('400 redirect_uri_mismatch')
    const late = signIn().get('code') ?? ''
    harness.google.advance({ ms: 600_000 })
    expect(refusal(await exchange(late))).toBe('400 invalid_grant')
  })
})
