/**
 * Puts the rooms together: the one place that picks implementations. It watches, turns what changed into keys on two
 * queues, and lets the reconcilers do the rest. It starts in the order in which things can be relied on (health, watches,
 * leadership, workers) and stops in the opposite one.
 */
import { randomBytes } from 'node:crypto'
import type { AgentDeps } from './agent/port.ts'
import { createAgentReconciler, type AgentReconciler } from './agent/reconcile.ts'
import { createZones } from './calendar/zones.ts'
import { createGoogle } from './google/google.ts'
import { createIntegrationRegistry } from './integration/integration-registry.ts'
import { createIntegrationReconciler } from './integration/reconcile.ts'
import { SiteRegistry } from './integration/site.ts'
import { createCluster, type RunningCluster } from './kubernetes/cluster.ts'
import { connect } from './kubernetes/connection.ts'
import { withLeaderGuard } from './kubernetes/leader-guard.ts'
import type { ClusterConfig } from './kubernetes/kubeconfig.ts'
import { LeaderElection } from './kubernetes/lease.ts'
import { keyOf, type Key } from './kubernetes/port.ts'
import { createController, type Controller } from './controller/controller.ts'
import type { Clock, Random } from './platform/clock.ts'
import { createLifecycle } from './lifecycle.ts'
import { createHealthServer } from './platform/health.ts'
import { watchTimeOfDay } from './platform/leaps.ts'
import type { Log } from './platform/log.ts'
import { createMetrics, type Metrics } from './platform/metrics.ts'
import { registerGauges, registerOutputGauge } from './gauges.ts'
import { integrationKey } from './resources/allowed-namespaces.ts'
import { findCondition } from './resources/conditions.ts'
import { needsSignIn } from './resources/reasons.ts'
import type { Settings } from './settings.ts'
import { createWeb, type Web, type WebDeps } from './web/web.ts'
import { registerEventHandlers } from './watches.ts'

export interface OperatorDeps {
  settings: Settings
  kubeConfig: ClusterConfig
  clock: Clock
  random: Random
  log: Log
  /** Called when the Lease is lost: nothing may be written from then on, so the process ends at once. */
  onLeaseLost(): void
}

export interface Operator {
  /** Resolves when the caches are filled; work begins once this replica leads. */
  start(): Promise<void>
  /** Ends in order, within ten seconds. Answers whether everything that ran had ended by itself. */
  stop(): Promise<boolean>
  /** The port of the health server, if there is one. */
  readonly healthPort: number | undefined
  /** The port of the sign-in pages, if they are served. */
  readonly webPort: number | undefined
}

/** An integration waits mostly for Google, and there are few of them. */
const INTEGRATION_WORKERS = 8
/** They never wait for Google. */
const ATTENDANTS = 4
/** After a leap of the time of day, all objects are looked at within so long. */
const LEAP_SPREAD_MS = 30_000

