/**
 * Attacks on the sign-in pages, one in each test. Each test fails if the one defence that it is about is removed. (Errors, and
 * attacks on a single state or form, are in sign-in.test.ts.)
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { csrfIn, heading, SITE, type Browser, type Reply } from './support/browser.ts'
import { integrationManifest } from './support/manifests.ts'
import { raw } from './support/raw.ts'
import { CALLBACK, SignIn, type Answered, type SignInOptions } from './support/sign-in.ts'
import { SCOPE, type World } from './support/world.ts'

let signIn: SignIn
let world: World
let browser: Browser
let link: string

async function open(options?: SignInOptions): Promise<void> {
  signIn = await SignIn.open(options)
  ;({ world, browser, link } = signIn)
}

afterEach(() => world.stop())

const pathOf = (address: string): string => new URL(address, SITE).pathname
/** What the browser is shown when it returns from Google. */
async function outcomeOf(callback: string): Promise<string | null> {
  const back = await browser.send('GET', callback)
  expect(back.status).toBe(303)
  return new URL(back.location, SITE).searchParams.get('outcome')
}

const statusOf = ({ status }: Reply): number => status

describe('a good grant', () => {
  let kept: Record<string, string>

  beforeEach(() => open())

  /** Connects Alice after somebody started another sign-in. Returns the callback address of that one. */
  async function connectedBehind(): Promise<string> {
    const begun = await signIn.consent()
    expect(heading(await signIn.through())).toContain('connected')
    await world.untilReady('alice')
    kept = await signIn.grant()
    world.addSecret(kept.refresh_token ?? '')
    return begun
  }

  async function endsAs(callback: string, outcome: string): Promise<void> {
    expect(await outcomeOf(callback)).toBe(outcome)
    // The operator renews the access token. The grant stays the same.
    const now = await signIn.grant()
    const lasting = ['refresh_token', 'scope', 'account', 'granted_at', 'client_id']
    for (const name of lasting) expect(now[name]).toBe(kept[name])
    expect((await world.untilReady('alice')).status?.authorization?.url).toBeUndefined()
  }

  test.each<[string, Answered, string]>([
    ['of somebody else', { account: 'mallory@example.com' }, 'wrong-account'],
    ['that is denied', { deny: true }, 'denied'],
  ])('is not replaced by one %s', async (_, answer, outcome) => {
    await endsAs(signIn.answered(await connectedBehind(), answer), outcome)
  })

  test('is not replaced by one with fewer permissions', async () => {
    await world.objects.apply(integrationManifest({}, { scopes: [SCOPE, `${SCOPE}.events`] }))
    await world.until('both are asked for', async () => (await signIn.consent()).includes('calendar.events'))
    const begun = new URL(await connectedBehind())
    // Otherwise Google adds what was granted before, and no scope is missing.
    await endsAs(signIn.answered(begun.href, { untick: [SCOPE] }), 'scope-missing')
  })

  test('is not replaced by one without a refresh token', async () => {
    const begun = new URL(await connectedBehind())
    // Google gives a refresh token only at the first consent, unless `prompt=consent` is sent.
    begun.searchParams.delete('prompt')
    await endsAs(signIn.answered(begun.href), 'no-refresh-token')
  })

  test('allows no further sign-in, not even with an earlier form', async () => {
    const csrf = csrfIn(await browser.send('GET', link))
    expect(csrf).not.toBe('')
    await connectedBehind()
    expect(csrfIn(await signIn.newBrowser().send('GET', link))).toBe('')
    const back = await browser.form(link, { csrf })
    expect(back.status).toBe(303)
    expect(back.location).toBe(pathOf(link))
  })
})

