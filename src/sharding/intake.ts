/**
 * The only place that holds back the keys of foreign objects. It asks before every reconcile, because an object may become foreign
 * while its key waits. What is remembered about a foreign object is forgotten: when it comes back, it is as after a restart.
 */
import type { Reconcile } from '../controller/controller.ts'
import { done } from '../controller/outcome.ts'
import type { CustomStoreName } from '../kubernetes/kinds.ts'
import type { Cluster, Key, KubernetesObject, Store } from '../kubernetes/port.ts'
import type { Clock } from '../platform/clock.ts'
import { agentKey } from '../resources/references.ts'
import type { Booking } from '../resources/types.ts'
import { NO_SHARDING, type Sharding } from './assignment.ts'

/** What the intake needs. */
interface IntakeDeps {
  cluster: Pick<Cluster, 'agents' | 'bookings'>
  clock: Pick<Clock, 'now'>
  sharding: Sharding
}

/** Forgets what is remembered about an object, without changing anything outside of this process. */
type Forget = (key: Key) => void

/** Lets only the keys of own objects be reconciled. */
export class Intake {
  readonly #deps: IntakeDeps
  /** Since when each Agent has been reconciled here, in ms since the epoch; without sharding, nobody asks. */
  readonly #since = new Map<Key, number>()

  constructor(deps: IntakeDeps) {
    this.#deps = deps
  }

  /** Whether this Agent is reconciled here. One that does not exist is: there is something to forget. */
  ownsAgent(key: Key): boolean {
    if (this.#deps.sharding === NO_SHARDING) return true
    const agent = this.#deps.cluster.agents.get(key)
    const isOwn = !agent || this.#deps.sharding.isOwn(agent)
    if (!agent || !isOwn) this.#since.delete(key)
    else if (!this.#since.has(key)) this.#since.set(key, this.#deps.clock.now())
    return isOwn
  }

  /**
   * Since when this Agent has been reconciled here, in ms since the epoch: another replica may have acted for it before. -Infinity if
   * there is no sharding.
   */
  ownedSince(key: Key): number {
    return this.ownsAgent(key) ? (this.#since.get(key) ?? -Infinity) : Infinity
  }

  /** The caches, in which only objects that are reconciled here are listed. Others are still found by their keys. */
  ownObjects({ agents, bookings, integrations }: Pick<Cluster, CustomStoreName>) {
    const { sharding } = this.#deps
    return {
      agents: listing(agents, (agent) => sharding.isOwn(agent)),
      bookings: listing(bookings, (booking) => this.#ownsBooking(booking)),
      integrations: listing(integrations, (integration) => sharding.isKeptHere(integration)),
    }
  }

  /** Reconciles own Agents, and hands over those that are leaving. */
  agents(reconcile: Reconcile, { forget, handOver }: { forget: Forget; handOver: Reconcile }): Reconcile {
    const { cluster, sharding } = this.#deps
    return (key) => {
      if (this.ownsAgent(key)) return reconcile(key)
      const agent = cluster.agents.get(key)
      if (agent && sharding.isLeaving(agent)) return handOver(key)
      forget(key)
      return Promise.resolve(done())
    }
  }

  /** Does further work for own Agents, beside their reconciles. */
  besideAgents(reconcile: Reconcile): Reconcile {
    return (key) => (this.ownsAgent(key) ? reconcile(key) : Promise.resolve(done()))
  }

  /** Reconciles the Bookings of own Agents. */
  bookings(reconcile: Reconcile, forget: Forget): Reconcile {
    return (key) => {
      if (this.#ownsBooking(this.#deps.cluster.bookings.get(key))) return reconcile(key)
      forget(key)
      return Promise.resolve(done())
    }
  }

  #ownsBooking(booking: Booking | undefined): boolean {
    if (!booking) return true
    const agent = agentKey(booking)
    return this.#deps.cluster.agents.get(agent) ? this.ownsAgent(agent) : this.#deps.sharding.isKeptHere(booking)
  }
}

/** The same store, which lists only some of its objects. */
const listing = <T extends KubernetesObject>(store: Store<T>, isListed: (object: T) => boolean) => ({
  get: (key: Key) => store.get(key),
  list: () => [...store.list()].filter(isListed),
})
