/** Reads requests, and checks where they come from. */
import type { HttpBindings } from '@hono/node-server'
import type { Context } from 'hono'
import { parseRecord } from '../platform/json.ts'
import type { AuthorizationResponse } from './authorization-code.ts'
import { bodyOf } from './request-body.ts'
import type { SignInContext } from './sign-in-context.ts'

/** The Hono environment. `uid` belongs to the Agent that the request is about, once that is known. */
export type App = { Bindings: HttpBindings; Variables: { uid?: string } }
/** A request as the routes see it. */
export type Request = Context<App>

const MAX_BODY_BYTES = 8 * 1024

/** The authorization response (RFC 6749 §4.1.2); undefined if there is neither a code nor an error. */
export function authorizationResponse(code: unknown, error: unknown): AuthorizationResponse | undefined {
  if (typeof error === 'string' && error !== '') return { error }
  return typeof code === 'string' && code !== '' ? { code } : undefined
}

/** The fields of a JSON body; empty if it is anything else. */
export async function jsonBody(request: Request): Promise<Record<string, unknown>> {
  const text = await bodyOf(request.req.raw, MAX_BODY_BYTES)
  return parseRecord(text ?? '') ?? {}
}

/** Whether the body is JSON, which a form on another site cannot send. */
export const isJson = (request: Request): boolean =>
  /^application\/json\b/.test(request.req.header('content-type') ?? '')

/** Whether the page that sent this has the site's origin. With `Referrer-Policy: no-referrer`, a form sends the origin `null`. */
export function isSameOrigin(request: Request, { siteURI }: SignInContext): boolean {
  const origin = request.req.header('origin') ?? 'null'
  const site = request.req.header('sec-fetch-site') ?? 'same-origin'
  return ['null', new URL(siteURI).origin].includes(origin) && site === 'same-origin'
}

/** The fields of a form; empty if the body is too large. */
export async function formBody(request: Request): Promise<URLSearchParams> {
  return new URLSearchParams(await bodyOf(request.req.raw, MAX_BODY_BYTES))
}
