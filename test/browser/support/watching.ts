/** Collects what goes wrong in a page unseen: errors, and what the content security policy blocked. */
import type { Page } from 'playwright-core'

export interface BrowserErrors {
  all: string[]
}

export function browserErrorsOf(page: Page): BrowserErrors {
  const errors: BrowserErrors = { all: [] }
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type()))
      errors.all.push(`${message.type()}: ${message.text()} (${message.location().url})`)
  })
  page.on('pageerror', (error) => errors.all.push(`error: ${error.message}`))
  page.on('requestfailed', (request) => {
    const why = request.failure()?.errorText ?? ''
    // Navigating away aborts requests.
    if (why !== 'net::ERR_ABORTED') errors.all.push(`failed: ${request.url()} ${why}`)
  })
  return errors
}
