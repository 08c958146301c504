/**
 * Keeps a store in sync with one resource: a paged list, then watches with bookmarks from the version of the list, until it is
 * stopped. It recovers by itself from a cut or silent connection, an expired version and a server that is away for minutes. An
 * error of a listener does not stop it.
 *
 * Lists name no resourceVersion, so they are as new as the server's data. After an expired continue token, and after a watch
 * from a version that is too old (410), it starts again with a list.
 */
import { sleep, type Clock, type Random } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import type { ApiHealth } from './api-health.ts'
import { readBody } from './body.ts'
import { jsonLines } from './json-lines.ts'
import type { WatchedKind } from './kinds.ts'
import { ApiError, keyOf, type ApiFailure, type KubernetesObject } from './port.ts'
import { errorFromResponse, errorFromException } from './api-errors.ts'
import { open, startDeadline, type ApiRequest, type RequestDeps, type SendRequest } from './request.ts'
import type { WatchStore } from './store.ts'
import { isNewer } from './versions.ts'

/** What a reflector lists and watches. */
export interface ReflectorOptions<T extends KubernetesObject> {
  kind: Pick<WatchedKind<T>, 'kind' | 'apiVersion' | 'labelSelector' | 'metadataOnly' | 'probesDuringOutage'>
  /** The path of the collection, such as `/api/v1/namespaces/booking/secrets`. */
  path: string
  /** Watches only the object of this name. */
  name?: string
  store: WatchStore<T>
  /** Whether a key of the store belongs to this reflector. */
  scope: (key: string) => boolean
}

/** What a reflector needs. */
export interface ReflectorDeps extends RequestDeps {
  send: SendRequest
  clock: Clock
  random: Random
  log: Log
  health: ApiHealth
}

/** Keeps a store up to date with a list and a watch. */
export interface Reflector {
  /** Resolves once the first list is in the store. */
  readonly synced: Promise<void>
  /** Whether the first list is in the store. */
  readonly hasSynced: boolean
  /** Whether the API server accepted a watch within the last minute. */
  readonly isFresh: boolean
  /** Starts once, however often it is called; resolves after `stop`. */
  run(): Promise<void>
  stop(): void
}

const PAGE_SIZE = 500
/** If a page is too large (annotations alone may have 256 kB each), the page size is divided by this. */
const PAGE_DIVISOR = 4
/** The values of client-go. */
const FIRST_BACKOFF_MS = 800
const MAX_BACKOFF_MS = 30_000
/** A server that ends every watch at once must not cause a busy loop. */
const MIN_ROUND_MS = 1_000
/** A new watch proves that the connection works. Opening one costs little, and the connection is reused. */
const MIN_WATCH_S = 40
/** A server that has not ended a watch so long after its timeout counts as lost. */
const WATCH_GRACE_MS = 5_000
/** Longer than a watch lasts. */
const FRESH_MS = 60_000
/** A server sends a bookmark before it ends a watch. One that does not may not know our version (a restored backup). */
const SILENT_WATCHES_UNTIL_LIST = 3
/** A shorter watch without events is not suspicious. */
const SILENT_MS = 30_000
/** A watch that has lasted for so long worked: what ended it, such as a proxy, says nothing about the next one. */
const WORKED_MS = 20_000
/** The longest pause during an outage of a reflector that keeps probing. */
const PROBE_PAUSE_MS = 5_000
/** After so many failures in a row, the version may be the cause. */
const FAILURES_UNTIL_LIST = 5

interface List {
  metadata: { resourceVersion?: string; continue?: string }
  items?: KubernetesObject[]
}

interface WatchMessage {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR'
  object: KubernetesObject & { code?: number; reason?: string }
}

/** Creates a reflector. */
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
    get isFresh() {
      return session.isFresh
    },
    run: () => (running ??= session.run(onSynced)),
    stop: () => stopping.abort(),
  }
}

