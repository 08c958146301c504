/**
 * The booking page of examples/booking-site, as a visitor uses it on a phone: with the operator as it ships, the sandbox's
 * Kubernetes and the simulated Google, on the real clock. Screenshots are in .screenshots/ afterwards.
 */
import { mkdirSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { sandboxBackend } from '../../demo/backend-sandbox.ts'
import { BookingSite } from '../../demo/booking-site.ts'
import { DemoEnvironment } from '../../demo/environment.ts'
import { addressOf } from '../../demo/seed.ts'
import { freePort } from '../../bench/free-port.ts'
import { obstaclesIn } from './support/axe.ts'
import { launchChromium } from './support/chromium.ts'
import { browserErrorsOf, type BrowserErrors } from './support/watching.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const SCREENSHOTS = '.screenshots'
const PHONE = { width: 390, height: 844 }
/** The visitor is not where Alice is. */
const ZONE = 'America/New_York'

let browser: Browser
let environment: DemoEnvironment
let site: string

beforeAll(async () => {
  mkdirSync(SCREENSHOTS, { recursive: true })
  browser = await launchChromium()
  environment = await DemoEnvironment.open(ROOT, sandboxBackend)
  environment.operator.start()
  await environment.applyManifests()
  for (const secret of environment.seeded.secrets) await environment.applySecret(secret)
  await vi.waitUntil(aliceIsReady, { timeout: 60_000, interval: 200 })
  site = (await environment.startBookingSite()) ?? ''
})

afterAll(async () => {
  await environment.close()
  await browser.close()
})

async function aliceIsReady(): Promise<boolean> {
  await environment.refresh()
  return environment.condition('Agent', 'alice', 'Ready')?.status === 'True'
}

async function visit(): Promise<{ page: Page; errors: BrowserErrors }> {
  const context = await browser.newContext({ viewport: PHONE, timezoneId: ZONE, locale: 'en-US' })
  const page = await context.newPage()
  const errors = browserErrorsOf(page)
  await page.goto(site)
  await page.waitForURL(/zone=America/)
  return { page, errors }
}

/** Chooses a time by its number on the page. */
async function choose(page: Page, index: number): Promise<void> {
  await page.locator('fieldset label').nth(index).click()
  await page.getByLabel('Your name').fill('Vic')
  await page.getByLabel('Your e-mail address').fill('vic@example.com')
}

const book = async (page: Page): Promise<void> => page.getByRole('button', { name: 'Book it' }).click()
const heading = (page: Page) => page.getByRole('heading', { level: 1 })

/** The events that Bookings have at Google. */
const standing = () =>
  environment.google
    .events({ calendar: addressOf('alice') })
    .filter((event) => event.status !== 'cancelled' && 'extendedProperties' in event)

async function looksGood(page: Page, name: string): Promise<void> {
  expect(await obstaclesIn(page)).toEqual([])
  const sticksOut = 'document.documentElement.scrollWidth > document.documentElement.clientWidth'
  expect(await page.evaluate(sticksOut)).toBe(false)
  await page.screenshot({ path: `${SCREENSHOTS}/booking-site-${name}.png` })
}

describe('a visitor on a phone', () => {
  test('books an hour, sees it moved by Alice, and cancels it', async () => {
    const { page, errors } = await visit()
    await looksGood(page, 'times')
    await choose(page, 0)
    await looksGood(page, 'chosen')
    await book(page)
    await expect.poll(() => heading(page).textContent()).toBe('Booked')
    await looksGood(page, 'booked')
    const [event] = standing()
    expect(event?.attendees).toMatchObject([{ email: 'vic@example.com' }])

    const at = (hours: number) => ({
      dateTime: new Date(Date.parse(event?.start?.dateTime ?? '') + hours * 3_600_000).toISOString(),
    })
    environment.google.changeEvent({
      calendar: addressOf('alice'),
      id: event?.id ?? '',
      changes: { start: at(24), end: at(25) },
    })
    await expect.poll(() => heading(page).textContent()).toBe('Moved')
    await looksGood(page, 'moved')

    await page.getByRole('button', { name: 'Cancel the appointment' }).click()
    await expect.poll(() => heading(page).textContent()).toBe('Cancelled')
    await expect.poll(() => standing().length).toBe(0)
    expect(errors.all).toEqual([])
    await page.context().close()
  })

  test('who chose the same hour as somebody quicker hears that it is taken', async () => {
    const [quick, slow] = [await visit(), await visit()]
    await choose(quick.page, 1)
    // The same hour, although the calendar that is mounted may have changed between the two visits.
    const hour = await quick.page.locator('input[name=start]:checked').inputValue()
    await choose(slow.page, 0)
    await slow.page.locator(`label:has(input[value="${hour}"])`).click()
    await Promise.all([book(quick.page), book(slow.page)])
    const headings = () => Promise.all([quick, slow].map(({ page }) => heading(page).textContent()))
    // The page itself refuses, if the mounted calendar has the quicker one's hour by then.
    await expect.poll(async () => (await headings()).sort().join()).toMatch(/^Booked,(Not free any more|Taken)$/)
    expect(standing()).toHaveLength(1)
    await Promise.all([quick, slow].map(({ page }) => page.context().close()))
  })

  test('a form that is sent twice books once', async () => {
    const { page } = await visit()
    await choose(page, 3)
    const form = await page.evaluate('new URLSearchParams(new FormData(document.forms[0])).toString()')
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const before = standing().length
    for (let twice = 0; twice < 2; twice++)
      await fetch(`${site}/bookings`, { method: 'POST', headers, body: String(form), redirect: 'manual' })
    await expect.poll(() => standing().length).toBe(before + 1)
    await page.context().close()
  })

  test.each([
    ['no longer fresh', { complete: true, freshUntil: '2026-01-01T00:00:00Z' }],
    ['not complete', { complete: false, freshUntil: '2099-01-01T00:00:00Z' }],
  ])('is offered nothing while the calendar is %s', async (_, doubt) => {
    const window = { start: '2026-01-01T00:00:00Z', end: '2099-01-01T00:00:00Z' }
    const stranger = new BookingSite({
      program: resolve(ROOT, 'examples/booking-site/server.mjs'),
      folder: resolve(environment.folder, 'another'),
      port: await freePort(),
      namespace: 'booking',
      kubernetes: { server: 'https://localhost:1', authority: '', token: 'unused' },
      calendar: () => Promise.resolve(JSON.stringify({ ...doubt, window, timeZone: 'UTC', busy: [] })),
    })
    await stranger.start()
    const page = await browser.newPage({ viewport: PHONE })
    await page.goto(stranger.origin)
    expect(await heading(page).textContent()).toBe('Please come back later')
    expect(await page.getByRole('radio').count()).toBe(0)
    await page.close()
    await stranger.stop()
  })
})
