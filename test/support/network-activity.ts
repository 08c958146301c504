/**
 * Tracks the requests of this process that wait for an answer. If a manual clock moved on while a real API server is still
 * working, deadlines would expire that no real operator would miss. So the clock waits for the network.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { settle, threadPool } from './clock.ts'

interface Asked {
  origin?: string | URL
  path: string
}

interface Message {
  request: Asked
}

/** A request to the API server that hangs for longer hangs on purpose. */
const PATIENCE_MS = 30_000
/** The same for Google and our own pages, which answer from this process, unless a fault makes them wait for the clock. */
const PATIENCE_IN_PROCESS_MS = 250
const A_TURN_MS = 2
const LONGEST_TURN_MS = 500

export class NetworkActivity {
  /** Until when each request is waited for. */
  readonly #waiting = new Map<Asked, number>()
  readonly #listeners: readonly [name: string, listener: (message: unknown) => void][]

  constructor() {
    const done = (message: unknown): void => void this.#waiting.delete((message as Message).request)
    this.#listeners = [
      ['undici:request:create', (message) => this.#begin((message as Message).request)],
      // A watch is answered when its headers arrive, other requests when the whole answer has arrived.
      ['undici:request:headers', (message) => isWatch((message as Message).request) && done(message)],
      ['undici:request:trailers', done],
      ['undici:request:error', done],
    ]
    for (const [name, listener] of this.#listeners) subscribe(name, listener)
  }

  /** Resolves when no request waits any more, and none has followed. */
  async quiet(): Promise<void> {
    do {
      while (this.#isWaiting()) await (this.#isWaiting(isRemote) ? this.turn() : settle())
      await settle()
      await threadPool()
      await settle()
    } while (this.#isWaiting())
  }

  /**
   * Lets other programs run, so that the events of watches arrive.
   *
   * @param ms how long the last answer took. On a busy machine, events of watches are as late.
   */
  turn(ms = 0): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, Math.min(Math.max(ms, A_TURN_MS), LONGEST_TURN_MS)))
  }

  close(): void {
    for (const [name, listener] of this.#listeners) unsubscribe(name, listener)
  }

  #isWaiting(like: (request: Asked) => boolean = () => true): boolean {
    const now = performance.now()
    return [...this.#waiting].some(([request, end]) => now < end && like(request))
  }

  #begin(request: Asked): void {
    const patience = isRemote(request) ? PATIENCE_MS : PATIENCE_IN_PROCESS_MS
    this.#waiting.set(request, performance.now() + patience)
  }
}

/** Another program answers, which needs the processor for it. */
const isRemote = ({ origin }: Asked): boolean => String(origin).startsWith('https:')
const isWatch = ({ path }: Asked): boolean => path.includes('watch=')
