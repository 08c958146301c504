/** Reads an Agent's Events about failed sign-ins, while `connect` waits for a successful one. */
import { CORE_EVENTS } from '../../kubernetes/kinds.ts'
import { collectionPath } from '../../kubernetes/paths.ts'
import { ApiError } from '../../kubernetes/port.ts'
import type { SendRequest } from '../../kubernetes/request.ts'
import { clean } from '../../platform/scrub.ts'
import { SIGN_IN_FAILED } from '../../resources/names.ts'
import type { Agent } from '../../resources/types.ts'
import { MAX_MESSAGE_LENGTH } from './sign-in-state.ts'

interface EventSeen {
  metadata: { uid?: string; name: string }
  message?: string
  series?: { count: number }
}

/** The failed sign-ins of one Agent. */
export class FailedSignIns {
  readonly #send: SendRequest
  /** The count of each Event at the last poll; undefined before the first one. */
  #counts: Map<string, number> | undefined
  #isForbidden = false
  /** Whether any failed sign-in was seen. */
  seen = false

  constructor(send: SendRequest) {
    this.#send = send
  }

  /** The messages since the last poll; the first poll returns none. Never fails: without the right to list Events, it returns none. */
  async poll(agent: Agent): Promise<string[]> {
    if (this.#isForbidden) return []
    try {
      return this.#newMessages(await this.#list(agent))
    } catch (error) {
      this.#isForbidden = error instanceof ApiError && error.failure === 'Forbidden'
      return []
    }
  }

  #newMessages(events: EventSeen[]): string[] {
    const counts = events.map((event) => [event, event.series?.count ?? 1] as const)
    const before = this.#counts
    this.#counts = new Map(counts.map(([{ metadata }, count]) => [metadata.name, count]))
    const fresh = before ? counts.filter(([{ metadata }, count]) => count > (before.get(metadata.name) ?? 0)) : []
    this.seen ||= fresh.length > 0
    return fresh.map(([{ message }]) => clean(`${SIGN_IN_FAILED}: ${message ?? ''}`, MAX_MESSAGE_LENGTH))
  }

  /** Lists Events of the core group, which the cluster role `view` may read. */
  async #list({ metadata }: Agent): Promise<EventSeen[]> {
    const selector = `involvedObject.uid=${metadata.uid ?? ''},reason=${SIGN_IN_FAILED}`
    const query = new URLSearchParams({ limit: '100', fieldSelector: selector }).toString()
    const path = collectionPath(CORE_EVENTS, metadata.namespace ?? '')
    return (await this.#send<{ items: EventSeen[] }>({ method: 'GET', path: `${path}?${query}` })).items
  }
}
