/** The HTTP server: reads a request, logs it, plays a fault where one is due, and sends the answer. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { pageNumber } from '../calendar/paging.ts'
import { controlRequest } from '../control/http.ts'
import { htmlReply, replyOf, takeFault, type FaultRule } from '../control/faults.ts'
import { garble } from '../control/garbling.ts'
import { hideTokens, logRequest, type LoggedRequest } from '../control/request-log.ts'
import type { Operations } from '../control/operations.ts'
import { Refusal, textOf, type Reply } from '../errors.ts'
import type { World } from '../world.ts'
import { Call } from './call.ts'
import { dispatch } from './dispatch.ts'
import { matchRoute } from './routes.ts'

interface Exchange {
  call: Call
  entry: LoggedRequest
  response: ServerResponse
}

export function newServer(world: World, operations: Operations): Server {
  const server = createServer((request, response) => {
    serve(world, operations, { request, response }).catch((error: unknown) => {
      const text = error instanceof Error ? error.message : String(error)
      if (!response.headersSent) send(response, { status: 500, body: `the simulated Google failed: ${text}` })
    })
  })
  server.keepAliveTimeout = 60_000
  return server
}

async function serve(
  world: World,
  operations: Operations,
  { request, response }: { request: IncomingMessage; response: ServerResponse },
): Promise<void> {
  const body = request.method === 'GET' ? '' : await readBody(request)
  const url = request.url ?? '/'
  const split = url.indexOf('?')
  const path = split < 0 ? url : url.slice(0, split)
  const search = split < 0 ? '' : url.slice(split + 1)
  const own = controlRequest(world, operations, { method: request.method ?? 'GET', path, search, body })
  if (own) {
    send(response, own)
    return
  }
  const method = request.method ?? 'GET'
  const query = new URLSearchParams(search)
  const call = new Call({ method, path, query, headers: request.headers, body, ...matchRoute(method, path) })
  const entry = describe(world, call, search)
  logRequest(world.log, entry)
  play(world, { call, entry, response }, takeFault(world.faults, entry))
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

/** The log's entry: what is asked, and by whom as far as the tokens tell. */
function describe(world: World, call: Call, search: string): LoggedRequest {
  const { kind, query } = call
  const entry: LoggedRequest = {
    at: new Date(world.now()).toISOString(),
    method: call.method,
    path: decodePath(call.path),
    query: hideTokens(search),
    kind: kind === 'token' ? tokenKind(call) : kind,
    status: 0,
  }
  if (kind === 'events.list') entry.sync = query.has('syncToken') ? 'incremental' : 'full'
  if (kind.endsWith('.list')) entry.page = pageNumber(query)
  return Object.assign(entry, ownerOf(world, call))
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

function tokenKind(call: Call): string {
  const type = call.form().get('grant_type')
  if (type === 'refresh_token') return 'token.refresh'
  return type === 'authorization_code' ? 'token.exchange' : 'token'
}

function ownerOf(world: World, call: Call): Owner {
  const bearer = call.bearer()
  if (bearer !== undefined) return pick(world.accessTokens.get(bearer))
  const client = (call.kind === 'authorize' ? call.query : call.form()).get('client_id')
  return { ...ownerOfToken(world, call), ...(client === null ? {} : { client }) }
}

function ownerOfToken(world: World, call: Call): Owner {
  if (call.kind !== 'token' && call.kind !== 'revoke') return {}
  const form = call.form()
  const value = form.get('refresh_token') ?? form.get('token') ?? call.query.get('token') ?? form.get('code') ?? ''
  return pick(world.refreshTokens.get(value) ?? world.accessTokens.get(value) ?? world.codes.get(value))
}

interface Owner {
  client?: string
  account?: string
}

const pick = (owner: Required<Owner> | undefined): Owner =>
  owner ? { client: owner.client, account: owner.account } : {}

function play(world: World, exchange: Exchange, fault: FaultRule | undefined): void {
  if (fault) exchange.entry.fault = fault.fault
  const stand = fault && replyOf(fault, exchange.entry.kind)
  if (stand) finish(exchange, stand)
  else if (fault) misbehave(world, exchange, fault)
  else finish(exchange, handle(world, exchange.call))
}

/** Plays a fault that is no mere reply. */
function misbehave(world: World, exchange: Exchange, fault: FaultRule): void {
  const { response, call } = exchange
  if (fault.fault === 'reset') cut(response)
  else if (fault.fault === 'hang') hang(world, exchange, fault)
  else if (fault.fault === 'html') finish(exchange, htmlReply(fault.status ?? 502))
  else if (fault.fault === 'slow') world.setTimer(fault.ms ?? 1000, () => finish(exchange, handle(world, call)))
  else if (fault.fault === 'garbled') finish(exchange, garble(handle(world, call), fault))
  else if (fault.fault === 'truncated') truncate(exchange, handle(world, call))
  else {
    // commitThenDrop: it is done, and nobody is told.
    handle(world, call)
    cut(response)
  }
}

function handle(world: World, call: Call): Reply {
  try {
    return dispatch(world, call)
  } catch (error) {
    if (error instanceof Refusal) return error.reply
    throw error
  }
}

function finish({ entry, response }: Exchange, reply: Reply): void {
  entry.status = reply.status
  send(response, reply)
}

function send(response: ServerResponse, reply: Reply): void {
  if (typeof reply.body !== 'string') {
    response.writeHead(reply.status, reply.headers)
    // A client that goes away ends it.
    void pipeline(Readable.from(reply.body), response).catch(() => undefined)
    return
  }
  const length = reply.status === 204 || reply.status === 304 ? {} : { 'content-length': Buffer.byteLength(reply.body) }
  response.writeHead(reply.status, { ...reply.headers, ...length })
  response.end(reply.body)
}

function cut(response: ServerResponse): void {
  response.socket?.resetAndDestroy()
}

/** No answer until the fault is cleared; then the real one, if the client still waits. */
function hang(world: World, exchange: Exchange, fault: FaultRule): void {
  const release = (): void => {
    world.hanging.delete(release)
    finish(exchange, handle(world, exchange.call))
  }
  world.hanging.set(release, fault.id)
  exchange.response.on('close', () => world.hanging.delete(release))
}

/** All headers, half of the body, and the connection ends. */
function truncate({ entry, response }: Exchange, reply: Reply): void {
  entry.status = reply.status
  const body = Buffer.from(textOf(reply))
  response.writeHead(reply.status, { ...reply.headers, 'content-length': body.length })
  response.write(body.subarray(0, body.length >> 1), () => response.socket?.destroy())
}
