/**
 * What is known of every integration's OAuth client and Calendar API, as its agents need it. One integration reconciles at a
 * time, but many agents read here and tell what they met; whoever wants to know of a change gets the integration's key.
 */
import { isDeepStrictEqual } from 'node:util'
import type { GoogleClient, Permit } from '../google/port.ts'
import type { Clock } from '../platform/clock.ts'
import { APIRegistry, type APIKnowledge } from './api-registry.ts'

export type { APIKnowledge }

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

export interface Directory {
  view(key: string): Entry | undefined
  mayUseAPI(key: string, asked: boolean): boolean
  tryAcquireProbe(key: string, permit?: Permit): (() => void) | undefined
  apiAskedAgainAt(key: string): number | undefined
  observeAPI(key: string, state: 'Enabled' | 'Disabled'): void
  suspect(key: string): void
  /** The reconciler's own side. */
  put(key: string, entry: Entry): void
  forget(key: string): void
  api(key: string): APIKnowledge | undefined
  recallAPI(key: string, knowledge: APIKnowledge): void
  /** The next agent that can may find out whether the API is on again, and all of them are told so. */
  offerProbe(key: string): void
  /** Wakes this integration and its agents: something that held them back is over, or worth another try. */
  wake(key: string): void
  takeSuspicion(key: string): boolean
  onEntry(listener: (key: string) => void): void
  onObservation(listener: (key: string) => void): void
}

export function createDirectory(clock: Clock): Directory {
  const entries = new Map<string, Entry>()
  const apis = new APIRegistry(clock)
  const suspects = new Set<string>()
  const onEntry: ((key: string) => void)[] = []
  const onObservation: ((key: string) => void)[] = []
  const isPermitted = (key: string, permit: Permit): boolean => entries.get(key)?.client?.permits(permit) ?? false
  const tell = (listeners: ((key: string) => void)[], key: string): void => listeners.forEach((listen) => listen(key))
  return {
    view: (key) => entries.get(key),
    mayUseAPI: (key, asked) => apis.mayUse(key, asked),
    tryAcquireProbe: (key, permit) => apis.tryAcquireProbe(key, permit && (() => isPermitted(key, permit))),
    apiAskedAgainAt: (key) => apis.askedAgainAt(key),
    observeAPI(key, state) {
      if (apis.observe(key, state)) tell(onObservation, key)
    },
    offerProbe(key) {
      if (apis.offerProbe(key)) tell(onEntry, key)
    },
    wake(key) {
      tell(onEntry, key)
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
      apis.forget(key)
      suspects.delete(key)
      if (entries.delete(key)) tell(onEntry, key)
    },
    api: (key) => apis.get(key),
    recallAPI: (key, knowledge) => apis.recall(key, knowledge),
    takeSuspicion: (key) => suspects.delete(key),
    onEntry: (listener) => void onEntry.push(listener),
    onObservation: (listener) => void onObservation.push(listener),
  }
}