class Session<T extends KubernetesObject> {
  readonly #deps: ReflectorDeps
  readonly #options: ReflectorOptions<T>
  readonly #signal: AbortSignal
  /** The version to watch from; undefined if a list is needed first. */
  #version: string | undefined
  /** The last version that was received. */
  #newest: string | undefined
  #backoff = FIRST_BACKOFF_MS
  #failures = 0
  #page = PAGE_SIZE
  #lastReason = ''
  /** How many consecutive watches had no events, not even a bookmark. */
  #silentWatches = 0
  /** When the last watch was accepted, in ms of the monotonic clock. */
  #acceptedAt = -Infinity

  constructor(deps: ReflectorDeps, options: ReflectorOptions<T>, signal: AbortSignal) {
    this.#deps = deps
    this.#options = options
    this.#signal = signal
  }

  get isFresh(): boolean {
    return this.#deps.clock.monotonic() - this.#acceptedAt < FRESH_MS
  }

  async run(onSynced: () => void): Promise<void> {
    const { clock } = this.#deps
    while (!this.#signal.aborted) {
      const startedAt = clock.monotonic()
      try {
        await this.#round(onSynced)
        if (clock.monotonic() - startedAt < MIN_ROUND_MS) await sleep(clock, MIN_ROUND_MS, this.#signal)
      } catch (error) {
        await this.#pause(error)
      }
    }
  }

  async #round(onSynced: () => void): Promise<void> {
    if (this.#version === undefined) {
      const version = await this.#list()
      if (this.#signal.aborted) return
      this.#version = this.#newest = version
      this.#failures = this.#silentWatches = 0
      onSynced()
    }
    await this.#watch()
    this.#backoff = FIRST_BACKOFF_MS
    this.#failures = 0
    this.#lastReason = ''
  }

  async #pause(error: unknown): Promise<void> {
    if (this.#signal.aborted) return
    const { health, clock } = this.#deps
    this.#logOnce(error)
    this.#failures += 1
    const failure = error instanceof ApiError ? error : undefined
    this.#chooseStart(failure?.failure)
    const pause = this.#nextPause(failure?.retryAfterMs)
    await (health.isFailing ? this.#pauseDuringOutage(pause) : sleep(clock, pause, this.#signal))
  }

  /** Decides what the next round starts with. */
  #chooseStart(failure: ApiFailure | undefined): void {
    if (failure === 'TooLarge') this.#page = Math.max(1, Math.floor(this.#page / PAGE_DIVISOR))
    if (failure === 'Gone' || this.#failures >= FAILURES_UNTIL_LIST) this.#version = undefined
  }

  #nextPause(asked = 0): number {
    const pause = Math.max(this.#backoff * (1 + this.#deps.random()), asked)
    this.#backoff = Math.min(this.#backoff * 2, MAX_BACKOFF_MS)
    return pause
  }

  /** Waits until the pause is over or another request has succeeded. */
  async #pauseDuringOutage(pause: number): Promise<void> {
    const { clock, health } = this.#deps
    const longest = this.#options.kind.probesDuringOutage ? PROBE_PAUSE_MS : Infinity
    const over = new AbortController()
    const stop = (): void => over.abort()
    this.#signal.addEventListener('abort', stop)
    const forget = health.onRecovery(stop)
    await sleep(clock, Math.min(pause, longest), over.signal)
    forget()
    this.#signal.removeEventListener('abort', stop)
  }

  /** Logs each new reason once: an outage of an hour is one line. */
  #logOnce(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error)
    if (reason === this.#lastReason) return
    this.#lastReason = reason
    const { kind, path } = this.#options
    // An outage has a log line of its own. Without the first list, nothing works: that is worth a warning.
    const single = this.#newest === undefined ? 'warn' : 'info'
    const level = this.#deps.health.isFailing ? 'debug' : single
    this.#deps.log[level]({ kind: kind.kind, path, reason }, 'watch interrupted')
  }

  #request(query: Record<string, string>, form: string): ApiRequest {
    const { path, name, kind } = this.#options
    const parameters = new URLSearchParams(query)
    if (kind.labelSelector) parameters.set('labelSelector', kind.labelSelector)
    if (name) parameters.set('fieldSelector', `metadata.name=${name}`)
    const accept = kind.metadataOnly ? `application/json;as=${form};g=meta.k8s.io;v=v1` : undefined
    return { method: 'GET', path: `${path}?${parameters.toString()}`, accept }
  }

