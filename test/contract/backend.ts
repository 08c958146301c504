/** What the contract runs on, and the helpers of its statements. */
import { expect } from 'vitest'
import type { Answer, Body, Client, Watch, WatchEvent } from './client.ts'

/** A Kubernetes API that the contract is checked on. */
export interface Backend {
  client: Client
  /** Runs kubectl as the administrator; undefined if there is no kubectl. */
  kubectl: ((...args: string[]) => Promise<string>) | undefined
  /** A resourceVersion that once was valid and is too old to watch Agents from. */
  tooOld(): Promise<string>
}

const GROUPS = {
  agents: '/apis/calendar-operator.io/v1alpha1',
  calendarintegrations: '/apis/calendar-operator.io/v1alpha1',
  configmaps: '/api/v1',
  secrets: '/api/v1',
  leases: '/apis/coordination.k8s.io/v1',
  events: '/apis/events.k8s.io/v1',
}
export type Plural = keyof typeof GROUPS

export const MERGE_PATCH = 'application/merge-patch+json'
export const METADATA_LIST = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1'
export const METADATA = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1'
/** The media type that kubectl requests. */
export const TABLE =
  'application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json'

/** Makes a namespace for each statement, so that none sees the objects of another. */
export function namespacesOf(backend: () => Backend): () => Promise<TestNamespace> {
  let made = 0
  return async () => {
    const { client } = backend()
    const namespace = `contract-${++made}`
    const answer = await client.request('POST', '/api/v1/namespaces', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: namespace },
    })
    expect(answer.status, answer.text).toBe(201)
    return new TestNamespace(client, namespace)
  }
}

/** The requests of one statement, in its namespace. */
export class TestNamespace {
  readonly namespace: string
  readonly client: Client

  constructor(client: Client, namespace: string) {
    this.client = client
    this.namespace = namespace
  }

  url(plural: Plural, rest = ''): string {
    return `${GROUPS[plural]}/namespaces/${this.namespace}/${plural}${rest}`
  }

  create(plural: Plural, object: object, query = ''): Promise<Answer> {
    return this.client.request('POST', this.url(plural, query), object)
  }

  /** Creates an object. Returns the server's answer. */
  async made(plural: Plural, object: object): Promise<Body> {
    const answer = await this.create(plural, object)
    expect(answer.status, answer.text).toBe(201)
    return answer.body
  }

  /** Reads an object. `accept` asks for another representation: metadata only, or a Table. */
  get(plural: Plural, rest = '', accept?: string): Promise<Answer> {
    return this.client.request('GET', this.url(plural, rest), undefined, accept ? { accept } : {})
  }

  put(plural: Plural, rest: string, object: object): Promise<Answer> {
    return this.client.request('PUT', this.url(plural, rest), object)
  }

  patch(plural: Plural, rest: string, patch: object, type = MERGE_PATCH): Promise<Answer> {
    return this.client.request('PATCH', this.url(plural, rest), patch, { 'content-type': type })
  }

  delete(plural: Plural, rest: string, options?: object): Promise<Answer> {
    return this.client.request('DELETE', this.url(plural, rest), options && { ...DELETE_OPTIONS, ...options })
  }

  async names(plural: Plural, query: string): Promise<string[]> {
    const { body } = await this.get(plural, query)
    return (body.items ?? []).map((item) => item.metadata.name)
  }

  /** The resourceVersion of a list: a watch from it shows every later change. */
  async now(plural: Plural): Promise<string> {
    return (await this.get(plural)).body.metadata.resourceVersion
  }

  /** Opens a watch from a version. The caller closes it. */
  watch(plural: Plural, from: string, query = '', accept?: string): Promise<Watch> {
    const rest = `?watch=1&resourceVersion=${from}&timeoutSeconds=60${query}`
    return this.client.watch(this.url(plural, rest), accept ? { accept } : {})
  }
}

const DELETE_OPTIONS = { apiVersion: 'v1', kind: 'DeleteOptions' }

/** Reads as many events as are named, each as `TYPE name`, and closes the watch. */
export async function seen(watch: Watch, count: number): Promise<string[]> {
  const events = await take(watch, count)
  return events.map(({ type, object }) => `${type} ${object.metadata.name}`)
}

export async function take(watch: Watch, count: number): Promise<WatchEvent[]> {
  const events: WatchEvent[] = []
  while (events.length < count) {
    const event = await watch.next()
    if (!event) break
    events.push(event)
  }
  watch.close()
  return events
}

type Json = Record<string, unknown>

export const agent = (name: string, spec: Json = {}, metadata: Json = {}) => ({
  apiVersion: 'calendar-operator.io/v1alpha1',
  kind: 'Agent',
  metadata: { name, ...metadata },
  spec: { integrationRef: { name: 'google' }, account: 'alice@example.com', ...spec },
})

export const integration = (name: string, metadata: Json = {}) => ({
  apiVersion: 'calendar-operator.io/v1alpha1',
  kind: 'CalendarIntegration',
  metadata: { name, ...metadata },
  spec: { google: { clientSecretRef: { name: 'client' }, siteURI: 'https://booking.example.com' } },
})

export const secret = (name: string, rest: Json = {}, metadata: Json = {}) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, ...metadata },
  ...rest,
})

export const configMap = (name: string, rest: Json = {}, metadata: Json = {}) => ({
  ...secret(name, rest, metadata),
  kind: 'ConfigMap',
})

/** An error Status, with the fields that clients decide by. */
export function refusal(code: number, reason: string, message: string | RegExp) {
  const text: unknown = typeof message === 'string' ? message : expect.stringMatching(message)
  return { status: code, body: { kind: 'Status', status: 'Failure', code, reason, message: text } }
}
