/** A sandbox with a manual clock, and an HTTP client for it. */
import { Agent, request, type Dispatcher } from 'undici'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { afterEach } from 'vitest'
import {
  startKubernetes,
  type SandboxKubernetes,
  type SandboxKubernetesOptions,
} from '../../sandbox/kubernetes/server.ts'
import { crds } from '../../src/resources/generated/crds.ts'
import { ManualClock } from '../support/clock.ts'
import { sharedValidator } from '../support/shared-sandbox.ts'

export interface Answer {
  status: number
  headers: Record<string, string | string[] | undefined>
  body: Body
}

export interface Body {
  kind?: string
  message?: string
  reason?: string
  metadata: { name: string; uid: string; resourceVersion: string; continue?: string; finalizers?: string[] } & Record<
    string,
    unknown
  >
  items?: Body[]
  rows?: { cells: unknown[]; object?: unknown }[]
  [field: string]: unknown
}

interface ReceivedEvent {
  type: string
  object: Body
}

export interface OpenWatch {
  /** The next event; undefined if the stream ended in an orderly way. @throws Error if it broke. */
  next: () => Promise<ReceivedEvent | undefined>
  close: () => void
}

export interface Harness {
  clock: ManualClock
  sandbox: SandboxKubernetes
  send: (
    method: Dispatcher.HttpMethod,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ) => Promise<Answer>
  watch: (path: string, headers?: Record<string, string>) => Promise<OpenWatch>
}

export const AGENTS = '/apis/calendar-operator.io/v1alpha1/namespaces/booking/agents'
export const ALL_AGENTS = '/apis/calendar-operator.io/v1alpha1/agents'
export const SECRETS = '/api/v1/namespaces/booking/secrets'
export const CONFIG_MAPS = '/api/v1/namespaces/booking/configmaps'
export const MERGE = { 'content-type': 'application/merge-patch+json' }

const endings: (() => Promise<void>)[] = []
afterEach(async () => {
  await Promise.all(endings.splice(0).map((end) => end()))
})

/** Starts a sandbox with the namespace `booking`, and stops it after the test. */
export async function started(options: Partial<SandboxKubernetesOptions> = {}): Promise<Harness> {
  const clock = new ManualClock()
  const sandbox = await startKubernetes({ clock, crds, validatorOf: sharedValidator, ...options })
  sandbox.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'booking' } })
  const dispatcher = new Agent({ connect: { ca: sandbox.caCertificate } })
  endings.push(async () => {
    await sandbox.stop()
    await dispatcher.destroy()
  })
  const call = (method: Dispatcher.HttpMethod, path: string, body: unknown, headers: Record<string, string>) => {
    const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body)
    const all = { authorization: `Bearer ${sandbox.token()}`, 'content-type': 'application/json', ...headers }
    return request(sandbox.url + path, { dispatcher, method, headers: all, body: text ?? null })
  }
  return {
    clock,
    sandbox,
    async send(method, path, body, headers = {}) {
      const answer = await call(method, path, body, headers)
      const text = await answer.body.text()
      const isJson = answer.headers['content-type'] === 'application/json'
      return {
        status: answer.statusCode,
        headers: answer.headers,
        body: (isJson ? JSON.parse(text) : { metadata: {} }) as Body,
      }
    },
    watch: async (path, headers = {}) => linesOf((await call('GET', path, undefined, headers)).body),
  }
}

function linesOf(stream: Readable): OpenWatch {
  let broken: Error | undefined
  stream.on('error', (error: Error) => (broken = error))
  const lines = createInterface({ input: stream })[Symbol.asyncIterator]()
  return {
    async next() {
      const line = await lines.next()
      if (broken) throw broken
      return line.done ? undefined : (JSON.parse(line.value) as ReceivedEvent)
    },
    close: () => void stream.destroy(),
  }
}

type Json = Record<string, unknown>

export const agent = (name: string, spec: Json = {}, metadata: Json = {}) => ({
  apiVersion: 'calendar-operator.io/v1alpha1',
  kind: 'Agent',
  metadata: { name, namespace: 'booking', ...metadata },
  spec: { integrationRef: { name: 'google' }, account: `${name}@example.com`, ...spec },
})

export const secret = (name: string, rest: Json = {}, metadata: Json = {}) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, namespace: 'booking', ...metadata },
  ...rest,
})

export const ownedBy = (owner: { kind: string; apiVersion: string; metadata: { name: string; uid?: string } }) => ({
  apiVersion: owner.apiVersion,
  kind: owner.kind,
  name: owner.metadata.name,
  uid: owner.metadata.uid ?? '',
})
