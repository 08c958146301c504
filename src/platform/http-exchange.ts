/**
 * Sends one request over undici and collects the whole answer. It implements undici's handler itself: the streams and signals of
 * `request` allocate and cost as much as sending and parsing do (docs/decisions/0278).
 */
import type { Dispatcher } from 'undici'

/** A whole answer. */
export interface WholeAnswer {
  statusCode: number
  headers: Record<string, string | string[] | undefined>
  body: Buffer
}

/** What sends requests. */
type Sender = Pick<Dispatcher, 'dispatch'>

/**
 * Makes room for an answer of this many bytes so far. Returns undefined if there is room. While a promise is pending, nothing more is
 * read. If it rejects, or if this function throws, the request is aborted with that error.
 */
type MakeRoom = (bytes: number) => Promise<void> | undefined

/** One request and its answer. */
export class Exchange implements Dispatcher.DispatchHandler {
  /** Rejects with undici's error, or with the reason of the abort. */
  readonly answer: Promise<WholeAnswer>
  readonly #makeRoom: MakeRoom
  #resolve!: (answer: WholeAnswer) => void
  #reject!: (error: unknown) => void
  #controller: Dispatcher.DispatchController | undefined
  #abortedBy: Error | undefined
  #statusCode = 0
  #headers: WholeAnswer['headers'] = {}
  #chunks: Buffer[] = []
  #bytes = 0

  constructor(sender: Sender, options: Dispatcher.DispatchOptions, makeRoom: MakeRoom) {
    this.#makeRoom = makeRoom
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    sender.dispatch(options, this)
  }

  /** Ends the exchange and its connection. Does nothing after the answer. */
  abort(reason: Error): void {
    this.#abortedBy ??= reason
    this.#reject(reason)
    this.#controller?.abort(reason)
  }

  /** Called again if undici repeats the request, because the connection was closed before anything was answered. */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    this.#chunks = []
    this.#bytes = 0
    if (this.#abortedBy) controller.abort(this.#abortedBy)
  }

  onResponseStart(_: Dispatcher.DispatchController, statusCode: number, headers: WholeAnswer['headers']): void {
    this.#statusCode = statusCode
    this.#headers = headers
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#chunks.push(chunk)
    this.#bytes += chunk.length
    const room = this.#makeRoom(this.#bytes)
    if (!room) return
    controller.pause()
    room.then(
      () => controller.resume(),
      (error: unknown) => this.abort(error instanceof Error ? error : new Error('no room', { cause: error })),
    )
  }

  onResponseEnd(): void {
    // undici and the kernel hand over few chunks, mostly one.
    const [first] = this.#chunks
    const body = this.#chunks.length === 1 && first ? first : Buffer.concat(this.#chunks)
    this.#chunks = []
    this.#controller = undefined
    this.#resolve({ statusCode: this.#statusCode, headers: this.#headers, body })
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.#controller = undefined
    this.#reject(error)
  }
}
