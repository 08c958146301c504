/** Answers the requests for the pages, by Hono, which needs the `Request` and `Response` of Node's own `fetch`. */
import { getRequestListener } from '@hono/node-server'
import type { RequestListener } from 'node:http'
import type { WebDeps } from './port.ts'
import { Routes, type RoutesOptions } from './routes.ts'

/** Creates what answers the requests that an HTTP server receives. */
export function createListener(deps: WebDeps, options: RoutesOptions): RequestListener {
  const listener = getRequestListener(new Routes(deps, options).app().fetch)
  return (...request) => void listener(...request)
}
