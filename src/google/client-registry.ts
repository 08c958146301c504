/**
 * The clients in use, and which of them share a rate limiter. Everybody who may write a Secret can put any client id into it, so
 * only the client secret proves who owns the client. The secrets of one client id share a limiter once Google has accepted them. A
 * secret that Google has not accepted, or no longer accepts, has a limiter of its own, so that a 429 that it gets pauses nobody
 * else.
 */
import { ClientRateLimiter, type LimiterDeps } from './client-rate-limiter.ts'
import type { OAuthClient } from './port.ts'

/** A client has at most two secrets at Google (docs/google-behaviour.md#client-file); older ones are forgotten. */
const MAX_ACCEPTED = 2
/** How many secrets that Google has not accepted are remembered: those that were used last. */
const MAX_UNVERIFIED = 1_000

/** Assigns a limiter to one set of credentials, and learns whether Google accepts them. */
export interface LimiterMembership {
  /** Returns the current limiter of these credentials. */
  limiter(): ClientRateLimiter
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

interface Project {
  limiter: ClientRateLimiter
  /** The keys of the accepted secrets, most recently used last. */
  secrets: Set<string>
}

/** Holds one client for each set of credentials. */
export class ClientRegistry<C> {
  readonly #deps: LimiterDeps
  readonly #requestsPerMinute: number | undefined
  readonly #make: (credentials: OAuthClient, membership: LimiterMembership) => C
  readonly #entries = new Map<string, ClientEntry<C>>()
  /** By client id. */
  readonly #projects = new Map<string, Project>()
  /** The keys of the secrets that Google has not accepted, most recently used last. */
  readonly #unverified = new Set<string>()

  constructor(
    deps: LimiterDeps & { requestsPerMinute?: number },
    make: (credentials: OAuthClient, membership: LimiterMembership) => C,
  ) {
    this.#deps = deps
    this.#requestsPerMinute = deps.requestsPerMinute
    this.#make = make
  }

  /** How many secrets are remembered. */
  get size(): number {
    return this.#entries.size
  }

  /** Returns the same client for the same credentials. */
  get({ clientId, clientSecret }: OAuthClient): C {
    const key = `${clientId}\n${clientSecret}`
    const entry = this.#entries.get(key) ?? this.#addEntry(key, { clientId, clientSecret })
    this.#touch(key, entry)
    return entry.client
  }

  #addEntry(key: string, credentials: OAuthClient): ClientEntry<C> {
    const entry: ClientEntry<C> = {
      clientId: credentials.clientId,
      ownLimiter: this.#newLimiter(),
      isAccepted: false,
      client: this.#make(credentials, {
        limiter: () => (entry.isAccepted ? this.#projects.get(entry.clientId)?.limiter : undefined) ?? entry.ownLimiter,
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
  }

  #newLimiter(): ClientRateLimiter {
    return new ClientRateLimiter(this.#deps, this.#requestsPerMinute)
  }

  #touch(key: string, entry: ClientEntry<C>): void {
    const group = entry.isAccepted ? this.#projectOf(entry).secrets : this.#unverified
    group.delete(key)
    group.add(key)
    const [oldest] = group
    const most = entry.isAccepted ? MAX_ACCEPTED : MAX_UNVERIFIED
    if (group.size > most && oldest !== undefined) this.#forget(oldest)
  }

  /** The project inherits the limiter of the first accepted secret. */
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
    if (project?.secrets.size === 0) this.#projects.delete(clientId)
  }
}
