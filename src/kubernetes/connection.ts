/**
 * The way to the API server: found as `kubectl` finds it, over one pool of connections. Credentials are asked for again at
 * most once a minute (service-account tokens rotate, exec plugins renew), and when the server refuses them; connections are
 * replaced only when certificates have changed.
 */
import { createHash } from 'node:crypto'
import type { RequestOptions } from 'node:https'
import { KubeConfig } from '@kubernetes/client-node'
import { Agent, ProxyAgent, type Dispatcher } from 'undici'
import type { Clock } from '../platform/clock.ts'

export interface Connection {
  /** Scheme, host and port. */
  readonly origin: string
  /** The path under which the API is served, without a slash at its end; mostly empty. */
  readonly basePath: string
  /** The namespace that the kubeconfig (or the pod) names. */
  readonly namespace: string | undefined
  /** Fails with a `CredentialsError`. */
  access(): Promise<Access>
  /** The server refused these credentials: the next `access` reads them anew. */
  renew(refused: Access): void
  close(): Promise<void>
}

export interface Access {
  dispatcher: Dispatcher
  headers: Record<string, string>
}

/** The kubeconfig's files or plugin gave no credentials. The message says nothing of what they did say. */
export class CredentialsError extends Error {
  override readonly name = 'CredentialsError'
}

const CREDENTIALS_LAST_MS = 60_000
/** Idle connections are let go before the API server (90 s) or a load balancer (mostly 60 s) lets them go. */
const IDLE_MS = 45_000
/** Where client-node goes when it has found nothing at all. */
const NOTHING_FOUND = 'http://localhost:8080'

/** `KUBECONFIG`, else `~/.kube/config`, else the pod's service account. Fails with words for people. */
export function findKubeConfig(): KubeConfig {
  const config = new KubeConfig()
  try {
    config.loadFromDefault()
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'it is not understood'
    throw new Error(`The kubeconfig cannot be read (${code}): look at the file that KUBECONFIG names.`, {
      cause: error,
    })
  }
  if (config.getCurrentCluster()?.server !== NOTHING_FOUND) return config
  throw new Error(NO_CLUSTER)
}

const NO_CLUSTER =
  'No Kubernetes cluster is configured: set KUBECONFIG to a file with a current context, or run inside of a cluster.'

export function connect(config: KubeConfig, clock: Clock): Connection {
  const cluster = config.getCurrentCluster()
  if (!cluster) throw new Error(NO_CLUSTER)
  const url = new URL(cluster.server)
  // client-node refuses plain HTTP (`kubectl proxy`) unless certificates, of which there are none, go unverified.
  if (url.protocol === 'http:') Object.assign(cluster, { skipTLSVerify: true })
  const pool = createPool(cluster.proxyUrl)
  let current: { access: Promise<Access>; at: number } | undefined
  let lastGood: Access | undefined

  const read = async (): Promise<Access> => {
    try {
      return (lastGood = await readAccess(config, pool))
    } catch (error) {
      // A token file that is being replaced just now: the old token is good for a while yet.
      current = undefined
      if (lastGood) return lastGood
      throw error
    }
  }
  return {
    origin: url.origin,
    basePath: url.pathname.replace(/\/$/, ''),
    namespace: config.getContextObject(config.getCurrentContext())?.namespace,
    access() {
      if (!current || clock.now() - current.at >= CREDENTIALS_LAST_MS) {
        // `at` stands before anything is awaited: one reading serves all who ask meanwhile.
        const next = { access: Promise.resolve().then(read), at: clock.now() }
        current = next
      }
      return current.access
    },
    renew(refused) {
      if (refused === lastGood) current = undefined
    },
    close: () => pool.close(),
  }
}

async function readAccess(config: KubeConfig, pool: Pool): Promise<Access> {
  const options: RequestOptions = {}
  try {
    await config.applyToHTTPSOptions(options)
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : ''
    throw new CredentialsError(`the kubeconfig gave no credentials${why}: look at its files and its plugin`, {
      cause: error,
    })
  }
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

/** As many connections as there are requests at once: watches hold theirs for ever, and the Lease may wait for none. */
function createPool(proxy: string | undefined): Pool {
  let current: { name: string; agent: Dispatcher } | undefined
  return {
    get({ ca, cert, key, servername, rejectUnauthorized }) {
      const tls = { ca, cert, key, servername, rejectUnauthorized }
      const name = createHash('sha256').update(JSON.stringify(tls)).digest('hex')
      if (current?.name !== name) {
        // What is under way ends by itself.
        void current?.agent.close()
        // Deadlines are ours: a watch may be silent for minutes.
        const options = { headersTimeout: 0, bodyTimeout: 0, keepAliveTimeout: IDLE_MS }
        const agent = proxy
          ? new ProxyAgent({ ...options, uri: proxy, requestTls: tls })
          : new Agent({ ...options, connect: tls })
        current = { name, agent }
      }
      return current.agent
    },
    close: async () => current?.agent.destroy(),
  }
}
