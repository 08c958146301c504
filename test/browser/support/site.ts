/** A server for rendered pages, with the content security policy of the operator. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { PAGES } from '../../web-pages/views.ts'

const policy = (accountsOrigin: string): string =>
  [
    "default-src 'none'",
    "style-src 'self'",
    "img-src 'self' data:",
    `script-src 'self' ${accountsOrigin}/gsi/client`,
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ')

export interface Site {
  origin: string
  /** What was posted, as `path body`. */
  posts: string[]
  stop(): Promise<void>
}

interface Answer {
  status?: number
  type: string
  body: string
}

/** Serves pages by name. A POST to `…/attempt` gets an attempt, any other POST gets `posted`. */
export async function startSite(
  pages: ReadonlyMap<string, string>,
  accountsOrigin = 'https://accounts.google.com',
): Promise<Site> {
  const posts: string[] = []
  const answerTo = (path: string): Answer => {
    const asset = PAGES.assets.find((one) => one.path === path)
    if (asset) return { type: asset.contentType, body: asset.body }
    const page = pages.get(path.slice(1))
    return { status: page === undefined ? 404 : 200, type: 'text/html; charset=utf-8', body: page ?? 'none' }
  }
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const posted = request.method === 'POST'
      if (posted) posts.push(`${path} ${Buffer.concat(chunks).toString()}`)
      const answer = posted ? postAnswer(path) : answerTo(path)
      response.writeHead(answer.status ?? 200, {
        'content-type': answer.type,
        // As the operator sends it: the popup must be able to reach its opener.
        'cross-origin-opener-policy': 'same-origin-allow-popups',
        'content-security-policy': policy(accountsOrigin),
      })
      response.end(answer.body)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    origin: `http://localhost:${(server.address() as AddressInfo).port}`,
    posts,
    stop: () => new Promise((resolve) => server.close(() => resolve()).closeAllConnections()),
  }
}

function postAnswer(path: string): Answer {
  if (path.endsWith('/attempt')) {
    const attempt = { clientID: 'client', scope: 'calendar', loginHint: 'alice@example.com', state: 'state' }
    return { type: 'application/json', body: JSON.stringify(attempt) }
  }
  if (path.endsWith('/code'))
    return { type: 'application/json', body: JSON.stringify({ location: '/outcome-connected' }) }
  return { type: 'text/plain', body: 'posted' }
}
