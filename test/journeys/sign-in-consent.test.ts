/** What the page says is what the person agrees to, and what is stored with the grant. The page says whose site it is. */
import { afterEach, describe, expect, test } from 'vitest'
import { findCondition } from '../../src/resources/conditions.ts'
import type { Agent } from '../../src/resources/types.ts'
import { csrfIn, SITE, type Browser, type Reply } from './support/browser.ts'
import { agentManifest } from './support/manifests.ts'
import { SignIn, type SignInOptions } from './support/sign-in.ts'
import type { World } from './support/world.ts'

const TEAM = 'team@group.calendar.google.com'

let signIn: SignIn
let world: World
let browser: Browser
let link: string

async function open(options?: SignInOptions): Promise<void> {
  signIn = await SignIn.open(options)
  ;({ world, browser, link } = signIn)
}

afterEach(() => world.stop())

const full = {
  calendar: { kind: 'Secret', name: 'alice-calendar', detail: 'Full' },
  accessToken: { name: 'alice-token' },
}

async function ask(spec: Record<string, unknown>): Promise<void> {
  await world.objects.apply(agentManifest('alice', { grantSecretRef: undefined, ...spec }))
}

const untilPage = (what: string, like: (page: Reply) => boolean): Promise<unknown> =>
  world.until(what, async () => like(await browser.send('GET', link)))

const findReady = ({ status }: Agent): string => findCondition(status?.conditions, 'Ready')?.message ?? ''

const noted = async (): Promise<unknown> => JSON.parse((await signIn.grant()).consent ?? 'null')

describe('the consent that is stored with a grant', () => {
  test('is what the page said, not what the spec says later', async () => {
    await open()
    const callback = signIn.answered(await signIn.consent())
    await ask({ publish: full, calendars: { read: ['primary', TEAM] } })
    await untilPage('the page asks for more', ({ text }) => text.includes('titles, descriptions'))
    expect((await browser.send('GET', callback)).status).toBe(303)
    expect(await noted()).toEqual({ detail: 'Busy', accessToken: false, write: false, calendars: ['primary'] })
  })

  test('is everything that the page said', async () => {
    await open()
    await ask({ publish: full, calendars: { read: ['primary', TEAM] } })
    await untilPage('the page asks for more', ({ text }) => text.includes('titles, descriptions'))
    const { text } = await browser.send('GET', link)
    expect(text).toContain('t…m@group.calendar.google.com')
    expect(text).toContain('get access to Google for themselves')
    await signIn.through()
    expect(await noted()).toEqual({ detail: 'Full', accessToken: true, write: false, calendars: ['primary', TEAM] })
  })

  test('is never more than an old page said: its button leads to the current page', async () => {
    await open()
    const csrf = csrfIn(await browser.send('GET', link))
    await ask({ publish: full })
    await untilPage('the page asks for more', ({ text }) => text.includes('titles, descriptions'))
    const back = await browser.form(link, { csrf })
    expect([back.status, back.location]).toEqual([303, new URL(link).pathname])
  })

  test('nor in the popup, where the script reloads the page', async () => {
    await open({ redirectUris: [] })
    const csrf = csrfIn(await browser.send('GET', link))
    await ask({ publish: full })
    await untilPage('the page asks for more', ({ text }) => text.includes('titles, descriptions'))
    expect((await browser.json(`${link}/attempt`, { csrf })).status).toBe(409)
    await browser.json(`${link}/code`, await signIn.popup())
    expect(await noted()).toMatchObject({ detail: 'Full', accessToken: true })
  })
})

