/**
 * Sign-ins while another replica, the leader or an administrator makes changes; links and states when their keys change; and a
 * sign-in when the operator stops.
 */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { heading, type Browser } from './support/browser.ts'
import { SignIn } from './support/sign-in.ts'
import { startWebReplica, type WebReplica } from './support/web-replica.ts'
import { isReal, withinMs, type World } from './support/world.ts'

const KEYS = 'calendar-operator-keys'
const ENCODED = (text: string): string => Buffer.from(text).toString('base64')

let signIn: SignIn
let world: World
let browser: Browser
let link: string

beforeEach(async () => {
  signIn = await SignIn.open()
  ;({ world, browser, link } = signIn)
})

afterEach(() => world.stop())

/** Waits while the clock stands still. Otherwise requests that hang at Google would time out. */
const heard = (by: () => boolean): Promise<void> => vi.waitFor(() => expect(by()).toBe(true), 60_000)

const asked = (kind: string): number => world.google.requests().byKind[kind] ?? 0

async function keys(): Promise<Record<string, string>> {
  const { data = {} } = await world.objects.get('Secret', KEYS, world.leaseNamespace)
  return Object.fromEntries(
    Object.entries(data).map(([name, value]) => [name, Buffer.from(value, 'base64').toString()]),
  )
}

describe('two replicas', () => {
  let second: WebReplica

  beforeEach(async () => {
    second = await startWebReplica(world)
  })

  afterEach(() => second.stop())

  test('accept each other’s links, forms, states and outcomes; the leader sees what the other stored', async () => {
    browser.port = second.port
    const consent = await signIn.consent()
    const callback = signIn.answered(consent)
    browser.port = world.operator.webPort ?? 0
    const page = await browser.send('GET', link)
    expect(page.status).toBe(200)
    browser.port = second.port
    const back = await browser.send('GET', callback)
    expect(back.status).toBe(303)
    browser.port = world.operator.webPort ?? 0
    expect(heading(await browser.send('GET', back.location))).toContain('connected')
    await world.untilReady('alice')
  })

  test('store one grant for a callback that reaches both of them', async () => {
    const callback = signIn.answered(await signIn.consent())
    const first = await browser.send('GET', callback)
    const kept = await signIn.grant()
    browser.port = second.port
    const again = await browser.send('GET', callback)
    expect([first.status, again.status]).toEqual([303, 400])
    // Google may end a grant if its code is sent again.
    expect(signIn.exchanges).toBe(1)
    expect((await signIn.grant()).refresh_token).toBe(kept.refresh_token)
    await world.untilReady('alice')
  })

  test('report the truth if a callback reaches both of them at once', async () => {
    const callback = signIn.answered(await signIn.consent())
    const { id } = world.google.addFault({ fault: 'hang', kind: 'calendarList.get' })
    const first = browser.send('GET', callback)
    await heard(() => asked('calendarList.get') > 0)
    const late = signIn.newBrowser()
    late.cookie = browser.cookie
    late.port = second.port
    const other = await late.send('GET', callback)
    const before = await late.send('GET', other.location)
    expect(heading(before)).toContain('attempt is over')
    expect(before.text).not.toContain('othing was connected')
    world.google.clearFaults({ id })
    expect((await first).status).toBe(303)
    await world.untilReady('alice')
    expect(heading(await late.send('GET', other.location))).toContain('already connected')
  })

  test('both say that it is connected if the faster one has stored the grant', async () => {
    const callback = signIn.answered(await signIn.consent())
    const { id } = world.google.addFault({ fault: 'hang', kind: 'token.exchange', skip: 1 })
    const late = signIn.newBrowser()
    late.cookie = browser.cookie
    late.port = second.port
    const fault = world.google.addFault({ fault: 'hang', kind: 'calendarList.get' })
    const first = browser.send('GET', callback)
    await heard(() => asked('calendarList.get') > 0)
    const slow = late.send('GET', callback)
    await heard(() => signIn.exchanges > 1)
    world.google.clearFaults({ id: fault.id })
    expect((await first).status).toBe(303)
    world.google.clearFaults({ id })
    const told = await slow
    expect(heading(await late.send('GET', told.location))).toContain('connected')
    await world.untilReady('alice')
  })

  test('both follow a change of the keys', async () => {
    const { current = '' } = await keys()
    const fresh = Buffer.alloc(32, 7).toString('base64url')
    const data = { current: ENCODED(fresh), previous: ENCODED(current) }
    await world.objects.patch('Secret', KEYS, { data }, world.leaseNamespace)
    browser.port = second.port
    expect((await browser.send('GET', link)).status).toBe(200)
    const callback = signIn.answered(await signIn.consent())
    browser.port = world.operator.webPort ?? 0
    const back = await browser.send('GET', callback)
    expect(heading(await browser.send('GET', back.location))).toContain('connected')
    await world.untilReady('alice')
  })
})

