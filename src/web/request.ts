/** What is read from a request, and what may be believed of it. */
import type { HttpBindings } from '@hono/node-server'
import type { Context } from 'hono'
import type { AuthorizationResponse } from './authorization-code.ts'
import { bodyOf } from './limits.ts'
import type { SignInContext } from './sign-in-context.ts'

/** `uid`: of the Agent that the request is about, once that is known. */
export type App = { Bindings: HttpBindings; Variables: { uid?: string } }
export type Request = Context<App>

const MAX_BODY_BYTES = 8 * 1024

export function authorizationResponse(code: unknown, error: unknown): AuthorizationResponse | undefined {
  if (typeof error === 'string' && error !== '') return { error }
  return typeof code === 'string' && code !== '' ? { code } : undefined
}

/** The fields of a JSON body; none where it is something else. */
export async function jsonBody(request: Request): Promise<Record<string, unknown>> {
  const text = await bodyOf(request.req.raw, MAX_BODY_BYTES)
  try {
    const value: unknown = JSON.parse(text ?? '')
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

/** JSON is what no form of another site can send. */
export const isJson = (request: Request): boolean =>
  /^application\/json\b/.test(request.req.header('content-type') ?? '')

/** A form sends `null` for its origin, as we ask for no referrer; a browser that tells more must tell what is right. */
export function isSameOrigin(request: Request, { siteURI }: SignInContext): boolean {
  const origin = request.req.header('origin') ?? 'null'
  const site = request.req.header('sec-fetch-site') ?? 'same-origin'
  return ['null', new URL(siteURI).origin].includes(origin) && site === 'same-origin'
}

/** The fields of a form; none where it is too long. */
export async function formBody(request: Request): Promise<URLSearchParams> {
  return new URLSearchParams(await bodyOf(request.req.raw, MAX_BODY_BYTES))
}
