/** Event handlers, which decide which keys are reconciled after a change of an object. The stores do not report our own writes. */
import { isDeepStrictEqual } from 'node:util'
import type { Controller } from './controller/controller.ts'
import type { IntegrationRegistry } from './clients/port.ts'
import type { SiteRegistry } from './integration/site-registry.ts'
import { keyOf, type Cluster, type KubernetesObject, type WatchEvent } from './kubernetes/port.ts'
import type { Clock } from './platform/clock.ts'
import { integrationKey } from './resources/references.ts'
import type { ChannelManager } from './push/channel-manager.ts'
import { NOTIFIED } from './resources/names.ts'
import { requestedAt } from './resources/reconcile-request.ts'
import { siteHost } from './resources/sites.ts'
import type { Agent, Booking, CalendarIntegration } from './resources/types.ts'

/** Where a key is added. */
type Keys = Pick<Controller, 'add' | 'addLowPriority' | 'addAfter'>

/** What the event handlers need. */
interface EventHandlerDeps {
  cluster: Cluster
  clock: Pick<Clock, 'monotonic'>
  registry: IntegrationRegistry
  agents: Keys
  /** For agents that need a first status. */
  agentDeadlines: Keys
  bookings: Keys
  /** For Bookings that need a first status. */
  bookingDeadlines: Keys
  integrations: Keys
  /** For integrations that need a first status. */
  integrationDeadlines: Keys
  sites: Pick<SiteRegistry, 'onClaim'>
  push: Pick<ChannelManager, 'retryIntegration'>
}

/** Counting an integration's agents can wait a moment: at a start, thousands of agents change at once. */
const COUNT_AFTER_MS = 2_000
/** A new object gets a status within this time, even while its reconcile waits for Google. */
const FIRST_STATUS_AFTER_MS = 5_000

/** Registers the handlers that enqueue objects when watched objects change. */
export function registerEventHandlers(deps: EventHandlerDeps): void {
  watchAgents(deps)
  watchIntegrations(deps)
  watchBookings(deps)
  watchUsedObjects(deps)
  deps.registry.onEntry((integration) => reconcileAgentsOf(deps, integration))
  deps.registry.onObservation((integration) => deps.integrations.add(integration))
  deps.sites.onClaim((integration) => deps.integrations.addLowPriority(integration))
}

/** Makes the integration of an agent whose status was written count its agents again, soon. */
export function recountAgents(
  { cluster, integrations }: Pick<EventHandlerDeps, 'cluster' | 'integrations'>,
  agentKey: string,
): void {
  const agent = cluster.agents.get(agentKey)
  if (agent) integrations.addAfter(integrationKey(agent), COUNT_AFTER_MS)
}

/** Reconciles an agent and its Bookings: those that wait for it may go on, or have to say why they can't. */
export function reconcileWithBookings(
  { bookings: cached }: Pick<Cluster, 'bookings'>,
  { agents, bookings }: Pick<EventHandlerDeps, 'agents' | 'bookings'>,
  agentKey: string,
): void {
  agents.add(agentKey)
  for (const booking of cached.byIndex('agent', agentKey)) bookings.addLowPriority(keyOf(booking))
}

function watchAgents({ cluster, clock, agents, agentDeadlines, bookings, integrations }: EventHandlerDeps): void {
  const repairs = new StatusRepairs(clock, agents)
  cluster.agents.subscribe((event) => {
    const { before, after } = event
    const agent = after ?? before
    if (!agent) return
    if (specOrMetadataChanged(event)) reconcileWithBookings(cluster, { agents, bookings }, keyOf(agent))
    repairs.onEvent(event)
    for (const key of integrationsThatCount(event)) integrations.addAfter(key, COUNT_AFTER_MS)
  })
  cluster.agents.subscribe(ensureFirstStatus(agentDeadlines))
}

function watchIntegrations(deps: EventHandlerDeps): void {
  const { cluster, clock, integrations, integrationDeadlines } = deps
  const repairs = new StatusRepairs(clock, integrations)
  cluster.integrations.subscribe(ensureFirstStatus(integrationDeadlines))
  cluster.integrations.subscribe((event) => {
    const integration = event.after ?? event.before
    repairs.onEvent(event)
    if (!integration || !specOrMetadataChanged(event)) return
    integrations.add(keyOf(integration))
    if (isNewlyRequested(event)) deps.push.retryIntegration(keyOf(integration))
    reconcileAgentsOf(deps, keyOf(integration))
    reconcileSiteRivals(deps, event)
  })
}

function watchBookings({ cluster, clock, bookings, bookingDeadlines }: EventHandlerDeps): void {
  const repairs = new StatusRepairs(clock, bookings)
  cluster.bookings.subscribe(ensureFirstStatus(bookingDeadlines))
  cluster.bookings.subscribe((event) => {
    const booking = event.after ?? event.before
    if (booking && specOrMetadataChanged(event)) bookings.add(keyOf(booking))
    repairs.onEvent(event)
  })
}

