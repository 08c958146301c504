import { vi } from 'vitest'
import { startGoogle, type SimulatedGoogle } from '../../sandbox/google/google.ts'
import { ManualClock } from '../support/clock.ts'
import { seededRandom } from '../support/seeded-random.ts'

export const CALENDAR = 'https://www.googleapis.com/auth/calendar'
export const DAY = 86_400_000

export interface Answer {
  status: number
  headers: Headers
  // Answers are compared, not computed with.
  body: Record<string, unknown> & {
    items?: Item[]
    error?: ErrorBody
    nextSyncToken?: string
    nextPageToken?: string
  }
}

export type Item = Record<string, unknown> & {
  id: string
  status?: string
  start?: { dateTime?: string; date?: string }
}

interface ErrorBody {
  code?: number
  status?: string
  message?: string
  errors?: { reason: string; domain: string; location?: string }[]
  details?: { reason: string }[]
}

/** A simulated Google with one client, and Alice, who granted it the calendar scope. The clock shows 2026-11-23T10:00:00Z. */
export interface Harness {
  google: SimulatedGoogle
  clock: ManualClock
  client: { client_id: string; client_secret: string }
  refreshToken: string
  token(form: Record<string, string>): Promise<Answer>
  refresh(refreshToken?: string): Promise<Answer>
  /** A call to the Calendar API as Alice, or with another access token. */
  api(method: string, path: string, options?: ApiOptions): Promise<Answer>
  /** events.list on Alice's primary calendar. */
  list(query?: Record<string, string>): Promise<Answer>
  close(): Promise<void>
}

interface ApiOptions {
  body?: unknown
  headers?: Record<string, string>
  accessToken?: string
}

export async function startHarness(): Promise<Harness> {
  const clock = new ManualClock()
  const google = await startGoogle({ clock, random: seededRandom(7) })
  const { clientId, clientSecret } = google.addClient({ redirectUris: ['https://booking.example.com/callback'] })
  google.addAccount({ email: 'alice@example.com', timeZone: 'Europe/Paris' })
  const { refreshToken } = google.grant({ client: clientId, account: 'alice@example.com', scopes: [CALENDAR] })
  const { accessToken } = google.accessToken({ refreshToken })
  const client = { client_id: clientId, client_secret: clientSecret }
  const token: Harness['token'] = (form) => post(google, '/token', form)
  const api: Harness['api'] = (method, path, options = {}) => callApi(google, { method, path, accessToken, ...options })
  return {
    google,
    clock,
    client,
    refreshToken,
    token,
    refresh: (value = refreshToken) => token({ ...client, grant_type: 'refresh_token', refresh_token: value }),
    api,
    list: (query = {}) => api('GET', `/calendars/primary/events?${new URLSearchParams(query).toString()}`),
    close: () => google.close(),
  }
}

export async function post(google: SimulatedGoogle, path: string, form: Record<string, string>): Promise<Answer> {
  return read(await fetch(google.url + path, { method: 'POST', body: new URLSearchParams(form) }))
}

async function callApi(
  google: SimulatedGoogle,
  request: ApiOptions & { method: string; path: string },
): Promise<Answer> {
  const { method, path, body, headers, accessToken } = request
  const init: RequestInit = { method, headers: { authorization: `Bearer ${accessToken ?? ''}`, ...headers } }
  if (body !== undefined) init.body = JSON.stringify(body)
  return read(await fetch(`${google.url}/calendar/v3${path}`, init))
}

export async function read(response: Response): Promise<Answer> {
  const text = await response.text()
  const body = (text === '' ? {} : JSON.parse(text)) as Answer['body']
  return { status: response.status, headers: response.headers, body }
}

/** An error answer in short: `403 insufficientPermissions ACCESS_TOKEN_SCOPE_INSUFFICIENT`. */
export function refusal({ status, body }: Answer): string {
  const { error } = body
  // Errors of the token endpoint are strings.
  const word: unknown = error
  if (typeof word === 'string') return `${status} ${word}`
  return [status, error?.errors?.[0]?.reason, error?.details?.[0]?.reason]
    .filter((part) => part !== undefined)
    .join(' ')
}

/** A timed event in Paris, on the default day of the clock. */
export function meeting(from: string, to: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    start: { dateTime: from.includes('T') ? from : `2026-11-23T${from}:00`, timeZone: 'Europe/Paris' },
    end: { dateTime: to.includes('T') ? to : `2026-11-23T${to}:00`, timeZone: 'Europe/Paris' },
    ...more,
  }
}

export const ids = (answer: Answer): string[] => (answer.body.items ?? []).map((item) => item.id)
export const starts = (answer: Answer): (string | undefined)[] =>
  (answer.body.items ?? []).map((item) => item.start?.dateTime ?? item.start?.date)

/** Waits for something that arrives over the network, even on a slow machine. */
export const eventually = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 60_000, interval: 10 })
