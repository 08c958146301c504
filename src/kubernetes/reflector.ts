/**
 * Keeps a store in step with one resource: a paged list, then a watch with bookmarks from there, for as long as the program
 * lives. Whatever goes wrong (a cut connection, a silent one, an expired version, a server away for minutes) it comes back by
 * itself; nobody who listens can stop it.
 *
 * Lists name no resourceVersion: they are as new as the server's data. A continue token that expires, like a watch that is
 * too old (410), begins again with a list.
 */
import { sleep, type Clock, type Random } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import { jsonLines } from './json-lines.ts'
import { ApiError, keyOf, type KubernetesObject } from './port.ts'
import { refusal, unreachable } from './refusal.ts'
import { open, startDeadline, type ApiRequest, type RequestDeps, type SendRequest } from './request.ts'
import type { WatchStore } from './store.ts'
import { isNewer } from './versions.ts'

export interface ReflectorOptions<T extends KubernetesObject> {
  /** The collection, such as `/api/v1/namespaces/booking/secrets`. */
  path: string
  labelSelector?: string
  /** One object alone, by its name. */
  name?: string
  /** Metadata only: the rest is neither sent nor remembered. */
  metadataOnly?: boolean
  apiVersion: string
  kind: string
  store: WatchStore<T>
  /** Which keys of the store are this reflector's. */
  scope: (key: string) => boolean
}

export interface ReflectorDeps extends RequestDeps {
  send: SendRequest
  clock: Clock
  random: Random
  log: Log
}

export interface Reflector {
  /** Resolves once the first list is in the store. */
  readonly synced: Promise<void>
  /** Whether it is. */
  readonly hasSynced: boolean
  /** Begins, once however often it is called; resolves after `stop`. */
  run(): Promise<void>
  stop(): void
}

const PAGE = 500
/** As client-go has it. */
const FIRST_BACKOFF_MS = 800
const LONGEST_BACKOFF_MS = 30_000
const BACKOFF_RESET_MS = 120_000
/** A server that ends every watch at once is not asked in a tight loop. */
const SHORTEST_ROUND_MS = 1_000
const SHORTEST_WATCH_S = 300
/** Bookmarks come about once a minute: a watch that is silent for longer than this is dead. */
const SILENCE_MS = 150_000
/** After so many failures in a row the version is doubted too. */
const FAILURES_UNTIL_LIST = 5

interface List {
  metadata: { resourceVersion?: string; continue?: string }
  items?: KubernetesObject[]
}

interface WatchEvent {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR'
  object: KubernetesObject & { code?: number; reason?: string }
}

export function createReflector<T extends KubernetesObject>(
  deps: ReflectorDeps,
  options: ReflectorOptions<T>,
): Reflector {
  const stopping = new AbortController()
  let resolveSynced = (): void => undefined
  const synced = new Promise<void>((resolve) => (resolveSynced = resolve))
  const session = new Session(deps, options, stopping.signal)
  let running: Promise<void> | undefined
  let hasSynced = false
  const onSynced = (): void => {
    hasSynced = true
    resolveSynced()
  }
  return {
    synced,
    get hasSynced() {
      return hasSynced
    },
    run: () => (running ??= session.run(onSynced)),
    stop: () => stopping.abort(),
  }
}

class Session<T extends KubernetesObject> {
  readonly #deps: ReflectorDeps
  readonly #options: ReflectorOptions<T>
  readonly #signal: AbortSignal
  /** Where to go on watching; undefined: list first. */
  #version: string | undefined
  /** The version that was heard of last, whatever became of it. */
  #newest: string | undefined
  #backoff = FIRST_BACKOFF_MS
  #failures = 0
  #complaint = ''

  constructor(deps: ReflectorDeps, options: ReflectorOptions<T>, signal: AbortSignal) {
    this.#deps = deps
    this.#options = options
    this.#signal = signal
  }

