/** The HTTPS server: TLS, authentication, faults, the request log, and one answer for each request whatever goes wrong. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Authority } from './certificates.ts'
import type { Faults } from './faults.ts'
import { notServed, APIError, unauthorized } from '../model/api-errors.ts'
import type { Registry } from '../kinds/registry.ts'
import type { RequestLog } from './requests.ts'
import { discovery, VERSION } from './discovery.ts'
import { openApi } from './openapi.ts'
import { serve, verbOf, type Exchange, type ResourceDeps } from './resources.ts'
import { sendJson, sendError, sendText, warn } from './respond.ts'
import { parsePath, routeTo } from './route.ts'
import { userOf, type User } from './users.ts'

/** What the server needs. */
interface ListenerDeps extends ResourceDeps {
  registry: Registry
  faults: Faults
  log: RequestLog
  users: ReadonlyMap<string, User>
}

/** A listening server. */
export interface Listener {
  port: number
  /** Closes every connection at once. */
  close(): Promise<void>
}

/** Listens on loopback. Port 0 means any free port. */
export async function listen(deps: ListenerDeps, authority: Authority, port: number): Promise<Listener> {
  const { certificate, key } = authority.server
  const tls = { cert: certificate, key, ca: authority.certificate, requestCert: true, rejectUnauthorized: false }
  const server = createServer({ ...tls, keepAliveTimeout: 60_000 }, (request, response) => {
    void handle(deps, request, response)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  return { port: (server.address() as AddressInfo).port, close: () => close(server) }
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}

async function handle(deps: ListenerDeps, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    await dispatch(deps, request, response)
  } catch (error) {
    refuse(response, error)
  }
}

function refuse(response: ServerResponse, error: unknown): void {
  if (response.headersSent || response.destroyed) return void response.destroy()
  if (error instanceof APIError) {
    warn(response, error.warnings)
    return sendError(response, error)
  }
  const message = `Internal error occurred: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`
  sendError(response, new APIError({ code: 500, reason: 'InternalError', message }))
}

async function dispatch(deps: ListenerDeps, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method = 'GET', url = '/' } = request
  const [path = '/', search = ''] = url.split('?', 2)
  const exchange: Exchange = { request, response, query: new URLSearchParams(search) }
  const named = parsePath(path)
  logRequest(deps, exchange, { path, named })
  await deps.faults.held(method, url)
  if (failed(deps, exchange)) return
  if (isHealth(path)) return sendText(response, 200, 'ok')
  if (userOf(request, deps.users) === undefined) throw unauthorized('Unauthorized')
  if (named) return serve(deps, routeTo(deps.registry, named), exchange)
  const document = documentAt(deps, path)
  if (!document)
    throw notServed(`the server could not find the requested resource: this sandbox serves nothing at ${path}`)
  sendJson(response, 200, JSON.stringify(document))
}

const isHealth = (path: string): boolean => /^\/(readyz|livez|healthz)(\/|$)/.test(path)

function documentAt({ registry }: ListenerDeps, path: string): object | undefined {
  if (path === '/version') return VERSION
  return path.startsWith('/openapi/v3') ? openApi(registry.kinds, path) : discovery(registry.kinds, path)
}

function logRequest(
  { log }: ListenerDeps,
  { request, query }: Exchange,
  { path, named }: { path: string; named: ReturnType<typeof parsePath> },
): void {
  const { method = 'GET', headers } = request
  log.add({
    method,
    verb: (named && verbOf(method, named, query)) ?? 'other',
    resource: named ? `${named.plural}${named.group === '' ? '' : `.${named.group}`}` : path,
    subresource: named?.subresource ?? '',
    userAgent: headers['user-agent'] ?? '',
  })
}

/** Makes the request fail if a test asked for that. */
function failed({ faults }: ListenerDeps, { request, response }: Exchange): boolean {
  const failure = faults.next(request.method ?? 'GET', request.url ?? '/')
  if (!failure) return false
  if (failure.retryAfter !== undefined) response.setHeader('Retry-After', failure.retryAfter)
  if (failure.error) sendError(response, failure.error)
  else response.destroy()
  return true
}
