/** A kubeconfig, tried by kubectl and by us: what each sends to the same server, over TLS. */
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer as createProxy, type IncomingMessage, type Server } from 'node:http'
import { createServer } from 'node:https'
import {
  connect as openSocket,
  createServer as createPlain,
  type AddressInfo,
  type Server as PlainServer,
  type Socket,
} from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { TLSSocket } from 'node:tls'
import { createAuthority, type Authority, type Pair } from '../../../sandbox/kubernetes/http/certificates.ts'
import { connect } from '../../../src/kubernetes/connection.ts'
import { findKubeconfig } from '../../../src/kubernetes/kubeconfig.ts'
import { createRequest } from '../../../src/kubernetes/request.ts'
import { systemClock } from '../../../src/platform/clock.ts'

export type Sent = Record<string, unknown>

export interface Attempt {
  /** By name, below a folder of the case's own; objects become JSON. */
  files?: Record<string, unknown>
  /** `DIR` in a value is that folder, `PROXY` the address of the proxy. */
  env?: Record<string, string>
}

export class Bench {
  readonly authority: Authority
  readonly client: Pair
  readonly #requests: Sent[] = []
  readonly #tunnels: string[] = []
  readonly #servers: Server[] = []
  #socks: PlainServer | undefined
  port = 0
  proxyPort = 0
  socksPort = 0

  private constructor(authority: Authority, client: Pair) {
    this.authority = authority
    this.client = client
  }

  static async start(): Promise<Bench> {
    const authority = await createAuthority({ dns: ['localhost', 'api.internal'], ip: ['127.0.0.1'] })
    const bench = new Bench(authority, await authority.issueClient('bob'))
    await bench.#listen()
    return bench
  }

  async #listen(): Promise<void> {
    const { certificate: cert, key } = this.authority.server
    const tls = { cert, key, ca: this.authority.certificate, requestCert: true, rejectUnauthorized: false }
    const server = createServer(tls, (request, response) => {
      this.#requests.push(seen(request))
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
    })
    const proxy = createProxy((_request, response) => response.writeHead(405).end())
    proxy.on('connect', ({ url = '', headers }: IncomingMessage, client: Socket) => {
      this.#tunnels.push(`${url} ${headers['proxy-authorization'] ?? ''}`)
      const target = openSocket(this.port, '127.0.0.1', () => {
        client.write('HTTP/1.1 200 OK\r\n\r\n')
        target.pipe(client).pipe(target)
      })
      for (const socket of [target, client]) socket.on('error', () => socket.destroy())
    })
    this.#servers.push(server, proxy)
    ;[this.port = 0, this.proxyPort = 0] = await Promise.all(this.#servers.map(listen))
  }

  /** A SOCKS5 proxy that asks for nothing and connects to the server, whatever it is asked for. */
  async startSocks(): Promise<void> {
    const socks = createPlain((client) => {
      client.on('error', () => client.destroy())
      client.once('data', () => {
        client.write(Buffer.from([5, 0]))
        client.once('data', (asked) => {
          this.#tunnels.push(`socks ${asked.subarray(3).toString('hex')}`)
          const target = openSocket(this.port, '127.0.0.1', () => {
            client.write(Buffer.from([5, 0, 0, 1, 127, 0, 0, 1, 0, 80]))
            target.pipe(client).pipe(target)
          })
          target.on('error', () => target.destroy())
        })
      })
    })
    this.#socks = socks
    await new Promise<void>((resolve) => socks.listen(0, '127.0.0.1', resolve))
    this.socksPort = (socks.address() as AddressInfo).port
  }

  async stop(): Promise<void> {
    this.#socks?.close()
    for (const server of this.#servers) {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    }
  }

  /** What the server saw of each, or that it saw nothing. */
  async compare(kubectl: string, { files = {}, env = {} }: Attempt): Promise<{ kubectl: Sent; ours: Sent }> {
    const directory = await mkdtemp(join(tmpdir(), 'kubeconfig-'))
    try {
      for (const [name, content] of Object.entries(files)) {
        const path = join(directory, name)
        await mkdir(dirname(path), { recursive: true })
        const text = typeof content === 'string' ? content : JSON.stringify(content)
        await writeFile(path, text.replaceAll('DIR', directory), { mode: 0o755 })
      }
      const filled = Object.entries({ HOME: directory, PATH: process.env.PATH ?? '', ...env }).map(([name, value]) => [
        name,
        value.replaceAll('DIR', directory).replaceAll('PROXY', `127.0.0.1:${this.proxyPort}`),
      ])
      const environment = Object.fromEntries(filled) as Record<string, string>
      const theirs = await this.#record(() => runKubectl(kubectl, environment))
      return { kubectl: theirs, ours: await this.#record(() => ask(environment)) }
    } finally {
      await rm(directory, { recursive: true })
    }
  }

  async #record(run: () => Promise<unknown>): Promise<Sent> {
    this.#requests.length = this.#tunnels.length = 0
    const answered = await run().then(
      () => true,
      () => false,
    )
    return { answered, request: this.#requests[0], through: this.#tunnels[0] }
  }
}

const listen = (server: Server): Promise<number> =>
  new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)))

/** What tells who asks for what. */
function seen({ url, headers, socket }: IncomingMessage): Sent {
  const identity = Object.entries(headers).filter(([name]) => /^(host|authorization|impersonate-.*)$/.test(name))
  if (!(socket instanceof TLSSocket)) return {}
  // Without a certificate it is an empty object, whatever the types say.
  const certificate: { subject?: { CN?: unknown } } = socket.getPeerCertificate()
  const sni = typeof socket.servername === 'string' ? socket.servername : undefined
  return { url, ...Object.fromEntries(identity), certificate: certificate.subject?.CN, sni }
}

/** Where kubectl looks if no file names a server, in place of port 8080, at which somebody may listen. Nobody listens at port 1. */
const NOWHERE = { KUBERNETES_MASTER: 'http://127.0.0.1:1' }

const runKubectl = (kubectl: string, env: Record<string, string>): Promise<void> =>
  new Promise((resolve, reject) => {
    const options = { env: { ...NOWHERE, ...env }, timeout: 90_000 }
    const child = execFile(kubectl, ['get', '--raw', '/version'], options, (error) =>
      error ? reject(new Error('kubectl failed')) : resolve(),
    )
    child.stdin?.end()
  })

async function ask(env: Record<string, string>): Promise<void> {
  const connection = connect(findKubeconfig({ env }), systemClock)
  try {
    await createRequest({ connection, clock: systemClock, random: () => 0 })({ method: 'GET', path: '/version' })
  } finally {
    await connection.close()
  }
}
