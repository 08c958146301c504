/**
 * The room of the web: the pages on which people sign in with Google, and the way back from there. Any replica serves them,
 * whether it leads or not: what they need is read from the cluster, and what they keep is one Secret an Agent. It may touch
 * Kubernetes and Google through their ports only, and shows nobody anything that is not on `pages/`.
 */
import { getRequestListener } from '@hono/node-server'
import { createHttpServer, type BindAddress, type HttpServer } from '../platform/http-server.ts'
import { SIGN_IN_PREFIX, signInURLOf } from '../resources/names.ts'
import type { Agent } from '../resources/types.ts'
import { KeyRing } from './key-ring.ts'
import { networksOf } from './limits.ts'
import { linkTag } from './signed-tokens.ts'
import type { WebDeps } from './port.ts'
import { Routes } from './routes.ts'

export type { WebDeps } from './port.ts'

export interface WebOptions extends BindAddress {
  /** The path under which the pages are, on each site; the usual one where nothing is said. */
  pathPrefix?: string
  /** Networks whose `X-Forwarded-For` is believed. */
  trustedProxies: readonly string[]
}

export interface Web extends HttpServer {
  /** The page on which this Agent's person signs in; undefined while there are no keys. */
  signInURL(agent: Agent, siteURI: string): string | undefined
}

/** How long a sign-in that is under way has to come to its end: Google's code is used up, and the grant not yet kept. */
const GRACE_MS = 5_000

export function createWeb(deps: WebDeps, options: WebOptions): Web {
  const keys = new KeyRing(deps)
  const { pathPrefix = SIGN_IN_PREFIX, trustedProxies } = options
  const app = new Routes(deps, { keys, pathPrefix, proxies: networksOf(trustedProxies) }).app()
  const where = { ...options, setting: '--web-bind-address', graceMs: GRACE_MS }
  const listener = getRequestListener(app.fetch)
  const server = createHttpServer(deps, where, (...request) => void listener(...request))
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
