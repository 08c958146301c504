/** The browser of these tests: the system's Chromium, so that nothing is downloaded. */
import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', '/snap/bin/chromium']

/** The path of the browser. @throws Error that says how to install one. */
export function findChromium(named = process.env['CHROMIUM'], places: readonly string[] = PLACES): string {
  if (named !== undefined && named !== '') {
    if (existsSync(named)) return named
    throw new Error(`CHROMIUM is ${named}, where there is no such file; set it to the path of a Chromium or Chrome`)
  }
  const found = places.find((place) => existsSync(place))
  if (found !== undefined) return found
  throw new Error(
    `these tests need Chromium, and none of ${places.join(', ')} is there; install it (Debian: apt-get install chromium), ` +
      'or set CHROMIUM to the path of a Chromium or Chrome',
  )
}

/** Chromium refuses to run its sandbox as root; for other users it stays enabled. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: findChromium(), chromiumSandbox: process.getuid?.() !== 0 })
}
