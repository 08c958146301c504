/** A small HTTP server that answers as a test scripts it, request by request. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { createAuthority, type Authority } from '../../../sandbox/kubernetes/http/certificates.ts'
import { connect, type Connection } from '../../../src/kubernetes/connection.ts'
import type { ClusterConfig } from '../../../src/kubernetes/kubeconfig.ts'
import type { Clock } from '../../../src/platform/clock.ts'
import { configOf } from './kubeconfig.ts'

export interface Incoming {
  method: string
  path: string
  query: URLSearchParams
  headers: IncomingMessage['headers']
  body: unknown
}

export type Script = (request: Incoming, reply: Reply) => void

/** Not answering at all is an answer too: the request hangs. */
export class Reply {
  readonly #response: ServerResponse

  constructor(response: ServerResponse) {
    this.#response = response
  }

  json(body: unknown, status = 200, headers: Record<string, string> = {}): void {
    this.#response.writeHead(status, { 'content-type': 'application/json', ...headers })
    this.#response.end(JSON.stringify(body))
  }

  text(body: string, status: number): void {
    this.#response.writeHead(status, { 'content-type': 'text/plain' }).end(body)
  }

  refuse(code: number, reason: string, rest: object = {}, headers: Record<string, string> = {}): void {
    this.json(
      { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message: 'no', ...rest },
      code,
      headers,
    )
  }

  /** Breaks the connection off. */
  cut(): void {
    this.#response.destroy()
  }

  /** The head of an answer, and a piece of its body. */
  begin(piece = ''): void {
    this.#response.writeHead(200, { 'content-type': 'application/json' })
    this.#response.flushHeaders()
    if (piece) this.write(piece)
  }

  write(piece: string): void {
    this.#response.write(piece)
  }

  event(type: string, object: object): void {
    this.write(`${JSON.stringify({ type, object })}\n`)
  }

  end(): void {
    this.#response.end()
  }
}

export class ScriptedApi {
  readonly requests: Incoming[] = []
  readonly #server: Server
  /** Where it speaks TLS. */
  readonly authority: Authority | undefined
  readonly #sockets = new Set<Socket>()
  script: Script
  port = 0
  /** How many connections were made in all. */
  accepted = 0

  private constructor(script: Script, authority: Authority | undefined) {
    this.script = script
    this.authority = authority
    const answer = (request: IncomingMessage, response: ServerResponse): void => void this.#answer(request, response)
    const { certificate: cert, key } = authority?.server ?? { certificate: '', key: '' }
    this.#server = authority ? createSecureServer({ cert, key }, answer) : createServer(answer)
    this.#server.on('connection', (socket) => {
      this.accepted += 1
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
    })
  }

  static async start(script: Script): Promise<ScriptedApi> {
    const api = new ScriptedApi(script, undefined)
    await api.listen()
    return api
  }

  /** With TLS: credentials are sent to no other. */
  static async startSecure(script: Script): Promise<ScriptedApi> {
    const api = new ScriptedApi(
      script,
      await createAuthority({ dns: ['localhost', 'api.internal'], ip: ['127.0.0.1'] }),
    )
    await api.listen()
    return api
  }

  /** On the same port as before, if there was one. */
  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(this.port, '127.0.0.1', resolve))
    this.port = (this.#server.address() as AddressInfo).port
  }

  /** As a server that is killed: nobody listens, every connection is cut. */
  async kill(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  get url(): string {
    return `${this.authority ? 'https' : 'http'}://127.0.0.1:${this.port}`
  }

  get connections(): number {
    return this.#sockets.size
  }

  connect(clock: Clock, config = this.config()): Connection {
    return connect(config, clock)
  }

  config(user: object = { token: 'tea' }): ClusterConfig {
    return configOf({ cluster: this.cluster, user })
  }

  /** Its entry in a kubeconfig. */
  get cluster(): object {
    const ca = this.authority && Buffer.from(this.authority.certificate).toString('base64')
    return { server: this.url, ...(ca ? { 'certificate-authority-data': ca } : {}) }
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://here')
    const body = await text(request)
    const incoming = {
      method: request.method ?? '',
      path: url.pathname,
      query: url.searchParams,
      headers: request.headers,
      body: body === '' ? undefined : (JSON.parse(body) as unknown),
    }
    this.requests.push(incoming)
    this.script(incoming, new Reply(response))
  }
}

/** Answers the first request with the first step and so on; the last step is repeated forever. */
export function inTurn(...steps: Script[]): Script {
  let turn = 0
  return (request, reply) => {
    const step = steps[Math.min(turn++, steps.length - 1)]
    step?.(request, reply)
  }
}
