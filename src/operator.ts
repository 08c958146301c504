/**
 * Puts the rooms together: the only place that chooses implementations. Everything is created in the order in which the parts
 * need each other; `lifecycle.ts` starts and stops them.
 */
import { randomBytes } from 'node:crypto'
import type { AgentDeps } from './agent/port.ts'
import { createAgentReconciler } from './agent/reconcile.ts'
import { createBookingReconciler } from './booking/reconcile.ts'
import { CalendarTurns } from './booking/turns.ts'
import { UnansweredWrites } from './booking/unanswered-writes.ts'
import { createZones } from './calendar/zones.ts'
import { createController, type Controller, type Reconcile } from './controller/controller.ts'
import { registerGauges, registerOutputGauge } from './gauges.ts'
import { GrantStore } from './grants/grant-store.ts'
import { createTokenSource } from './grants/token-source.ts'
import { createGoogle, type RunningGoogle } from './google/google.ts'
import { reservedBy, type ReplicaRole } from './google/replica-role.ts'
import { createIntegrationRegistry } from './clients/integration-registry.ts'
import type { IntegrationRegistry } from './clients/port.ts'
import { createIntegrationReconciler } from './integration/reconcile.ts'
import { SiteRegistry } from './integration/site-registry.ts'
import { createCluster, type RunningCluster } from './kubernetes/cluster.ts'
import { connect, type Connection } from './kubernetes/connection.ts'
import { CUSTOM_STORE_NAMES, type CustomStoreName } from './kubernetes/kinds.ts'
import type { ClusterConfig } from './kubernetes/kubeconfig.ts'
import { withLeaderGuard } from './kubernetes/leader-guard.ts'
import { keyOf, type Key } from './kubernetes/port.ts'
import { createLifecycle, type Lifecycle, type Workload } from './lifecycle.ts'
import type { Clock, Random } from './platform/clock.ts'
import { createHealthServer } from './platform/health.ts'
import { watchTimeOfDay } from './platform/clock-steps.ts'
import type { Log } from './platform/log.ts'
import { createMetrics, type Metrics } from './platform/metrics.ts'
import { ChannelManager } from './push/channel-manager.ts'
import { NotificationRelay } from './push/notifications.ts'
import { agentKey, integrationKey } from './resources/references.ts'
import type { Booking } from './resources/types.ts'
import { findCondition } from './resources/conditions.ts'
import { needsSignIn } from './resources/reasons.ts'
import type { Settings } from './settings.ts'
import { createReplica, type Replica } from './replica.ts'
import { isHere, type Labelled } from './sharding/assignment.ts'
import { handOver } from './sharding/hand-over.ts'
import { Intake } from './sharding/intake.ts'
import { withStatusGuard } from './sharding/status-guard.ts'
import { reconcileWithBookings, recountAgents, registerEventHandlers } from './watches.ts'
import { KeyRing } from './web/key-ring.ts'
import { createWeb, type Web } from './web/web.ts'

/** What the operator needs from its process. */
interface OperatorDeps {
  settings: Settings
  kubeConfig: ClusterConfig
  clock: Clock
  random: Random
  log: Log
  /** Called when the Lease is lost: nothing may be written from then on, so the process ends at once. */
  onLeaseLost(): void
}

/** The operator, assembled but not started. */
export interface Operator extends Pick<Lifecycle, 'start' | 'stop' | 'run'> {
  /** The port of the health server; undefined if there is none. */
  readonly healthPort: number | undefined
  /** The port of the sign-in pages; undefined if they are not served. */
  readonly webPort: number | undefined
}

/** An integration mostly waits for Google, and there are few of them. */
const INTEGRATION_WORKERS = 8
/** They make and stop push channels. */
const CHANNEL_WORKERS = 8
/** Their reconciles wait for the API server only, and never for Google. Thousands of new objects get their first status from them. */
const DEADLINE_WORKERS = 16
/** After the time of day was set, all objects are reconciled within this time. */
const TIME_SET_SPREAD_MS = 30_000

