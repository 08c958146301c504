/** The cookie that identifies a browser: a random id, valid for a day, sent to this site only. */
import { getCookie, setCookie } from 'hono/cookie'
import { DAY_MS } from '../platform/time-units.ts'
import type { WebDeps } from './port.ts'
import type { Request } from './request.ts'

const NAME = 'calendar-operator'
const BYTES = 24
const MAX_AGE_S = DAY_MS / 1000

/** The id in the browser's cookie; undefined if it has none. */
export function browserId(request: Request): string | undefined {
  const value = getCookie(request, NAME, 'host')
  return value !== undefined && /^[\w-]{32}$/.test(value) ? value : undefined
}

/** The id in the browser's cookie; sets a new cookie if it has none. */
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
    maxAge: MAX_AGE_S,
  })
  return value
}
