/**
 * The clients that are in use, and with whom each shares what is learned of Google's limits. Whoever may write a Secret can
 * claim any client id; what proves it is the client secret. So the secrets of one client id share limits once Google has
 * accepted them, and a secret that Google has not accepted, or refuses now, has its own: a 429 that it gets pauses nobody else.
 */
import { Gate, type GateDeps } from './limits.ts'
import type { OAuthClient } from './port.ts'

/** At Google a client has at most two secrets at once: those that were rotated away are forgotten. */
const MOST_ACCEPTED = 2
/** Secrets that Google has not accepted: what is known of the rest, the oldest in use, is forgotten. */
const MOST_UNPROVEN = 1_000

/** What one set of credentials shares with others. */
export interface Membership {
  /** The limits that hold for it now. */
  gate(): Gate
  /** Google has answered in a way that it answers good credentials only. */
  accepted(): void
  /** Google has refused the credentials. */
  refused(): void
}

interface Seat<C> {
  clientId: string
  client: C
  /** What it learns of limits by itself. */
  own: Gate
  isAccepted: boolean
}

interface Project {
  gate: Gate
  /** The keys of the accepted secrets, the latest in use last. */
  secrets: Set<string>
}

export class Clients<C> {
  readonly #deps: GateDeps
  readonly #requestsPerMinute: number | undefined
  readonly #make: (credentials: OAuthClient, membership: Membership) => C
  readonly #seats = new Map<string, Seat<C>>()
  /** By client id. */
  readonly #projects = new Map<string, Project>()
  /** The keys of the others, the latest in use last. */
  readonly #unproven = new Set<string>()

  constructor(
    deps: GateDeps & { requestsPerMinute?: number },
    make: (credentials: OAuthClient, membership: Membership) => C,
  ) {
    this.#deps = deps
    this.#requestsPerMinute = deps.requestsPerMinute
    this.#make = make
  }

  /** How many secrets are remembered. */
  get size(): number {
    return this.#seats.size
  }

  /** The same client for the same credentials. */
  of({ clientId, clientSecret }: OAuthClient): C {
    const key = `${clientId}\n${clientSecret}`
    const seat = this.#seats.get(key) ?? this.#seat(key, { clientId, clientSecret })
    this.#touch(key, seat)
    return seat.client
  }

  #seat(key: string, credentials: OAuthClient): Seat<C> {
    const seat: Seat<C> = {
      clientId: credentials.clientId,
      own: this.#gate(),
      isAccepted: false,
      client: this.#make(credentials, {
        gate: () => (seat.isAccepted ? this.#projects.get(seat.clientId)?.gate : undefined) ?? seat.own,
        accepted: () => this.#prove(key, seat, true),
        refused: () => this.#prove(key, seat, false),
      }),
    }
    this.#seats.set(key, seat)
    return seat
  }

  #prove(key: string, seat: Seat<C>, isAccepted: boolean): void {
    // One that was forgotten meanwhile keeps to itself.
    if (seat.isAccepted === isAccepted || this.#seats.get(key) !== seat) return
    this.#leave(key, seat)
    seat.isAccepted = isAccepted
    if (!isAccepted) seat.own = this.#gate()
    this.#touch(key, seat)
  }

  #gate(): Gate {
    return new Gate(this.#deps, this.#requestsPerMinute)
  }

  #touch(key: string, seat: Seat<C>): void {
    const group = seat.isAccepted ? this.#projectOf(seat).secrets : this.#unproven
    group.delete(key)
    group.add(key)
    const [oldest] = group
    const most = seat.isAccepted ? MOST_ACCEPTED : MOST_UNPROVEN
    if (group.size > most && oldest !== undefined) this.#forget(oldest)
  }

  /** The first accepted secret of a client brings along what it has met so far. */
  #projectOf({ clientId, own }: Seat<C>): Project {
    const project = this.#projects.get(clientId) ?? { gate: own, secrets: new Set<string>() }
    this.#projects.set(clientId, project)
    return project
  }

  #forget(key: string): void {
    const seat = this.#seats.get(key)
    this.#seats.delete(key)
    if (!seat) return
    this.#leave(key, seat)
    Object.assign(seat, { isAccepted: false, own: this.#gate() })
  }

  #leave(key: string, { clientId, isAccepted }: Seat<C>): void {
    this.#unproven.delete(key)
    const project = isAccepted ? this.#projects.get(clientId) : undefined
    project?.secrets.delete(key)
    if (project?.secrets.size === 0) this.#projects.delete(clientId)
  }
}
