/** Serves requests on resources: finds the verb of a request, runs it and answers. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { isRecord } from '../../../src/platform/json.ts'
import { itemText, listText, negotiate, type IncludeObject, type Shape } from '../storage/representations.ts'
import { at, type JsonObject } from '../model/objects.ts'
import { jsonPatch, mergePatch } from '../storage/patches.ts'
import { selectorOf, type Reader } from '../storage/reader.ts'
import { methodNotAllowed, optionsInvalid, unsupportedMedia, type APIError } from '../model/api-errors.ts'
import { strategicPatch } from '../storage/strategic.ts'
import type { SandboxClock, Sink, Watches } from '../storage/watches.ts'
import type { DeleteOptions, Target, WriteOptions, Writer, Written } from '../storage/writer.ts'
import { mediaType, parsed, parseObject, readBody } from './body.ts'
import { sendJson, warn } from './respond.ts'
import type { Route } from './route.ts'

/** What requests on resources need. */
export interface ResourceDeps {
  reader: Reader
  writer: Writer
  watches: Watches
  clock: SandboxClock
}

/** A request and its response. */
export interface Exchange {
  request: IncomingMessage
  response: ServerResponse
  query: URLSearchParams
}

type Handle = (deps: ResourceDeps, route: Route, exchange: Exchange) => Promise<void> | void

/** The verb of a request, as RBAC names it. */
export function verbOf(
  method: string,
  { name, subresource }: { name?: string | undefined; subresource?: string | undefined },
  query: URLSearchParams,
): string | undefined {
  if (method === 'DELETE' && subresource !== undefined) return undefined
  if (name === undefined) {
    if (method === 'GET') return ['true', '1'].includes(query.get('watch') ?? '') ? 'watch' : 'list'
    return { POST: 'create', DELETE: 'deletecollection' }[method]
  }
  return { GET: 'get', PUT: 'update', PATCH: 'patch', DELETE: 'delete' }[method]
}

/** Answers a request on a resource. */
export async function serve(deps: ResourceDeps, route: Route, exchange: Exchange): Promise<void> {
  const verb = verbOf(exchange.request.method ?? '', route, exchange.query)
  const handle = verb === undefined ? undefined : VERBS[verb]
  if (!handle) throw notAllowed()
  // Not supported on any resource.
  negotiate(exchange.request.headers.accept)
  await handle(deps, route, exchange)
}

const notAllowed = (): APIError => methodNotAllowed('the server does not allow this method on the requested resource')

const VERBS: Record<string, Handle> = {
  get({ writer, clock }, route, { request, response, query }) {
    const { version } = writer.read(targetOf(route))
    sendJson(response, 200, itemText(route.kind, version, shapeOf(request, query), clock.now()))
  },

  list({ reader, clock }, route, { request, response, query }) {
    const shape = shapeOf(request, query)
    const { versions, meta } = reader.list(route, query)
    sendJson(response, 200, listText(route.kind, versions, meta, { ...shape, now: clock.now() }))
  },

  watch({ watches }, route, { request, response, query }) {
    const shape = shapeOf(request, query)
    const close = watches.open(route, query, shape, sinkOf(response))
    response.on('close', close)
  },

  async create(deps, route, exchange) {
    const { request, query } = exchange
    const body = parseObject(await readBody(request), mediaType(request))
    const namespace = route.kind.namespaced ? route.namespace : undefined
    if (route.kind.namespaced && namespace === undefined) throw notAllowed()
    answer(deps, route, exchange, {
      ...deps.writer.create(route.kind, namespace, body, writeOptions(query)),
      code: 201,
    })
  },

  async update(deps, route, exchange) {
    const { request, query } = exchange
    const body = parseObject(await readBody(request), mediaType(request))
    const written = deps.writer.update(targetOf(route), body, writeOptions(query))
    answer(deps, route, exchange, { ...written, code: written.created ? 201 : 200 })
  },

  async patch(deps, route, exchange) {
    const { request, query } = exchange
    const apply = patchOf(route, mediaType(request), await readBody(request))
    answer(deps, route, exchange, deps.writer.patch(targetOf(route), apply, writeOptions(query)))
  },

  async delete(deps, route, exchange) {
    const options = deleteOptions(await readBody(exchange.request), exchange)
    const { version, gone } = deps.writer.remove(targetOf(route), options)
    if (!gone) return answer(deps, route, exchange, { version, warnings: [] })
    const { name, uid } = version.object.metadata
    const { group, plural } = route.kind
    const details = { name, group: group || undefined, kind: plural, uid }
    sendJson(exchange.response, 200, JSON.stringify({ ...SUCCESS, details }))
  },

  async deletecollection({ reader, writer, clock }, route, exchange) {
    if (route.kind.namespaced && route.namespace === undefined) throw notAllowed()
    const options = deleteOptions(await readBody(exchange.request), exchange)
    const versions = reader.select(route, selectorOf(route.kind, exchange.query))
    for (const { object } of versions) {
      const { name, namespace } = object.metadata
      writer.remove({ kind: route.kind, namespace, name }, { ...options, uid: undefined, resourceVersion: undefined })
    }
    const shape = shapeOf(exchange.request, exchange.query)
    sendJson(exchange.response, 200, listText(route.kind, versions, { revision: '' }, { ...shape, now: clock.now() }))
  },
}

