/** On a phone, a person sees who asks, for which account, and the button without scrolling, in every language. */
import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { languages } from '../../src/web/pages/pages.ts'
import { everyPage } from '../web-pages/views.ts'
import { launchChromium } from './support/chromium.ts'
import { type Site, startSite } from './support/site.ts'

const SCREENS = [
  { width: 360, height: 640 },
  { width: 390, height: 844 },
]
/** Not `sign-in-anew`: what is new since the last consent comes before the button, however long it is. */
const ASKING = [
  'sign-in',
  'sign-in-popup',
  'sign-in-full',
  'sign-in-writing',
  'sign-in-writing-anew',
  'sign-in-nothing-published',
  'outcome-denied',
  'outcome-wrong-account',
  'outcome-scope-missing',
  'outcome-expired',
  'outcome-settings-not-in-effect',
  'outcome-google-unreachable',
]

const pages = new Map(
  languages.flatMap((language) => {
    const all = everyPage(language)
    return ASKING.map((name) => [`${language.tag}-${name}`, all[name] ?? ''] as const)
  }),
)

let site: Site
let browser: Browser

beforeAll(async () => {
  site = await startSite(pages)
  browser = await launchChromium()
})

afterAll(async () => {
  await browser.close()
  await site.stop()
})

/** Where an element ends, in pixels from the top of the page. */
async function bottomOf(element: Locator): Promise<number> {
  const box = await element.boundingBox()
  return box ? box.y + box.height : Infinity
}

describe.each(SCREENS)('on a screen of $width × $height', ({ width, height }) => {
  let page: Page

  beforeAll(async () => {
    page = await browser.newPage({ viewport: { width, height } })
    await page.route('https://accounts.google.com/**', (route) => route.fulfill({ body: '' }))
  })

  afterAll(() => page.close())

  test.each([...pages.keys()])('%s shows the site, the account and the button at once', async (name) => {
    await page.goto(`${site.origin}/${name}`)
    const parts = [page.locator('.site'), page.locator('.account strong'), page.getByRole('button')]
    const bottoms = await Promise.all(parts.map(bottomOf))
    expect(bottoms).toEqual([...bottoms].sort((a, b) => a - b))
    expect(bottoms.at(-1)).toBeLessThanOrEqual(height)
    await page.screenshot({ path: `.screenshots/${name}-${width}x${height}.png` })
  })

  test.each([...pages.keys()])('%s covers nothing with its button', async (name) => {
    await page.goto(`${site.origin}/${name}`)
    const style = "getComputedStyle(document.querySelector('button')).position"
    expect(await page.evaluate(style)).toBe('static')
  })
})