  async run(onSynced: () => void): Promise<void> {
    const { clock } = this.#deps
    while (!this.#signal.aborted) {
      const startedAt = clock.now()
      try {
        await this.#round(onSynced)
        if (clock.now() - startedAt < SHORTEST_ROUND_MS) await sleep(clock, SHORTEST_ROUND_MS, this.#signal)
      } catch (error) {
        await this.#pause(error, clock.now() - startedAt)
      }
    }
  }

  async #round(onSynced: () => void): Promise<void> {
    if (this.#version === undefined) {
      const version = await this.#list()
      if (this.#signal.aborted) return
      this.#version = this.#newest = version
      this.#failures = 0
      onSynced()
    }
    await this.#watch()
    this.#backoff = FIRST_BACKOFF_MS
    this.#failures = 0
    this.#complaint = ''
  }

  async #pause(error: unknown, lasted: number): Promise<void> {
    if (this.#signal.aborted) return
    const { clock, random } = this.#deps
    this.#complain(error)
    this.#failures += 1
    const gone = error instanceof ApiError && error.failure === 'Gone'
    if (gone || this.#failures >= FAILURES_UNTIL_LIST) this.#version = undefined
    if (lasted > BACKOFF_RESET_MS) this.#backoff = FIRST_BACKOFF_MS
    const asked = error instanceof ApiError ? (error.retryAfterMs ?? 0) : 0
    const pause = Math.max(this.#backoff * (1 + random()), asked)
    this.#backoff = Math.min(this.#backoff * 2, LONGEST_BACKOFF_MS)
    await sleep(clock, pause, this.#signal)
  }

  /** Once for each new reason: a server that is away for an hour is one line. */
  #complain(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error)
    if (reason === this.#complaint) return
    this.#complaint = reason
    const { kind, path } = this.#options
    // Until the first list is there, nothing works.
    const level = this.#newest === undefined ? 'warn' : 'info'
    this.#deps.log[level]({ kind, path, reason }, 'watch interrupted')
  }

  #request(query: Record<string, string>, form: string): ApiRequest {
    const { path, labelSelector, name, metadataOnly } = this.#options
    const parameters = new URLSearchParams(query)
    if (labelSelector) parameters.set('labelSelector', labelSelector)
    if (name) parameters.set('fieldSelector', `metadata.name=${name}`)
    const accept = metadataOnly ? `application/json;as=${form};g=meta.k8s.io;v=v1` : undefined
    return { method: 'GET', path: `${path}?${parameters.toString()}`, accept }
  }

  async #list(): Promise<string> {
    const { store, scope } = this.#options
    const objects: T[] = []
    let page: List | undefined
    do {
      const query = { limit: String(PAGE), ...(page?.metadata.continue ? { continue: page.metadata.continue } : {}) }
      page = await this.#deps.send<List>(this.#request(query, 'PartialObjectMetadataList'), this.#signal)
      // Stripped page by page: a whole list of what is thrown away again would be most of the memory.
      for (const item of page.items ?? []) objects.push(this.#lean(item))
    } while (page.metadata.continue && !this.#signal.aborted)
    const version = page.metadata.resourceVersion ?? ''
    const rewound = this.#newest !== undefined && isNewer(this.#newest, version)
    if (!this.#signal.aborted) store.replace({ objects, scope, version, rewound })
    return version
  }

  /** Lists leave out what their kind says already, and metadata-only objects say that they are that. */
  #lean(object: KubernetesObject): T {
    const { apiVersion, kind, store } = this.#options
    return store.strip({ ...object, apiVersion, kind } as T)
  }

  /** Resolves when the server ended the watch in order; fails otherwise. */
  async #watch(): Promise<void> {
    const seconds = Math.round(SHORTEST_WATCH_S * (1 + this.#deps.random()))
    const query = {
      watch: 'true',
      allowWatchBookmarks: 'true',
      timeoutSeconds: String(seconds),
      resourceVersion: this.#version ?? '',
    }
    const request = this.#request(query, 'PartialObjectMetadata')
    const silence = startDeadline(this.#deps.clock, SILENCE_MS, this.#signal)
    try {
      const response = await open(this.#deps, request, silence.signal)
      if (response.statusCode >= 300) throw refusal(request, response, await response.body.text())
      for await (const event of jsonLines<WatchEvent>(response.body, () => silence.extend())) {
        if (this.#signal.aborted) break
        this.#event(event)
      }
    } catch (error) {
      // Silent since a version that the server does not know yet (a restored backup) or because it is gone: list.
      if (silence.signal.aborted) this.#version = undefined
      throw unreachable(request, error, silence.signal)
    } finally {
      silence.cancel()
    }
  }

  #event({ type, object }: WatchEvent): void {
    const { kind, store } = this.#options
    if (type === 'ERROR') {
      const failure = object.code === 410 ? 'Gone' : 'Unreachable'
      throw new ApiError(failure, `the watch of ${kind} ended: ${object.reason ?? 'error'}`, { status: object.code })
    }
    this.#failures = 0
    this.#version = this.#newest = object.metadata.resourceVersion
    if (type === 'BOOKMARK') return
    const lean = this.#lean(object)
    if (type === 'DELETED') store.remove(keyOf(lean), object.metadata.resourceVersion)
    else store.put(lean)
  }
}
