/** The cookie by which a browser is known again: random, for a day, and for our site alone. */
import { getCookie, setCookie } from 'hono/cookie'
import type { WebDeps } from './port.ts'
import type { Request } from './request.ts'

const NAME = 'calendar-operator'
const BYTES = 24
const A_DAY_S = 24 * 60 * 60

/** The browser's cookie; undefined where it has none of ours. */
export function browserId(request: Request): string | undefined {
  const value = getCookie(request, NAME, 'host')
  return value !== undefined && /^[\w-]{32}$/.test(value) ? value : undefined
}

/** The browser's cookie, given to it now where it has none. */
export function ensureBrowserId(request: Request, { randomBytes }: Pick<WebDeps, 'randomBytes'>): string {
  const known = browserId(request)
  if (known !== undefined) return known
  const value = Buffer.from(randomBytes(BYTES)).toString('base64url')
  setCookie(request, NAME, value, {
    path: '/',
    secure: true,
    httpOnly: true,
    sameSite: 'Lax',
    prefix: 'host',
    maxAge: A_DAY_S,
  })
  return value
}