export function createOperator(deps: OperatorDeps): Operator {
  const { settings, clock, log } = deps
  const assertLeading = async (): Promise<void> => election?.assertLeading()
  const { metrics, connection, cluster, google, web, ...controllers } = createParts(deps, assertLeading)
  const { integrations, agents } = controllers
  const election: LeaderElection | undefined = settings.leaderElect
    ? electionOf(deps, cluster, connection.namespace, startWork)
    : undefined
  registerGauges(metrics, cluster, clock)
  metrics.leader('calendar-operator', () => election?.leading ?? true)

  // Whoever failed meanwhile may else wait for minutes.
  cluster.onRecovery(() => {
    for (const controller of Object.values(controllers)) controller.resume()
  })

  function startWork(): void {
    log.info({}, 'reconciling')
    for (const controller of Object.values(controllers)) controller.start()
  }

  /** All that is due at a time of day is due at another instant now; a look costs nothing where that changes nothing. */
  function lookAtAllAgain(leap: number): void {
    log.warn({ seconds: Math.round(leap / 1000) }, 'the time of day was set: everything is looked at again')
    const soon = (): number => deps.random() * LEAP_SPREAD_MS
    for (const one of cluster.integrations.list()) integrations.add(keyOf(one), soon())
    for (const one of cluster.agents.list()) agents.add(keyOf(one), soon())
  }

  const { metricsBindAddress } = settings
  const lifecycle = createLifecycle({
    cluster,
    controllers: Object.values(controllers),
    web,
    election,
    createHealth: (probes) =>
      metricsBindAddress && createHealthServer(deps, { ...metricsBindAddress, ...probes, registry: metrics.registry }),
    startWork,
    watchTime: () => watchTimeOfDay(clock, lookAtAllAgain),
    closing: [google, connection],
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
  }
}

/** Every room, each given what it needs of the others. */
function createParts(deps: OperatorDeps, assertLeading: () => Promise<void>) {
  const { settings, clock, random, log } = deps
  const metrics = createMetrics(clock)
  const connection = connect(deps.kubeConfig, clock)
  const cluster = createCluster({
    connection,
    clock,
    random,
    log,
    namespaces: settings.watchNamespaces,
    instance: settings.podName,
    observe: (...request) => metrics.apiRequest(...request),
    eventDropped: (reason) => metrics.eventDropped(reason),
  })
  const google = createGoogle({
    accountsUrl: settings.googleAccountsURL,
    oauthUrl: settings.googleOAuthURL,
    apiUrl: settings.googleAPIURL,
    proxy: settings.proxy,
    clock,
    random,
    observe: (...request) => metrics.googleRequest(...request),
  })
  const registry = createIntegrationRegistry(clock)
  const sites = new SiteRegistry({ cluster, clock, sites: settings.sites })
  const common = { cluster: withLeaderGuard(cluster, assertLeading), google, clock, random, log }
  const signInPrefix = settings.webPathPrefix
  const ofIntegrations = createIntegrationReconciler({ ...common, registry, sites, signInPrefix })
  const integrations = controllerOf(deps, metrics, {
    name: 'calendarintegration',
    workers: INTEGRATION_WORKERS,
    reconcile: ofIntegrations.reconcile,
    assertLeading,
  })
  const integrationAttendants = attendantsOf(deps, 'calendarintegration', assertLeading, ofIntegrations.attend)
  const { agents, attendants } = agentsOf(deps, metrics, assertLeading, {
    ...common,
    integrations: registry,
    zones: createZones(),
    signInURL: (agent, siteURI) =>
      registry.view(integrationKey(agent))?.siteAccepted ? web?.signInURL(agent, siteURI) : undefined,
    reported: (key) => recount(key),
  })
  const recount = registerEventHandlers({
    ...{ cluster, clock, registry, sites },
    ...{ agents, attendants, integrations, integrationAttendants },
  })
  // Any replica keeps what people grant: the Secret's version is the fence there.
  const web = webOf(deps, metrics, {
    cluster,
    google,
    namespace: settings.podNamespace ?? connection.namespace ?? 'default',
    connected: (key) => agents.add(key),
    linksChanged: () => wakeUnsigned(cluster, agents),
  })
  return { metrics, connection, cluster, google, web, integrations, integrationAttendants, agents, attendants }
}

/** Who reads the calendars, and who speaks for them while that takes its time. */
function agentsOf(
  deps: OperatorDeps,
  metrics: Metrics,
  assertLeading: () => Promise<void>,
  given: Omit<AgentDeps, 'attendIn' | 'kept' | 'wake' | 'progress'>,
): { agents: Controller; attendants: Controller } {
  const { reconcile, attend, outputs } = createAgentReconciler({
    ...given,
    attendIn: (key, ms) => attendants.add(key, ms),
    wake: (key, delayMs) => agents.add(key, delayMs),
    progress: (key) => agents.progress(key),
  })
  const agents = controllerOf(deps, metrics, {
    name: 'agent',
    workers: deps.settings.workers,
    reconcile,
    assertLeading,
  })
  const attendants: Controller = attendantsOf(deps, 'agent', assertLeading, attend)
  registerOutputGauge(metrics, outputs)
  return { agents, attendants }
}

/** Who does for objects of a kind what can't wait for Google. */
const attendantsOf = (
  { clock, random, log }: OperatorDeps,
  kind: string,
  assertLeading: () => Promise<void>,
  attend: AgentReconciler['attend'],
): Controller =>
  createController({
    ...{ name: `${kind}-attention`, workers: ATTENDANTS, groupOf: namespaceOf, clock, random, log },
    reconcile: async (key) => {
      await assertLeading()
      return attend(key)
    },
  })

/** Their links have changed, and stand in their status. */
function wakeUnsigned(cluster: RunningCluster, agents: Controller): void {
  for (const agent of cluster.agents.list()) {
    const authorized = findCondition(agent.status?.conditions, 'Authorized')
    if (authorized && needsSignIn(authorized.reason)) agents.add(keyOf(agent), 0)
  }
}

function webOf(
  { settings, clock, log }: OperatorDeps,
  metrics: Metrics,
  parts: Pick<WebDeps, 'cluster' | 'google' | 'namespace' | 'connected' | 'linksChanged'>,
): Web | undefined {
  const { webBindAddress, webTrustedProxies: trustedProxies, webPathPrefix: pathPrefix } = settings
  const accountsURL = settings.googleAccountsURL
  if (!webBindAddress) return undefined
  const observe = (outcome: string): void => metrics.signIn(outcome)
  return createWeb(
    { ...parts, accountsURL, sites: settings.sites, clock, log, randomBytes, observe },
    { ...webBindAddress, pathPrefix, trustedProxies },
  )
}

/** Namespaces take turns at the workers: a thousand objects in one of them keep nobody else waiting. */
const namespaceOf = (key: Key): string => key.slice(0, key.indexOf('/'))

function controllerOf(
  { clock, random, log }: OperatorDeps,
  metrics: Metrics,
  options: Pick<Parameters<typeof createController>[0], 'name' | 'workers' | 'reconcile'> & {
    assertLeading(): Promise<void>
  },
): Controller {
  const reconcile: typeof options.reconcile = async (key, signal) => {
    await options.assertLeading()
    return options.reconcile(key, signal)
  }
  const counts = (): Controller => controller
  const own = metrics.controller(options.name, options.workers, counts)
  const controller = createController({ ...options, groupOf: namespaceOf, reconcile, clock, random, log, metrics: own })
  return controller
}

function electionOf(
  { settings, clock, random, log, ...deps }: OperatorDeps,
  { send }: RunningCluster,
  kubeconfigNamespace: string | undefined,
  onLeading: () => void,
): LeaderElection {
  const suffix = Math.floor(random() * 2 ** 32).toString(16)
  return new LeaderElection(
    { send, clock, random, log },
    {
      namespace: settings.podNamespace ?? kubeconfigNamespace ?? 'default',
      name: 'calendar-operator',
      identity: `${settings.podName}_${suffix}`,
      onLeading,
      onLost: () => deps.onLeaseLost(),
    },
  )
}
