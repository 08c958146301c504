/**
 * The connection to the API server: one connection pool and the credentials of its requests. Credentials are read again once a
 * minute at most (service-account tokens rotate, exec plugins renew) and when the server rejects them. Connections are
 * replaced only when certificates have changed.
 */
import { createHash } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import { Agent, ProxyAgent, type Dispatcher } from 'undici'
import type { Clock } from '../platform/clock.ts'
import { createCredentials, CredentialsError, type Headers, type TlsOptions } from './credentials.ts'
import type { ClusterConfig } from './kubeconfig.ts'
import { socksConnector } from './socks.ts'

/** A connection to one API server. */
export interface Connection {
  /** Scheme, host and port. */
  readonly origin: string
  /** The path under which the API is served, without a trailing slash; usually empty. */
  readonly basePath: string
  /** The namespace that the kubeconfig (or the pod) names. */
  readonly namespace: string | undefined
  /** Returns current credentials. @throws CredentialsError */
  access(): Promise<Access>
  /** Must be called if the server rejected these credentials, so that the next `access` reads them again. */
  renew(refused: Access): void
  close(): Promise<void>
}

/** The connection pool and the headers for requests to the API server. */
export interface Access {
  dispatcher: Dispatcher
  headers: Headers
}

const CREDENTIALS_LIFETIME_MS = 60_000
/** Idle connections are closed before the API server (90 s) or a load balancer (usually 60 s) closes them. */
const IDLE_MS = 45_000
/** The kernel starts TCP keep-alive probes after this time, and detects a lost peer about ten seconds later. */
const PROBE_AFTER_MS = 20_000

/** Creates a connection from a kubeconfig or from the service account. */
export function connect(config: ClusterConfig, clock: Clock): Connection {
  const { server } = config
  const credentials = createCredentials(config, clock)
  const pool = createPool(config.proxy)
  let current: { access: Promise<Access>; at: number } | undefined
  let lastGood: Access | undefined
  let expiresAt = Infinity

  const read = async (): Promise<Access> => {
    try {
      const found = await credentials.read()
      expiresAt = found.expiresAt ?? Infinity
      return (lastGood = { headers: found.headers, dispatcher: pool.get(found.tls) })
    } catch (error) {
      // The token file may be being replaced at this moment; the old token is valid for a while longer.
      current = undefined
      if (lastGood && !(error instanceof CredentialsError && error.isFinal)) return lastGood
      throw error
    }
  }
  const isOld = ({ at }: { at: number }): boolean =>
    clock.monotonic() - at >= CREDENTIALS_LIFETIME_MS || clock.now() >= expiresAt
  return {
    origin: server.origin,
    basePath: server.pathname.replace(/\/$/, ''),
    namespace: config.namespace,
    access() {
      if (!current || isOld(current)) {
        // `at` is set before anything is awaited, so concurrent callers share one read.
        expiresAt = Infinity
        const next = { access: Promise.resolve().then(read), at: clock.monotonic() }
        current = next
      }
      return current.access
    },
    renew(refused) {
      if (refused !== lastGood) return
      credentials.refused()
      current = undefined
    },
    close: () => pool.close(),
  }
}

interface Pool {
  get(tls: TlsOptions): Dispatcher
  close(): Promise<void>
}

/** Creates the pool. The number of connections is not limited: each watch occupies one, and the Lease must not wait for one. */
function createPool(proxy: string | undefined): Pool {
  let current: { name: string; agent: Dispatcher } | undefined
  return {
    get(tls) {
      const name = createHash('sha256').update(JSON.stringify(tls)).digest('hex')
      if (current?.name !== name) {
        // Running requests can still end.
        void current?.agent.close()
        current = { name, agent: createAgent(tls, proxy) }
      }
      return current.agent
    },
    close: async () => current?.agent.destroy(),
  }
}

function createAgent(tls: TlsOptions, proxy: string | undefined): Dispatcher {
  // Requests have deadlines of their own: a watch may be silent for a minute.
  const options = { headersTimeout: 0, bodyTimeout: 0, keepAliveTimeout: IDLE_MS }
  const keepAlive = { keepAlive: true, keepAliveInitialDelay: PROBE_AFTER_MS }
  // Certificates are parsed once, not for each connection.
  if (!proxy)
    return new Agent({ ...options, connect: { ...tls, ...keepAlive, secureContext: createSecureContext(tls) } })
  if (/^socks5h?:/.test(proxy)) return new Agent({ ...options, connect: socksConnector(new URL(proxy), tls) })
  const { username, password } = new URL(proxy)
  const basic = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64')
  return new ProxyAgent({
    ...options,
    uri: proxy,
    requestTls: { ...tls, ...keepAlive },
    // As in Go: the cluster's certificate authority is used for an HTTPS proxy, too.
    proxyTls: { ca: tls.ca, rejectUnauthorized: tls.rejectUnauthorized, ...keepAlive },
    // A plain HTTP request is sent to the proxy itself; only HTTPS uses a tunnel.
    proxyTunnel: false,
    ...(username === '' ? {} : { token: `Basic ${basic}` }),
  })
}
