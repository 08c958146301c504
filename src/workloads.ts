/**
 * What each controller runs: the reconciles of the three kinds, their deadlines, and the push channels, with what they need from each
 * other. Only a leader reconciles, and every write of a reconcile checks that again. The intake holds back what other replicas reconcile.
 */
import { randomBytes } from 'node:crypto'
import type { AgentDeps } from './agent/port.ts'
import { createAgentReconciler } from './agent/reconcile.ts'
import { createBookingReconciler } from './booking/reconcile.ts'
import { CalendarTurns } from './booking/turns.ts'
import { UnansweredWrites } from './booking/unanswered-writes.ts'
import { createZones } from './calendar/zones.ts'
import { afterFirstLook } from './clients/first-look.ts'
import type { IntegrationRegistry } from './clients/port.ts'
import type { Controller, Reconcile } from './controller/controller.ts'
import { isBusy, type Controllers } from './controllers.ts'
import { registerOutputGauge } from './gauges.ts'
import type { RunningGoogle } from './google/google.ts'
import { reservedBy } from './google/replica-role.ts'
import { GrantStore } from './grants/grant-store.ts'
import { createTokenSource } from './grants/token-source.ts'
import { createIntegrationReconciler } from './integration/reconcile.ts'
import type { SiteRegistry } from './integration/site-registry.ts'
import type { RunningCluster } from './kubernetes/cluster.ts'
import { withLeaderGuard } from './kubernetes/leader-guard.ts'
import type { Cluster, Key } from './kubernetes/port.ts'
import type { Workload } from './lifecycle.ts'
import type { Clock, Random } from './platform/clock.ts'
import type { Log } from './platform/log.ts'
import type { Metrics } from './platform/metrics.ts'
import { ChannelManager } from './push/channel-manager.ts'
import type { Replica } from './replica.ts'
import { integrationKey } from './resources/references.ts'
import type { Settings } from './settings.ts'
import { isHere } from './sharding/assignment.ts'
import { handOver } from './sharding/hand-over.ts'
import type { Intake } from './sharding/intake.ts'
import { withStatusGuard } from './sharding/status-guard.ts'
import { reconcileWithBookings, recountAgents } from './watches.ts'
import type { KeyRing } from './web/key-ring.ts'
import type { Web } from './web/web.ts'

/** What the workloads are made of. */
interface WorkloadParts {
  settings: Settings
  clock: Clock
  random: Random
  log: Log
  metrics: Metrics
  cluster: RunningCluster
  google: RunningGoogle
  replica: Replica
  intake: Intake
  controllers: Controllers
  registry: IntegrationRegistry
  sites: SiteRegistry
  /** Undefined if this replica serves no pages. */
  keys: KeyRing | undefined
  web: Web | undefined
}

/** The workloads, and the push channels that one of them runs. */
interface Workloads {
  all: Workload[]
  push: ChannelManager
}

/** Creates what the controllers run. It starts nothing. */
export function createWorkloads(parts: WorkloadParts): Workloads {
  const { replica, intake, controllers } = parts
  const push = createChannels(parts)
  const { integrations, agents, bookings } = createReconcilers(parts, push)
  registerOutputGauge(parts.metrics, agents.outputs)

  const workload = (controller: Controller, reconcile: Reconcile): Workload => ({
    controller,
    reconcile: (key) => replica.leadership.assertLeading().then(() => reconcile(key)),
  })
  const leaving = leavingAgents(parts, agents)
  const all = [
    workload(controllers.integrations, integrations.reconcile),
    workload(controllers.integrationDeadlines, integrations.runDeadline),
    {
      ...workload(controllers.agents, intake.agents(agents.reconcile, leaving)),
      ready: () => afterFirstLook({ cluster: parts.cluster, integrations: parts.registry, clock: parts.clock }),
    },
    workload(controllers.agentDeadlines, intake.besideAgents(agents.runDeadline)),
    workload(controllers.bookings, intake.bookings(bookings.reconcile, bookings.release)),
    workload(controllers.bookingDeadlines, intake.bookings(bookings.runDeadline, bookings.release)),
    workload(
      controllers.agentChannels,
      intake.besideAgents((key) => push.reconcile(key)),
    ),
  ]
  return { all, push }
}

