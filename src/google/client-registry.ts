/**
 * The clients in use, and which of them share a rate limiter. Everybody who may write a Secret can name any client id, so the id
 * proves nothing; the client secret does. The secrets of one client id share a limiter once Google has accepted them. A secret that
 * Google has not accepted, or refuses now, has its own: a 429 that it gets pauses nobody else.
 */
import { ClientRateLimiter, type LimiterDeps } from './client-rate-limiter.ts'
import type { OAuthClient } from './port.ts'

/** A client has at most two secrets at Google (docs/google-behaviour.md#client-file): older ones are forgotten. */
const MAX_ACCEPTED = 2
/** How many secrets are remembered that Google has not accepted, those that were used last. */
const MAX_UNVERIFIED = 1_000

/** How one set of credentials gets its limiter, and reports what Google said of it. */
export interface LimiterMembership {
  /** The limiter that it uses now. */
  limiter(): ClientRateLimiter
  /** Google gave an answer that only good credentials get. */
  onAccepted(): void
  /** Google has refused the credentials. */
  onRefused(): void
}

interface ClientEntry<C> {
  clientId: string
  client: C
  /** The one that it uses while Google has not accepted it. */
  ownLimiter: ClientRateLimiter
  isAccepted: boolean
}

interface Project {
  limiter: ClientRateLimiter
  /** The keys of the accepted secrets, the one used last at the end. */
  secrets: Set<string>
}

/** The clients by their credentials. */
export class ClientRegistry<C> {
  readonly #deps: LimiterDeps
  readonly #requestsPerMinute: number | undefined
  readonly #make: (credentials: OAuthClient, membership: LimiterMembership) => C
  readonly #entries = new Map<string, ClientEntry<C>>()
  /** By client id. */
  readonly #projects = new Map<string, Project>()
  /** The keys of the others, the one used last at the end. */
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

  /** The same client for the same credentials. */
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
    // An entry that was forgotten meanwhile keeps its own limiter.
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

  /** The first accepted secret of a client contributes its limiter. */
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