/** Assembles the operator. It starts nothing. */
export function createOperator(deps: OperatorDeps): Operator {
  const { settings, clock, log } = deps
  const metrics = createMetrics(clock)
  const kubernetes = createKubernetes(deps, metrics, (agent) => isHere(sharding, agent))
  const { connection, cluster } = kubernetes
  const namespace = ownNamespace(deps, kubernetes)
  const replica = createReplica({
    ...{ ...deps, cluster, namespace },
    onKeeping: () => reconcileKept(cluster, controllers),
  })
  const { leadership, sharding } = replica
  const google = createGoogleClients(deps, metrics, () => replica.role())
  const clients = { metrics, ...kubernetes, google }
  const controllers = createControllers(deps, clients)
  const registry = createIntegrationRegistry(clock)
  const sites = new SiteRegistry({ cluster, clock, sites: settings.sites })
  const intake = new Intake({ cluster, clock, sharding })
  const keys = settings.webBindAddress && new KeyRing({ cluster, clock, log, randomBytes, namespace })
  const notifications = new NotificationRelay({
    ...{ cluster, clock, log, randomBytes },
    keys: () => keys?.all ?? [],
    owns: (key) => leadership.leading && intake.ownsAgent(key),
  })
  const web = keys && createPages(deps, clients, { agents: controllers.agents, keys, notifications })
  const workloads = createWorkloads(deps, {
    ...{ ...clients, replica, intake, controllers, registry, sites, keys, web },
  })
  notifications.subscribe((...one) => workloads.push.onNotification(...one))
  keys?.subscribe(() => {
    reconcileAwaitingSignIn(cluster, controllers.agents)
    workloads.push.wakeAll()
  })

  registerEventHandlers({ cluster, clock, registry, sites, push: workloads.push, ...controllers })
  registerGauges(metrics, intake.ownObjects(cluster), clock)
  cluster.integrations.subscribe(({ before, after }) => {
    if (before && !after) google.forgetQuota(keyOf(before))
  })
  metrics.leader(replica.leaseName, () => replica.keeper.leading)

  const { metricsBindAddress } = settings
  const lifecycle = createLifecycle({
    ...{ clock, log, cluster, workloads: workloads.all, web, notifications, leadership },
    onLeaseLost: () => deps.onLeaseLost(),
    createHealth: (probes) =>
      metricsBindAddress && createHealthServer(deps, { ...metricsBindAddress, ...probes, registry: metrics.registry }),
    watchTime: () => watchTimeOfDay(clock, (stepMs) => reconcileAll(deps, cluster, controllers, stepMs)),
    connections: [google, connection],
  })
  return {
    get healthPort() {
      return lifecycle.health?.port
    },
    get webPort() {
      return web?.port
    },
    start: () => lifecycle.start(),
    stop: () => lifecycle.stop(),
    run: (ended) => lifecycle.run(ended),
  }
}

interface Kubernetes {
  connection: Connection
  cluster: RunningCluster
}

/** The clients of Kubernetes and Google, with the metrics that count their requests. */
interface Clients extends Kubernetes {
  metrics: Metrics
  google: RunningGoogle
}

function createKubernetes(
  { settings, kubeConfig, clock, random, log }: OperatorDeps,
  metrics: Metrics,
  isOwn: (agent: Labelled) => boolean,
): Kubernetes {
  const connection = connect(kubeConfig, clock)
  const cluster = createCluster({
    ...{ connection, clock, random, log },
    namespaces: settings.watchNamespaces,
    isOwn,
    instance: settings.podName,
    observe: (...request) => metrics.apiRequest(...request),
    eventDropped: (reason) => metrics.eventDropped(reason),
  })
  return { connection, cluster }
}

function createGoogleClients(
  { settings, clock, random }: OperatorDeps,
  metrics: Metrics,
  role: () => ReplicaRole,
): RunningGoogle {
  return createGoogle({
    accountsUrl: settings.googleAccountsURL,
    oauthUrl: settings.googleOAuthURL,
    apiUrl: settings.googleAPIURL,
    proxy: settings.proxy,
    ...{ clock, random, role },
    observe: (...request) => metrics.googleRequest(...request),
  })
}

