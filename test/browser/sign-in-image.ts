/** Writes docs/images/sign-in.png, the sign-in page on a phone as the README shows it: `make sign-in-image`. */
import { mkdirSync } from 'node:fs'
import { negotiate } from '../../src/web/pages/pages.ts'
import { PAGES, VIEW } from '../web-pages/views.ts'
import { launchChromium } from './support/chromium.ts'
import { startSite } from './support/site.ts'

const FOLDER = 'docs/images'

mkdirSync(FOLDER, { recursive: true })
const site = await startSite(new Map([['sign-in', PAGES.signIn(VIEW, negotiate('en'))]]))
const browser = await launchChromium()
try {
  const page = await browser.newPage({
    viewport: { width: 390, height: 844 },
    deviceScaleFactor: 1.25,
    colorScheme: 'light',
  })
  await page.goto(`${site.origin}/sign-in`)
  await page.screenshot({ path: `${FOLDER}/sign-in.png` })
} finally {
  await browser.close()
  await site.stop()
}
