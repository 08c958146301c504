/** The implementation of `IntegrationRegistry`: a map of values, and listeners for changes. */
import { isDeepStrictEqual } from 'node:util'
import type { Bypass } from '../google/port.ts'
import type { Key } from '../kubernetes/port.ts'
import { hasCome, type Clock } from '../platform/clock.ts'
import { afterObservation, afterProbe, withProbeDue, type APIState } from './api-state.ts'
import type { BudgetShare, IntegrationEntry, IntegrationFindings, IntegrationRegistry } from './port.ts'

/** What the registry holds about one integration. */
interface RegistryRecord {
  readonly entry?: IntegrationEntry
  readonly api?: APIState
  readonly isSuspect?: boolean
}

type Listener = (key: Key) => void

/** Creates an empty registry. */
export const createIntegrationRegistry = (clock: Pick<Clock, 'monotonic'>): IntegrationRegistry => new Registry(clock)

class Registry implements IntegrationRegistry {
  readonly #clock: Pick<Clock, 'monotonic'>
  readonly #known = new Map<Key, RegistryRecord>()
  readonly #onEntry: Listener[] = []
  readonly #onObservation: Listener[] = []

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock
  }

  get(key: Key): IntegrationEntry | undefined {
    return this.#known.get(key)?.entry
  }

  canProbe(key: Key, isRequested: boolean): boolean {
    const api = this.#disabled(key)
    return !api || isRequested || hasCome(this.#clock, api.probeAt)
  }

  tryAcquireProbe(key: Key, bypass?: Bypass): (() => void) | undefined {
    const api = this.#disabled(key)
    if (!api) return () => undefined
    const isAllowed = hasCome(this.#clock, api.probeAt) || (bypass && this.get(key)?.client?.tryBypass(bypass))
    if (!isAllowed) return undefined
    const taken = afterProbe(api, this.#clock.monotonic())
    this.#update(key, { api: taken })
    return () => {
      if (this.api(key) === taken) this.#update(key, { api })
    }
  }

  probeDueAt(key: Key): number | undefined {
    return this.#disabled(key)?.probeAt
  }

  report(key: Key, { api, clientRefused, limitEnded }: IntegrationFindings): void {
    if (api) this.#observeAPI(key, api)
    if (clientRefused) this.#markSuspect(key)
    if (limitEnded) this.wake(key)
  }

  #observeAPI(key: Key, state: 'Enabled' | 'Disabled'): void {
    const before = this.api(key)
    const api = afterObservation(before, state, this.#clock.monotonic())
    if (api === before) return
    this.#update(key, { api })
    tell(this.#onObservation, key)
  }

  #markSuspect(key: Key): void {
    if (this.isSuspect(key)) return
    this.#update(key, { isSuspect: true })
    tell(this.#onObservation, key)
  }

  isSuspect(key: Key): boolean {
    return this.#known.get(key)?.isSuspect ?? false
  }

  clearSuspect(key: Key): void {
    if (this.isSuspect(key)) this.#update(key, { isSuspect: false })
  }

  put(key: Key, entry: IntegrationEntry): void {
    const before = this.get(key)
    this.#update(key, { entry })
    this.#tellPeers(key, before?.share, entry.share)
    if (!before || !isDeepStrictEqual(relevant(before), relevant(entry))) tell(this.#onEntry, key)
  }

  forget(key: Key): void {
    const before = this.get(key)
    this.#known.delete(key)
    if (!before) return
    tell(this.#onEntry, key)
    this.#tellPeers(key, before.share, undefined)
  }

  peersOf(key: Key, clientId: string): Key[] {
    const peers = [...this.#known].filter(([peer, { entry }]) => peer !== key && entry?.share?.clientId === clientId)
    return peers.map(([peer]) => peer)
  }

  /** What an integration reports about the budget depends on all that share it. */
  #tellPeers(key: Key, before: BudgetShare | undefined, after: BudgetShare | undefined): void {
    if (isDeepStrictEqual(before, after)) return
    const clientIds = new Set([before?.clientId, after?.clientId].filter((id) => id !== undefined))
    for (const id of clientIds) for (const peer of this.peersOf(key, id)) tell(this.#onObservation, peer)
  }

  api(key: Key): APIState | undefined {
    return this.#known.get(key)?.api
  }

  recallAPI(key: Key, api: APIState): void {
    this.#update(key, { api })
  }

  offerProbe(key: Key): void {
    const api = this.#disabled(key)
    if (!api) return
    this.#update(key, { api: withProbeDue(api, this.#clock.monotonic()) })
    tell(this.#onEntry, key)
  }

  wake(key: Key): void {
    tell(this.#onEntry, key)
    tell(this.#onObservation, key)
  }

  onEntry(listener: Listener): void {
    this.#onEntry.push(listener)
  }

  onObservation(listener: Listener): void {
    this.#onObservation.push(listener)
  }

  #disabled(key: Key): APIState | undefined {
    const api = this.api(key)
    return api?.state === 'Disabled' ? api : undefined
  }

  #update(key: Key, change: Partial<RegistryRecord>): void {
    this.#known.set(key, { ...this.#known.get(key), ...change })
  }
}

function tell(listeners: readonly Listener[], key: Key): void {
  for (const listener of listeners) listener(key)
}

/** What of an entry concerns the Agents. */
const relevant = (entry: IntegrationEntry): unknown[] => [
  entry.ready,
  entry.credentialsHash,
  entry.siteAccepted,
  entry.siteRefused,
  entry.message,
  entry.accountsOverBudget ?? new Map(),
]
