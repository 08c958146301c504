/** What a sign-in leaves for operators to see: Events, log lines and metrics, and nothing that should not be there. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { csrfIn, type Browser } from './support/browser.ts'
import { scrape } from './support/scrape.ts'
import { CALLBACK, SignIn } from './support/sign-in.ts'
import type { World } from './support/world.ts'

let signIn: SignIn
let world: World
let browser: Browser
let link: string

beforeEach(async () => {
  signIn = await SignIn.open()
  ;({ world, browser, link } = signIn)
})

afterEach(() => world.stop())

describe('the report of a sign-in', () => {
  test('is an Event for each kind of failure, with nothing personal, and none for a success', async () => {
    await signIn.through({ deny: true })
    await world.untilEvent(
      'of a denial',
      ({ reason, note }) => reason === 'SignInFailed' && note.includes('not allowed'),
    )
    await signIn.through({ account: 'mallory@example.com' })
    const event = await world.untilEvent(
      'of the other account',
      ({ reason, note }) => reason === 'SignInFailed' && note.includes('another Google account'),
    )
    expect(event.type).toBe('Warning')
    expect(event.note).not.toContain('@')
    expect(await failures()).toHaveLength(2)
    await signIn.through()
    await world.untilReady('alice')
    expect(await failures()).toHaveLength(2)
  })

  test('is few Events, however often somebody with the link fails', async () => {
    for (let turn = 0; turn < 10; turn++) await signIn.through({ deny: true })
    const event = await world.untilEvent('that counts', ({ series }) => (series?.count ?? 0) >= 5)
    await world.clock.advance(10_000)
    expect((await failures()).length).toBe(1)
    expect(event.series?.count).toBe(5)
  })

  const failures = async (): Promise<{ reason?: string }[]> => {
    const all: { reason?: string }[] = await world.objects.list('Event')
    return all.filter(({ reason }) => reason === 'SignInFailed')
  }

  const counted = async (outcome: string): Promise<number> => {
    const samples = await scrape(world)
    const found = samples.find(({ name, labels }) => {
      return name === 'calendar_operator_sign_ins_total' && labels.outcome === outcome
    })
    return found?.value ?? 0
  }

  test('is one log line and one count for each sign-in, with the Agent’s name and nothing personal', async () => {
    await signIn.through({ account: 'mallory@example.com' })
    await signIn.through()
    await browser.send('GET', `${CALLBACK}?state=forged&code=x`)
    const ends = world.lines.filter((line) => line.includes('sign-in ended'))
    const told = ends.map((line) => JSON.parse(line) as Record<string, unknown>)
    const agent = `${world.namespace}/alice`
    expect(told).toMatchObject([
      { agent, outcome: 'wrong-account' },
      { agent, outcome: 'connected' },
    ])
    expect(await counted('connected')).toBe(1)
    expect(await counted('wrong-account')).toBe(1)
    expect(await counted('refused')).toBe(1)
  })

  test('contains no code, state, cookie or token', async () => {
    const callback = new URL(signIn.answered(await signIn.consent()))
    const csrf = csrfIn(await browser.send('GET', link))
    const back = await browser.send('GET', callback.href)
    await browser.send('GET', back.location)
    const { code = '', state = '' } = Object.fromEntries(callback.searchParams)
    const kept = await signIn.grant()
    const cookie = browser.cookie?.split('=')[1] ?? ''
    for (const secret of [code, state, cookie, csrf, kept.refresh_token ?? '', kept.access_token ?? '']) {
      expect(secret).not.toBe('')
      world.addSecret(secret)
    }
    await world.untilReady('alice')
  })
})
