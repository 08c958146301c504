/**
 * The web room: the pages on which people sign in with Google, and the OAuth callback. Every replica serves them, leader or not:
 * they read what they need from the cluster's caches, and store one grant Secret per Agent. The room reaches Kubernetes and Google
 * only through their ports, and touches only the socket that it listens on. Everything that a person sees is in `pages/`.
 */
import type { RequestListener } from 'node:http'
import { createHttpServer, type BindAddress, type HttpServer } from '../platform/http-server.ts'
import { GrantStore } from '../grants/grant-store.ts'
import { SIGN_IN_PREFIX, signInURLOf } from '../resources/names.ts'
import type { Agent } from '../resources/types.ts'
import { networksOf } from './client-address.ts'
import { linkTag } from './signed-tokens.ts'
import type { WebDeps } from './port.ts'
import type { RoutesOptions } from './routes.ts'

export type { WebDeps } from './port.ts'

/** The settings of the web server. */
interface WebOptions extends BindAddress {
  /** The path under which each site serves the pages; `/google-calendar` by default. */
  pathPrefix?: string
  /** Networks of proxies whose `X-Forwarded-For` is trusted. */
  trustedProxies: readonly string[]
}

/** The web server, and the links to its pages. */
export interface Web extends HttpServer {
  /** The address of the page on which this Agent's person signs in; undefined while there are no keys. */
  signInURL(agent: Agent, siteURI: string): string | undefined
}

/** How long a running sign-in may take to finish at shutdown, because its code has been used and its grant is not saved yet. */
const GRACE_MS = 5_000

/** Creates the web server; `start` makes it listen. */
export function createWeb(given: Omit<WebDeps, 'grants'>, options: WebOptions): Web {
  const deps: WebDeps = { ...given, grants: new GrantStore(given) }
  const { keys } = deps
  const { pathPrefix = SIGN_IN_PREFIX, trustedProxies } = options
  const listener = loadedWhenUsed(deps, { keys, pathPrefix, proxies: networksOf(trustedProxies) })
  const where = { ...options, setting: '--web-bind-address', graceMs: GRACE_MS }
  const server = createHttpServer(deps, where, listener)
  return {
    get port() {
      return server.port
    },
    async start() {
      await keys.start()
      try {
        await server.start()
      } catch (error) {
        keys.stop()
        throw error
      }
    },
    async stop() {
      keys.stop()
      await server.stop()
    },
    signInURL({ metadata: { uid } }, siteURI) {
      const tag = keys.current && uid !== undefined ? linkTag(uid, keys.current) : undefined
      return tag === undefined ? undefined : signInURLOf(siteURI, tag, pathPrefix)
    },
  }
}

/** Loads what answers with the first request: an operator whose pages nobody opens needs none of it (docs/decisions/0232). */
function loadedWhenUsed(deps: WebDeps, options: RoutesOptions): RequestListener {
  let loaded: Promise<RequestListener> | undefined
  const load = async (): Promise<RequestListener> => (await import('./listener.ts')).createListener(deps, options)
  return (...request) => void (loaded ??= load()).then((listener) => listener(...request))
}