describe('a person who is asked for more', () => {
  test('is told what is new, and it is published only after they agree', async () => {
    await open()
    await signIn.through()
    await world.untilReady('alice')
    world.addSecret((await signIn.grant()).refresh_token ?? '')
    await ask({ publish: full, calendars: { read: ['primary', 'alice@example.com'] } })
    const agent = await world.untilReason('alice', 'AwaitingSignIn')
    expect(agent.status?.authorization?.url).toBe(link)
    await untilPage('the page says so', ({ text }) => text.includes('New since you last agreed'))
    const { text } = await browser.send('GET', link)
    const added = /<section class="added">([^]*?)<\/section>/.exec(text)?.[1] ?? ''
    expect(added.match(/<li>/g)).toHaveLength(2)
    expect(added).toContain('are published, too')
    expect(await world.objects.find('Secret', 'alice-token')).toBeUndefined()
    await signIn.through()
    await world.untilReady('alice')
    expect(await noted()).toMatchObject({ detail: 'Full', accessToken: true })
    expect((await browser.send('GET', link)).text).not.toContain('New since you last agreed')
    await world.until('the token is there', () => world.objects.find('Secret', 'alice-token'))
  })
})

describe('an agent that is to write', () => {
  const writing = {
    publish: { calendar: { name: 'alice-calendar' } },
    calendars: { read: ['primary'], write: 'primary' },
  }

  test('asks its person anew, and the page says what is written, where, and in whose name', async () => {
    await open()
    await signIn.through()
    await world.untilReady('alice')
    await ask(writing)
    const agent = await world.untilReason('alice', 'AwaitingSignIn')
    expect(agent.status?.authorization?.url).toBe(link)
    expect(findReady(agent)).toContain('writing appointments (spec.calendars.write)')
    await untilPage('the page says so', ({ text }) => text.includes('New since you last agreed'))
    const { text } = await browser.send('GET', link)
    expect(text).toContain('to this calendar: Your main calendar.')
    expect(text).toContain('invitations to them are sent in your name')
    await signIn.through()
    await world.untilReady('alice')
    expect(await noted()).toEqual({ detail: 'Busy', accessToken: false, write: true, calendars: ['primary'] })
  })

  test('through an integration that asks for no scope to write names the scopes, and offers no link', async () => {
    await open()
    const scopes = ['https://www.googleapis.com/auth/calendar.readonly']
    await world.objects.patch('CalendarIntegration', 'google', { spec: { google: { scopes } } })
    await ask(writing)
    const agent = await world.untilReason('alice', 'ScopeMissing')
    expect(findReady(agent)).toContain('spec.google.scopes of CalendarIntegration')
    expect(agent.status?.authorization?.url).toBeUndefined()
  })
})

describe('a site', () => {
  test('is named on the page with the namespace that owns it', async () => {
    await open()
    const { text } = await browser.send('GET', link)
    expect(text).toContain(`<bdi>${new URL(SITE).host}</bdi> (namespace <bdi>${world.namespace}</bdi>)`)
  })

  test('that was lost has no page, and people who return to it from Google are refused', async () => {
    await open()
    const callback = signIn.answered(await signIn.consent())
    await world.stopOperator()
    await world.startOperator({ sites: `${new URL(SITE).host}=somewhere-else` })
    browser.port = world.operator.webPort ?? 0
    const unknown = await browser.send('GET', `${link}x`)
    const page = await browser.send('GET', link)
    expect([page.status, page.text]).toEqual([404, unknown.text])
    world.google.resetRequests()
    expect((await browser.send('GET', callback)).status).toBe(400)
    expect(signIn.exchanges).toBe(0)
    expect(await signIn.grant()).toEqual({})
  })

  test('that is lost during the request to Google stores nothing', async () => {
    await open()
    const callback = signIn.answered(await signIn.consent())
    const { id } = world.google.addFault({ fault: 'hang', kind: 'token.exchange' })
    const coming = browser.send('GET', callback)
    await world.until('Google is asked', () => signIn.exchanges > 0)
    await world.objects.delete('CalendarIntegration', 'google')
    await untilPage('the page is gone', ({ status }) => status === 404)
    world.google.clearFaults({ id })
    expect((await coming).status).toBe(400)
    expect(await signIn.grant()).toEqual({})
  })
})
