/**
 * At a start, every object that the operator has created is needed once. Reading them in pages costs a fraction of what single reads
 * cost (docs/decisions/0275). A page is requested when somebody asks for an object that comes after the pages read so far, and an
 * object is held until it is asked for, so that only a few pages are in memory. Whatever is not held is read on its own: this is a
 * way to save requests, and nothing depends on it.
 */
import type { Clock } from '../platform/clock.ts'
import type { WatchedKind } from './kinds.ts'
import { ApiError, keyOf, type ConfigMap, type Key, type Secret } from './port.ts'
import type { SendRequest } from './request.ts'

const FIRST_PAGE_SIZE = 250
/** Objects that are too large for one answer together are read in smaller pages. */
const PAGE_DIVISOR = 5
/** No further page is read while this much is held. In characters. */
const MAX_HELD = 8 * 1024 * 1024
/** What nobody has asked for so long after the last page is not needed. */
const LIFETIME_MS = 2 * 60_000

type Owned = Secret | ConfigMap

interface Page {
  metadata: { continue?: string }
  items?: Owned[]
}

/** What is read ahead. */
interface ReadAheadOptions {
  /** The path of the collection. */
  path: string
  kind: Pick<WatchedKind, 'kind' | 'apiVersion'>
  labelSelector: string
  /** Whether somebody here will ask for the object. Others are not held. */
  isWanted: (key: Key) => boolean
}

/** The objects of one collection, read in pages. */
export class ReadAhead {
  readonly #deps: { send: SendRequest; clock: Clock }
  readonly #options: ReadAheadOptions
  readonly #held = new Map<Key, { item: Owned; size: number }>()
  #heldCharacters = 0
  /** Where the next page begins; undefined: there is none. */
  #next: { continue?: string } | undefined
  /** The key of the last object that was read: the API server sorts by it. */
  #reached: Key = ''
  #pageSize = FIRST_PAGE_SIZE
  #reading: Promise<void> | undefined
  #cancelEnd = (): void => undefined

  constructor(deps: { send: SendRequest; clock: Clock }, options: ReadAheadOptions) {
    this.#deps = deps
    this.#options = options
  }

  /** From now on, for a while, what is asked for is read in pages. */
  begin(): void {
    this.#next = {}
    this.#reached = ''
    this.#endLater()
  }

  /** Ends it: nothing more is read, and nothing is held. */
  end(): void {
    this.#cancelEnd()
    this.#next = undefined
    this.#held.clear()
    this.#heldCharacters = 0
  }

  /** Takes the object in exactly this version; undefined if it has to be read on its own. Never fails. */
  async take(key: Key, version: string): Promise<Owned | undefined> {
    while (this.#next && !this.#held.has(key) && key > this.#reached && this.#heldCharacters < MAX_HELD) {
      await (this.#reading ??= this.#readPage(this.#next).finally(() => (this.#reading = undefined)))
    }
    const found = this.#held.get(key)
    if (!found) return undefined
    this.#held.delete(key)
    this.#heldCharacters -= found.size
    return found.item.metadata.resourceVersion === version ? found.item : undefined
  }

  async #readPage(from: { continue?: string }): Promise<void> {
    const { path, labelSelector } = this.#options
    const query = new URLSearchParams({ limit: String(this.#pageSize), labelSelector, ...from })
    try {
      const page = await this.#deps.send<Page>({ method: 'GET', path: `${path}?${query.toString()}` })
      // It has been ended meanwhile.
      if (this.#next !== from) return
      for (const item of page.items ?? []) this.#hold(item)
      const token = page.metadata.continue
      this.#next = token ? { continue: token } : undefined
      this.#endLater()
    } catch (error) {
      if (this.#next !== from) return
      const isTooLarge = error instanceof ApiError && error.failure === 'TooLarge' && this.#pageSize > 1
      if (isTooLarge) this.#pageSize = Math.max(1, Math.floor(this.#pageSize / PAGE_DIVISOR))
      // Whatever it is, a single read meets it too, and reports it.
      else this.#next = undefined
    }
  }

  #hold(item: Owned): void {
    const key = keyOf(item)
    this.#reached = key
    if (!this.#options.isWanted(key)) return
    const { kind, apiVersion } = this.#options.kind
    Reflect.deleteProperty(item.metadata, 'managedFields')
    const size = sizeOf(item)
    this.#heldCharacters += size
    this.#held.set(key, { item: Object.assign(item, { kind, apiVersion }), size })
  }

  #endLater(): void {
    this.#cancelEnd()
    this.#cancelEnd = this.#deps.clock.setTimer(LIFETIME_MS, () => this.end())
  }
}

/** All of it counts: whoever may write the object chooses where its bulk is. */
function sizeOf(value: unknown): number {
  if (typeof value === 'string') return value.length
  if (typeof value !== 'object' || value === null) return 1
  let size = 2
  for (const name in value) size += name.length + sizeOf((value as Record<string, unknown>)[name])
  return size
}
