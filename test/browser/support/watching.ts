/** Collects what goes wrong in a page unseen: errors, and what the content security policy blocked. */
import type { Page } from 'playwright-core'

export interface Complaints {
  all: string[]
}

export function complaintsOf(page: Page): Complaints {
  const complaints: Complaints = { all: [] }
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type()))
      complaints.all.push(`${message.type()}: ${message.text()} (${message.location().url})`)
  })
  page.on('pageerror', (error) => complaints.all.push(`error: ${error.message}`))
  page.on('requestfailed', (request) => {
    const why = request.failure()?.errorText ?? ''
    // Navigating away aborts requests.
    if (why !== 'net::ERR_ABORTED') complaints.all.push(`failed: ${request.url()} ${why}`)
  })
  return complaints
}
