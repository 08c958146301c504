/** A second replica that only serves pages: with its own watches, its own Google client and its own web server. It never leads. */
import { randomBytes } from 'node:crypto'
import { createGoogle } from '../../../src/google/google.ts'
import { createCluster } from '../../../src/kubernetes/cluster.ts'
import { connect } from '../../../src/kubernetes/connection.ts'
import { loadKubeconfig } from '../../../src/kubernetes/kubeconfig.ts'
import { createLog } from '../../../src/platform/log.ts'
import { NotificationRelay } from '../../../src/push/notifications.ts'
import { KeyRing } from '../../../src/web/key-ring.ts'
import { createWeb, type WebDeps } from '../../../src/web/web.ts'
import { seededRandom } from '../../support/seeded-random.ts'
import { isNamespaced, type World } from './world.ts'

export interface WebReplica {
  readonly port: number
  readonly channelKeys: KeyRing['all']
  stop(): Promise<void>
}

const ignore = (): void => undefined

export async function startWebReplica(world: World): Promise<WebReplica> {
  const { clock, google: simulated, lines, namespace, kubeconfigPath, leaseNamespace } = world
  const random = seededRandom(13)
  const log = createLog({ level: 'debug', clock, write: (line) => void lines.push(line) })
  const kubeConfig = loadKubeconfig([kubeconfigPath], { env: {} })
  const connection = connect(kubeConfig, clock)
  const namespaces = isNamespaced ? [namespace] : []
  const cluster = createCluster({ connection, clock, random, log, namespaces, instance: 'second', observe: ignore })
  const proxy = { httpsProxy: '', httpProxy: '', noProxy: '' }
  const urls = { accountsUrl: simulated.url, oauthUrl: simulated.url, apiUrl: simulated.url }
  const google = createGoogle({ ...urls, proxy, clock, random, observe: ignore })
  const nobody = { connected: ignore, observe: ignore, observeNotification: ignore }
  const keys = new KeyRing({ cluster, clock, log, randomBytes, namespace: leaseNamespace })
  const notifications = new NotificationRelay({
    ...{ cluster, clock, log, randomBytes },
    keys: () => keys.all,
    owns: () => false,
  })
  const parts = {
    cluster,
    google,
    accountsURL: simulated.url,
    sites: new Map(),
    clock,
    log,
    randomBytes,
    keys,
    notified: (notification) => notifications.receive(notification),
  } satisfies Partial<WebDeps>
  const web = createWeb({ ...parts, ...nobody }, { host: '127.0.0.1', port: 0, trustedProxies: [] })
  await done(world, cluster.start())
  await done(world, web.start())
  return {
    port: web.port ?? 0,
    get channelKeys() {
      return keys.all
    },
    async stop() {
      await done(world, web.stop())
      await done(world, notifications.stop())
      await done(world, cluster.stop())
      await Promise.all([google.close(), connection.close()])
    },
  }
}

/** Moves time on until the promise settles. */
async function done<T>(world: World, promise: Promise<T>): Promise<T> {
  let ended = false
  void promise.then(ignore, ignore).finally(() => (ended = true))
  await world.until('the second replica is done', () => ended)
  return promise
}