  async #list(): Promise<string> {
    const { store, scope } = this.#options
    const objects: T[] = []
    let page: List | undefined
    do {
      const query = {
        limit: String(this.#page),
        ...(page?.metadata.continue ? { continue: page.metadata.continue } : {}),
      }
      page = await this.#deps.send<List>(this.#request(query, 'PartialObjectMetadataList'), this.#signal)
      // Stripped page by page, because a whole list with all fields would need most of the memory.
      for (const item of page.items ?? []) objects.push(this.#normalize(item))
    } while (page.metadata.continue && !this.#signal.aborted)
    const version = page.metadata.resourceVersion ?? ''
    const historyReset = this.#newest !== undefined && isNewer(this.#newest, version)
    if (!this.#signal.aborted) store.replace({ objects, scope, version, historyReset })
    return version
  }

  /** List items lack kind and apiVersion, and metadata-only objects have those of PartialObjectMetadata. */
  #normalize(object: KubernetesObject): T {
    const { kind, store } = this.#options
    return store.strip({ ...object, apiVersion: kind.apiVersion, kind: kind.kind } as T)
  }

  /** Watches until the server ends the watch. @throws ApiError if it ends in any other way. */
  async #watch(): Promise<void> {
    const seconds = Math.round(MIN_WATCH_S * (1 + this.#deps.random() / 4))
    const query = {
      watch: 'true',
      allowWatchBookmarks: 'true',
      timeoutSeconds: String(seconds),
      resourceVersion: this.#version ?? '',
    }
    const request = this.#request(query, 'PartialObjectMetadata')
    const deadline = startDeadline(this.#deps.clock, seconds * 1000 + WATCH_GRACE_MS, this.#signal)
    try {
      const response = await open(this.#deps, request, deadline.signal)
      if (response.statusCode >= 300) throw errorFromResponse(request, response, await readBody(response))
      this.#acceptedAt = this.#deps.clock.monotonic()
      await this.#read(response.body)
    } catch (error) {
      const failure = errorFromException(request, error, deadline.signal)
      if (failure !== error && !this.#signal.aborted) this.#deps.health.failed(failure.message)
      throw failure
    } finally {
      deadline.cancel()
    }
  }

  async #read(body: AsyncIterable<Buffer>): Promise<void> {
    let isSilent = true
    try {
      for await (const event of jsonLines<WatchMessage>(body)) {
        if (this.#signal.aborted) return
        this.#apply(event)
        isSilent = false
      }
    } finally {
      const lasted = this.#deps.clock.monotonic() - this.#acceptedAt
      if (lasted > WORKED_MS) this.#backoff = FIRST_BACKOFF_MS
      if (!isSilent) this.#silentWatches = 0
      else if (lasted > SILENT_MS) this.#silentWatches += 1
      if (this.#silentWatches >= SILENT_WATCHES_UNTIL_LIST) this.#version = undefined
    }
  }

  #apply({ type, object }: WatchMessage): void {
    const { kind, store } = this.#options
    if (type === 'ERROR') {
      const failure = object.code === 410 ? 'Gone' : 'Unreachable'
      throw new ApiError(failure, `the watch of ${kind.kind} ended: ${object.reason ?? 'error'}`, {
        status: object.code,
      })
    }
    this.#failures = 0
    this.#version = this.#newest = object.metadata.resourceVersion
    if (type === 'BOOKMARK') return
    const normalized = this.#normalize(object)
    if (type === 'DELETED') store.remove(keyOf(normalized), object.metadata.resourceVersion)
    else store.put(normalized)
  }
}
