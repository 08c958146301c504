/** Replaces undici's pools: the same interface, as far as it is used, and no network. */
import { Readable } from 'node:stream'

export interface Asked {
  method: string
  path: string
  body?: unknown
  headers?: Record<string, string>
}

/** An answer: its status, and a body that is sent as it is (text) or as JSON. */
type Answer = (asked: Asked) => [status: number, body: string | object]

export class MemoryDispatcher {
  readonly #answer: Answer

  constructor(answer: Answer) {
    this.#answer = answer
  }

  async request(asked: Asked): Promise<object> {
    const [statusCode, told] = this.#answer(asked)
    const text = typeof told === 'string' ? told : JSON.stringify(told)
    const body = Object.assign(Readable.from([Buffer.from(text)]), { text: async () => text })
    return { statusCode, headers: { 'content-type': 'application/json' }, body }
  }

  async close(): Promise<void> {
    // Nothing is open.
  }

  destroy(): Promise<void> {
    return this.close()
  }
}
