/**
 * Tracks the requests over TLS of this process that wait for an answer. If a manual clock moved on while a real API server is
 * still working, deadlines would expire that no real operator would miss. So the clock waits for the network.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'

interface Asked {
  origin?: string | URL
  path: string
}

interface Message {
  request: Asked
}

/** A request that hangs for longer than this hangs on purpose. */
const PATIENCE_MS = 30_000
const A_TURN_MS = 2
const LONGEST_TURN_MS = 500

export class NetworkActivity {
  readonly #waiting = new Set<Asked>()
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

  /** Resolves when no request waits any more. */
  async quiet(): Promise<void> {
    const end = performance.now() + PATIENCE_MS
    while (this.#waiting.size > 0 && performance.now() < end) await this.turn()
    this.#waiting.clear()
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

  #begin(request: Asked): void {
    if (String(request.origin).startsWith('https:')) this.#waiting.add(request)
  }
}

const isWatch = ({ path }: Asked): boolean => path.includes('watch=')