describe('something of another Agent, flow or browser', () => {
  test('a state does not connect the Agent of another link', async () => {
    await open({ redirectUris: [] })
    const bobs = await signIn.linkOf('bob')
    expect((await browser.json(`${bobs}/code`, await signIn.popup())).status).toBe(400)
    for (const name of ['alice', 'bob']) {
      expect(await world.objects.find('Secret', `${name}-google-grant`)).toBeUndefined()
    }
  })

  test('a link of Mallory that is sent to Alice connects neither of them', async () => {
    await open()
    const mallorys = await signIn.linkOf('mallory')
    const callback = signIn.answered(await signIn.consent(browser, mallorys), { account: 'alice@example.com' })
    expect(await outcomeOf(callback)).toBe('wrong-account')
    expect(await world.objects.find('Secret', 'mallory-google-grant')).toBeUndefined()
    expect(await signIn.grant()).toEqual({})
  })

  test('the token of one Agent’s form is invalid on the form of another', async () => {
    await open()
    const bobs = await signIn.linkOf('bob')
    const csrf = csrfIn(await browser.send('GET', bobs))
    expect(csrf).not.toBe('')
    expect((await browser.form(link, { csrf })).status).toBe(400)
  })

  test('a state of the redirect is refused by the popup’s endpoint', async () => {
    await open()
    const query = new URL(signIn.answered(await signIn.consent())).searchParams
    const { state, code } = Object.fromEntries(query)
    expect((await browser.json(`${link}/code`, { state, code })).status).toBe(400)
    expect(await signIn.grant()).toEqual({})
  })

  test('a state of the popup is refused by the callback of the redirect', async () => {
    await open({ redirectUris: [] })
    const query = new URLSearchParams(await signIn.popup()).toString()
    expect((await browser.send('GET', `${CALLBACK}?${query}`)).status).toBe(400)
    expect(await signIn.grant()).toEqual({})
  })

  test('a popup’s attempt needs the token of the page, and its code the cookie of that browser', async () => {
    await open({ redirectUris: [] })
    const csrf = csrfIn(await browser.send('GET', link))
    const stranger = signIn.newBrowser()
    await stranger.send('GET', link)
    const answer = await signIn.popup()
    const replies = [
      await browser.json(`${link}/attempt`, {}),
      await browser.json(`${link}/attempt`, { csrf: `${csrf}A` }),
      await stranger.json(`${link}/attempt`, { csrf }),
      await signIn.newBrowser().json(`${link}/attempt`, { csrf }),
      await stranger.json(`${link}/code`, answer),
      await signIn.newBrowser().json(`${link}/code`, answer),
    ]
    expect(replies.map(statusOf)).toEqual(replies.map(() => 400))
    expect(new Set(replies.map(({ text }) => text)).size).toBe(1)
    expect(await signIn.grant()).toEqual({})
  })

  test('a page tells no other browser what it tells one', async () => {
    await open()
    const back = await browser.send('GET', signIn.answered(await signIn.consent(), { deny: true }))
    const told = heading(await browser.send('GET', back.location))
    expect(heading(await signIn.newBrowser().send('GET', back.location))).not.toBe(told)
  })

  test('Google’s code is useless without the verifier, which only our state contains', async () => {
    await open()
    const [mine, theirs] = [await signIn.consent(), await signIn.consent()]
    const stolen = new URL(signIn.answered(mine)).searchParams.get('code') ?? ''
    const injected = new URL(signIn.answered(theirs))
    injected.searchParams.set('code', stolen)
    expect(await outcomeOf(injected.href)).toBe('expired')
    expect(await signIn.grant()).toEqual({})
  })
})

