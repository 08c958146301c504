/**
 * The clients in use, and which of them share a rate limiter. Everybody who may write a Secret can put any client id into it, so
 * only the client secret proves who owns the client. The secrets of one client id share a limiter once Google has accepted them. A
 * secret that Google has not accepted, or no longer accepts, has a limiter of its own, so that a 429 that it gets pauses nobody
 * else, and the quotas of the integrations that use it count for nobody else.
 */
import { largestQuota, type Quota } from '../resources/quota.ts'
import { ClientRateLimiter, type LimiterDeps } from './client-rate-limiter.ts'
import type { OAuthClient } from './port.ts'
import { QuotaBudget } from './quota-budget.ts'

/** A client has at most two secrets at Google (docs/google-behaviour.md#client-file); older ones are forgotten. */
const MAX_ACCEPTED = 2
/** How many secrets that Google has not accepted are remembered: those that were used last. */
const MAX_UNVERIFIED = 1_000

/** Assigns a limiter to one set of credentials, and learns whether Google accepts them. */
export interface LimiterMembership {
  /** Returns the current limiter of these credentials. */
  limiter(): ClientRateLimiter
  /** Returns the budget of an integration, by its key; undefined if its quota is not known. */
  budgetOf(integration: string): QuotaBudget | undefined
  /** Google gave an answer that only valid credentials get. */
  onAccepted(): void
  /** Google has refused the credentials. */
  onRefused(): void
}

interface ClientEntry<C> {
  clientId: string
  client: C
  /** The limiter that is used until Google has accepted the secret. */
  ownLimiter: ClientRateLimiter
  isAccepted: boolean
}

/** An integration whose quota is known. */
interface Integration {
  budget: QuotaBudget
  /** The key of the secret that it uses. */
  secret: string
}

interface Project {
  limiter: ClientRateLimiter
  /** The keys of the accepted secrets, most recently used last. */
  secrets: Set<string>
}

/** Holds one client for each set of credentials. */
export class ClientRegistry<C> {
  readonly #deps: LimiterDeps
  readonly #make: (credentials: OAuthClient, membership: LimiterMembership) => C
  readonly #entries = new Map<string, ClientEntry<C>>()
  /** By the integration's key. */
  readonly #integrations = new Map<string, Integration>()
  /** By client id. */
  readonly #projects = new Map<string, Project>()
  /** The keys of the secrets that Google has not accepted, most recently used last. */
  readonly #unverified = new Set<string>()

  constructor(deps: LimiterDeps, make: (credentials: OAuthClient, membership: LimiterMembership) => C) {
    this.#deps = deps
    this.#make = make
  }

  /** How many secrets are remembered. */
  get size(): number {
    return this.#entries.size
  }

  /** Returns the same client for the same credentials. */
  get(credentials: OAuthClient): C {
    const key = keyOf(credentials)
    const entry = this.#entries.get(key) ?? this.#addEntry(key, credentials)
    this.#touch(key, entry)
    return entry.client
  }

  /** Sets the quota of an integration, and the credentials that it uses. */
  setQuota(integration: string, credentials: OAuthClient, quota: Quota): void {
    const known = this.#integrations.get(integration)
    const secret = keyOf(credentials)
    const budget = known?.budget ?? new QuotaBudget(this.#deps.clock, quota, this.#deps.role)
    budget.quota = quota
    this.#integrations.set(integration, { budget, secret })
    this.get(credentials)
    this.#updateQuota(secret)
    if (known && known.secret !== secret) this.#updateQuota(known.secret)
  }

  /** Forgets an integration. */
  forgetQuota(integration: string): void {
    const known = this.#integrations.get(integration)
    this.#integrations.delete(integration)
    if (known) this.#updateQuota(known.secret)
  }

  /** The quota of a limiter is the largest of the integrations that share it. */
  #updateQuota(secret: string): void {
    const entry = this.#entries.get(secret)
    if (!entry) return
    const sharing = (entry.isAccepted ? this.#projects.get(entry.clientId)?.secrets : undefined) ?? new Set([secret])
    const integrations = [...this.#integrations.values()].filter((one) => sharing.has(one.secret))
    this.#limiterOf(entry).budget.quota = largestQuota(integrations.map(({ budget }) => budget.quota))
  }

  #limiterOf(entry: ClientEntry<C>): ClientRateLimiter {
    return (entry.isAccepted ? this.#projects.get(entry.clientId)?.limiter : undefined) ?? entry.ownLimiter
  }

  #addEntry(key: string, credentials: OAuthClient): ClientEntry<C> {
    const entry: ClientEntry<C> = {
      clientId: credentials.clientId,
      ownLimiter: this.#newLimiter(),
      isAccepted: false,
      client: this.#make(credentials, {
        limiter: () => this.#limiterOf(entry),
        budgetOf: (integration) => this.#integrations.get(integration)?.budget,
        onAccepted: () => this.#setAccepted(key, entry, true),
        onRefused: () => this.#setAccepted(key, entry, false),
      }),
    }
    this.#entries.set(key, entry)
    return entry
  }

  #setAccepted(key: string, entry: ClientEntry<C>, isAccepted: boolean): void {
    // A forgotten entry shares nothing.
    if (entry.isAccepted === isAccepted || this.#entries.get(key) !== entry) return
    this.#leave(key, entry)
    entry.isAccepted = isAccepted
    if (!isAccepted) entry.ownLimiter = this.#newLimiter()
    this.#touch(key, entry)
    this.#updateQuota(key)
  }

  #newLimiter(): ClientRateLimiter {
    return new ClientRateLimiter(this.#deps)
  }

  #touch(key: string, entry: ClientEntry<C>): void {
    const group = entry.isAccepted ? this.#projectOf(entry).secrets : this.#unverified
    group.delete(key)
    group.add(key)
    const [oldest] = group
    const most = entry.isAccepted ? MAX_ACCEPTED : MAX_UNVERIFIED
    if (group.size > most && oldest !== undefined) this.#forget(oldest)
  }

  /** The project inherits the limiter of the first accepted secret, and keeps it while requests of the last minute count. */
  #projectOf({ clientId, ownLimiter }: ClientEntry<C>): Project {
    const project = this.#projects.get(clientId) ?? { limiter: ownLimiter, secrets: new Set<string>() }
    this.#projects.set(clientId, project)
    return project
  }

  #forget(key: string): void {
    const entry = this.#entries.get(key)
    this.#entries.delete(key)
    if (!entry) return
    this.#leave(key, entry)
    entry.isAccepted = false
    entry.ownLimiter = this.#newLimiter()
  }

  #leave(key: string, { clientId, isAccepted }: ClientEntry<C>): void {
    this.#unverified.delete(key)
    const project = isAccepted ? this.#projects.get(clientId) : undefined
    project?.secrets.delete(key)
    for (const other of project?.secrets ?? []) this.#updateQuota(other)
    this.#forgetUnused()
  }

  /** What was sent in the last minute counts for the next secret of the client, too: Google may refuse one for a moment. */
  #forgetUnused(): void {
    for (const [clientId, { secrets, limiter }] of this.#projects) {
      if (secrets.size === 0 && limiter.budget.isIdle) this.#projects.delete(clientId)
    }
  }
}

const keyOf = ({ clientId, clientSecret }: OAuthClient): string => `${clientId}\n${clientSecret}`