const SUCCESS = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success' }

function answer(
  { clock }: ResourceDeps,
  { kind }: Route,
  { request, response, query }: Exchange,
  { version, warnings, code = 200 }: Written & { code?: number },
): void {
  const shape = shapeOf(request, query)
  warn(response, warnings)
  sendJson(response, code, itemText(kind, version, shape, clock.now()))
}

const targetOf = ({ kind, namespace, name = '', subresource }: Route): Target => ({
  kind,
  namespace,
  name,
  subresource,
})

function shapeOf(request: IncomingMessage, query: URLSearchParams): Shape {
  const includeObject = (query.get('includeObject') ?? 'Metadata') as IncludeObject
  return { representation: negotiate(request.headers.accept), includeObject }
}

function writeOptions(query: URLSearchParams): WriteOptions {
  const dryRun = query.get('dryRun')
  if (dryRun !== null && dryRun !== 'All') throw notSupported('dryRun', `["${dryRun}"]`, '"All"')
  const fieldValidation = query.get('fieldValidation') || 'Warn'
  if (fieldValidation !== 'Ignore' && fieldValidation !== 'Warn' && fieldValidation !== 'Strict') {
    throw notSupported('fieldValidation', `"${fieldValidation}"`, '"", "Ignore", "Strict", "Warn"')
  }
  return { dryRun: dryRun !== null, fieldValidation }
}

const notSupported = (field: string, found: string, supported: string): APIError =>
  optionsInvalid('WriteOptions', {
    reason: 'FieldValueNotSupported',
    message: `Unsupported value: ${found}: supported values: ${supported}`,
    field,
  })

/** Reads delete options from the body and the query. The query wins. */
function deleteOptions(sentBody: Buffer, { request, query }: Exchange): DeleteOptions {
  const body = sentBody.length === 0 ? {} : parseObject(sentBody, mediaType(request))
  const sent: JsonObject = isRecord(body) ? body : {}
  const asText = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)
  const propagationPolicy = query.get('propagationPolicy') ?? asText(sent.propagationPolicy)
  if (propagationPolicy !== undefined && !['Foreground', 'Background', 'Orphan'].includes(propagationPolicy)) {
    throw notSupported('propagationPolicy', `"${propagationPolicy}"`, '"Foreground", "Background", "Orphan", "nil"')
  }
  return {
    uid: asText(at(sent, 'preconditions', 'uid')),
    resourceVersion: asText(at(sent, 'preconditions', 'resourceVersion')),
    propagationPolicy,
    dryRun: query.get('dryRun') !== null || Array.isArray(sent.dryRun),
  }
}

/** Returns the function that applies a patch. @throws APIError 415 if the kind does not take patches of this type. */
function patchOf({ kind }: Route, type: string, body: Buffer): (shown: unknown) => unknown {
  if (type === 'application/apply-patch+yaml' || type === 'application/apply-patch+cbor')
    throw unsupportedMedia(NO_APPLY)
  const patch = parsed(body, JSON.parse)
  if (type === 'application/merge-patch+json') return (shown) => mergePatch(shown, patch)
  if (type === 'application/json-patch+json') return (shown) => jsonPatch(shown, patch)
  if (type === 'application/strategic-merge-patch+json' && !kind.custom) return (shown) => strategicPatch(shown, patch)
  const types = ['application/json-patch+json', 'application/merge-patch+json', ...(kind.custom ? [] : [STRATEGIC])]
  throw unsupportedMedia(
    `the body of the request was in an unknown format - accepted media types include: ${types.join(', ')}`,
  )
}

const STRATEGIC = 'application/strategic-merge-patch+json'
const NO_APPLY =
  "this sandbox doesn't do server-side apply, since it keeps no managedFields: use a merge patch (kubectl apply without --server-side), or a real API server"

function sinkOf(response: ServerResponse): Sink {
  let begun = false
  const begin = (): void => {
    if (begun || response.destroyed) return
    begun = true
    response.writeHead(200, { 'Content-Type': 'application/json', 'Cache-Control': 'no-cache, private' })
    response.flushHeaders()
  }
  setImmediate(begin)
  return {
    write(line) {
      begin()
      response.write(line)
    },
    end() {
      begin()
      response.end()
    },
    drop: () => void response.destroy(),
  }
}
