/**
 * Signing in over HTTP as a browser does: the page, Google's consent, the callback, and what is stored; and attacks on a single
 * state or form.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { csrfIn, heading, SITE, type Browser, type Reply } from './support/browser.ts'
import { agentManifest, integrationManifest } from './support/manifests.ts'
import { CALLBACK, SignIn, type Answered } from './support/sign-in.ts'
import { isReal, SCOPE, withinMs, type World } from './support/world.ts'

const MINUTE = 60_000

let world: World
let browser: Browser
let link: string
let signIn: SignIn

async function open(redirectUris?: string[]): Promise<void> {
  signIn = await SignIn.open({ redirectUris })
  ;({ world, browser, link } = signIn)
}

const newBrowser = (): Browser => signIn.newBrowser()
const consent = (by?: Browser): Promise<string> => signIn.consent(by)
const answered = (url: string, answer?: Answered): string => signIn.answered(url, answer)
const through = (answer?: Answered): Promise<Reply> => signIn.through(answer)
const grant = (): Promise<Record<string, string>> => signIn.grant()

const expectNothingKept = async (): Promise<void> =>
  expect(await world.objects.find('Secret', 'alice-google-grant')).toBeUndefined()

afterEach(() => world.stop())

describe('by a redirect', () => {
  beforeEach(() => open())

  test('an agent is connected, and its calendar is published at once', async () => {
    const page = await through()
    expect(heading(page)).toContain('connected')
    const agent = await world.untilReady('alice')
    expect(agent.status?.authorization?.url).toBeUndefined()
    const kept = await grant()
    expect(kept).toMatchObject({ account: 'alice@example.com', scope: SCOPE })
    world.addSecret(kept.refresh_token ?? '')
    expect((await world.busy('alice')).complete).toBe(true)
  })

  test('Google is asked for what is needed, and the address contains nothing else', async () => {
    const { searchParams } = new URL(await consent())
    expect(Object.fromEntries(searchParams)).toMatchObject({
      redirect_uri: CALLBACK,
      response_type: 'code',
      scope: SCOPE,
      access_type: 'offline',
      prompt: 'consent',
      login_hint: 'alice@example.com',
      code_challenge_method: 'S256',
    })
    expect(link).not.toContain('alice')
    expect(searchParams.get('state')).not.toContain('alice')
  })

  test('every answer has the headers that protect it', async () => {
    for (const reply of [await browser.send('GET', link), await browser.send('GET', '/nothing')]) {
      expect(reply.headers).toMatchObject({
        'cache-control': 'no-store',
        'referrer-policy': 'no-referrer',
        'x-content-type-options': 'nosniff',
        'strict-transport-security': 'max-age=31536000',
      })
      const policy = String(reply.headers['content-security-policy'])
      expect(policy).toContain("default-src 'none'")
      expect(policy).toContain("frame-ancestors 'none'")
      expect(policy).not.toContain('unsafe')
    }
    const { headers } = await newBrowser().send('GET', link)
    expect(String(headers['set-cookie'])).toMatch(
      /^__Host-calendar-operator=[\w-]{32}; Max-Age=\d+; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
    )
  })

  test.each<[string, Answered, RegExp]>([
    ['that is denied', { deny: true }, /not|cancel|denied|declin/i],
    ['with another account', { account: 'mallory@example.com' }, /account/i],
    ['with a box unticked', { untick: [SCOPE] }, /permission|missing/i],
  ])('a sign-in %s keeps nothing, says so, and can be tried again', async (_, answer, said) => {
    // Google shows check boxes only if there is something to choose.
    await world.objects.apply(integrationManifest({}, { scopes: [SCOPE, `${SCOPE}.events`] }))
    await world.until('both are asked for', async () => (await consent()).includes('calendar.events'))
    const page = await through(answer)
    expect(heading(page)).toMatch(said)
    expect(page.text).not.toContain('alice@example.com')
    await expectNothingKept()
    expect(heading(await through())).toContain('connected')
  })

  test('a block by an administrator names the administrator, and stores nothing', async () => {
    world.google.addFault({ fault: 'admin_policy_enforced', kind: 'token.exchange', times: 1 })
    const page = await through()
    expect(heading(page)).toContain('organisation does not allow')
    expect(page.text).toContain('Ask your administrator')
    await expectNothingKept()
    expect(heading(await through())).toContain('connected')
  })

  test.each([
    ['admin_policy_enforced', 'organisation does not allow'],
    ['org_internal', 'not a member'],
    ['access_denied', 'not allowed'],
    ['temporarily_unavailable', 'cannot be reached'],
    ['redirect_uri_mismatch', 'does not know this site yet'],
  ])('Google’s %s on the way back has a page of its own', async (error, said) => {
    const callback = new URL(answered(await consent(), { deny: true }))
    callback.searchParams.set('error', error)
    const back = await browser.send('GET', callback.href)
    expect(heading(await browser.send('GET', back.location))).toContain(said)
    await expectNothingKept()
  })

  test('a reload of the last page repeats nothing, and later it shows the current state', async () => {
    const back = await browser.send('GET', answered(await consent()))
    await browser.send('GET', back.location)
    world.google.resetRequests()
    expect(heading(await browser.send('GET', back.location))).toContain('connected')
    expect(world.google.requests().byKind['token.exchange'] ?? 0).toBe(0)
    await world.untilReady('alice')
    world.clock.jump(10 * MINUTE)
    expect((await browser.send('GET', back.location)).text).not.toContain('name="csrf"')
  })

  test('nobody is shown an outcome that did not happen', async () => {
    const true_ = await browser.send('GET', link)
    const false_ = await browser.send(
      'GET',
      `${link}?outcome=connected&at=${world.clock.now()}&proof=AAAAAAAAAAAAAAAAAAAAAA`,
    )
    expect(heading(false_)).toBe(heading(true_))
  })

  test('two at a time result in one grant', async () => {
    const other = newBrowser()
    const [one, two] = [answered(await consent()), answered(await consent(other))]
    const replies = await Promise.all([browser.send('GET', one), other.send('GET', two)])
    expect(replies.map(({ status }) => status)).toEqual([303, 303])
    await world.untilReady('alice')
  })

  test('a reload of the callback has the same result', async () => {
    const callback = answered(await consent())
    // On a busy machine, the second request could otherwise arrive after the first one has ended.
    const { id } = world.google.addFault({ fault: 'hang', kind: 'token.exchange' })
    const both = Promise.all([browser.send('GET', callback), browser.send('GET', callback)])
    await world.until('the code is being exchanged', () => world.google.requests().byKind['token.exchange'] === 1)
    // It is sent after them, so they have arrived when it is answered.
    await newBrowser().send('GET', link)
    world.google.clearFaults({ id })
    const replies = await both
    expect(replies.map(({ status }) => status)).toEqual([303, 303])
    expect(world.google.requests().byKind['token.exchange']).toBe(1)
  })

  test('a Secret of somebody else is left unchanged', async () => {
    await world.objects.apply({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'alice-google-grant' },
      data: { theirs: Buffer.from('x').toString('base64') },
    } as never)
    expect((await browser.send('GET', answered(await consent()))).status).toBe(503)
    expect(await grant()).toEqual({ theirs: 'x' })
  })
})

describe('in a popup', () => {
  beforeEach(() => open([]))

  const attempt = (headers?: Record<string, string>): Promise<Reply> => signIn.attempt(headers)

  test('the script gets what Google’s needs, and the page lets Google’s script in', async () => {
    const page = await browser.send('GET', link)
    expect(String(page.headers['content-security-policy'])).toContain(`${world.google.url}/gsi/client`)
    expect(String(page.headers['cross-origin-opener-policy'])).toBe('same-origin-allow-popups')
    const reply = await attempt()
    expect(JSON.parse(reply.text)).toMatchObject({ scope: SCOPE, loginHint: 'alice@example.com' })
  })

  const come = async (answer: Answered = {}, headers?: Record<string, string>): Promise<Reply> =>
    browser.json(`${link}/code`, await signIn.popup(answer), headers)

  const pageAfter = async (reply: Reply): Promise<Reply> =>
    browser.send('GET', (JSON.parse(reply.text) as { location: string }).location)

  test('an agent is connected', async () => {
    expect(heading(await pageAfter(await come()))).toContain('connected')
    await world.untilReady('alice')
  })

  test('another account is refused, and so is a denial', async () => {
    expect(heading(await pageAfter(await come({ account: 'mallory@example.com' })))).toMatch(/account/i)
    expect(heading(await pageAfter(await come({ deny: true })))).toMatch(/not|cancel|denied|declin/i)
    await expectNothingKept()
  })

  test.each([
    ['another origin', { origin: 'https://evil.example' }],
    ['another site', { 'sec-fetch-site': 'cross-site' }],
    ['a plain form', { 'content-type': 'text/plain' }],
  ])('a code from %s is refused', async (_, headers) => {
    expect((await come({}, headers)).status).toBe(400)
    await expectNothingKept()
  })

  test.each([
    ['another origin', { origin: 'https://evil.example' }],
    ['another site', { 'sec-fetch-site': 'cross-site' }],
    ['a plain form', { 'content-type': 'text/plain' }],
  ])('an attempt from %s is refused', async (_, headers) => {
    expect((await attempt(headers)).status).toBe(400)
  })
})

describe('attacks', () => {
  beforeEach(() => open())

  test('every link that isn’t valid gets the same answer', async () => {
    const wrong = [
      `${link.slice(0, -1)}${link.endsWith('A') ? 'B' : 'A'}`,
      `${link}x`,
      `${SITE}/google-calendar/sign-in/${'A'.repeat(43)}`,
      `${SITE}/google-calendar/sign-in/alice`,
      `${SITE}/google-calendar/`,
      `${SITE}/`,
    ]
    const replies = await Promise.all(wrong.map((one) => browser.send('GET', one)))
    expect(new Set(replies.map(({ status, text }) => `${status} ${text}`)).size).toBe(1)
    expect(replies[0]?.status).toBe(404)
  })

  test('a link ends with its Agent, even if one with that name is created again', async () => {
    await world.objects.delete('Agent', 'alice')
    await world.until('the page is gone', async () => (await browser.send('GET', link)).status === 404)
    expect(await signIn.linkOf('alice')).not.toBe(link)
    expect((await browser.send('GET', link)).status).toBe(404)
  })

  test('an Agent with a supplied grant has no page', async () => {
    await world.objects.apply(agentManifest('alice'))
    await world.until('the page is gone', async () => (await browser.send('GET', link)).status === 404)
  })

  test.each<[string, (callback: URL) => void]>([
    ['forged', (callback) => callback.searchParams.set('state', 'forged')],
    ['changed', (callback) => callback.searchParams.set('state', `${callback.searchParams.get('state') ?? ''}A`)],
    ['missing', (callback) => callback.searchParams.delete('state')],
    ['without a code', (callback) => callback.searchParams.delete('code')],
  ])('a state that is %s is refused, and nothing is asked of Google', async (_, change) => {
    const callback = new URL(answered(await consent()))
    change(callback)
    world.google.resetRequests()
    const reply = await browser.send('GET', callback.href)
    expect(reply.status).toBe(400)
    expect(world.google.requests().byKind['token.exchange'] ?? 0).toBe(0)
    await expectNothingKept()
  })

  test('a callback that is replayed is refused', async () => {
    const callback = answered(await consent())
    expect((await browser.send('GET', callback)).status).toBe(303)
    expect((await browser.send('GET', callback)).status).toBe(400)
  })

  test('the callback of another browser is refused: nobody can be made to connect an account for somebody else', async () => {
    const callback = answered(await consent())
    const victim = newBrowser()
    expect((await victim.send('GET', callback)).status).toBe(400)
    await victim.send('GET', link)
    expect((await victim.send('GET', callback)).status).toBe(400)
    await expectNothingKept()
  })

  test('a state is valid for ten minutes', async () => {
    const callback = answered(await consent())
    world.clock.jump(10 * MINUTE + 1)
    expect((await browser.send('GET', callback)).status).toBe(400)
    await expectNothingKept()
  })

  test('a form needs the token of its page, in the browser that has the page', async () => {
    const page = await browser.send('GET', link)
    const csrf = csrfIn(page)
    const stranger = newBrowser()
    await stranger.send('GET', link)
    const replies = [
      await browser.form(link, {}),
      await browser.form(link, { csrf: `${csrf}A` }),
      await stranger.form(link, { csrf }),
      await newBrowser().form(link, { csrf }),
      await browser.form(link, { csrf }, { origin: 'https://evil.example' }),
      await browser.form(link, { csrf }, { 'sec-fetch-site': 'cross-site' }),
      await browser.form(link, { csrf, filling: 'x'.repeat(10_000) }),
    ]
    expect(replies.map(({ status }) => status)).toEqual(replies.map(() => 400))
    expect(new Set(replies.map(({ text }) => text)).size).toBe(1)
  })

  test('too many invalid requests have to wait, and valid ones do not', async () => {
    const replies = []
    for (let i = 0; i < 61; i++) replies.push((await browser.send('GET', '/nothing')).status)
    expect(replies.at(59)).toBe(404)
    expect(replies.at(60)).toBe(429)
    expect((await browser.send('GET', link)).status).toBe(200)
    world.clock.jump(2_000)
    expect((await browser.send('GET', '/nothing')).status).toBe(404)
  })

  test.each([
    ['that watches all namespaces', {}],
    ['that serves another namespace than its own', { 'watch-namespaces': 'booking' }],
  ])('deleting the keys of an operator %s ends every link, and the status shows the new one', async (_, flags) => {
    if (!isReal) await world.stopOperator()
    if (!isReal) await world.startOperator(flags)
    browser.port = world.operator.webPort ?? 0
    expect((await browser.send('GET', link)).status).toBe(200)
    await world.objects.delete('Secret', 'calendar-operator-keys', world.leaseNamespace)
    const deletedAt = world.clock.now()
    const fresh = await world.until('there is a new link', async () => {
      const url = (await world.agent('alice')).status?.authorization?.url
      return url !== link && url
    })
    expect(world.clock.now() - deletedAt).toBeLessThan(withinMs(10_000))
    expect((await browser.send('GET', link)).status).toBe(404)
    expect((await browser.send('GET', fresh)).status).toBe(200)
  })
})

test('the browser may return to another replica', async () => {
  await open()
  const callback = answered(await consent())
  await world.restartOperator()
  browser.port = world.operator.webPort ?? 0
  expect((await browser.send('GET', callback)).status).toBe(303)
  await world.untilReady('alice')
})
