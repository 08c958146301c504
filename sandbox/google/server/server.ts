/** The HTTP server: reads a request, logs it, plays a fault if one applies, and sends the answer. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { pageNumber } from '../calendar/paging.ts'
import { controlRequest } from '../control/http.ts'
import { htmlReply, replyOf } from '../control/faults.ts'
import { garble } from '../state/garbling.ts'
import { hideTokens, logRequest, type LoggedRequest } from '../state/request-log.ts'
import type { Operations } from '../control/operations.ts'
import { backEnd, Refusal, textOf, type Reply } from '../http/errors.ts'
import { noteArrival } from '../quota/traffic.ts'
import type { GoogleState } from '../state/state.ts'
import { Call } from '../http/call.ts'
import { dispatch } from './dispatch.ts'
import { API_PREFIX, matchRoute } from '../http/routes.ts'
import { type FaultRule, findFault } from '../state/fault-rules.ts'

interface Exchange {
  call: Call
  entry: LoggedRequest
  response: ServerResponse
}

/** Makes the HTTP server of a simulated Google. */
export function newServer(state: GoogleState, operations: Operations): Server {
  const server = createServer((request, response) => {
    serve(state, operations, { request, response }).catch((error: unknown) => {
      const text = error instanceof Error ? error.message : String(error)
      if (!response.headersSent) send(response, { status: 500, body: `the simulated Google failed: ${text}` })
    })
  })
  server.keepAliveTimeout = 60_000
  return server
}

async function serve(
  state: GoogleState,
  operations: Operations,
  { request, response }: { request: IncomingMessage; response: ServerResponse },
): Promise<void> {
  const body = request.method === 'GET' ? '' : await readBody(request)
  const url = request.url ?? '/'
  const split = url.indexOf('?')
  const path = split < 0 ? url : url.slice(0, split)
  const search = split < 0 ? '' : url.slice(split + 1)
  const own = controlRequest(state, operations, { method: request.method ?? 'GET', path, search, body })
  if (own) {
    send(response, own)
    return
  }
  const method = request.method ?? 'GET'
  const query = new URLSearchParams(search)
  const call = new Call({ method, path, query, headers: request.headers, body, ...matchRoute(method, path) })
  const entry = describe(state, call, search)
  logRequest(state.log, entry)
  noteTraffic(state, entry)
  play(state, { call, entry, response }, findFault(state.faults, entry))
}

/** Notes a request to the Calendar API whose access token is known. */
function noteTraffic(state: GoogleState, { path, client, account }: LoggedRequest): void {
  const project = state.clients.get(client ?? '')?.project
  if (!path.startsWith(API_PREFIX) || project === undefined || client === undefined || account === undefined) return
  noteArrival(state.traffic, { project, client, account }, state.now())
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

/** The log entry of a request, with the client and account as far as its tokens tell. */
function describe(state: GoogleState, call: Call, search: string): LoggedRequest {
  const { kind, query } = call
  const entry: LoggedRequest = {
    at: new Date(state.now()).toISOString(),
    method: call.method,
    path: decodePath(call.path),
    query: hideTokens(search),
    kind: kind === 'token' ? tokenKind(call) : kind,
    status: 0,
  }
  if (kind === 'events.list') entry.sync = query.has('syncToken') ? 'incremental' : 'full'
  if (kind.endsWith('.list')) entry.page = pageNumber(query)
  return Object.assign(entry, ownerOf(state, call))
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

function ownerOf(state: GoogleState, call: Call): Owner {
  const bearer = call.bearer()
  if (bearer !== undefined) return pick(state.accessTokens.get(bearer))
  const client = (call.kind === 'authorize' ? call.query : call.form()).get('client_id')
  return { ...ownerOfToken(state, call), ...(client === null ? {} : { client }) }
}

function ownerOfToken(state: GoogleState, call: Call): Owner {
  if (call.kind !== 'token' && call.kind !== 'revoke') return {}
  const form = call.form()
  const value = form.get('refresh_token') ?? form.get('token') ?? call.query.get('token') ?? form.get('code') ?? ''
  return pick(state.refreshTokens.get(value) ?? state.accessTokens.get(value) ?? state.codes.get(value))
}

interface Owner {
  client?: string
  account?: string
}

const pick = (owner: Required<Owner> | undefined): Owner =>
  owner ? { client: owner.client, account: owner.account } : {}

function play(state: GoogleState, exchange: Exchange, fault: FaultRule | undefined): void {
  if (fault) exchange.entry.fault = fault.fault
  const stand = fault && replyOf(fault, exchange.entry.kind)
  if (stand) finish(exchange, stand)
  else {
    const player = fault && PLAYERS[fault.fault]
    if (player) player(state, exchange, fault)
    else finish(exchange, handle(state, exchange.call))
  }
}

type Player = (state: GoogleState, exchange: Exchange, fault: FaultRule) => void

const DELAY_MS = 1000

/** The faults of the connection or of the answer. A request takes effect when it is handled, which may be long before its answer. */
const PLAYERS: Partial<Record<FaultRule['fault'], Player>> = {
  reset: (_state, { response }) => cut(response),
  hang,
  html: (_state, exchange, { status = 502 }) => finish(exchange, htmlReply(status)),
  slow: (state, exchange, { ms = DELAY_MS }) =>
    void state.setTimer(ms, () => finish(exchange, handle(state, exchange.call))),
  garbled: (state, exchange, fault) => finish(exchange, garble(handle(state, exchange.call), fault)),
  truncated: (state, exchange) => truncate(exchange, handle(state, exchange.call)),
  commitThenDrop(state, { call, response }) {
    handle(state, call)
    cut(response)
  },
  commitThenFail(state, exchange, { status = 503 }) {
    handle(state, exchange.call)
    finish(exchange, backEnd(status, 'backendError', 'Backend Error').reply)
  },
  commitThenSlow(state, exchange, { ms = DELAY_MS }) {
    const reply = handle(state, exchange.call)
    state.setTimer(ms, () => finish(exchange, reply))
  },
}

function handle(state: GoogleState, call: Call): Reply {
  try {
    return dispatch(state, call)
  } catch (error) {
    if (error instanceof Refusal) return error.reply
    throw error
  }
}

function finish({ entry, response }: Exchange, reply: Reply): void {
  const answer = (): void => {
    entry.status = reply.status
    send(response, reply)
  }
  if (reply.ready) void reply.ready.then(answer)
  else answer()
}

function send(response: ServerResponse, reply: Reply): void {
  if (typeof reply.body !== 'string') {
    response.writeHead(reply.status, reply.headers)
    // Ends if the client closes the connection.
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

/** Holds the request until the fault is cleared, and then answers it if the client still waits. */
function hang(state: GoogleState, exchange: Exchange, fault: FaultRule): void {
  const release = (): void => {
    state.hanging.delete(release)
    finish(exchange, handle(state, exchange.call))
  }
  state.hanging.set(release, fault.id)
  exchange.response.on('close', () => state.hanging.delete(release))
}

/** Sends all headers and half of the body, and then breaks the connection. */
function truncate({ entry, response }: Exchange, reply: Reply): void {
  entry.status = reply.status
  const body = Buffer.from(textOf(reply))
  response.writeHead(reply.status, { ...reply.headers, 'content-length': body.length })
  response.write(body.subarray(0, body.length >> 1), () => response.socket?.destroy())
}
