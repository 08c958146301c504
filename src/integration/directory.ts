/**
 * What is known of every integration's OAuth client and Calendar API, as its agents need it. One integration reconciles at a
 * time, but many agents read here and tell what they met; whoever wants to know of a change gets the integration's key.
 */
import { isDeepStrictEqual } from 'node:util'
import type { GoogleClient } from '../google/port.ts'
import { slowly } from '../loop/pace.ts'
import type { Clock } from '../platform/clock.ts'

export interface Entry {
  client: GoogleClient | undefined
  credentialsHash: string
  /** Whether its agents may be read through it. */
  ready: boolean
  apiDisabled: boolean
  /** Whether people may sign in on its site. */
  siteAccepted: boolean
  message: string
}

export interface APIKnowledge {
  state: 'Unknown' | 'Enabled' | 'Disabled'
  /** By the monotonic clock, as `askAgainAt`. */
  since: number
  /** While disabled: when one agent may ask again. */
  askAgainAt: number
}

export interface Directory {
  view(key: string): Entry | undefined
  mayUseAPI(key: string): boolean
  apiAskedAgainAt(key: string): number | undefined
  observeAPI(key: string, state: 'Enabled' | 'Disabled'): void
  suspect(key: string): void
  /** The reconciler's own side. */
  put(key: string, entry: Entry): void
  forget(key: string): void
  api(key: string): APIKnowledge | undefined
  recallAPI(key: string, knowledge: APIKnowledge): void
  takeSuspicion(key: string): boolean
  onEntry(listener: (key: string) => void): void
  onObservation(listener: (key: string) => void): void
}

const FIVE_MINUTES = 5 * 60_000
export function createDirectory(clock: Clock): Directory {
  const entries = new Map<string, Entry>()
  const apis = new Map<string, APIKnowledge>()
  const suspects = new Set<string>()
  const onEntry: ((key: string) => void)[] = []
  const onObservation: ((key: string) => void)[] = []
  const tell = (listeners: ((key: string) => void)[], key: string): void => listeners.forEach((listen) => listen(key))
  return {
    view: (key) => entries.get(key),
    mayUseAPI(key) {
      const api = apis.get(key)
      if (api?.state !== 'Disabled') return true
      const now = clock.monotonic()
      if (now < api.askAgainAt) return false
      // Whoever asks first finds out for everybody.
      api.askAgainAt = now + slowly(api.since, now)
      return true
    },
    apiAskedAgainAt(key) {
      const api = apis.get(key)
      return api?.state === 'Disabled' ? api.askAgainAt : undefined
    },
    observeAPI(key, state) {
      const known = apis.get(key)
      if (known?.state === state) return
      const now = clock.monotonic()
      apis.set(key, { state, since: now, askAgainAt: now + FIVE_MINUTES })
      tell(onObservation, key)
    },
    suspect(key) {
      if (suspects.has(key)) return
      suspects.add(key)
      tell(onObservation, key)
    },
    put(key, entry) {
      const before = entries.get(key)
      entries.set(key, entry)
      const facts = ({ ready, credentialsHash, siteAccepted, message }: Entry): unknown[] => [
        ready,
        credentialsHash,
        siteAccepted,
        message,
      ]
      if (!before || !isDeepStrictEqual(facts(before), facts(entry))) tell(onEntry, key)
    },
    forget(key) {
      apis.delete(key)
      suspects.delete(key)
      if (entries.delete(key)) tell(onEntry, key)
    },
    api: (key) => apis.get(key),
    recallAPI: (key, knowledge) => void apis.set(key, knowledge),
    takeSuspicion: (key) => suspects.delete(key),
    onEntry: (listener) => void onEntry.push(listener),
    onObservation: (listener) => void onObservation.push(listener),
  }
}
