/** A journey in which a person signs in: a client at Google, an Agent that waits for its person, and that person's browser. */
import { Browser, csrfIn, SITE, type Reply } from './browser.ts'
import { agentManifest, integrationManifest } from './manifests.ts'
import { startWorld, type World } from './world.ts'

export const CALLBACK = `${SITE}/google-calendar/callback`

/** What the person does at Google's pages. */
export interface Answered {
  account?: string
  untick?: string[]
  deny?: boolean
}

export interface SignInOptions {
  /** The redirect URIs that the client registers at Google; without any, the popup is used. */
  redirectUris?: string[]
  flags?: Record<string, string>
}

export class SignIn {
  readonly world: World
  readonly browser: Browser
  /** The sign-in link of Alice. */
  readonly link: string

  private constructor(world: World, browser: Browser, link: string) {
    this.world = world
    this.browser = browser
    this.link = link
  }

  static async open({ redirectUris = [CALLBACK], flags }: SignInOptions = {}): Promise<SignIn> {
    const world = await startWorld({ flags })
    const client = world.google.addClient({ redirectUris, javascriptOrigins: [SITE] })
    world.addSecret(client.clientSecret)
    await world.objects.secret('google-oauth-client', {
      'client_secret.json': JSON.stringify(world.google.clientFile(client.clientId)),
    })
    for (const name of ['alice', 'mallory']) world.google.addAccount({ email: `${name}@example.com` })
    await world.objects.apply(integrationManifest())
    const link = await linkOf(world, 'alice')
    return new SignIn(world, new Browser(world.operator.webPort ?? 0), link)
  }

  newBrowser(): Browser {
    return new Browser(this.world.operator.webPort ?? 0)
  }

  linkOf(name: string, spec?: Record<string, unknown>): Promise<string> {
    return linkOf(this.world, name, spec)
  }

  /** Opens the link and submits the page. Returns the address of Google's consent page. */
  async consent(by = this.browser, to = this.link): Promise<string> {
    const page = await by.send('GET', to)
    if (page.status !== 200) throw new Error(`the page answers ${page.status}`)
    return (await by.form(to, { csrf: csrfIn(page) })).location
  }

  /** Decides at Google. Returns the address of our callback that Google redirects to. */
  answered(url: string, answer: Answered = {}): string {
    const result = this.world.google.signIn({ url, account: 'alice@example.com', ...answer })
    if (!('redirect' in result)) throw new Error(`Google answers no redirect: ${JSON.stringify(result)}`)
    return result.redirect
  }

  /** Signs in from the link to the last page, which it returns. */
  async through(answer: Answered = {}, by = this.browser): Promise<Reply> {
    const back = await by.send('GET', this.answered(await this.consent(by), answer))
    if (back.status !== 303) throw new Error(`the callback answers ${back.status}`)
    return by.send('GET', back.location)
  }

  /** Starts an attempt with the popup. Returns what our script gets for it. */
  async attempt(headers?: Record<string, string>): Promise<Reply> {
    const csrf = csrfIn(await this.browser.send('GET', this.link))
    return this.browser.json(`${this.link}/attempt`, { csrf }, headers)
  }

  /** Signs in with the popup. Returns what Google's window passes to our script. */
  async popup(answer: Answered = {}): Promise<Record<string, string>> {
    const { clientID, scope, state } = JSON.parse((await this.attempt()).text) as Record<string, string>
    const url = new URL('/o/oauth2/v2/auth', this.world.google.url)
    const own = { client_id: clientID, scope, state, redirect_uri: 'postmessage', origin: SITE, response_type: 'code' }
    for (const [name, value] of Object.entries({ ...own, access_type: 'offline' }))
      url.searchParams.set(name, value ?? '')
    const result = this.world.google.signIn({ url: url.href, account: 'alice@example.com', ...answer })
    if (!('popup' in result)) throw new Error(`Google answers no popup: ${JSON.stringify(result)}`)
    return result.popup.params
  }

  /** The values of Alice's stored grant, as text; empty if there is none. */
  async grant(): Promise<Record<string, string>> {
    const there = await this.world.objects.find('Secret', 'alice-google-grant')
    return there ? this.world.objects.secretText('alice-google-grant') : {}
  }

  /** How many codes were exchanged since the last reset of Google's request log. */
  get exchanges(): number {
    return this.world.google.requests().byKind['token.exchange'] ?? 0
  }
}

/** Makes an Agent whose person has to sign in. Returns the link. */
export async function linkOf(world: World, name: string, spec: Record<string, unknown> = {}): Promise<string> {
  await world.objects.apply(agentManifest(name, { grantSecretRef: undefined, ...spec }))
  const agent = await world.untilReason(name, 'AwaitingSignIn')
  return agent.status?.authorization?.url ?? ''
}
