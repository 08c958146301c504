/**
 * Tells when a write has reached the watches of this process. A real API server answers a write before it sends its events, and on
 * a busy machine they come much later. A test that moved a manual clock meanwhile would judge an operator that knows nothing yet.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { StringDecoder } from 'node:string_decoder'
import { settle } from './clock.ts'

interface Asked {
  path: string
}

interface Message {
  request: Asked
  response: { statusCode: number }
  chunk: Buffer
}

/** An object that was written, as the API server returned it, and the path of its collection. */
export interface Written {
  collection: string
  metadata: { name: string; namespace?: string; resourceVersion?: string; labels?: Record<string, string> }
}

/** Ten times what a busy machine needs. */
const PATIENCE_MS = 60_000

export class WatchDelivery {
  readonly #open = new Map<Asked, WatchProgress>()
  /** What is to be called when a watch has delivered something, or has ended. */
  readonly #looks = new Set<() => void>()
  readonly #listeners: readonly [name: string, listener: (message: unknown) => void][]

  constructor() {
    const ended = (message: unknown): void => this.#end((message as Message).request)
    this.#listeners = [
      ['undici:request:create', (message) => this.#begin((message as Message).request)],
      // A refusal is one Status instead of events.
      ['undici:request:headers', (message) => (message as Message).response.statusCode >= 300 && ended(message)],
      ['undici:request:bodyChunkReceived', (message) => this.#receive(message as Message)],
      ['undici:request:trailers', ended],
      ['undici:request:error', ended],
    ]
    for (const [name, listener] of this.#listeners) subscribe(name, listener)
  }

  /** Resolves when every open watch that shows the object has delivered its version. @throws Error that names the watch. */
  async written({ collection, metadata }: Written): Promise<void> {
    const version = Number(metadata.resourceVersion)
    const watches = [...this.#open.values()].filter((watch) => watch.shows(collection, metadata))
    await this.#until(watches, `version ${version} of ${metadata.name}`, (watch) => watch.version >= version)
  }

  /**
   * To be called before a deletion, because a watch that begins later does not report it.
   *
   * @returns a function that takes the uid, and resolves when every watch of this moment has delivered the deletion.
   */
  deleting(collection: string, metadata: Written['metadata']): (uid: string) => Promise<void> {
    const watches = [...this.#open.values()].filter((watch) => watch.shows(collection, metadata))
    return (uid) => this.#until(watches, `the deletion of ${metadata.name}`, (watch) => watch.deleted.has(uid))
  }

  close(): void {
    for (const [name, listener] of this.#listeners) unsubscribe(name, listener)
  }

  async #until(watches: WatchProgress[], what: string, isTold: (watch: WatchProgress) => boolean): Promise<void> {
    const late = (): WatchProgress | undefined => watches.find((watch) => !watch.hasEnded && !isTold(watch))
    await new Promise<void>((resolve, reject) => {
      const look = (): void => {
        if (late()) return
        clearTimeout(timer)
        this.#looks.delete(look)
        resolve()
      }
      const giveUp = (): void => {
        this.#looks.delete(look)
        reject(new Error(`a watch has not delivered ${what}: ${late()?.path ?? ''}`))
      }
      const timer = setTimeout(giveUp, PATIENCE_MS)
      this.#looks.add(look)
      look()
    })
    // Whoever watches reads it now.
    await settle()
  }

  #lookAgain(): void {
    for (const look of this.#looks) look()
  }

  #begin(request: Asked): void {
    if (request.path.includes('watch=true')) this.#open.set(request, new WatchProgress(request.path))
  }

  #receive({ request, chunk }: Message): void {
    this.#open.get(request)?.receive(chunk)
    this.#lookAgain()
  }

  #end(request: Asked): void {
    const watch = this.#open.get(request)
    if (watch) watch.hasEnded = true
    this.#open.delete(request)
    this.#lookAgain()
  }
}

/** How far one watch has come. */
class WatchProgress {
  readonly path: string
  readonly deleted = new Set<string>()
  /** The newest version that it has delivered, or began with. */
  version: number
  hasEnded = false
  readonly #collection: string
  readonly #query: URLSearchParams
  readonly #decoder = new StringDecoder()
  #rest = ''

  constructor(path: string) {
    const { pathname, searchParams } = new URL(path, 'https://kubernetes')
    this.path = path
    this.#collection = pathname
    this.#query = searchParams
    this.version = Number(searchParams.get('resourceVersion') ?? 0)
  }

  /** Whether it reports a change that leaves the object with this metadata. */
  shows(collection: string, { name, labels = {} }: Written['metadata']): boolean {
    const everywhere = collection.replace(/\/namespaces\/[^/]+(?=\/)/, '')
    if (this.#collection !== collection && this.#collection !== everywhere) return false
    const field = this.#query.get('fieldSelector')
    if (field !== null && field !== `metadata.name=${name}`) return false
    const [label, value] = (this.#query.get('labelSelector') ?? '').split('=')
    return !label || labels[label] === value
  }

  receive(chunk: Buffer): void {
    const lines = (this.#rest + this.#decoder.write(chunk)).split('\n')
    this.#rest = lines.pop() ?? ''
    for (const line of lines) this.#read(line)
  }

  #read(line: string): void {
    const { type, object } = JSON.parse(line) as {
      type: string
      object: { metadata: { uid?: string; resourceVersion?: string } }
    }
    if (type === 'ERROR') return
    this.version = Math.max(this.version, Number(object.metadata.resourceVersion))
    if (type === 'DELETED' && object.metadata.uid !== undefined) this.deleted.add(object.metadata.uid)
  }
}