/** The reconcile of each kind. They share what is known about integrations, the tokens, and the calendars that Agents have read. */
function createReconcilers(parts: WorkloadParts, push: ChannelManager) {
  const { controllers, intake, metrics, registry, clock, random, log } = parts
  const cluster = guardedCluster(parts)
  const ports = agentPorts(parts)
  const grants = new GrantStore({ cluster, clock })
  const tokens = createTokenSource({ store: grants, clock, random, signInURL: ports.signInURL })
  const agents = createAgentReconciler({
    ...{ cluster, google: parts.google, clock, random, log },
    ...{ ...ports, grants, tokens, push },
  })
  const wakeBooking = (key: Key): void => controllers.bookings.add(key)
  const bookings = createBookingReconciler({
    ...{ cluster, clock, log, integrations: registry, tokens, calendars: agents, zones: ports.zones, metrics },
    turns: new CalendarTurns({ clock, random, wake: wakeBooking }),
    unanswered: new UnansweredWrites({ clock, wake: wakeBooking }),
    wake: wakeBooking,
    ownedSince: (agent) => intake.ownedSince(agent),
    showWaiting: (key) => controllers.bookingDeadlines.add(key),
  })
  agents.onCalendarsRead(bookings.onCalendarsRead)
  return { integrations: integrationReconciler(parts, cluster), agents, bookings }
}

/** The cluster as reconciles write it: as a leader only, and no status of an Agent that is another replica's. */
function guardedCluster({ cluster, replica }: WorkloadParts): Cluster {
  const { leadership, sharding } = replica
  const guarded = withStatusGuard(cluster, (agent) => isHere(sharding, agent))
  return withLeaderGuard(guarded, () => leadership.assertLeading())
}

function integrationReconciler(parts: WorkloadParts, cluster: Cluster) {
  const { google, registry, replica, settings, sites, clock, random, log } = parts
  const { keeper, sharding } = replica
  return createIntegrationReconciler({
    ...{ google, registry, sites, clock, random, log },
    cluster: withLeaderGuard(cluster, () => keeper.assertLeading()),
    isKeptHere: (integration) => sharding.isKeptHere(integration),
    signInPrefix: settings.webPathPrefix,
    reserved: (budget) => reservedBy(replica.role(), budget),
  })
}

/** What becomes of the Agents that leave this replica. */
function leavingAgents(
  { cluster, controllers, replica }: WorkloadParts,
  agents: ReturnType<typeof createAgentReconciler>,
) {
  const forget = (key: Key): void => agents.release(key)
  const leaving = {
    ...{ cluster, sharding: replica.sharding, forget },
    report: (key: Key) => agents.reportChannels(key),
    isBusy: (key: Key) => isBusy(cluster, controllers, key),
    resume: (key: Key) => reconcileWithBookings(cluster, controllers, key),
  }
  return { forget, handOver: handOver(leaving) }
}

/** The push channels. Only a leader makes them. */
function createChannels({ cluster, controllers, intake, keys, metrics, ...parts }: WorkloadParts): ChannelManager {
  const { settings, clock, random } = parts
  return new ChannelManager({
    ...{ cluster, clock, random, randomBytes },
    owns: (key) => intake.ownsAgent(key),
    servesPages: keys !== undefined,
    pathPrefix: settings.webPathPrefix,
    channelKeys: () => keys?.all ?? [],
    read: (key) => controllers.agents.add(key),
    statusChanged: (key) => controllers.agents.addLowPriority(key),
    wake: (key) => controllers.agentChannels.addLowPriority(key),
    missed: (integration) => metrics.pushMissed(integration),
  })
}

/** What the agent room needs from the other rooms. */
function agentPorts({ cluster, controllers, registry, web }: WorkloadParts) {
  const { agents, agentDeadlines, integrations } = controllers
  return {
    integrations: registry,
    zones: createZones(),
    signInURL: (agent, siteURI) =>
      registry.get(integrationKey(agent))?.siteAccepted ? web?.signInURL(agent, siteURI) : undefined,
    wake: (key, delayMs) => agents.addAfter(key, delayMs),
    progress: (key) => agents.progress(key),
    scheduleDeadline: (key, ms) => agentDeadlines.addAfter(key, ms),
    reported: (key) => recountAgents({ cluster, integrations }, key),
    readNow: (key) => agents.add(key),
  } satisfies Partial<AgentDeps>
}
