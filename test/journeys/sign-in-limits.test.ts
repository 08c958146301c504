/**
 * Whoever has a link can send any number of callbacks with made-up codes and denials. They do not delay other people's sign-ins,
 * and they cost Kubernetes, Google and the log next to nothing.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { heading, SITE, type Browser, type Reply } from './support/browser.ts'
import { integrationManifest } from './support/manifests.ts'
import { scrape } from './support/scrape.ts'
import { CALLBACK, SignIn } from './support/sign-in.ts'
import type { World } from './support/world.ts'

let signIn: SignIn
let world: World
let browser: Browser

beforeEach(async () => {
  signIn = await SignIn.open({ flags: { 'web-trusted-proxies': '127.0.0.0/8' } })
  ;({ world, browser } = signIn)
})

afterEach(() => world.stop())

const stateOf = async (): Promise<string> => new URL(await signIn.consent()).searchParams.get('state') ?? ''

async function callback(answer: Record<string, string>, address = '192.0.2.1'): Promise<Reply> {
  const query = new URLSearchParams({ state: await stateOf(), ...answer }).toString()
  return browser.send('GET', `${CALLBACK}?${query}`, { headers: { 'x-forwarded-for': address } })
}

async function statuses(
  times: number,
  answer: Record<string, string>,
  address: (turn: number) => string = () => '192.0.2.1',
) {
  const all = []
  for (let turn = 0; turn < times; turn++) all.push((await callback(answer, address(turn))).status)
  return all
}

const count = (all: readonly number[], status: number): number => all.filter((one) => one === status).length
const endings = (): number => world.lines.filter((line) => line.includes('sign-in ended')).length

/** Requests to Kubernetes and to Google, as the operator counts them. */
async function requestsMade(): Promise<number> {
  const samples = await scrape(world)
  const counts = samples.filter(({ name }) => /^(rest_client|calendar_operator_google)_requests_total$/.test(name))
  expect(counts.length).toBeGreaterThan(0)
  return counts.reduce((sum, { value }) => sum + value, 0)
}

describe('callbacks of one link', () => {
  test.each([
    ['denials', { error: 'access_denied' }],
    ['made-up codes', { code: '4/0Amadeup' }],
  ])('that are %s, ten a minute from one address are looked at', async (_, answer) => {
    world.google.resetRequests()
    const all = await statuses(40, answer)
    expect([count(all, 303), count(all, 429)]).toEqual([10, 30])
    expect(signIn.exchanges).toBeLessThanOrEqual(10)
    expect(endings()).toBeLessThanOrEqual(5)
  })

  test('are processed up to sixty a minute from all addresses', async () => {
    const all = await statuses(70, { error: 'access_denied' }, (turn) => `192.0.2.${turn % 14}`)
    expect([count(all, 303), count(all, 429)]).toEqual([60, 10])
  })

  test('that are refused say when to retry, and then are accepted', async () => {
    await statuses(10, { error: 'access_denied' })
    const refused = await callback({ error: 'access_denied' })
    expect(refused.status).toBe(429)
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0)
    world.clock.jump(Number(refused.headers['retry-after']) * 1_000)
    expect((await callback({ error: 'access_denied' })).status).toBe(303)
  })

  test('with the same state again and again count each time', async () => {
    const query = new URLSearchParams({ state: await stateOf(), error: 'access_denied' }).toString()
    const all = []
    for (let turn = 0; turn < 12; turn++) all.push((await browser.send('GET', `${CALLBACK}?${query}`)).status)
    expect(all).toEqual([303, ...Array<number>(9).fill(400), 429, 429])
  })

  test('of the popup count too, before they are read', async () => {
    const address = `${signIn.link}/code`
    const all = []
    for (let turn = 0; turn < 12; turn++) all.push((await browser.json(address, { state: 'x', code: 'y' })).status)
    expect(all).toEqual([...Array<number>(10).fill(400), 429, 429])
  })

  test('that are refused cost no request, no log line and no Event', async () => {
    await statuses(10, { error: 'access_denied' })
    const states = await Promise.all(Array.from({ length: 200 }, stateOf))
    await world.clock.advance(1_000)
    const [requests, lines] = [await requestsMade(), world.lines.length]
    const all = await Promise.all(
      states.map(async (state, turn) => {
        const answer: Record<string, string> = turn % 2 === 0 ? { code: '4/0Amadeup' } : { error: 'access_denied' }
        const query = new URLSearchParams({ state, ...answer }).toString()
        const reply = await browser.send('GET', `${CALLBACK}?${query}`, { headers: { 'x-forwarded-for': '192.0.2.1' } })
        return reply.status
      }),
    )
    expect(count(all, 429)).toBe(200)
    expect([await requestsMade(), world.lines.length]).toEqual([requests, lines])
  })

  test('do not limit a person at another link, or at another address with the same link', async () => {
    await statuses(30, { code: '4/0Amadeup' })
    const bob = signIn.newBrowser()
    world.google.addAccount({ email: 'bob@example.com' })
    const link = await signIn.linkOf('bob')
    const back = signIn.answered(await signIn.consent(bob, link), { account: 'bob@example.com' })
    expect(new URL((await bob.send('GET', back)).location, SITE).searchParams.get('outcome')).toBe('connected')
    expect(heading(await signIn.through({}, signIn.newBrowser()))).toContain('connected')
  })
})

test('that hang at Google for one client do not delay people at another', async () => {
  const other = world.google.addClient({ redirectUris: [CALLBACK], javascriptOrigins: [SITE] })
  world.addSecret(other.clientSecret)
  await world.objects.secret('other-client', {
    'client_secret.json': JSON.stringify(world.google.clientFile(other.clientId)),
  })
  const there = integrationManifest({}, { clientSecretRef: { name: 'other-client' } })
  await world.objects.apply({ ...there, metadata: { ...there.metadata, name: 'other' } })
  const names = Array.from({ length: 20 }, (_, index) => `person-${index}`)
  const callbacks = []
  for (const name of names) {
    const by = signIn.newBrowser()
    const link = await signIn.linkOf(name, { integrationRef: { name: 'other' } })
    for (let turn = 0; turn < 3; turn++) {
      const state = new URL(await signIn.consent(by, link)).searchParams.get('state') ?? ''
      callbacks.push([by, `${CALLBACK}?${new URLSearchParams({ state, code: '4/0Amadeup' }).toString()}`] as const)
    }
  }
  world.google.addFault({ fault: 'hang', client: other.clientId })
  const hanging = callbacks.map(([by, address]) => by.send('GET', address))
  await world.until('Google hangs', () => signIn.exchanges >= 8)
  // The clock stands still: whoever had to wait for those that hang would wait without end.
  expect(heading(await signIn.through())).toContain('connected')
  world.google.clearFaults()
  await Promise.all(hanging)
})
