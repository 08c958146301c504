/**
 * The way to the API server: found as `kubectl` finds it, over one pool of connections. Credentials are asked for again at
 * most once a minute (service-account tokens rotate, exec plugins renew); connections are replaced only when certificates
 * have changed.
 */
import { createHash } from 'node:crypto'
import type { RequestOptions } from 'node:https'
import { KubeConfig } from '@kubernetes/client-node'
import { Agent, type Dispatcher } from 'undici'
import type { Clock } from '../platform/clock.ts'

export interface Connection {
  /** Scheme, host and port. */
  readonly origin: string
  /** The path under which the API is served, without a slash at its end; mostly empty. */
  readonly basePath: string
  /** The namespace that the kubeconfig (or the pod) names. */
  readonly namespace: string | undefined
  access(): Promise<Access>
  close(): Promise<void>
}

export interface Access {
  dispatcher: Dispatcher
  headers: Record<string, string>
}

const CREDENTIALS_LAST_MS = 60_000
const MOST_CONNECTIONS = 64

/** In-cluster where there is a service account, else `KUBECONFIG`, else `~/.kube/config`. Fails with words for people. */
export function findKubeConfig(): KubeConfig {
  const config = new KubeConfig()
  config.loadFromDefault()
  return config
}

export function connect(config: KubeConfig, clock: Clock): Connection {
  const cluster = config.getCurrentCluster()
  if (!cluster) throw new Error('No Kubernetes cluster is configured: set KUBECONFIG, or run inside of a cluster.')
  const url = new URL(cluster.server)
  const pool = createPool()
  let known: { access: Promise<Access>; at: number } | undefined
  return {
    origin: url.origin,
    basePath: url.pathname.replace(/\/$/, ''),
    namespace: config.getContextObject(config.getCurrentContext())?.namespace,
    access() {
      if (!known || clock.now() - known.at >= CREDENTIALS_LAST_MS) {
        known = { access: readAccess(config, pool), at: clock.now() }
        // A plugin that failed once is asked again the next time.
        known.access.catch(() => (known = undefined))
      }
      return known.access
    },
    close: () => pool.close(),
  }
}

async function readAccess(config: KubeConfig, pool: Pool): Promise<Access> {
  const options: RequestOptions = {}
  await config.applyToHTTPSOptions(options)
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(options.headers ?? {})) {
    if (typeof value === 'string') headers[name.toLowerCase()] = value.trim()
  }
  return { dispatcher: pool.get(options), headers }
}

interface Pool {
  get(options: RequestOptions): Dispatcher
  close(): Promise<void>
}

function createPool(): Pool {
  let current: { name: string; agent: Agent } | undefined
  return {
    get({ ca, cert, key, servername, rejectUnauthorized }) {
      const tls = { ca, cert, key, servername, rejectUnauthorized }
      const name = createHash('sha256').update(JSON.stringify(tls)).digest('hex')
      if (current?.name !== name) {
        void current?.agent.close()
        // Deadlines are ours: a watch may be silent for minutes.
        const agent = new Agent({ connect: tls, connections: MOST_CONNECTIONS, headersTimeout: 0, bodyTimeout: 0 })
        current = { name, agent }
      }
      return current.agent
    },
    close: async () => current?.agent.destroy(),
  }
}
