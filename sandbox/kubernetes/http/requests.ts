/** The request log: how many requests of each kind arrived, for tests of cost. Watches are counted apart from lists. */

/** What requests are counted by. */
export interface RequestKey {
  method: string
  /** `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`; `other` if the request is not for a resource. */
  verb: string
  /** The resource with its group, `agents.calendar-operator.io`; the path if the request is not for a resource. */
  resource: string
  subresource: string
  userAgent: string
}

/** How many requests there were. */
export interface RequestCount extends RequestKey {
  count: number
}

/** Counts requests. */
export class RequestLog {
  #counts = new Map<string, RequestCount>()

  add(key: RequestKey): void {
    const id = `${key.method} ${key.verb} ${key.resource} ${key.subresource} ${key.userAgent}`
    const known = this.#counts.get(id)
    if (known) known.count++
    else this.#counts.set(id, { ...key, count: 1 })
  }

  list(filter: Partial<RequestKey> = {}): RequestCount[] {
    const wanted = Object.entries(filter) as [keyof RequestKey, string][]
    return [...this.#counts.values()].filter((one) => wanted.every(([name, value]) => one[name] === value))
  }

  count(filter: Partial<RequestKey> = {}): number {
    return this.list(filter).reduce((sum, { count }) => sum + count, 0)
  }

  reset(): void {
    this.#counts = new Map()
  }
}