describe('the content of a request', () => {
  beforeEach(() => open())

  test('is in none of our headers', async () => {
    const evil = '%0d%0aset-cookie:%20evil=1%0d%0ax-evil:%201'
    const callback = signIn.answered(await signIn.consent())
    const replies = [
      await browser.send('GET', `${link}?outcome=${evil}&at=${evil}&proof=${evil}`),
      await browser.send('GET', `${SITE}/google-calendar/sign-in/${evil}`),
      await browser.send('GET', `${CALLBACK}?state=${evil}&code=${evil}&error=${evil}`),
      await browser.send('GET', `${callback}&code=${evil}&error=${evil}`),
    ]
    for (const { headers } of replies) {
      expect(headers['x-evil']).toBeUndefined()
      expect(JSON.stringify(headers)).not.toContain('evil')
    }
  })

  test('that names hosts is not trusted', async () => {
    const headers = {
      host: 'evil.example',
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'http',
      forwarded: 'host=evil.example',
    }
    const page = await browser.send('GET', link, { headers })
    expect(page.text + JSON.stringify(page.headers)).not.toContain('evil.example')
    const { location } = await browser.form(link, { csrf: csrfIn(page) }, headers)
    expect(new URL(location).searchParams.get('redirect_uri')).toBe(CALLBACK)
    const back = await browser.send('GET', signIn.answered(location), { headers })
    expect(back.location).toMatch(/^\/google-calendar\/sign-in\//)
  })

  const POST = (length: string): string =>
    `POST ${pathOf(link)} HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-www-form-urlencoded\r\n${length}\r\n\r\n`

  test('is refused unread if its stated length is too long', async () => {
    const answer = await raw(browser.port, POST('content-length: 1000000000'))
    expect(answer).toMatch(/^HTTP\/1\.1 400 /)
  })

  test('is refused as soon as it is too long, without waiting for its end', async () => {
    const chunk = `400\r\n${'x'.repeat(1024)}\r\n`
    // One byte more than the 8 KiB that are read. If the page waited for the body, it would answer 408.
    const answer = await raw(browser.port, POST('transfer-encoding: chunked') + chunk.repeat(9))
    expect(answer).toMatch(/^HTTP\/1\.1 400 /)
  })

  test('may not have a long head', async () => {
    const answer = await raw(
      browser.port,
      `GET ${pathOf(link)} HTTP/1.1\r\nhost: x\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`,
    )
    expect(answer).toMatch(/^HTTP\/1\.1 431 /)
  })

  test('is not waited for: a request with half a head is dropped within seconds', async () => {
    const answer = await raw(browser.port, 'GET / HTTP/1.1\r\nhost: x\r\n')
    expect(answer).toMatch(/^HTTP\/1\.1 408 /)
  })

  test('that ends before its body is no error of ours', async () => {
    // The answer comes before the body is read, and the socket is closed with it.
    const answer = await raw(browser.port, POST('content-length: 100\r\nexpect: 100-continue'))
    expect(answer).toMatch(/^HTTP\/1\.1 100 /)
    expect((await browser.send('GET', link)).status).toBe(200)
    await world.until('it is noticed', () => ++looks > 10)
    expect(world.lines.filter((line) => /"level":"(error|warn)"/.test(line))).toEqual([])
  })

  let looks = 0
})

describe('a client that sends too many invalid requests', () => {
  const wrong = async (headers: (turn: number) => Record<string, string>, times = 61): Promise<number[]> => {
    const statuses = []
    for (let turn = 0; turn < times; turn++) {
      statuses.push((await browser.send('GET', '/nothing', { headers: headers(turn) })).status)
    }
    return statuses
  }

  test('is told when to retry, and cannot pretend to be another one', async () => {
    await open()
    const statuses = await wrong((turn) => ({ 'x-forwarded-for': `192.0.2.${turn}` }))
    expect(statuses.at(-1)).toBe(429)
    const { headers } = await browser.send('GET', '/nothing')
    expect(headers['retry-after']).toMatch(/^\d+$/)
    expect(headers['content-security-policy']).toContain("default-src 'none'")
  })

  test('is distinguished from others if the proxy is trusted', async () => {
    await open({ flags: { 'web-trusted-proxies': '127.0.0.0/8' } })
    const statuses = await wrong(() => ({ 'x-forwarded-for': '192.0.2.1' }))
    expect(statuses.at(-1)).toBe(429)
    const other = await browser.send('GET', '/nothing', { headers: { 'x-forwarded-for': '192.0.2.2' } })
    expect(other.status).toBe(404)
  })

  test('with made-up codes causes few requests to Google, and affects nobody else', async () => {
    await open()
    world.google.resetRequests()
    for (let turn = 0; turn < 60; turn++) {
      const state = new URL(await signIn.consent()).searchParams.get('state') ?? ''
      await browser.send('GET', `${CALLBACK}?${new URLSearchParams({ state, code: `4/0A${turn}` }).toString()}`)
    }
    expect(signIn.exchanges).toBeLessThanOrEqual(30)
    world.clock.jump(5 * 60_000)
    expect(heading(await signIn.through())).toContain('connected')
  })
})

describe('a change since a sign-in started', () => {
  let callback: string

  beforeEach(async () => {
    await open()
    callback = signIn.answered(await signIn.consent())
    world.google.resetRequests()
  })

  async function nothingHappened(): Promise<void> {
    expect(signIn.exchanges).toBe(0)
    expect(await signIn.grant()).toEqual({})
  }

  const untilPage = (what: string, like: (page: Reply) => boolean): Promise<unknown> =>
    world.until(what, async () => like(await browser.send('GET', link)))

  test.each(['Agent', 'CalendarIntegration'])('counts: a suspended %s connects nobody', async (kind) => {
    await world.objects.patch(kind, kind === 'Agent' ? 'alice' : 'google', { spec: { suspend: true } })
    await untilPage('the page says so', (page) => csrfIn(page) === '')
    expect(await outcomeOf(callback)).toBe('suspended')
    await nothingHappened()
  })

  test('counts: a code of one OAuth client is not sent with the secret of another', async () => {
    const other = world.google.addClient({ redirectUris: [CALLBACK], javascriptOrigins: [SITE] })
    world.addSecret(other.clientSecret)
    const file = JSON.stringify(world.google.clientFile(other.clientId))
    await world.objects.secret('google-oauth-client', { 'client_secret.json': file })
    await world.until('the other client is used', async () => (await signIn.consent()).includes(other.clientId))
    world.google.resetRequests()
    expect(await outcomeOf(callback)).toBe('settings-not-in-effect')
    await nothingHappened()
  })

  test('counts: the account that must sign in is the current one', async () => {
    await world.objects.patch('Agent', 'alice', { spec: { account: 'bob@example.com' } })
    await untilPage('the page asks for the other', ({ text }) => text.includes('b…b@'))
    expect(await outcomeOf(callback)).toBe('wrong-account')
    expect(await signIn.grant()).toEqual({})
  })

  test('counts: an integration elsewhere must allow the namespace of the Agent', async () => {
    const namespace = await world.addNamespace('elsewhere')
    await world.objects.secret('google-oauth-client', await world.objects.secretText('google-oauth-client'), namespace)
    const there = integrationManifest()
    await world.objects.apply({ ...there, metadata: { ...there.metadata, namespace } })
    await world.objects.patch('Agent', 'alice', { spec: { integrationRef: { name: 'google', namespace } } })
    await untilPage('the page is gone', ({ status }) => status === 404)
    expect((await browser.send('GET', callback)).status).toBe(400)
    await nothingHappened()
  })
})
