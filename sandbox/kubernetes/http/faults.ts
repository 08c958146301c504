/** Faults on demand: requests that fail, and requests that hang until they are released. */
import { APIError } from '../model/api-errors.ts'

/** Which requests a fault hits. */
export interface RequestMatch {
  method?: string
  /** Text that the path and query contain, or a pattern that they match. */
  path?: string | RegExp
}

/** How requests fail. */
export interface Failure extends RequestMatch {
  /** The HTTP status. 0 breaks the connection without an answer. */
  status: number
  /** How many requests fail; 1 by default. */
  times?: number
  /** Seconds that are sent as `Retry-After`. */
  retryAfter?: number
}

interface Hang extends RequestMatch {
  released: Promise<void>
}

/** The failure of one request. */
export interface Refused {
  error: APIError | undefined
  retryAfter: number | undefined
}

const REASONS: Record<number, string> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  409: 'Conflict',
  410: 'Expired',
  413: 'RequestEntityTooLarge',
  422: 'Invalid',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
  504: 'Timeout',
}

/** The faults in effect. */
export class Faults {
  readonly #failures = new Set<{ match: Failure; left: number }>()
  readonly #hangs = new Set<Hang>()

  failNext(match: Failure): void {
    this.#failures.add({ match, left: match.times ?? 1 })
  }

  /** Holds requests that match. The returned function releases all of them. */
  hang(match: RequestMatch = {}): () => void {
    let letGo = (): void => undefined
    const hang: Hang = { ...match, released: new Promise((resolve) => (letGo = resolve)) }
    this.#hangs.add(hang)
    return () => {
      this.#hangs.delete(hang)
      letGo()
    }
  }

  /** Resolves when nothing holds this request any more. */
  async held(method: string, url: string): Promise<void> {
    for (const hang of [...this.#hangs]) if (matches(hang, method, url)) await hang.released
  }

  /** Returns how this request fails, if it should, and counts it. */
  next(method: string, url: string): Refused | undefined {
    for (const failure of this.#failures) {
      if (!matches(failure.match, method, url)) continue
      if (--failure.left <= 0) this.#failures.delete(failure)
      return refusedBy(failure.match)
    }
    return undefined
  }

  clear(): void {
    this.#failures.clear()
  }
}

function matches({ method, path }: RequestMatch, wasMethod: string, url: string): boolean {
  if (method !== undefined && method !== wasMethod) return false
  return path === undefined || (typeof path === 'string' ? url.includes(path) : path.test(url))
}

function refusedBy({ status, retryAfter }: Failure): Refused {
  if (status === 0) return { error: undefined, retryAfter }
  const reason = REASONS[status] ?? 'InternalError'
  const details = retryAfter === undefined ? {} : { retryAfterSeconds: retryAfter }
  const message = `the sandbox was told to fail this request with ${status}`
  return { error: new APIError({ code: status, reason, message, details }), retryAfter }
}