describe('the Secret of a grant', () => {
  /** Starts two sign-ins. The first one is complete, and the second one is about to return from Google. */
  async function connectedOnce(): Promise<string> {
    const second = await signIn.consent()
    await signIn.through({}, signIn.newBrowser())
    await world.untilReady('alice')
    return signIn.answered(second)
  }

  // test/grants has the details of versions. This test covers the way from the browser to the Secret.
  test.skipIf(isReal)('is written again after a conflict with the leader', async () => {
    const callback = await connectedOnce()
    const before = await signIn.grant()
    world.sandbox?.failNext({ method: 'PATCH', path: 'alice-google-grant', status: 409, times: 3 })
    expect((await browser.send('GET', callback)).status).toBe(303)
    expect((await signIn.grant()).refresh_token).not.toBe(before.refresh_token)
  })

  test.skipIf(isReal)('stays as it was if it cannot be written, and the page says so', async () => {
    const callback = await connectedOnce()
    const before = await signIn.grant()
    world.sandbox?.failNext({ method: 'PATCH', path: 'alice-google-grant', status: 409, times: 20 })
    const reply = await browser.send('GET', callback)
    world.sandbox?.clearFaults()
    expect(reply.status).toBe(503)
    expect(reply.headers['content-security-policy']).toContain("default-src 'none'")
    expect((await signIn.grant()).refresh_token).toBe(before.refresh_token)
  })

  test('that was deleted meanwhile is created again', async () => {
    const callback = await connectedOnce()
    await world.objects.delete('Secret', 'alice-google-grant')
    expect((await browser.send('GET', callback)).status).toBe(303)
    expect((await signIn.grant()).refresh_token).toBeDefined()
    await world.untilReady('alice')
  })
})

describe('the keys', () => {
  test('before the current ones are valid for links and states that are under way', async () => {
    const callback = signIn.answered(await signIn.consent())
    const { current = '' } = await keys()
    const fresh = Buffer.alloc(32, 9).toString('base64url')
    const data = { current: ENCODED(fresh), previous: ENCODED(current) }
    await world.objects.patch('Secret', KEYS, { data }, world.leaseNamespace)
    const back = await browser.send('GET', callback)
    expect(heading(await browser.send('GET', back.location))).toContain('connected')
    await world.untilReady('alice')
  })

  test('before those are invalid', async () => {
    const callback = signIn.answered(await signIn.consent())
    const data = { current: ENCODED(Buffer.alloc(32, 1).toString('base64url')), previous: ENCODED('x') }
    await world.objects.patch('Secret', KEYS, { data }, world.leaseNamespace)
    await world.until('the link has ended', async () => (await browser.send('GET', link)).status === 404)
    expect((await browser.send('GET', callback)).status).toBe(400)
    expect(await signIn.grant()).toEqual({})
  })

  test('that are deleted end sign-ins that are under way', async () => {
    const callback = signIn.answered(await signIn.consent())
    await world.objects.delete('Secret', KEYS, world.leaseNamespace)
    await world.restartOperator()
    browser.port = world.operator.webPort ?? 0
    expect((await browser.send('GET', callback)).status).toBe(400)
    expect((await browser.send('GET', link)).status).toBe(404)
    expect(await signIn.grant()).toEqual({})
  })

  test('in a Secret of somebody else are neither used nor changed', async () => {
    await world.stopOperator()
    await world.objects.delete('Secret', KEYS, world.leaseNamespace)
    const theirs = { current: Buffer.alloc(32, 3).toString('base64url') }
    await world.objects.secret(KEYS, theirs, world.leaseNamespace)
    await world.startOperator()
    browser.port = world.operator.webPort ?? 0
    expect((await browser.send('GET', link)).status).toBe(404)
    expect(await keys()).toEqual(theirs)
    await world.until('it is said', () => world.lines.some((line) => line.includes(`Secret ${KEYS} can't be used`)))
  })
})

describe('an operator with many sign-ins at once', () => {
  test('exchanges a limited number of codes at a time, lets the others wait, and connects all of them', async () => {
    const names = Array.from({ length: 20 }, (_, index) => `person${index}`)
    const callbacks: [Browser, string][] = []
    for (const name of names) {
      const account = `${name}@example.com`
      world.google.addAccount({ email: account })
      const own = signIn.newBrowser()
      callbacks.push([own, signIn.answered(await signIn.consent(own, await signIn.linkOf(name)), { account })])
    }
    const { id } = world.google.addFault({ fault: 'hang', kind: 'token.exchange' })
    const coming = callbacks.map(([own, callback]) => own.send('GET', callback))
    await heard(() => signIn.exchanges >= 16)
    // By now the others exist, too.
    for (let turn = 0; turn < 5; turn++) expect((await browser.send('GET', link)).status).toBe(200)
    expect(signIn.exchanges).toBe(16)
    world.google.clearFaults({ id })
    expect((await Promise.all(coming)).map(({ status }) => status)).toEqual(names.map(() => 303))
    for (const name of names) await world.untilReady(name)
  })
})

describe('an operator that stops', () => {
  test('completes a sign-in first, because Google’s code is already used up', async () => {
    const callback = signIn.answered(await signIn.consent())
    const { id } = world.google.addFault({ fault: 'hang', kind: 'token.exchange' })
    const coming = browser.send('GET', callback)
    await world.until('Google is asked', () => signIn.exchanges > 0)
    const stopping = world.stopOperator()
    world.google.clearFaults({ id })
    expect((await coming).status).toBe(303)
    await stopping
    expect((await signIn.grant()).refresh_token).toBeDefined()
  })

  test('does not wait for a request that never ends', async () => {
    const callback = signIn.answered(await signIn.consent())
    world.google.addFault({ fault: 'hang', kind: 'token.exchange' })
    const coming = browser.send('GET', callback).catch(() => undefined)
    await world.until('Google is asked', () => signIn.exchanges > 0)
    const began = world.clock.now()
    await world.stopOperator()
    expect(world.clock.now() - began).toBeLessThan(withinMs(10_000))
    await coming
  })
})
