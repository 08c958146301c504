/** Serves `/metrics`, `/healthz` (does work make progress?) and `/readyz` (are the caches synced and fresh?). */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Registry } from 'prom-client'
import { createHttpServer, type BindAddress, type HttpServer, type HttpServerDeps } from './http-server.ts'

/** The kubelet's probes. */
export interface Probes {
  /** Whether work makes progress. If it does not, the kubelet restarts the container. */
  alive: () => boolean
  /** Whether this replica is started, with caches that are complete and fresh. */
  ready: () => boolean
}

/** The address, the probes and the metrics that are served. */
export interface HealthOptions extends BindAddress, Probes {
  registry: Registry
}

/** Creates the server of the probes and the metrics. */
export function createHealthServer(deps: HttpServerDeps, options: HealthOptions): HttpServer {
  // Aborting a scrape or a probe does no harm.
  const server = { ...options, setting: '--metrics-bind-address', graceMs: 0 }
  return createHttpServer(deps, server, (request, response) => {
    answer(options, request, response).catch(() => void response.writeHead(500).end())
  })
}

type Page = (options: HealthOptions, response: ServerResponse) => unknown

const PAGES = new Map<string, Page>(
  Object.entries({
    '/metrics': async ({ registry }, response) => {
      const text = await registry.metrics()
      response.writeHead(200, { 'content-type': registry.contentType }).end(text)
    },
    '/healthz': ({ alive }, response) => respond(response, alive()),
    '/readyz': ({ ready }, response) => respond(response, ready()),
  } satisfies Record<string, Page>),
)

async function answer(options: HealthOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const page = PAGES.get((request.url ?? '').split('?')[0] ?? '')
  if (!page) response.writeHead(404).end()
  else if (request.method !== 'GET' && request.method !== 'HEAD') response.writeHead(405, { allow: 'GET, HEAD' }).end()
  else await page(options, response)
}

function respond(response: ServerResponse, good: boolean): void {
  response.writeHead(good ? 200 : 503, { 'content-type': 'text/plain' }).end(good ? 'ok\n' : 'not ok\n')
}
