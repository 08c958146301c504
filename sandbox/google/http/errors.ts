/**
 * Google's error answers: the envelope of the Calendar back end, that of the API front end (authentication, scope, quota), and
 * the OAuth errors of the token endpoint (docs/google-behaviour.md#errors and docs/google-behaviour.md#token-endpoint).
 */
export interface Reply {
  status: number
  headers?: Record<string, string>
  /** The body, whole or in pieces that are made while they are sent: a page of a huge calendar is never held in memory. */
  body: string | Iterable<string>
  /** The answer waits for this. It never rejects. */
  ready?: Promise<void>
}

/** Returns the body as one string. */
export const textOf = ({ body }: Reply): string => (typeof body === 'string' ? body : [...body].join(''))

/** The content type of Google's JSON answers. */
const JSON_TYPE = 'application/json; charset=UTF-8'

/** Makes a JSON answer. */
export function json(value: unknown, status = 200): Reply {
  return { status, headers: { 'content-type': JSON_TYPE }, body: JSON.stringify(value) }
}

/** An error answer. A handler throws it, and the server sends its reply. */
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

/** Names the query parameter that an error is about. */
export const parameter = (location: string): Location => ({ locationType: 'parameter', location })

// Reasons whose domain is `calendar` and not `global`.
const CALENDAR_REASONS = new Set([
  'fullSyncRequired',
  'updatedMinTooLongAgo',
  'timeRangeEmpty',
  'forbiddenForNonOrganizer',
  'requiredAccessLevel',
  'eventRemindersCountExceedsLimit',
  'cannotUseDefaultRemindersAndSpecifyOverride',
  'notACalendarUser',
  'pushNotSupportedForRequestedResource',
])

// Reasons whose domain is `usageLimits`.
const USAGE_REASONS = new Set(['rateLimitExceeded', 'quotaExceeded'])

/** Makes an error of the back end: no `status`, no `details`. */
export function backEnd(code: number, reason: string, message: string, location?: Location): Refusal {
  const domain = CALENDAR_REASONS.has(reason) ? 'calendar' : USAGE_REASONS.has(reason) ? 'usageLimits' : 'global'
  return new Refusal(
    message,
    json({ error: { errors: [{ domain, reason, message, ...location }], code, message } }, code),
  )
}

/** The error for an account whose Google Calendar is off. */
export const notACalendarUser = (): Refusal =>
  backEnd(403, 'notACalendarUser', 'The user must be signed up for Google Calendar.')

/** The error for something that does not exist, or that the caller may not see. */
export const notFound = (): Refusal => backEnd(404, 'notFound', 'Not Found')

/** The error for an invalid value, and the parameter that has it. */
export const invalid = (message: string, name?: string): Refusal =>
  backEnd(400, 'invalid', message, name === undefined ? undefined : parameter(name))

/** The fields of a front-end error besides code and message. */
interface FrontEndError {
  status: string
  domain: string
  reason: string
  detail: string
  location?: Location
  metadata?: Record<string, string>
  headers?: Record<string, string>
}

/** Makes an error of the front end: `status`, and `details` with a google.rpc.ErrorInfo. */
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

/** Makes an error of the token endpoint. Clients match `error`, never the description. */
export function oauthError(status: number, error: string, description: string, subtype?: string): Refusal {
  const body = { error, error_description: description, ...(subtype === undefined ? {} : { error_subtype: subtype }) }
  return new Refusal(`${error}: ${description}`, json(body, status))
}

/** An invalid request to a control operation. */
export class ControlError extends Error {}
