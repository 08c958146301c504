/**
 * What is known of every integration's OAuth client and Calendar API, as its agents need it. One integration reconciles at a
 * time, but many agents read here and tell what they met; whoever wants to know of a change gets the integration's key.
 */
import { isDeepStrictEqual } from 'node:util'
import type { GoogleClient, Bypass } from '../google/port.ts'
import type { Clock } from '../platform/clock.ts'
import { APIRegistry, type APIKnowledge } from './api-registry.ts'

export type { APIKnowledge }

export interface IntegrationEntry {
  client: GoogleClient | undefined
  credentialsHash: string
  /** Whether its agents may be read through it. */
  ready: boolean
  apiDisabled: boolean
  /** Whether people may sign in on its site. */
  siteAccepted: boolean
  message: string
}

export interface IntegrationRegistry {
  view(key: string): IntegrationEntry | undefined
  canProbe(key: string, asked: boolean): boolean
  tryAcquireProbe(key: string, bypass?: Bypass): (() => void) | undefined
  apiAskedAgainAt(key: string): number | undefined
  observeAPI(key: string, state: 'Enabled' | 'Disabled'): void
  markSuspect(key: string): void
  /** The reconciler's own side. */
  put(key: string, entry: IntegrationEntry): void
  forget(key: string): void
  api(key: string): APIKnowledge | undefined
  recallAPI(key: string, knowledge: APIKnowledge): void
  /** The next agent that can may find out whether the API is on again, and all of them are told so. */
  offerProbe(key: string): void
  /** Wakes this integration and its agents: something that held them back is over, or worth another try. */
  wake(key: string): void
  consumeSuspect(key: string): boolean
  onEntry(listener: (key: string) => void): void
  onObservation(listener: (key: string) => void): void
}

export function createIntegrationRegistry(clock: Clock): IntegrationRegistry {
  const entries = new Map<string, IntegrationEntry>()
  const apis = new APIRegistry(clock)
  const suspects = new Set<string>()
  const onEntry: ((key: string) => void)[] = []
  const onObservation: ((key: string) => void)[] = []
  const isPermitted = (key: string, bypass: Bypass): boolean => entries.get(key)?.client?.tryBypass(bypass) ?? false
  const tell = (listeners: ((key: string) => void)[], key: string): void => listeners.forEach((listen) => listen(key))
  return {
    view: (key) => entries.get(key),
    canProbe: (key, asked) => apis.canProbe(key, asked),
    tryAcquireProbe: (key, bypass) => apis.tryAcquireProbe(key, bypass && (() => isPermitted(key, bypass))),
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
    markSuspect(key) {
      if (suspects.has(key)) return
      suspects.add(key)
      tell(onObservation, key)
    },
    put(key, entry) {
      const before = entries.get(key)
      entries.set(key, entry)
      const facts = ({ ready, credentialsHash, siteAccepted, message }: IntegrationEntry): unknown[] => [
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
    consumeSuspect: (key) => suspects.delete(key),
    onEntry: (listener) => void onEntry.push(listener),
    onObservation: (listener) => void onObservation.push(listener),
  }
}
