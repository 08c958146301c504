/**
 * Every page in a real browser, with its strict content security policy: axe-core finds nothing, the console stays empty, and
 * nothing overflows a small screen. Screenshots are in .screenshots/ afterwards.
 */
import { mkdirSync } from 'node:fs'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Language, languages, negotiate } from '../../src/web/pages/pages.ts'
import { everyPage } from '../web-pages/views.ts'
import { obstaclesIn } from './support/axe.ts'
import { launchChromium } from './support/chromium.ts'
import { type Site, startSite } from './support/site.ts'
import { type BrowserErrors, browserErrorsOf } from './support/watching.ts'

const SCREENSHOTS = '.screenshots'
const SCHEMES = ['light', 'dark'] as const
const WIDTHS = { narrow: { width: 360, height: 740 }, wide: { width: 1280, height: 900 } }

const english = negotiate('en')

/** English from right to left: it shows mistakes of the layout to people who read English. */
const backwards: Language = { ...english, tag: 'en-XB', direction: 'rtl' }

const inLanguages = [...languages, backwards].flatMap((language) =>
  Object.entries(everyPage(language)).map(([name, page]) => [`${language.tag}-${name}`, page] as const),
)
const pages = new Map(inLanguages)
const combinations = SCHEMES.flatMap((scheme) =>
  Object.entries(WIDTHS).map(([width, viewport]) => ({ scheme, width, viewport })),
)

let site: Site
let browser: Browser

beforeAll(async () => {
  mkdirSync(SCREENSHOTS, { recursive: true })
  site = await startSite(pages)
  browser = await launchChromium()
})

afterAll(async () => {
  await browser.close()
  await site.stop()
})

async function open(name: string, options: Parameters<Browser['newContext']>[0]): Promise<Page> {
  const context = await browser.newContext(options)
  const page = await context.newPage()
  await page.route('https://accounts.google.com/**', (route) =>
    route.fulfill({ contentType: 'text/javascript', body: '' }),
  )
  await page.goto(`${site.origin}/${name}`)
  return page
}

const sticksOut = (page: Page): Promise<boolean> =>
  page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth')

/** All pages in English and, from right to left, those with a different layout. */
const shown = [...pages.keys()].filter((name) =>
  /^en-(?!XB)|^en-XB-(sign-in|sign-in-full|outcome-scope-missing)$/.test(name),
)

describe.each(combinations)('in $scheme colours on a $width screen', ({ scheme, width, viewport }) => {
  let page: Page
  let errors: BrowserErrors

  beforeAll(async () => {
    page = await open('en-failed', { colorScheme: scheme, viewport })
    errors = browserErrorsOf(page)
  })

  afterAll(() => page.context().close())

  test.each(shown)('%s is open to everybody, and nothing complains', async (name) => {
    errors.all = []
    await page.goto(`${site.origin}/${name}`)
    expect(await obstaclesIn(page)).toEqual([])
    expect(await sticksOut(page)).toBe(false)
    await page.screenshot({ path: `${SCREENSHOTS}/${name}-${scheme}-${width}.png`, fullPage: true })
    expect(errors.all).toEqual([])
  })
})

describe('on the smallest screen, with the longest words', () => {
  const others = [...pages.keys()].filter((name) =>
    /^(de|es|fr)-(sign-in|sign-in-full|outcome-scope-missing)$/.test(name),
  )

  test.each(others)('%s stays within it', async (name) => {
    const page = await open(name, { viewport: { width: 320, height: 568 } })
    expect(await obstaclesIn(page)).toEqual([])
    expect(await sticksOut(page)).toBe(false)
    await page.screenshot({ path: `${SCREENSHOTS}/${name}-small.png`, fullPage: true })
    await page.context().close()
  })
})

describe('with the keyboard alone', () => {
  test('Tab reaches the button first, and Enter sends the form', async () => {
    const page = await open('en-sign-in', { javaScriptEnabled: true })
    await page.keyboard.press('Tab')
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Sign in with Google')
    await page.keyboard.press('Enter')
    await page.waitForURL(`${site.origin}/google-calendar/sign-in/tag`)
    expect(site.posts.at(-1)).toBe('/google-calendar/sign-in/tag csrf=csrf-token')
    await page.context().close()
  })

  test('what has the focus is easy to see', async () => {
    const page = await open('en-sign-in', { colorScheme: 'dark' })
    await page.keyboard.press('Tab')
    expect(await page.evaluate('getComputedStyle(document.activeElement).outlineWidth')).toBe('3px')
    await page.screenshot({ path: `${SCREENSHOTS}/en-sign-in-focus.png` })
    await page.context().close()
  })
})

describe('without a script', () => {
  test('the form of a redirect is sent all the same', async () => {
    const page = await open('en-sign-in', { javaScriptEnabled: false })
    await page.getByRole('button', { name: 'Sign in with Google' }).click()
    await page.waitForURL(`${site.origin}/google-calendar/sign-in/tag`)
    await page.context().close()
  })

  test('a popup’s page says that it needs one, and shows no button that does nothing', async () => {
    const page = await open('en-sign-in-popup', { javaScriptEnabled: false })
    // Playwright treats the text of a <noscript> as invisible, even if it is painted.
    const text = await page.locator('noscript strong').boundingBox()
    expect(text?.height).toBeGreaterThan(10)
    expect(await page.getByRole('button').count()).toBe(0)
    await page.screenshot({ path: `${SCREENSHOTS}/en-sign-in-popup-no-script.png`, fullPage: true })
    await page.context().close()
  })
})

describe('motion', () => {
  test('ends where people asked for less of it', async () => {
    const page = await open('en-sign-in', { reducedMotion: 'reduce' })
    expect(await page.evaluate("getComputedStyle(document.querySelector('.google')).transitionDuration")).toBe('0s')
    await page.context().close()
  })
})
