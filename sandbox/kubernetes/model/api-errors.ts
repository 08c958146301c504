/**
 * Errors of the API, each as the `Status` that a real API server answers, in its words. Clients decide by `reason` and
 * `details`, not by the message.
 */
import type { JsonObject } from './objects.ts'

/** One violation, as `details.causes` of a `Status` lists it. */
export interface Cause {
  reason: string
  message: string
  field: string
}

/** The name of a kind in messages: `agents.calendar-operator.io`. */
export interface Named {
  group: string
  plural: string
  kind: string
}

interface Parts {
  code: number
  /** Empty if the API server gives no reason. */
  reason: string
  message: string
  details?: JsonObject
}

/** A request that failed. It is thrown anywhere below the HTTP layer, which answers it as a `Status`. */
export class APIError extends Error {
  override readonly name = 'APIError'
  readonly code: number
  readonly reason: string
  readonly details: JsonObject | undefined
  /** Warnings about unknown fields. They are sent whether or not the request succeeds. */
  warnings: readonly string[] = []

  constructor({ code, reason, message, details }: Parts) {
    super(message)
    this.code = code
    this.reason = reason
    this.details = details
  }

  get status(): JsonObject {
    const { code, reason, message, details } = this
    return {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message,
      reason: reason || undefined,
      details,
      code,
    }
  }
}

const qualified = ({ group, plural }: Named): string => (group === '' ? plural : `${plural}.${group}`)
const qualifiedKind = ({ group, kind }: Named): string => (group === '' ? kind : `${kind}.${group}`)

const about = ({ group, plural }: Named, name: string): JsonObject => ({
  name,
  group: group || undefined,
  kind: plural,
})

/** Makes an error with status 404: there is no such object. */
export const notFound = (of: Named, name: string): APIError =>
  new APIError({
    code: 404,
    reason: 'NotFound',
    message: `${qualified(of)} "${name}" not found`,
    details: about(of, name),
  })

/** Makes an error with status 409: the name is taken. */
export const alreadyExists = (of: Named, name: string, isBeingDeleted = false): APIError =>
  new APIError({
    code: 409,
    reason: 'AlreadyExists',
    message: `${isBeingDeleted ? 'object is being deleted: ' : ''}${qualified(of)} "${name}" already exists`,
    details: about(of, name),
  })

/** Makes an error with status 409: a precondition does not hold. */
export const conflict = (of: Named, name: string, why: string): APIError =>
  new APIError({
    code: 409,
    reason: 'Conflict',
    message: `Operation cannot be fulfilled on ${qualified(of)} "${name}": ${why}`,
    details: about(of, name),
  })

/** The message of a conflict about the resourceVersion. */
export const MODIFIED = 'the object has been modified; please apply your changes to the latest version and try again'

/** Makes an error with status 422: the object violates its schema or rules. */
export function invalid(of: Named, name: string, causes: Cause[]): APIError {
  const texts = causes.map(({ field, message }) => `${field}: ${message}`)
  const [first] = texts
  return new APIError({
    code: 422,
    reason: 'Invalid',
    message: `${qualifiedKind(of)} "${name}" is invalid: ${texts.length === 1 && first ? first : `[${texts.join(', ')}]`}`,
    details: { name: name || undefined, group: of.group || undefined, kind: of.kind, causes },
  })
}

/** Makes an error with status 403: a rule of the API forbids the request. */
export const forbidden = (of: Named, name: string, why: string, causes?: Cause[]): APIError =>
  new APIError({
    code: 403,
    reason: 'Forbidden',
    message: `${qualified(of)} "${name}" is forbidden: ${why}`,
    details: { ...about(of, name), causes },
  })

const plain =
  (code: number, reason: string) =>
  (message: string): APIError =>
    new APIError({ code, reason, message })

/** Makes an error with status 400. */
export const badRequest = plain(400, 'BadRequest')
/** Makes an error with status 401. */
export const unauthorized = plain(401, 'Unauthorized')
/** Makes an error with status 404: the path is not served. */
export const notServed = plain(404, 'NotFound')
/** Makes an error with status 405. */
export const methodNotAllowed = plain(405, 'MethodNotAllowed')
/** Makes an error with status 406. */
export const notAcceptable = plain(406, 'NotAcceptable')
/** Makes an error with status 413. */
export const tooLarge = plain(413, 'RequestEntityTooLarge')
/** Makes an error with status 415. */
export const unsupportedMedia = plain(415, 'UnsupportedMediaType')
/** Makes an error with status 501: the sandbox does not support it. */
export const notImplemented = plain(501, 'NotImplemented')

/** Makes an error with status 422: the options of the request are invalid. */
export const optionsInvalid = (options: string, cause: Cause): APIError =>
  invalid({ group: 'meta.k8s.io', plural: options, kind: options }, '', [cause])

/** An internal error, as the API server reports it. */
export const unexpected = (message: string): APIError => new APIError({ code: 500, reason: '', message })

/** The requested version is no longer in the history: the client has to list again. */
export const expired = (message: string): APIError =>
  new APIError({ code: 410, reason: 'Expired', message, details: undefined })