/** Where the operator keeps objects of its own. */
const ownNamespace = ({ settings }: OperatorDeps, { connection }: Kubernetes): string =>
  settings.podNamespace ?? connection.namespace ?? 'default'

/** A controller for each of the operator's kinds, and one for the deadlines of each. */
interface Controllers extends Record<CustomStoreName, Controller> {
  /** For what an agent's reconcile may miss while it waits for Google: a first status, the end of trust. */
  agentDeadlines: Controller
  /** For the push channels of agents, so that no reconcile waits for them. */
  agentChannels: Controller
  /** For an integration's first status. */
  integrationDeadlines: Controller
  /** For a Booking's first status. */
  bookingDeadlines: Controller
}

function createControllers({ settings, clock, random, log }: OperatorDeps, { metrics, cluster }: Clients): Controllers {
  const common = { groupsOf: (key: Key) => [namespaceOf(key)], clock, random, log }
  const agentOf = (key: Key): string => `${namespaceOf(key)}/${cluster.bookings.get(key)?.spec.agentRef.name ?? ''}`
  const byAgent = { groupsOf: (key: Key) => [namespaceOf(key), agentOf(key)] }
  const measured = (name: string, workers: number, groups = {}): Controller =>
    createController({ ...common, ...groups, name, workers, metrics: metrics.controller(name, workers) })
  const deadlines = (kind: string, groups = {}): Controller =>
    createController({ ...common, ...groups, name: `${kind}-deadline`, workers: DEADLINE_WORKERS })
  return {
    integrations: measured('calendarintegration', INTEGRATION_WORKERS),
    integrationDeadlines: deadlines('calendarintegration'),
    agents: measured('agent', settings.workers),
    agentDeadlines: deadlines('agent'),
    bookings: measured('booking', settings.workers, byAgent),
    bookingDeadlines: deadlines('booking', byAgent),
    agentChannels: createController({ ...common, name: 'agent-channels', workers: CHANNEL_WORKERS }),
  }
}

/** A namespace with a thousand objects does not delay the objects of the others. */
const namespaceOf = (key: Key): string => key.slice(0, key.indexOf('/'))

interface PageParts extends Pick<Controllers, 'agents'> {
  keys: KeyRing
  notifications: NotificationRelay
}

/** The sign-in pages. Every replica serves them, leader or not: writes of grants name the version that they replace. */
function createPages(
  { settings, clock, log }: OperatorDeps,
  { metrics, cluster, google }: Clients,
  { agents, keys, notifications }: PageParts,
): Web | undefined {
  const { webBindAddress, webTrustedProxies: trustedProxies, webPathPrefix: pathPrefix, sites } = settings
  if (!webBindAddress) return undefined
  return createWeb(
    {
      ...{ cluster, google, sites, clock, log, randomBytes, keys },
      accountsURL: settings.googleAccountsURL,
      connected: (key) => agents.add(key),
      notified: (notification) => notifications.receive(notification),
      observeNotification: (result) => metrics.notification(result),
      observe: (outcome) => metrics.signIn(outcome),
    },
    { ...webBindAddress, pathPrefix, trustedProxies },
  )
}

interface WorkloadParts extends Clients {
  replica: Replica
  intake: Intake
  controllers: Controllers
  registry: IntegrationRegistry
  sites: SiteRegistry
  keys: KeyRing | undefined
  web: Web | undefined
}

interface Workloads {
  all: Workload[]
  push: ChannelManager
}

/**
 * What each controller runs. Only a leader reconciles, and every write of a reconcile checks that again. The intake holds back
 * what other replicas reconcile.
 */
