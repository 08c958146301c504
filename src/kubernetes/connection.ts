/**
 * The way to the API server: found as `kubectl` finds it, over one pool of connections. Credentials are asked for again at
 * most once a minute (service-account tokens rotate, exec plugins renew), and when the server refuses them; connections are
 * replaced only when certificates have changed.
 */
import { createHash } from 'node:crypto'
import { Agent, ProxyAgent, type Dispatcher } from 'undici'
import type { Clock } from '../platform/clock.ts'
import { createCredentials, CredentialsError, type Headers, type TlsOptions } from './credentials.ts'
import type { ClusterConfig } from './kubeconfig.ts'
import { socksConnector } from './socks.ts'

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
  headers: Headers
}

const CREDENTIALS_LAST_MS = 60_000
/** Idle connections are let go before the API server (90 s) or a load balancer (mostly 60 s) lets them go. */
const IDLE_MS = 45_000
/** A peer that is gone without a word is missed by the kernel so long after the last sign of life, and ten seconds. */
const PROBE_AFTER_MS = 20_000

export function connect(config: ClusterConfig, clock: Clock): Connection {
  const { server } = config
  const credentials = createCredentials(config, clock)
  const pool = createPool(config.proxy)
  let current: { access: Promise<Access>; at: number } | undefined
  let lastGood: Access | undefined
  let expiresAt = Infinity

  const read = async (): Promise<Access> => {
    try {
      const proof = await credentials.read()
      expiresAt = proof.expiresAt ?? Infinity
      return (lastGood = { headers: proof.headers, dispatcher: pool.get(proof.tls) })
    } catch (error) {
      // A token file that is being replaced just now: the old token is good for a while yet.
      current = undefined
      if (lastGood && !(error instanceof CredentialsError && error.isFinal)) return lastGood
      throw error
    }
  }
  const isOld = ({ at }: { at: number }): boolean =>
    clock.monotonic() - at >= CREDENTIALS_LAST_MS || clock.now() >= expiresAt
  return {
    origin: server.origin,
    basePath: server.pathname.replace(/\/$/, ''),
    namespace: config.namespace,
    access() {
      if (!current || isOld(current)) {
        // `at` stands before anything is awaited: one reading serves all who ask meanwhile.
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

/** As many connections as there are requests at once: watches hold theirs for ever, and the Lease may wait for none. */
function createPool(proxy: string | undefined): Pool {
  let current: { name: string; agent: Dispatcher } | undefined
  return {
    get(tls) {
      const name = createHash('sha256').update(JSON.stringify(tls)).digest('hex')
      if (current?.name !== name) {
        // What is under way ends by itself.
        void current?.agent.close()
        current = { name, agent: createAgent(tls, proxy) }
      }
      return current.agent
    },
    close: async () => current?.agent.destroy(),
  }
}

function createAgent(tls: TlsOptions, proxy: string | undefined): Dispatcher {
  // Deadlines are ours: a watch may be silent for a minute.
  const options = { headersTimeout: 0, bodyTimeout: 0, keepAliveTimeout: IDLE_MS }
  const keepAlive = { keepAlive: true, keepAliveInitialDelay: PROBE_AFTER_MS }
  if (!proxy) return new Agent({ ...options, connect: { ...tls, ...keepAlive } })
  if (/^socks5h?:/.test(proxy)) return new Agent({ ...options, connect: socksConnector(new URL(proxy), tls) })
  const { username, password } = new URL(proxy)
  const basic = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64')
  return new ProxyAgent({
    ...options,
    uri: proxy,
    requestTls: { ...tls, ...keepAlive },
    // As Go has it: the authority of the cluster speaks for a proxy behind https, too.
    proxyTls: { ca: tls.ca, rejectUnauthorized: tls.rejectUnauthorized, ...keepAlive },
    // Plain HTTP is handed to the proxy as it is; only https goes through a tunnel.
    proxyTunnel: false,
    ...(username === '' ? {} : { token: `Basic ${basic}` }),
  })
}
