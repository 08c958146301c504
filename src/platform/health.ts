/** The one server for machines: `/metrics`, `/healthz` (are we alive?) and `/readyz` (have we seen the world?). */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Registry } from 'prom-client'

export interface HealthOptions {
  /** Undefined: every address of this machine. */
  host: string | undefined
  /** 0: any that is free. */
  port: number
  registry: Registry
  /** Whether work goes on: a kubelet that hears otherwise starts the process anew. */
  alive: () => boolean
  /** Whether the caches are filled. */
  ready: () => boolean
}

export interface HealthServer {
  readonly port: number
  /** Takes no more requests, and ends those under way. */
  close(): Promise<void>
}

/** Fails, with a message that names the address, where it can't listen. */
export async function serveHealth(options: HealthOptions): Promise<HealthServer> {
  const server = createServer((request, response) => {
    answer(options, request, response).catch(() => void response.writeHead(500).end())
  })
  await listen(server, options)
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

const listen = (server: Server, { host, port }: HealthOptions): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      const message = `--metrics-bind-address: cannot listen on ${host ?? ''}:${port}: ${cause.message}`
      reject(new Error(message, { cause }))
    })
    server.listen({ host, port }, resolve)
  })

type Page = (options: HealthOptions, response: ServerResponse) => unknown

const PAGES = new Map<string, Page>(
  Object.entries({
    '/metrics': async ({ registry }, response) => {
      const text = await registry.metrics()
      response.writeHead(200, { 'content-type': registry.contentType }).end(text)
    },
    '/healthz': ({ alive }, response) => say(response, alive()),
    '/readyz': ({ ready }, response) => say(response, ready()),
  } satisfies Record<string, Page>),
)

async function answer(options: HealthOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const page = PAGES.get((request.url ?? '').split('?')[0] ?? '')
  if (!page) response.writeHead(404).end()
  else if (request.method !== 'GET' && request.method !== 'HEAD') response.writeHead(405, { allow: 'GET, HEAD' }).end()
  else await page(options, response)
}

function say(response: ServerResponse, good: boolean): void {
  response.writeHead(good ? 200 : 503, { 'content-type': 'text/plain' }).end(good ? 'ok\n' : 'not ok\n')
}
