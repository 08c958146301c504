/** Which change wakes whom. Our own writes wake nobody: the stores keep silent about them. */
import { isDeepStrictEqual } from 'node:util'
import { integrationKey as integrationOf } from './resources/allowed-namespaces.ts'
import type { IntegrationRegistry } from './integration/integration-registry.ts'
import { keyOf, type WatchEvent, type Cluster, type KubernetesObject } from './kubernetes/port.ts'
import type { SiteRegistry } from './integration/site.ts'
import type { Controller } from './controller/controller.ts'
import type { Clock } from './platform/clock.ts'
import { siteHost } from './resources/sites.ts'
import type { Agent, CalendarIntegration } from './resources/types.ts'

export interface EventHandlerDeps {
  cluster: Cluster
  clock: Pick<Clock, 'monotonic'>
  registry: IntegrationRegistry
  agents: Pick<Controller, 'add'>
  /** Which agents are given a first status, or are looked at beside their reconcile. */
  attendants: Pick<Controller, 'add'>
  integrations: Pick<Controller, 'add'>
  /** Which integrations are given a first status. */
  integrationAttendants: Pick<Controller, 'add'>
  sites: Pick<SiteRegistry, 'onClaim'>
}

/** Counting an integration's agents can wait a moment: at a start, thousands of them change at once. */
const COUNT_AFTER_MS = 2_000
/** A first status must stand soon, even when Google keeps us waiting. */
const FIRST_STATUS_AFTER_MS = 5_000

/** Answers what to call when an agent's status was written. */
export function registerEventHandlers(deps: EventHandlerDeps): (agentKey: string) => void {
  const { cluster, clock, registry, agents, attendants, integrations, integrationAttendants, sites } = deps
  const wakeAgentsOf = (integration: string): void => {
    // Many at once: they let a change of one person's own pass.
    for (const agent of cluster.agents.byIndex('integration', integration)) agents.add(keyOf(agent), 0)
  }
  const recount = (agentKey: string): void => {
    const agent = cluster.agents.get(agentKey)
    if (agent) integrations.add(integrationOf(agent), COUNT_AFTER_MS)
  }

  /** A site that an integration has left may be the next one's. */
  const wakeRivals = ({ before, after }: WatchEvent<CalendarIntegration>): void => {
    const left = before && siteHost(before.spec.google.siteURI)
    if (left === undefined || (after && siteHost(after.spec.google.siteURI) === left)) return
    for (const rival of cluster.integrations.byIndex('site', left)) integrations.add(keyOf(rival), 0)
  }

  const agentRepairs = new StatusRepairs(clock, agents)
  const integrationRepairs = new StatusRepairs(clock, integrations)

  cluster.agents.subscribe(({ before, after }) => {
    const agent = after ?? before
    if (!agent) return
    if (specOrMetadataChanged({ before, after })) agents.add(keyOf(agent))
    agentRepairs.onChange({ before, after })
    // Its integration counts it, and the one that it has left no longer does.
    for (const one of [before, after]) {
      if (one && (!before || !after || integrationOf(before) !== integrationOf(after))) {
        integrations.add(integrationOf(one), COUNT_AFTER_MS)
      }
    }
  })
  cluster.agents.subscribe(welcome(attendants))
  cluster.integrations.subscribe(welcome(integrationAttendants))
  cluster.integrations.subscribe((change) => {
    const integration = change.after ?? change.before
    integrationRepairs.onChange(change)
    if (!integration || !specOrMetadataChanged(change)) return
    integrations.add(keyOf(integration))
    wakeAgentsOf(keyOf(integration))
    wakeRivals(change)
  })
  cluster.secrets.subscribe(({ before, after }) => {
    const secret = after ?? before
    if (!secret) return
    for (const agent of cluster.agents.byIndex('secret', keyOf(secret))) agents.add(keyOf(agent))
    for (const integration of cluster.integrations.byIndex('secret', keyOf(secret)))
      integrations.add(keyOf(integration))
  })
  cluster.configMaps.subscribe(({ before, after }) => {
    const configMap = after ?? before
    if (configMap) for (const agent of cluster.agents.byIndex('configMap', keyOf(configMap))) agents.add(keyOf(agent))
  })
  cluster.namespaces?.subscribe(({ before, after }) => {
    const sameLabels = JSON.stringify(before?.metadata.labels) === JSON.stringify(after?.metadata.labels)
    if (!after || sameLabels) return
    for (const agent of cluster.agents.byIndex('namespace', after.metadata.name)) agents.add(keyOf(agent), 0)
  })
  registry.onEntry(wakeAgentsOf)
  sites.onClaim((integration) => integrations.add(integration, 0))
  registry.onObservation((integration) => integrations.add(integration))
  return recount
}

/** Who is seen for the first time, without a status, is given one. */
const welcome =
  (attendants: Pick<Controller, 'add'>) =>
  ({ before, after }: WatchEvent<Agent | CalendarIntegration>): void => {
    if (!before && after && isUnseen(after)) attendants.add(keyOf(after), FIRST_STATUS_AFTER_MS)
  }

/** What somebody writes over a status again and again is put right at once, and then so often. */
const REPAIR_AGAIN_MS = 10_000

/**
 * Has an object looked at whose status somebody else has written: the stores keep silent about our own writes, so a change of
 * a status that is heard of is not ours (or the answer to ours was lost, and then a look finds nothing to do).
 */
class StatusRepairs {
  readonly #clock: EventHandlerDeps['clock']
  readonly #controller: Pick<Controller, 'add'>
  /** When each was last looked at for that, by key. */
  readonly #last = new Map<string, number>()

  constructor(clock: EventHandlerDeps['clock'], controller: Pick<Controller, 'add'>) {
    this.#clock = clock
    this.#controller = controller
  }

  onChange({ before, after }: WatchEvent<KubernetesObject & { status?: object }>): void {
    if (!after) {
      if (before) this.#last.delete(keyOf(before))
      return
    }
    if (!before || isDeepStrictEqual(before.status, after.status)) return
    const key = keyOf(after)
    const now = this.#clock.monotonic()
    const wait = (this.#last.get(key) ?? -Infinity) + REPAIR_AGAIN_MS - now
    if (wait > 0) return this.#controller.add(key, wait)
    this.#last.set(key, now)
    this.#controller.add(key)
  }
}

const isUnseen = ({ status }: Agent | CalendarIntegration): boolean => !status?.conditions?.length

/** Whether somebody wants something: a status that changed is no wish. */
function specOrMetadataChanged({ before, after }: WatchEvent<KubernetesObject>): boolean {
  if (!before || !after) return true
  const wish = ({ metadata }: KubernetesObject): string =>
    JSON.stringify([
      metadata.generation,
      metadata.annotations,
      metadata.labels,
      metadata.finalizers,
      metadata.deletionTimestamp,
    ])
  return wish(before) !== wish(after)
}
