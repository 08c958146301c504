/** Complete sign-ins as people do them: from the link in a status to an Agent that is Ready. */
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { negotiate } from '../../src/web/pages/pages.ts'
import { obstaclesIn } from './support/axe.ts'
import { launchChromium } from './support/chromium.ts'
import { type SignInOptions, type SignInWorld, startSignInWorld } from './support/sign-in.ts'
import type { BrowserErrors } from './support/watching.ts'

const { outcomes, pages } = negotiate('en').texts
const READ = 'https://www.googleapis.com/auth/calendar.readonly'
const EVENTS = 'https://www.googleapis.com/auth/calendar.events'

let browser: Browser
let world: SignInWorld
let page: Page
let errors: BrowserErrors
let link: string

beforeAll(async () => {
  browser = await launchChromium()
})

afterAll(() => browser.close())

afterEach(async () => {
  await page.context().close()
  await world.stop()
})

async function begin(options: SignInOptions, context?: BrowserContextOptions): Promise<void> {
  world = await startSignInWorld(options)
  link = await world.linkOf('alice')
  const visit = await world.visit(browser, context)
  page = visit.page
  errors = visit.errors
  await open(link)
}

const open = (url: string) => world.during(`the browser opens ${url}`, page.goto(url))
const press = (name: string, on = page): Promise<void> =>
  world.during(`"${name}" is pressed`, on.getByRole('button', { name }).click())
const signIn = (): Promise<void> => press('Sign in with Google')
const choose = (account: string, on = page) =>
  world.during('the account is chosen', on.getByRole('combobox').selectOption(account))

/** The page of the link, with a token that proves the outcome. */
const tells =
  (outcome: string) =>
  (url: URL): boolean =>
    `${url.origin}${url.pathname}` === link && url.searchParams.get('outcome') === outcome

/** The page shows the outcome, at an address that can be reloaded. */
async function comesOut(outcome: keyof typeof outcomes): Promise<void> {
  await world.during(`it comes out as ${outcome}`, page.waitForURL(tells(outcome)))
  expect(await heading()).toBe(outcomes[outcome].title)
}

const heading = (): Promise<string | null> => world.during('there is a heading', page.locator('h1').textContent())

async function isConnected(): Promise<void> {
  await world.untilReady('alice')
  expect(await world.grantOf('alice')).toMatchObject({ account: 'alice@example.com' })
}

/** The simulated Google has no favicon, which browsers report. */
const ownErrors = (): string[] => errors.all.filter((one) => !one.includes(`${world.google.url}/favicon.ico`))

const exchanges = (): number => world.google.requests({ kind: 'token.exchange' }).log.length

describe('by redirect', () => {
  test('from the link to an Agent that is Ready, and nothing complains', async () => {
    await begin({ mode: 'Redirect' })
    expect(await heading()).toBe('Connect your Google calendar')
    expect(await world.during('axe looks', obstaclesIn(page))).toEqual([])
    await signIn()
    expect(page.url().startsWith(world.google.url)).toBe(true)
    await press('Allow')
    await comesOut('connected')
    await isConnected()
    expect(ownErrors()).toEqual([])
  })

  test('loading the page again afterwards exchanges nothing, and the link says that nothing is left to do', async () => {
    await begin({ mode: 'Redirect' })
    await signIn()
    await press('Allow')
    await comesOut('connected')
    await isConnected()
    const before = exchanges()
    await world.during('the page is loaded again', page.reload())
    expect(await heading()).toBe(outcomes.connected.title)
    await open(link)
    expect(await heading()).toBe(outcomes['not-needed'].title)
    expect(exchanges()).toBe(before)
  })

  test('going back to Google and allowing it once more changes nothing', async () => {
    await begin({ mode: 'Redirect' })
    await signIn()
    await press('Allow')
    await comesOut('connected')
    await isConnected()
    const before = await world.grantOf('alice')
    await world.during('the browser goes back', page.goBack())
    await press('Allow')
    expect(await heading()).toBe(pages.refused.title)
    expect(await world.grantOf('alice')).toEqual(before)
  })

  test('another account is turned away, and the right one is welcome afterwards', async () => {
    await begin({ mode: 'Redirect' })
    await signIn()
    await choose('bob@example.com')
    await press('Allow')
    await comesOut('wrong-account')
    expect(await page.locator('main').textContent()).toContain('This link is for a…e@example.com.')
    expect(await page.content()).not.toContain('bob')
    await signIn()
    await press('Allow')
    await comesOut('connected')
    await isConnected()
  })

  test('a denial changes nothing, and can be thought over', async () => {
    await begin({ mode: 'Redirect' })
    await signIn()
    await press('Cancel')
    await comesOut('denied')
    expect(await world.objects.find('Secret', 'alice-google-grant')).toBeUndefined()
    await signIn()
    await press('Allow')
    await comesOut('connected')
  })

  test('a permission that was left out is asked for again', async () => {
    await begin({ mode: 'Redirect', scopes: [READ, EVENTS] })
    await signIn()
    await world.during('a box is cleared', page.getByRole('checkbox', { name: 'calendar.readonly' }).uncheck())
    await press('Allow')
    await comesOut('scope-missing')
    expect(await world.objects.find('Secret', 'alice-google-grant')).toBeUndefined()
    await signIn()
    await press('Allow')
    await comesOut('connected')
    await isConnected()
  })

  test('no script is needed', async () => {
    await begin({ mode: 'Redirect' }, { javaScriptEnabled: false })
    await signIn()
    await press('Allow')
    await comesOut('connected')
    await isConnected()
  })

  test('no mouse is needed, and the browser’s language is spoken', async () => {
    await begin({ mode: 'Redirect' }, { locale: 'de-AT' })
    expect(await heading()).toBe('Google-Kalender verbinden')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await world.during('Google asks', page.waitForURL(`${world.google.url}/**`))
    await press('Allow')
    await world.during('it is done', page.waitForURL(tells('connected')))
    expect(await heading()).toBe('Ihr Kalender ist verbunden')
  })
})

describe('by popup', () => {
  async function openPopup(): Promise<Page> {
    const opened = page.waitForEvent('popup')
    await signIn()
    return world.during('Google’s window opens', opened)
  }

  test('from the link to an Agent that is Ready, and nothing complains', async () => {
    await begin({ mode: 'Popup' })
    const popup = await openPopup()
    await press('Allow', popup)
    await comesOut('connected')
    await isConnected()
    expect(ownErrors()).toEqual([])
  })

  test('another account is turned away, and the right one is welcome afterwards', async () => {
    await begin({ mode: 'Popup' })
    const popup = await openPopup()
    await choose('bob@example.com', popup)
    await press('Allow', popup)
    await comesOut('wrong-account')
    const again = await openPopup()
    await press('Allow', again)
    await comesOut('connected')
    await isConnected()
  })

  test('a denial changes nothing', async () => {
    await begin({ mode: 'Popup' })
    const popup = await openPopup()
    await press('Cancel', popup)
    await comesOut('denied')
    expect(await world.objects.find('Secret', 'alice-google-grant')).toBeUndefined()
  })
})

test('a link that is not valid says whom to ask', async () => {
  await begin({ mode: 'Redirect' })
  const answer = await open(`${link.slice(0, -4)}AAAA`)
  expect(answer?.status()).toBe(404)
  expect(await heading()).toBe(pages.notFound.title)
})
