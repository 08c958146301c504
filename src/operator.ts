/**
 * Puts the operator together from its parts, in the order in which they need each other: connections, this replica among others,
 * controllers, sign-in pages, workloads. `lifecycle.ts` starts and stops them.
 */
import { randomBytes } from 'node:crypto'
import { createIntegrationRegistry } from './clients/integration-registry.ts'
import { createGoogleClients, createKubernetes } from './connections.ts'
import type { Controller } from './controller/controller.ts'
import { createControllers, reconcileAll, reconcileAwaitingSignIn, reconcileKept } from './controllers.ts'
import { registerGauges } from './gauges.ts'
import type { RunningGoogle } from './google/google.ts'
import { SiteRegistry } from './integration/site-registry.ts'
import type { RunningCluster } from './kubernetes/cluster.ts'
import type { ClusterConfig } from './kubernetes/kubeconfig.ts'
import { keyOf } from './kubernetes/port.ts'
import { createLifecycle, type Lifecycle } from './lifecycle.ts'
import { watchTimeOfDay } from './platform/clock-steps.ts'
import type { Clock, Random } from './platform/clock.ts'
import { createHealthServer, type Probes } from './platform/health.ts'
import type { HttpServer } from './platform/http-server.ts'
import type { Log } from './platform/log.ts'
import { createMetrics, type Metrics } from './platform/metrics.ts'
import { NotificationRelay } from './push/notifications.ts'
import { createReplica } from './replica.ts'
import type { Settings } from './settings.ts'
import { isHere } from './sharding/assignment.ts'
import { Intake } from './sharding/intake.ts'
import { registerEventHandlers } from './watches.ts'
import { KeyRing } from './web/key-ring.ts'
import { createWeb, type Web } from './web/web.ts'
import { createWorkloads } from './workloads.ts'

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

/** Assembles the operator. It starts nothing. */
export function createOperator(deps: OperatorDeps): Operator {
  const { settings, clock, log } = deps
  const metrics = createMetrics(clock)
  const common = { ...deps, metrics }
  const { connection, cluster } = createKubernetes(common, (agent) => isHere(sharding, agent))
  const namespace = settings.podNamespace ?? connection.namespace ?? 'default'
  const replica = createReplica({
    ...{ ...deps, cluster, namespace },
    onKeeping: () => reconcileKept(cluster, controllers),
  })
  const { leadership, sharding } = replica
  const google = createGoogleClients(common, () => replica.role())
  const controllers = createControllers({ ...common, cluster })
  const registry = createIntegrationRegistry(clock)
  const sites = new SiteRegistry({ cluster, clock, sites: settings.sites })
  const intake = new Intake({ cluster, clock, sharding })
  const keys = settings.webBindAddress && new KeyRing({ cluster, clock, log, randomBytes, namespace })
  const notifications = new NotificationRelay({
    ...{ cluster, clock, log, randomBytes },
    keys: () => keys?.all ?? [],
    owns: (key) => leadership.leading && intake.ownsAgent(key),
  })
  const web = keys && createPages({ ...common, cluster, google, agents: controllers.agents, keys, notifications })
  const parts = { ...common, cluster, google, replica, intake, controllers, registry, sites, keys, web }
  const workloads = createWorkloads(parts)
  notifications.subscribe((...one) => workloads.push.onNotification(...one))
  keys?.subscribe(() => {
    reconcileAwaitingSignIn(cluster, controllers)
    workloads.push.wakeAll()
  })
  registerEventHandlers({ cluster, clock, registry, sites, push: workloads.push, ...controllers })
  cluster.integrations.subscribe(({ before, after }) => {
    if (before && !after) google.forgetQuota(keyOf(before))
  })
  registerGauges(metrics, intake.ownObjects(cluster), clock)
  metrics.leader(replica.leaseName, () => replica.keeper.leading)

  const lifecycle = createLifecycle({
    ...{ clock, log, cluster, workloads: workloads.all, web, notifications, leadership },
    onLeaseLost: () => deps.onLeaseLost(),
    createHealth: (probes) => createHealth(common, probes),
    watchTime: () => watchTimeOfDay(clock, (stepMs) => reconcileAll({ ...deps, cluster }, controllers, stepMs)),
    connections: [google, connection],
  })
  return asOperator(lifecycle, web)
}

function asOperator(lifecycle: Lifecycle, web: Web | undefined): Operator {
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

/** The server of the probes and the metrics; undefined if neither is served. */
function createHealth(
  { settings, metrics, ...deps }: OperatorDeps & { metrics: Metrics },
  probes: Probes,
): HttpServer | undefined {
  const { metricsBindAddress } = settings
  return (
    metricsBindAddress && createHealthServer(deps, { ...metricsBindAddress, ...probes, registry: metrics.registry })
  )
}

interface PageParts extends Pick<OperatorDeps, 'settings' | 'clock' | 'log'> {
  metrics: Metrics
  cluster: RunningCluster
  google: RunningGoogle
  agents: Controller
  keys: KeyRing
  notifications: NotificationRelay
}

/** The sign-in pages. Every replica serves them, leader or not: writes of grants name the version that they replace. */
function createPages(parts: PageParts): Web | undefined {
  const { settings, clock, log, metrics, cluster, google, agents, keys, notifications } = parts
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
