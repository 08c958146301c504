/**
 * How Google says no: the Calendar back end's envelope, the API front end's envelope (authentication, scope, quota),
 * and the token endpoint's OAuth errors (docs/google-behaviour.md#errors and docs/google-behaviour.md#token-endpoint).
 */
export interface Reply {
  status: number
  headers?: Record<string, string>
  /** Whole, or in pieces that are made while they are sent: a page of a huge calendar never stands in memory. */
  body: string | Iterable<string>
}

/** The body as one string. */
export const textOf = ({ body }: Reply): string => (typeof body === 'string' ? body : [...body].join(''))

export const JSON_TYPE = 'application/json; charset=UTF-8'

export function json(value: unknown, status = 200): Reply {
  return { status, headers: { 'content-type': JSON_TYPE }, body: JSON.stringify(value) }
}

/** Thrown by a handler; the server sends the reply it carries. */
export class Refusal extends Error {
  readonly reply: Reply

  constructor(message: string, reply: Reply) {
    super(message)
    this.reply = reply
  }
}

/** The request parameter that an error is about. */
export interface Location {
  locationType: 'parameter' | 'header'
  location: string
}

export const parameter = (location: string): Location => ({ locationType: 'parameter', location })

// Reasons that the Calendar back end puts in its own domain rather than in `global`.
const CALENDAR_REASONS = new Set([
  'fullSyncRequired',
  'updatedMinTooLongAgo',
  'timeRangeEmpty',
  'forbiddenForNonOrganizer',
  'notACalendarUser',
])

/** The back end's envelope: no `status`, no `details`. */
export function backEnd(code: number, reason: string, message: string, location?: Location): Refusal {
  const domain = CALENDAR_REASONS.has(reason) ? 'calendar' : 'global'
  return new Refusal(
    message,
    json({ error: { errors: [{ domain, reason, message, ...location }], code, message } }, code),
  )
}

export const notACalendarUser = (): Refusal =>
  backEnd(403, 'notACalendarUser', 'The user must be signed up for Google Calendar.')

export const notFound = (): Refusal => backEnd(404, 'notFound', 'Not Found')

export const invalid = (message: string, name?: string): Refusal =>
  backEnd(400, 'invalid', message, name === undefined ? undefined : parameter(name))

/** What a front-end error says besides its code and message. */
export interface FrontEndError {
  status: string
  domain: string
  reason: string
  detail: string
  location?: Location
  metadata?: Record<string, string>
  headers?: Record<string, string>
}

/** The front end's envelope: `status`, and `details` with a google.rpc.ErrorInfo. */
export function frontEnd(code: number, message: string, error: FrontEndError): Refusal {
  const { domain, reason, location, headers } = error
  const metadata = { service: 'calendar-json.googleapis.com', ...error.metadata }
  const info = {
    '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
    reason: error.detail,
    domain: 'googleapis.com',
    metadata,
  }
  const errors = [{ message, domain, reason, ...location }]
  const reply = json({ error: { code, message, errors, status: error.status, details: [info] } }, code)
  return new Refusal(message, { ...reply, headers: { ...reply.headers, ...headers } })
}

/** An error of the token endpoint: match on `error`, never on the description. */
export function oauthError(status: number, error: string, description: string, subtype?: string): Refusal {
  const body = { error, error_description: description, ...(subtype === undefined ? {} : { error_subtype: subtype }) }
  return new Refusal(`${error}: ${description}`, json(body, status))
}

/** Thrown by control operations: the caller asked for something that can't be. */
export class ControlError extends Error {}
