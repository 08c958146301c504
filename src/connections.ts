/** The operator's connections: to the API server with what is cached of it, and to Google. Metrics count the requests of both. */
import { createGoogle, type RunningGoogle } from './google/google.ts'
import type { ReplicaRole } from './google/replica-role.ts'
import { createCluster, type RunningCluster } from './kubernetes/cluster.ts'
import { connect, type Connection } from './kubernetes/connection.ts'
import type { ClusterConfig } from './kubernetes/kubeconfig.ts'
import type { Clock, Random } from './platform/clock.ts'
import type { Log } from './platform/log.ts'
import type { Metrics } from './platform/metrics.ts'
import type { Settings } from './settings.ts'
import type { Labelled } from './sharding/assignment.ts'

/** What the connections need. */
interface ConnectionDeps {
  settings: Settings
  kubeConfig: ClusterConfig
  metrics: Metrics
  clock: Clock
  random: Random
  log: Log
}

/** The API server, and what is cached of it. */
interface Kubernetes {
  connection: Connection
  cluster: RunningCluster
}

/** Creates the connection to the API server. It opens nothing. */
export function createKubernetes(
  { settings, kubeConfig, metrics, clock, random, log }: ConnectionDeps,
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

/** Creates the connection to Google. It opens nothing. */
export function createGoogleClients(
  { settings, metrics, clock, random }: Omit<ConnectionDeps, 'kubeConfig' | 'log'>,
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
