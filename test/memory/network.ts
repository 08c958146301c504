/** Replaces undici's pools: the same interface, as far as it is used, and no network. */
import { Readable } from 'node:stream'
import type { Dispatcher } from 'undici'

export interface Asked {
  method: string
  path: string
  body?: unknown
  headers?: Record<string, string>
}

/** An answer: its status, and a body that is sent as it is (text) or as JSON. */
type Answer = (asked: Asked) => [status: number, body: string | object]

const noop = (): void => undefined

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

  dispatch(asked: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const controller = { pause: noop, resume: noop, abort: noop } as unknown as Dispatcher.DispatchController
    const answer = async (): Promise<void> => {
      const { statusCode, headers, body } = (await this.request(asked as Asked)) as Dispatcher.ResponseData
      handler.onRequestStart?.(controller, undefined)
      handler.onResponseStart?.(controller, statusCode, headers)
      handler.onResponseData?.(controller, Buffer.from(await body.text()))
      handler.onResponseEnd?.(controller, {})
    }
    void answer().catch((error: unknown) => handler.onResponseError?.(controller, error as Error))
    return true
  }

  async close(): Promise<void> {
    // Nothing is open.
  }

  destroy(): Promise<void> {
    return this.close()
  }
}
