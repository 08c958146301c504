/** Watches: each is a position in the history and a sink, which gets one line for each event from there on. */
import { bookmarkText, itemText, shown, type Shape } from './representations.ts'
import type { Kind } from '../model/kind.ts'
import { checkMatch, inScope, readRevision, selectorOf, type Reader, type Scope } from './reader.ts'
import { expired } from '../model/api-errors.ts'
import type { Matches } from './selectors.ts'
import type { Store, Version, Write, WriteType } from './store.ts'

/** The caller's clock, in milliseconds. `setTimer` returns a function that cancels the timer. */
export interface SandboxClock {
  now(): number
  setTimer(delayMs: number, fire: () => void): () => void
}

/** Where the events of a watch go. */
export interface Sink {
  write(line: string): void
  /** Ends the stream in an orderly way. */
  end(): void
  /** Breaks the connection. */
  drop(): void
}

interface Watch extends Scope, Shape {
  kind: Kind
  matches: Matches | undefined
  bookmarks: boolean
  /** Events up to this revision were sent, or are not for this watch. */
  after: number
  sink: Sink
  cancelTimers: () => void
}

const BOOKMARK_EVERY_MS = 60_000
/** How long before its `timeoutSeconds` a watch gets its last bookmark. */
const LAST_BOOKMARK_MS = 2_000
const INITIAL_END = { 'k8s.io/initial-events-end': 'true' }

/** What watches need. */
interface WatchDeps {
  store: Store
  reader: Reader
  clock: SandboxClock
}

/** All open watches. */
export class Watches {
  readonly #deps: WatchDeps
  readonly #open = new Set<Watch>()

  constructor(deps: WatchDeps) {
    this.#deps = deps
    deps.store.subscribe((write) => {
      for (const watch of this.#open) if (watch.kind.collection === write.collection) this.#send(watch, write)
    })
  }

  get size(): number {
    return this.#open.size
  }

  /** Starts a watch. Returns a function that ends it silently, for a client that is gone. */
  open(scope: Scope, query: URLSearchParams, shape: Shape, sink: Sink): () => void {
    checkMatch(query, true)
    const after = readRevision(query.get('resourceVersion'))
    const watch: Watch = {
      ...scope,
      ...shape,
      matches: selectorOf(scope.kind, query),
      bookmarks: isTrue(query.get('allowWatchBookmarks')),
      after,
      sink,
      cancelTimers: () => undefined,
    }
    // The list is sent as events, and a marked bookmark ends it.
    const streamsList = isTrue(query.get('sendInitialEvents'))
    if (!this.#begin(watch, streamsList || (after === 0 && query.get('sendInitialEvents') === null), streamsList))
      return () => undefined
    this.#open.add(watch)
    watch.cancelTimers = this.#timers(watch, Number(query.get('timeoutSeconds') ?? 0) * 1000)
    return () => this.#close(watch)
  }

  /** Breaks the connection of every watch. */
  drop(): void {
    for (const watch of [...this.#open]) {
      this.#close(watch)
      watch.sink.drop()
    }
  }

  /** Sends the events since the position of the watch. Returns false if the history does not reach back that far. */
  #begin(watch: Watch, fromState: boolean, endMark: boolean): boolean {
    const { store, reader } = this.#deps
    if (fromState) {
      for (const version of reader.select(watch, watch.matches)) this.#line(watch, 'ADDED', version)
      watch.after = store.revision
      if (endMark) this.#bookmark(watch, INITIAL_END)
      return true
    }
    const missed = store.collection(watch.kind.collection).since(watch.after)
    if (!missed) {
      const { status } = expired(`too old resource version: ${watch.after} (${store.revision})`)
      watch.sink.write(`${JSON.stringify({ type: 'ERROR', object: status })}\n`)
      watch.sink.end()
      return false
    }
    for (const write of missed) this.#send(watch, write)
    return true
  }

  #send(watch: Watch, write: Write): void {
    if (write.revision <= watch.after) return
    watch.after = write.revision
    if (!inScope(watch, write.current)) return
    const type = typeFor(watch, write)
    if (type) this.#line(watch, type, write.current)
  }

  #line(watch: Watch, type: WriteType, version: Version): void {
    const text = itemText(watch.kind, version, watch, this.#deps.clock.now())
    watch.sink.write(`{"type":"${type}","object":${text}}\n`)
  }

  #bookmark(watch: Watch, annotations?: Record<string, string>): void {
    const revision = Math.max(watch.after, this.#deps.store.revision)
    const text = bookmarkText(watch.kind, revision, watch.representation, annotations)
    watch.sink.write(`{"type":"BOOKMARK","object":${text}}\n`)
  }

  #timers(watch: Watch, timeoutMs: number): () => void {
    const { clock } = this.#deps
    const cancels = new Map<string, () => void>()
    const later = (name: string, ms: number, what: () => void): void => void cancels.set(name, clock.setTimer(ms, what))
    const everyMinute = (): void => {
      this.#bookmark(watch)
      later('bookmark', BOOKMARK_EVERY_MS, everyMinute)
    }
    if (watch.bookmarks) later('bookmark', BOOKMARK_EVERY_MS, everyMinute)
    if (timeoutMs > 0) later('end', timeoutMs, () => this.#end(watch))
    if (timeoutMs > LAST_BOOKMARK_MS && watch.bookmarks)
      later('last', timeoutMs - LAST_BOOKMARK_MS, () => this.#bookmark(watch))
    return () => {
      for (const cancel of cancels.values()) cancel()
    }
  }

  #end(watch: Watch): void {
    this.#close(watch)
    watch.sink.end()
  }

  #close(watch: Watch): void {
    watch.cancelTimers()
    this.#open.delete(watch)
  }
}

const isTrue = (text: string | null): boolean => text === 'true' || text === '1'

/** The event type of a write for a watch with a selector: an object that starts to match is added, one that stops is deleted. */
function typeFor({ kind, matches }: Watch, { type, current, before }: Write): WriteType | undefined {
  if (!matches) return type
  const did = before !== undefined && matches(shown(kind, before))
  if (type === 'DELETED') return did ? type : undefined
  const does = matches(shown(kind, current))
  if (does) return did ? 'MODIFIED' : 'ADDED'
  return did ? 'DELETED' : undefined
}
