/** A request as handlers get it: with its kind, and with its body read. */
import type { IncomingHttpHeaders } from 'node:http'
import { parseRecord } from '../../../src/platform/json.ts'
import { backEnd, oauthError } from './errors.ts'
import type { Kind } from './routes.ts'

/** One request with its kind, path parameters, query and body. */
export class Call {
  readonly method: string
  readonly path: string
  readonly kind: Kind
  /** The variable parts of the path, decoded. */
  readonly params: readonly string[]
  readonly query: URLSearchParams
  readonly headers: IncomingHttpHeaders
  readonly body: string
  #form: URLSearchParams | undefined

  constructor(parts: Omit<Call, 'form' | 'json' | 'bearer'>) {
    this.method = parts.method
    this.path = parts.path
    this.kind = parts.kind
    this.params = parts.params
    this.query = parts.query
    this.headers = parts.headers
    this.body = parts.body
  }

  form(): URLSearchParams {
    this.#form ??= new URLSearchParams(this.body)
    return this.#form
  }

  /** Parses the body as a JSON object; anything else is refused as the Calendar API does. */
  json(): Record<string, unknown> {
    const value = this.body === '' ? {} : parseRecord(this.body)
    if (value === undefined) throw backEnd(400, 'parseError', 'Parse Error')
    return value
  }

  /** The access token from the header, or from the query, as Google allows. */
  bearer(): string | undefined {
    const header = this.headers.authorization
    if (header?.startsWith('Bearer ')) return header.slice(7)
    return this.query.get('access_token') ?? undefined
  }
}

/** Refuses a request to the token endpoint whose body is not a form: every field would seem to be missing. */
export function requireForm(call: Call): void {
  const type = call.headers['content-type'] ?? ''
  if (call.body !== '' && !type.startsWith('application/x-www-form-urlencoded')) {
    throw oauthError(400, 'invalid_request', 'The request body must be form-encoded.')
  }
}
