/**
 * Whom a link or a state speaks of, gathered anew for each request: the Agent, its integration, the OAuth client. Every
 * replica finds them by itself, whether it leads or not.
 */
import { parseClientSecret, type ClientFile } from '../google/clientFile.ts'
import type { GoogleClient } from '../google/port.ts'
import { signInOf, type SignIn } from '../google/signIn.ts'
import { keyOf } from '../kubernetes/port.ts'
import { integrationKey, notAllowed } from '../resources/allowed-namespaces.ts'
import { findCondition } from '../resources/conditions.ts'
import { decode } from '../resources/encoding.ts'
import type { Agent, CalendarIntegration } from '../resources/types.ts'
import { BusyError } from '../rate-limit/fair-semaphore.ts'
import type { Outcome, SignInView } from './pages/pages.ts'
import type { WebDeps } from './port.ts'
import { CLIENT_READS, KeyedRateLimiter } from './rate-limits.ts'

export interface Visit {
  agent: Agent
  agentKey: string
  integration: CalendarIntegration
  siteURI: string
  /** Undefined while the client's Secret can't be used. */
  client: GoogleClient | undefined
  signIn: SignIn
  /** Nothing may be asked of Google now. */
  suspended: boolean
  /** Whether a person has to act. */
  needed: boolean
}

interface ReadFile {
  version: string
  /** One reading serves all who come meanwhile. */
  file: Promise<ClientFile | undefined>
}

export class Visits {
  readonly #deps: Pick<WebDeps, 'cluster' | 'google'>
  readonly #pathPrefix: string | undefined
  /** The client files as they were last read, by integration. */
  readonly #files = new Map<string, ReadFile>()
  readonly #reads: KeyedRateLimiter

  constructor(deps: Pick<WebDeps, 'cluster' | 'google' | 'clock'>, pathPrefix?: string) {
    this.#deps = deps
    this.#reads = new KeyedRateLimiter(deps.clock, CLIENT_READS)
    this.#pathPrefix = pathPrefix
  }

  /** Undefined where this uid has no page: no such Agent, one that brings its grant, one that no integration serves. */
  find(uid: string): Pick<Visit, 'agent' | 'integration'> | undefined {
    const { cluster } = this.#deps
    const [agent] = cluster.agents.by('uid', uid)
    if (!agent || agent.spec.grantSecretRef || agent.metadata.deletionTimestamp) return undefined
    const integration = cluster.integrations.get(integrationKey(agent))
    return !integration || this.#refused(agent, integration) ? undefined : { agent, integration }
  }

  /**
   * The same, with the client that the sign-in goes by.
   *
   * @throws BusyError where the client's Secret was read too often.
   */
  async of(uid: string): Promise<Visit | undefined> {
    const found = this.find(uid)
    if (!found) return undefined
    const { agent, integration } = found
    const file = await this.#file(integration)
    const { siteURI } = integration.spec.google
    return {
      ...found,
      agentKey: keyOf(agent),
      siteURI,
      client: file && this.#deps.google.client(file),
      signIn: signInOf(file ?? {}, siteURI, this.#pathPrefix),
      suspended: agent.spec.suspend || integration.spec.suspend,
      needed: isNeeded(agent),
    }
  }

  #refused(agent: Agent, integration: CalendarIntegration): boolean {
    const { namespaces } = this.#deps.cluster
    const labelsOf = namespaces && ((name: string) => namespaces.get(name)?.metadata.labels)
    return notAllowed(agent, integration, labelsOf) !== undefined
  }

  async #file(integration: CalendarIntegration): Promise<ClientFile | undefined> {
    const { name, key } = integration.spec.google.clientSecretRef
    const namespace = integration.metadata.namespace ?? ''
    const known = this.#deps.cluster.secrets.get(`${namespace}/${name}`)
    if (!known) return undefined
    const version = `${known.metadata.uid ?? ''}/${known.metadata.resourceVersion ?? ''}/${key ?? ''}`
    const read = this.#files.get(keyOf(integration))
    if (read?.version === version) return read.file
    // It changes all the time, or can't be read: whoever loads pages causes no more reads than that.
    if (!this.#reads.tryAcquire(keyOf(integration))) throw new BusyError('the client Secret was read too often')
    const fresh = { version, file: this.#read(namespace, { secretName: name, key }) }
    this.#files.set(keyOf(integration), fresh)
    this.#forgetGone()
    // A failure is nobody's answer but theirs who wait for it.
    fresh.file.catch(() => {
      if (this.#files.get(keyOf(integration)) === fresh) this.#files.delete(keyOf(integration))
    })
    return fresh.file
  }

  #forgetGone(): void {
    const { integrations } = this.#deps.cluster
    for (const key of this.#files.keys()) if (!integrations.get(key)) this.#files.delete(key)
  }

  async #read(namespace: string, which: Parameters<typeof parseClientSecret>[1]): Promise<ClientFile | undefined> {
    const secret = await this.#deps.cluster.readSecret(namespace, which.secretName)
    const parsed = parseClientSecret(texts(secret?.data), which)
    return 'reason' in parsed ? undefined : parsed
  }
}

const texts = (data: Record<string, string> | undefined): Record<string, string> =>
  Object.fromEntries(Object.entries(decode(data)).filter((one): one is [string, string] => one[1] !== undefined))

/** A grant that ends soon may be renewed; one that holds has no need of anybody. */
function isNeeded({ status }: Agent): boolean {
  const authorized = findCondition(status?.conditions, 'Authorized')
  return authorized?.status !== 'True' || authorized.reason === 'GrantExpiresSoon'
}

/** What a page tells of how things stand; undefined where a person may sign in. */
export function standingOf({ suspended, needed, client }: Visit): Outcome | undefined {
  if (suspended) return 'suspended'
  if (!needed) return 'not-needed'
  return client ? undefined : 'settings-not-in-effect'
}

/** What the page tells. */
export function viewOf({ agent, integration, siteURI, signIn }: Visit, action: string): SignInView {
  const { spec, status, metadata } = agent
  const calendar = spec.publish.calendar
  const expiresAt = status?.authorization?.expiresAt
  return {
    siteHost: new URL(siteURI).host,
    agentName: spec.displayName ?? metadata.name,
    account: spec.account,
    calendars: spec.calendars.read.map((id) => (id === 'primary' ? { kind: 'primary' } : { kind: 'other', id })),
    scopes: integration.spec.google.scopes,
    publishes: { ...(calendar && { detail: calendar.detail }), accessToken: spec.publish.accessToken !== undefined },
    mode: signIn.mode,
    action,
    ...(expiresAt === undefined ? {} : { expiresAt }),
  }
}
