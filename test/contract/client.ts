/** A plain client of a Kubernetes API for the contract tests: it changes neither requests nor answers. */
import { KubeConfig } from '@kubernetes/client-node'
import { Agent, request } from 'undici'
import type { Dispatcher } from 'undici'
import type { RequestOptions } from 'node:https'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { createSecureContext } from 'node:tls'

/** Any answer of the API: an object, a list, a Status or a Table. */
export interface Body {
  kind?: string
  apiVersion?: string
  metadata: Meta
  spec?: Record<string, unknown>
  status?: unknown
  data?: Record<string, string>
  items?: Body[]
  message?: string
  reason?: string
  code?: number
  details?: {
    uid?: string
    causes?: { reason?: string; message?: string; field?: string }[]
    retryAfterSeconds?: number
  }
  columnDefinitions?: { name: string; type: string; priority: number }[]
  rows?: { cells: unknown[]; object?: Body }[]
}

interface Meta {
  name: string
  namespace?: string
  uid: string
  resourceVersion: string
  generation?: number
  creationTimestamp: string
  deletionTimestamp?: string
  labels?: Record<string, string>
  annotations?: Record<string, string>
  finalizers?: string[]
  ownerReferences?: object[]
  managedFields?: object[]
  continue?: string
  remainingItemCount?: number
}

export interface Answer {
  status: number
  headers: Record<string, string | string[] | undefined>
  body: Body
  /** The answer as text; `body` is empty if it is not JSON. */
  text: string
}

export interface WatchEvent {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR'
  object: Body
}

export interface Watch {
  status: number
  /** The next event; undefined if the server ended the watch. @throws Error if nothing arrives for a minute. */
  next(): Promise<WatchEvent | undefined>
  close(): void
}

export interface Client {
  /** `body` is sent as JSON unless it is a string; the content type is JSON unless `headers` says otherwise. */
  request(method: Method, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>
  watch(path: string, headers?: Record<string, string>): Promise<Watch>
  close(): Promise<void>
}

type Details = Pick<Dispatcher.RequestOptions, 'method' | 'body' | 'bodyTimeout'>

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** Connects as the user and to the cluster of a kubeconfig file. */
export async function connect(kubeconfigPath: string): Promise<Client> {
  const config = new KubeConfig()
  config.loadFromFile(kubeconfigPath)
  const options: RequestOptions = {}
  await config.applyToHTTPSOptions(options)
  const { ca, cert, key } = options
  const own = options.headers as Record<string, string> | undefined
  const origin = config.getCurrentCluster()?.server ?? ''
  const dispatcher = new Agent({ connect: { secureContext: createSecureContext({ ca, cert, key }) } })
  const send = (path: string, headers: Record<string, string>, details: Details) =>
    request(origin + path, { ...details, dispatcher, headers: { ...own, ...headers } })
  return {
    request: async (method, path, body, headers = {}) => {
      const content: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' }
      const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body)
      const answer = await send(path, { ...content, ...headers }, { method, body: text })
      return read(answer.statusCode, answer.headers, await answer.body.text())
    },
    watch: async (path, headers = {}) => {
      const answer = await send(path, headers, { method: 'GET', bodyTimeout: 60_000 })
      return openWatch(answer.statusCode, answer.body)
    },
    close: () => dispatcher.destroy(),
  }
}

const NO_BODY = { metadata: {} } as Body

function read(status: number, headers: Answer['headers'], text: string): Answer {
  const json = String(headers['content-type']).startsWith('application/json')
  return { status, headers, text, body: json ? (JSON.parse(text) as Body) : NO_BODY }
}

function openWatch(status: number, stream: Readable): Watch {
  const lines = createInterface({ input: stream })[Symbol.asyncIterator]()
  return {
    status,
    next: async () => {
      const line = await lines.next()
      return line.done ? undefined : (JSON.parse(line.value) as WatchEvent)
    },
    close: () => stream.destroy(),
  }
}