function createWorkloads(deps: OperatorDeps, parts: WorkloadParts): Workloads {
  const { replica, intake, controllers, registry, sites, metrics } = parts
  const { leadership, keeper, sharding } = replica
  const { clock, random, log } = deps
  const guarded = withStatusGuard(parts.cluster, (agent) => isHere(sharding, agent))
  const cluster = withLeaderGuard(guarded, () => leadership.assertLeading())
  const common = { cluster, google: parts.google, clock, random, log }
  const integrations = createIntegrationReconciler({
    ...common,
    cluster: withLeaderGuard(cluster, () => keeper.assertLeading()),
    registry,
    sites,
    isKeptHere: (integration) => sharding.isKeptHere(integration),
    signInPrefix: deps.settings.webPathPrefix,
    reserved: (budget) => reservedBy(replica.role(), budget),
  })
  const ports = agentPorts(parts)
  const grants = new GrantStore({ cluster, clock })
  const tokens = createTokenSource({ store: grants, clock, random, signInURL: ports.signInURL })
  const push = createChannels(deps, parts)
  const agents = createAgentReconciler({ ...common, ...ports, grants, tokens, push })
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
  registerOutputGauge(metrics, agents.outputs)

  const forget = (key: Key): void => agents.release(key)
  const leaving = {
    ...{ cluster, sharding, forget },
    report: (key: Key) => agents.reportChannels(key),
    isBusy: (key: Key) => isBusy(cluster, controllers, key),
    resume: (key: Key) => reconcileWithBookings(cluster, controllers, key),
  }
  const workload = (controller: Controller, reconcile: Reconcile): Workload => ({
    controller,
    async reconcile(key) {
      await leadership.assertLeading()
      return reconcile(key)
    },
  })
  const all = [
    workload(controllers.integrations, integrations.reconcile),
    workload(controllers.integrationDeadlines, integrations.runDeadline),
    workload(controllers.agents, intake.agents(agents.reconcile, { forget, handOver: handOver(leaving) })),
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

/** Whether anything besides its own reconcile runs for an Agent. */
function isBusy(cluster: Pick<RunningCluster, 'bookings'>, controllers: Controllers, key: Key): boolean {
  const { agentDeadlines, agentChannels, bookings, bookingDeadlines } = controllers
  const running = [...bookings.processing.keys(), ...bookingDeadlines.processing.keys()]
  const isOfAgent = (booking: Booking | undefined): boolean => booking !== undefined && agentKey(booking) === key
  return (
    agentDeadlines.processing.has(key) ||
    agentChannels.processing.has(key) ||
    running.some((one) => isOfAgent(cluster.bookings.get(one)))
  )
}

/** Reconciles what no other replica writes: integrations, and the Bookings of Agents that do not exist. */
function reconcileKept(cluster: RunningCluster, { integrations, bookings }: Controllers): void {
  for (const integration of cluster.integrations.list()) integrations.add(keyOf(integration))
  for (const booking of cluster.bookings.list()) {
    if (!cluster.agents.get(agentKey(booking))) bookings.addLowPriority(keyOf(booking))
  }
}

/** The push channels. Only a leader makes them. */
function createChannels(
  deps: OperatorDeps,
  { cluster, controllers, intake, keys, metrics }: WorkloadParts,
): ChannelManager {
  const { clock, random } = deps
  return new ChannelManager({
    ...{ cluster, clock, random, randomBytes },
    owns: (key) => intake.ownsAgent(key),
    servesPages: keys !== undefined,
    pathPrefix: deps.settings.webPathPrefix,
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

/** Reconciles the agents whose status contains a sign-in link, after the links have changed. */
function reconcileAwaitingSignIn(cluster: RunningCluster, agents: Controller): void {
  for (const agent of cluster.agents.list()) {
    const authorized = findCondition(agent.status?.conditions, 'Authorized')
    if (authorized && needsSignIn(authorized.reason)) agents.addLowPriority(keyOf(agent))
  }
}

/** Reconciles all objects after the time of day was set, because anything may be due now. Most of these reconciles do nothing. */
function reconcileAll(
  { random, log }: OperatorDeps,
  cluster: RunningCluster,
  controllers: Controllers,
  stepMs: number,
): void {
  log.warn({ seconds: Math.round(stepMs / 1000) }, 'the time of day was set: all objects are reconciled again')
  const soon = (): number => random() * TIME_SET_SPREAD_MS
  for (const name of CUSTOM_STORE_NAMES) {
    for (const object of cluster[name].list()) controllers[name].addAfter(keyOf(object), soon())
  }
}
