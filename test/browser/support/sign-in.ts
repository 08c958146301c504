/**
 * A complete sign-in: the operator with the sandbox's Kubernetes and the simulated Google, with its web server at the address of
 * the manifest's site, and a browser. All use the journeys' clock, which advances while the test waits for the browser.
 */
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { agentManifest, integrationManifest } from '../../journeys/support/manifests.ts'
import { SCOPE, startWorld, type World } from '../../journeys/support/world.ts'
import { type BrowserErrors, browserErrorsOf } from './watching.ts'

export interface SignInWorld extends World {
  readonly siteURI: string
  /** The sign-in link of an Agent, when its status shows it. */
  linkOf(name: string): Promise<string>
  /** A page in a new browser context, and its errors. */
  visit(browser: Browser, options?: BrowserContextOptions): Promise<{ page: Page; errors: BrowserErrors }>
  /** Advances the clock until the browser has finished. */
  during<T>(what: string, done: Promise<T>): Promise<T>
  /** The Agent's grant as it is stored; its token must not appear anywhere else. */
  grantOf(name: string): Promise<Record<string, string>>
}

export interface SignInOptions {
  mode: 'Redirect' | 'Popup'
  scopes?: string[]
}

/** A free port: the manifest must name it before the server listens on it. */
async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

export async function startSignInWorld({ mode, scopes = [SCOPE] }: SignInOptions): Promise<SignInWorld> {
  const port = await freePort()
  const siteURI = `http://localhost:${port}`
  const world = await startWorld({ start: false })
  const redirectUris = mode === 'Redirect' ? [`${siteURI}/google-calendar/callback`] : []
  const client = world.google.addClient({ redirectUris, javascriptOrigins: [siteURI] })
  world.addSecret(client.clientSecret)
  const file = JSON.stringify(world.google.clientFile(client.clientId))
  await world.objects.secret('google-oauth-client', { 'client_secret.json': file })
  world.google.addAccount({ email: 'alice@example.com', timeZone: 'Europe/Paris' })
  world.google.addAccount({ email: 'bob@example.com', timeZone: 'Europe/Paris' })
  await world.startOperator({ 'web-bind-address': `127.0.0.1:${port}` })
  await world.objects.apply(integrationManifest({}, { siteURI, scopes }))
  await world.objects.apply(agentManifest('alice', { grantSecretRef: undefined, displayName: 'Alice' }))
  return Object.assign(world, { siteURI, ...handsOn(world) })
}

/** The browser uses real time: if the clock runs far ahead of it, attempts expire. */
const aMoment = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20))

function handsOn(world: World): Omit<SignInWorld, keyof World | 'siteURI'> {
  const linkOf = (name: string): Promise<string> =>
    world.until(`${name} has a sign-in link`, async () => (await world.agent(name)).status?.authorization?.url)
  const during = async <T>(what: string, done: Promise<T>): Promise<T> => {
    let settled = false
    const mark = (): void => void (settled = true)
    done.then(mark, mark)
    await world.until(what, async () => {
      await aMoment()
      return settled
    })
    return done
  }
  const visit = async (browser: Browser, options?: BrowserContextOptions) => {
    const page = await (await browser.newContext(options)).newPage()
    return { page, errors: browserErrorsOf(page) }
  }
  const grantOf = async (name: string): Promise<Record<string, string>> => {
    const grant = await world.objects.secretText(`${name}-google-grant`)
    world.addSecret(grant.refresh_token ?? 'no token')
    return grant
  }
  return { linkOf, during, visit, grantOf }
}
