/** The popup as a whole: the page's script, the simulated Google's library, its window and its consent page. */
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { type SimulatedGoogle, startGoogle } from '../../sandbox/google/google.ts'
import { negotiate } from '../../src/web/pages/pages.ts'
import { ManualClock } from '../support/clock.ts'
import { PAGES, POPUP, VIEW } from '../web-pages/views.ts'
import { launchChromium } from './support/chromium.ts'
import { type Site, startSite } from './support/site.ts'
import { type BrowserErrors, browserErrorsOf } from './support/watching.ts'

const english = negotiate('en')
const SCOPE = 'https://www.googleapis.com/auth/calendar'

let google: SimulatedGoogle
let site: Site
let browser: Browser
let page: Page
let errors: BrowserErrors
let clientID: string

beforeAll(async () => {
  google = await startGoogle({ clock: new ManualClock() })
  const view = { ...POPUP, clientScript: { accountsOrigin: google.url } }
  const pages = new Map([
    [VIEW.action.slice(1), PAGES.signIn(view, english)],
    ['outcome-connected', PAGES.signIn({ ...VIEW, outcome: 'connected' }, english)],
  ])
  site = await startSite(pages, google.url)
  clientID = google.addClient({ javascriptOrigins: [site.origin] }).clientId
  google.addAccount({ email: 'alice@example.com' })
  browser = await launchChromium()
})

afterAll(async () => {
  await browser.close()
  await site.stop()
  await google.close()
})

beforeEach(async () => {
  site.posts.length = 0
  page = await (await browser.newContext()).newPage()
  errors = browserErrorsOf(page)
  await page.route(`${site.origin}${VIEW.action}/attempt`, (route) =>
    route.fulfill({ json: { clientID, scope: SCOPE, loginHint: 'alice@example.com', state: 'the-state' } }),
  )
  await page.goto(site.origin + VIEW.action)
})

afterEach(() => page.context().close())

async function openPopup(): Promise<Page> {
  const opened = page.waitForEvent('popup')
  await page.getByRole('button', { name: 'Sign in with Google' }).click()
  return opened
}

const posted = (): unknown => JSON.parse(site.posts.at(-1)?.replace(/^\S+ /, '') ?? 'null')

test('allowing it hands a code of that account to the page, which continues', async () => {
  const popup = await openPopup()
  expect(await popup.getByRole('combobox').inputValue()).toBe('alice@example.com')
  await popup.getByRole('button', { name: 'Allow' }).click()
  await page.waitForURL(`${site.origin}/outcome-connected`)
  expect(posted()).toEqual({ code: expect.any(String) as string, state: 'the-state' })
  expect(errors.all).toEqual([])
})

test('a denial reaches the page as one', async () => {
  const popup = await openPopup()
  await popup.getByRole('button', { name: 'Cancel' }).click()
  await page.waitForURL(`${site.origin}/outcome-connected`)
  expect(posted()).toEqual({ error: 'access_denied', state: 'the-state' })
})

test('closing the window leaves a page that can try again', async () => {
  const popup = await openPopup()
  await popup.close()
  await page.getByRole('status').getByText(english.texts.popup.closed).waitFor()
  const again = await openPopup()
  await again.getByRole('button', { name: 'Allow' }).click()
  await page.waitForURL(`${site.origin}/outcome-connected`)
})
