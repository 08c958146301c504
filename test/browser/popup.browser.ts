/** The script of the popup, with a stub of Google's library whose responses each test chooses. */
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { negotiate } from '../../src/web/pages/pages.ts'
import { PAGES, POPUP, VIEW } from '../web-pages/views.ts'
import { launchChromium } from './support/chromium.ts'
import { type Site, startSite } from './support/site.ts'

const english = negotiate('en')
const { popup } = english.texts
const PATH = VIEW.action.slice(1)

/** A stub of Google's library: it records what it was asked for, and does what `answer` says. */
const library = (answer: string): string => `
window.google = { accounts: { oauth2: { initCodeClient: (config) => ({ requestCode: () => {
  const { callback, error_callback, ...plain } = config
  window.asked = plain
  ${answer}
} }) } } }`

let site: Site
let browser: Browser
let page: Page

beforeAll(async () => {
  const connected = PAGES.signIn({ ...VIEW, outcome: 'connected' }, english)
  site = await startSite(
    new Map([
      [PATH, PAGES.signIn(POPUP, english)],
      ['outcome-connected', connected],
    ]),
  )
  browser = await launchChromium()
})

beforeEach(async () => {
  site.posts.length = 0
  page = await (await browser.newContext()).newPage()
})

afterEach(() => page.context().close())

afterAll(async () => {
  await browser.close()
  await site.stop()
})

async function openWith(answer: string): Promise<void> {
  await page.route('https://accounts.google.com/gsi/client', (route) =>
    route.fulfill({ contentType: 'text/javascript', body: library(answer) }),
  )
  await page.goto(site.origin + VIEW.action)
}

const press = (): Promise<void> => page.getByRole('button', { name: 'Sign in with Google' }).click()
const says = (text: string): Promise<void> => page.getByRole('status').getByText(text).waitFor()

test('a code goes to the operator, and the person to what became of it', async () => {
  await openWith(`callback({ code: 'the-code', state: config.state, scope: 'calendar' })`)
  await press()
  await page.waitForURL(`${site.origin}/outcome-connected`)
  expect(site.posts).toEqual([
    '/google-calendar/sign-in/tag/attempt {"csrf":"csrf-token"}',
    '/google-calendar/sign-in/tag/code {"code":"the-code","state":"state"}',
  ])
})

test('Google is asked for what the attempt says, in a popup', async () => {
  await openWith('')
  await press()
  await page.waitForFunction('window.asked')
  expect(await page.evaluate('window.asked')).toEqual({
    client_id: 'client',
    scope: 'calendar',
    include_granted_scopes: false,
    ux_mode: 'popup',
    state: 'state',
    login_hint: 'alice@example.com',
  })
})

test('Enter presses the button, and one attempt serves until it is used', async () => {
  await openWith(`error_callback({ type: 'popup_closed' })`)
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  await says(popup.closed)
  await page.keyboard.press('Enter')
  await page.waitForFunction('window.asked')
  expect(site.posts).toHaveLength(1)
})

test('a denial goes to the operator too', async () => {
  await openWith(`callback({ error: 'access_denied', state: config.state })`)
  await press()
  await page.waitForURL(`${site.origin}/outcome-connected`)
  expect(site.posts.at(-1)).toBe('/google-calendar/sign-in/tag/code {"error":"access_denied","state":"state"}')
})

test('a blocked window is reported', async () => {
  await openWith(`error_callback({ type: 'popup_failed_to_open' })`)
  await press()
  await says(popup.blocked)
})

test('a library that does not load is reported', async () => {
  await page.route('https://accounts.google.com/gsi/client', (route) => route.abort())
  await page.clock.install()
  await page.goto(site.origin + VIEW.action)
  await press()
  await says(popup.working)
  await page.clock.fastForward('00:06')
  await says(popup.notLoaded)
})

test('an old attempt is replaced at the click', async () => {
  await page.clock.install()
  await openWith('')
  await page.clock.fastForward('09:00')
  await press()
  await page.waitForFunction('window.asked')
  expect(site.posts.filter((post) => post.includes('/attempt'))).toHaveLength(2)
})

test.each(['attempt', 'code'])('a failed %s is reported, and can be tried again', async (step) => {
  await page.route(`${site.origin}${VIEW.action}/${step}`, (route) => route.fulfill({ status: 500, body: 'no' }))
  await openWith(`callback({ code: 'the-code', state: config.state })`)
  await press()
  await says(popup.failed)
  await page.unroute(`${site.origin}${VIEW.action}/${step}`)
  await press()
  await page.waitForURL(`${site.origin}/outcome-connected`)
})

test('nobody is sent to another site', async () => {
  await page.route(`${site.origin}${VIEW.action}/code`, (route) =>
    route.fulfill({ contentType: 'application/json', body: '{"location":"https://evil.example/"}' }),
  )
  await openWith(`callback({ code: 'the-code', state: config.state })`)
  await press()
  await says(popup.failed)
  expect(page.url()).toBe(site.origin + VIEW.action)
})