/** Watches the objects that agents and integrations read or write. */
function watchUsedObjects({ cluster, agents, integrations }: EventHandlerDeps): void {
  cluster.secrets.subscribe(({ before, after }) => {
    const secret = after ?? before
    if (!secret) return
    for (const agent of cluster.agents.byIndex('secret', keyOf(secret))) agents.add(keyOf(agent))
    for (const one of cluster.integrations.byIndex('secret', keyOf(secret))) integrations.add(keyOf(one))
  })
  cluster.configMaps.subscribe(({ before, after }) => {
    const configMap = after ?? before
    if (configMap) for (const agent of cluster.agents.byIndex('configMap', keyOf(configMap))) agents.add(keyOf(agent))
  })
  // The labels of a namespace decide which integrations its agents may use.
  cluster.namespaces?.subscribe(({ before, after }) => {
    if (!after || isDeepStrictEqual(before?.metadata.labels, after.metadata.labels)) return
    for (const agent of cluster.agents.byIndex('namespace', after.metadata.name)) agents.addLowPriority(keyOf(agent))
  })
}

/** With low priority: there may be many, and they must not delay an agent that somebody has just changed. */
function reconcileAgentsOf({ cluster, agents }: EventHandlerDeps, integration: string): void {
  for (const agent of cluster.agents.byIndex('integration', integration)) agents.addLowPriority(keyOf(agent))
}

/** Reconciles the integrations that can claim a site after another integration has given it up. */
function reconcileSiteRivals(
  { cluster, integrations }: EventHandlerDeps,
  { before, after }: WatchEvent<CalendarIntegration>,
): void {
  const left = before && siteHost(before.spec.google.siteURI)
  if (left === undefined || (after && siteHost(after.spec.google.siteURI) === left)) return
  for (const rival of cluster.integrations.byIndex('site', left)) integrations.addLowPriority(keyOf(rival))
}

/** Makes sure that a new object without a status gets one soon. */
const ensureFirstStatus =
  (deadlines: Keys) =>
  ({ before, after }: WatchEvent<Agent | CalendarIntegration | Booking>): void => {
    // Its labels may assign it to this replica only now.
    const isNew = !before || !isDeepStrictEqual(before.metadata.labels, after?.metadata.labels)
    if (after && !after.status?.conditions?.length && isNew) deadlines.addAfter(keyOf(after), FIRST_STATUS_AFTER_MS)
  }

/** A status that somebody else overwrites is restored at once, and then no more often than this. */
const REPAIR_INTERVAL_MS = 10_000

/**
 * Reconciles an object whose status somebody else has written. The stores do not report our own writes, so a reported change
 * of a status is not ours (or the response to our write was lost, and then the reconcile finds nothing to do).
 */
class StatusRepairs {
  readonly #clock: EventHandlerDeps['clock']
  readonly #controller: Keys
  /** When each key was last added for this, in ms of the monotonic clock. */
  readonly #last = new Map<string, number>()

  constructor(clock: EventHandlerDeps['clock'], controller: Keys) {
    this.#clock = clock
    this.#controller = controller
  }

  onEvent({ before, after }: WatchEvent<KubernetesObject & { status?: object }>): void {
    if (!after) {
      if (before) this.#last.delete(keyOf(before))
      return
    }
    if (!before || isDeepStrictEqual(before.status, after.status)) return
    const key = keyOf(after)
    const now = this.#clock.monotonic()
    const wait = (this.#last.get(key) ?? -Infinity) + REPAIR_INTERVAL_MS - now
    if (wait > 0) return this.#controller.addAfter(key, wait)
    this.#last.set(key, now)
    this.#controller.add(key)
  }
}

/**
 * The integrations that count their Agents again: the one that an Agent refers to counts it, and the one that it referred to before no
 * longer does. If somebody else has written conditions, another replica may reconcile the Agent.
 */
function integrationsThatCount({ before, after }: WatchEvent<Agent>): string[] {
  const keys = [before, after].flatMap((agent) => (agent ? [integrationKey(agent)] : []))
  const isReportedAnew = !isDeepStrictEqual(before?.status?.conditions, after?.status?.conditions)
  return keys.length === 1 || keys[0] !== keys[1] || isReportedAnew ? keys : []
}

/** Whether somebody has just requested a reconcile. */
const isNewlyRequested = ({ before, after }: WatchEvent<KubernetesObject>): boolean =>
  before !== undefined && after !== undefined && requestedAt(before) !== requestedAt(after)

/** Whether somebody changed what they want. A change of the status alone does not count, nor what one replica tells another. */
function specOrMetadataChanged({ before, after }: WatchEvent<KubernetesObject>): boolean {
  if (!before || !after) return true
  const wanted = ({ metadata }: KubernetesObject): unknown[] => [
    metadata.generation,
    { ...metadata.annotations, [NOTIFIED]: undefined },
    metadata.labels,
    metadata.finalizers,
    metadata.deletionTimestamp,
  ]
  return !isDeepStrictEqual(wanted(before), wanted(after))
}
