/** The one server for machines: `/metrics`, `/healthz` (are we alive?) and `/readyz` (have we seen the world?). */
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Registry } from 'prom-client'

export interface HealthOptions {
  host: string | undefined
  /** 0: any that is free. */
  port: number
  registry: Registry
  alive(): boolean
  ready(): boolean
}

export interface HealthServer {
  readonly port: number
  close(): Promise<void>
}

export async function serveHealth(options: HealthOptions): Promise<HealthServer> {
  const server = createServer((request, response) => {
    void answer(options, request.url ?? '/', response)
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
    server.once('error', reject)
    server.listen({ host, port }, resolve)
  })

async function answer({ registry, alive, ready }: HealthOptions, url: string, response: ServerResponse): Promise<void> {
  const path = url.split('?')[0]
  if (path === '/metrics') {
    const text = await registry.metrics()
    response.writeHead(200, { 'content-type': registry.contentType }).end(text)
  } else if (path === '/healthz') say(response, alive())
  else if (path === '/readyz') say(response, ready())
  else response.writeHead(404).end()
}

function say(response: ServerResponse, good: boolean): void {
  response.writeHead(good ? 200 : 503, { 'content-type': 'text/plain' }).end(good ? 'ok\n' : 'not ok\n')
}
