/**
 * Keeps a store in step with one resource: a paged list, then a watch with bookmarks from there, for as long as the program
 * lives. Whatever goes wrong (a cut connection, a silent one, an expired version, a server away for minutes) it comes back by
 * itself; nobody who listens can stop it.
 */
import { sleep, type Clock, type Random } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import { ApiError, keyOf, type KubernetesObject } from './port.ts'
import { apiError, open, unreachable, type ApiRequest, type RequestDeps, type SendRequest } from './request.ts'
import type { WatchStore } from './store.ts'

export interface ReflectorOptions<T extends KubernetesObject> {
  /** The collection, such as `/api/v1/namespaces/booking/secrets`. */
  path: string
  labelSelector?: string
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
  /** Begins; resolves after `stop`. */
  run(): Promise<void>
  stop(): void
}

const PAGE = 500
const FIRST_BACKOFF_MS = 800
const LONGEST_BACKOFF_MS = 30_000
const BACKOFF_RESET_MS = 120_000
const SHORTEST_ROUND_MS = 1_000
const SHORTEST_WATCH_S = 300
/** Bookmarks come about once a minute: a watch that is silent for longer than this is dead. */
const SILENCE_MS = 150_000

interface List {
  metadata: { resourceVersion?: string; continue?: string }
  items?: KubernetesObject[]
}

interface WatchEvent {
  type: string
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
  let hasSynced = false
  return {
    synced,
    get hasSynced() {
      return hasSynced
    },
    run: () =>
      session.run(() => {
        hasSynced = true
        resolveSynced()
      }),
    stop: () => stopping.abort(),
  }
}

class Session<T extends KubernetesObject> {
  readonly #deps: ReflectorDeps
  readonly #options: ReflectorOptions<T>
  readonly #signal: AbortSignal
  /** Where to go on watching; undefined: list first. */
  #version: string | undefined
  #backoff = FIRST_BACKOFF_MS
  #complaint = ''

  constructor(deps: ReflectorDeps, options: ReflectorOptions<T>, signal: AbortSignal) {
    this.#deps = deps
    this.#options = options
    this.#signal = signal
  }

  async run(onSynced: () => void): Promise<void> {
    while (!this.#signal.aborted) {
      const startedAt = this.#deps.clock.now()
      try {
        if (this.#version === undefined) {
          this.#version = await this.#list()
          onSynced()
        }
        await this.#watch()
        this.#backoff = FIRST_BACKOFF_MS
        this.#complaint = ''
        // A server that ends every watch at once must not be asked in a tight loop.
        if (this.#deps.clock.now() - startedAt < SHORTEST_ROUND_MS)
          await sleep(this.#deps.clock, SHORTEST_ROUND_MS, this.#signal)
      } catch (error) {
        if (this.#signal.aborted) return
        await this.#pause(error, startedAt)
      }
    }
  }

  async #pause(error: unknown, startedAt: number): Promise<void> {
    const { clock, random, log } = this.#deps
    if (error instanceof ApiError && error.failure === 'Gone') this.#version = undefined
    const message = error instanceof Error ? error.message : String(error)
    if (message !== this.#complaint) log.info({ kind: this.#options.kind, reason: message }, 'watch interrupted')
    this.#complaint = message
    if (clock.now() - startedAt > BACKOFF_RESET_MS) this.#backoff = FIRST_BACKOFF_MS
    const asked = error instanceof ApiError ? (error.retryAfterMs ?? 0) : 0
    const pause = Math.max(this.#backoff * (1 + random()), asked)
    this.#backoff = Math.min(this.#backoff * 2, LONGEST_BACKOFF_MS)
    await sleep(clock, pause, this.#signal)
  }

  #request(query: Record<string, string>, list: boolean): ApiRequest {
    const { path, labelSelector, metadataOnly } = this.#options
    const parameters = new URLSearchParams({ ...query, ...(labelSelector ? { labelSelector } : {}) })
    const kind = list ? 'PartialObjectMetadataList' : 'PartialObjectMetadata'
    const accept = metadataOnly ? `application/json;as=${kind};g=meta.k8s.io;v=v1` : undefined
    return { method: 'GET', path: `${path}?${parameters.toString()}`, accept }
  }

  async #list(): Promise<string> {
    const { store, scope } = this.#options
    const items: T[] = []
    let page: List | undefined
    do {
      const more: Record<string, string> = page?.metadata.continue ? { continue: page.metadata.continue } : {}
      page = await this.#deps.send<List>(this.#request({ limit: String(PAGE), ...more }, true), this.#signal)
      items.push(...(page.items ?? []).map((item) => this.#complete(item)))
    } while (page.metadata.continue)
    const version = page.metadata.resourceVersion ?? ''
    store.replace(items, scope, version)
    return version
  }

  /** Lists leave out what their kind says already, and metadata-only objects say that they are that. */
  #complete(object: KubernetesObject): T {
    const { apiVersion, kind } = this.#options
    return { ...object, apiVersion, kind } as T
  }

  /** Resolves when the server ended the watch in order; fails otherwise. */
  async #watch(): Promise<void> {
    const { clock, random } = this.#deps
    const seconds = Math.round(SHORTEST_WATCH_S * (1 + random()))
    const request = this.#request(
      {
        watch: 'true',
        allowWatchBookmarks: 'true',
        timeoutSeconds: String(seconds),
        resourceVersion: this.#version ?? '',
      },
      false,
    )
    const abort = new AbortController()
    const stop = (): void => abort.abort()
    this.#signal.addEventListener('abort', stop)
    let cancel = clock.setTimer(SILENCE_MS, stop)
    const heard = (): void => {
      cancel()
      cancel = clock.setTimer(SILENCE_MS, stop)
    }
    try {
      const response = await open(this.#deps, request, abort.signal)
      if (response.statusCode >= 300) throw apiError(request, response, await response.body.text())
      await this.#read(response.body, heard)
    } catch (error) {
      throw error instanceof ApiError ? error : unreachable(request, error, abort.signal.aborted)
    } finally {
      cancel()
      this.#signal.removeEventListener('abort', stop)
      abort.abort()
    }
  }

  async #read(body: AsyncIterable<Buffer>, heard: () => void): Promise<void> {
    const decoder = new TextDecoder()
    let rest = ''
    for await (const chunk of body) {
      heard()
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) if (line !== '') this.#event(JSON.parse(line) as WatchEvent)
      if (this.#signal.aborted) return
    }
  }

  #event({ type, object }: WatchEvent): void {
    if (type === 'ERROR') {
      const gone = object.code === 410
      throw new ApiError(gone ? 'Gone' : 'Unknown', `watch of ${this.#options.kind} ended: ${object.reason ?? 'error'}`)
    }
    this.#version = object.metadata.resourceVersion
    if (type === 'BOOKMARK') return
    const complete = this.#complete(object)
    if (type === 'DELETED') this.#options.store.remove(keyOf(complete), object.metadata.resourceVersion)
    else this.#options.store.put(complete)
  }
}
