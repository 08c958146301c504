/**
 * What a request is about: the Agent that a link or a state names, its integration, and the OAuth client. It is read from the
 * caches for each request, so every replica can serve it, leader or not.
 */
import { parseClientSecret, type ClientFile } from '../google/client-file.ts'
import type { GoogleClient } from '../google/port.ts'
import { signInOf, type SignIn } from '../google/sign-in.ts'
import { keyOf } from '../kubernetes/port.ts'
import { isAllowed } from '../resources/allowed-namespaces.ts'
import { integrationKey } from '../resources/references.ts'
import { findCondition } from '../resources/conditions.ts'
import { consentOf, widenings, type Consent } from '../resources/consent.ts'
import { quotaOf } from '../resources/quota.ts'
import { decode } from '../resources/secret-encoding.ts'
import { isSiteAccepted, siteHost } from '../resources/sites.ts'
import type { Agent, CalendarIntegration } from '../resources/types.ts'
import type { Added, CalendarView, Outcome, SignInView } from './pages/pages.ts'
import type { WebDeps } from './port.ts'
import { SecretCache } from './secret-cache.ts'

/** Everything that a request for one Agent needs. */
export interface SignInContext {
  agent: Agent
  agentKey: string
  integration: CalendarIntegration
  siteURI: string
  /** Undefined while the client's Secret is missing or not usable. */
  client: GoogleClient | undefined
  signIn: SignIn
  /** The consent that the page asks for. */
  consent: Consent
  /** Whether no requests may be sent to Google now. */
  suspended: boolean
  /** Whether the person has to sign in. */
  needed: boolean
}

/** Finds the context of a request. */
export class SignInContexts {
  readonly #deps: Pick<WebDeps, 'cluster' | 'google' | 'grants' | 'sites'>
  readonly #pathPrefix: string | undefined
  readonly #clients: SecretCache<ClientFile | undefined>
  readonly #consents: SecretCache<Consent | undefined>

  constructor(deps: Pick<WebDeps, 'cluster' | 'google' | 'grants' | 'sites' | 'clock'>, pathPrefix?: string) {
    this.#deps = deps
    this.#clients = new SecretCache(deps)
    this.#consents = new SecretCache(deps)
    this.#pathPrefix = pathPrefix
  }

  /**
   * Finds the Agent with this uid and its integration. Undefined if there is no page for it: the Agent does not exist, has a supplied
   * grant, is not served by an integration, or the integration may not use its site.
   */
  findAgent(uid: string): Pick<SignInContext, 'agent' | 'integration'> | undefined {
    const { cluster } = this.#deps
    const [agent] = cluster.agents.byIndex('uid', uid)
    if (!agent || agent.spec.grantSecretRef || agent.metadata.deletionTimestamp) return undefined
    const integration = cluster.integrations.get(integrationKey(agent))
    if (!integration || this.#isRefused(agent, integration)) return undefined
    const host = siteHost(integration.spec.google.siteURI) ?? ''
    const claims = { sites: this.#deps.sites, integrations: cluster.integrations.byIndex('site', host) }
    return isSiteAccepted(integration, claims) ? { agent, integration } : undefined
  }

  /**
   * Returns the whole context of this uid; undefined as for `findAgent`.
   *
   * @throws BusyError if the client's Secret was read too often.
   */
  async resolve(uid: string): Promise<SignInContext | undefined> {
    const found = this.findAgent(uid)
    if (!found) return undefined
    const { agent, integration } = found
    const file = await this.#client(integration)
    const { siteURI } = integration.spec.google
    return {
      ...found,
      agentKey: keyOf(agent),
      siteURI,
      client: file && this.#clientOf(integration, file),
      signIn: signInOf(file ?? {}, siteURI, this.#pathPrefix),
      consent: consentOf(agent.spec),
      suspended: agent.spec.suspend || integration.spec.suspend,
      needed: needsSignIn(agent),
    }
  }

  /** On a replica that does not lead, nobody else sets the quota. */
  #clientOf(integration: CalendarIntegration, file: ClientFile): GoogleClient {
    const { google } = this.#deps
    google.setQuota(keyOf(integration), file, quotaOf(integration))
    return google.client(file)
  }

  #isRefused(agent: Agent, integration: CalendarIntegration): boolean {
    const { namespaces } = this.#deps.cluster
    const labelsOf = namespaces && ((name: string) => namespaces.get(name)?.metadata.labels)
    return !isAllowed(agent, integration, labelsOf)
  }

  #client(integration: CalendarIntegration): Promise<ClientFile | undefined> {
    const { name, key } = integration.spec.google.clientSecretRef
    const secretKey = `${integration.metadata.namespace ?? ''}/${name}`
    // Another key of the same Secret holds another client file.
    return this.#clients.get(`${keyOf(integration)} ${key ?? ''}`, secretKey, async () => {
      const secret = await this.#deps.cluster.readSecret(integration.metadata.namespace ?? '', name)
      const parsed = parseClientSecret(decodeTexts(secret?.data), { secretName: name, key })
      return 'reason' in parsed ? undefined : parsed
    })
  }

  /**
   * What the person agreed to last time, if they have to sign in again. Undefined if nothing is recorded or the record cannot be
   * read now; then the page shows the whole request without marking what is new.
   */
  async previousConsent({ agent, agentKey, needed }: SignInContext): Promise<Consent | undefined> {
    const secret = needed ? this.#deps.grants.known(agent) : undefined
    if (!secret) return undefined
    try {
      return await this.#consents.get(agentKey, keyOf(secret), () => this.#deps.grants.readConsent(agent))
    } catch {
      return undefined
    }
  }
}

const decodeTexts = (data: Record<string, string> | undefined): Record<string, string> =>
  Object.fromEntries(Object.entries(decode(data)).filter((one): one is [string, string] => one[1] !== undefined))

/** Whether the person has to sign in: there is no valid grant, or it ends soon. */
function needsSignIn({ status }: Agent): boolean {
  const authorized = findCondition(status?.conditions, 'Authorized')
  return authorized?.status !== 'True' || authorized.reason === 'GrantExpiresSoon'
}

/** The outcome that the page shows without an attempt; undefined if the person can sign in. */
export function outcomeWithoutAttempt({ suspended, needed, client }: SignInContext): Outcome | undefined {
  if (suspended) return 'suspended'
  if (!needed) return 'not-needed'
  return client ? undefined : 'settings-not-in-effect'
}

/**
 * Creates the view of the sign-in page.
 *
 * @param action the path of the page.
 * @param before what the person agreed to last time, if known.
 */
export function signInView(
  { agent, integration, siteURI, signIn, consent }: SignInContext,
  action: string,
  before: Consent | undefined,
): SignInView {
  const { spec, status, metadata } = agent
  const expiresAt = status?.authorization?.expiresAt
  return {
    siteHost: new URL(siteURI).host,
    namespace: integration.metadata.namespace ?? '',
    agentName: spec.displayName ?? metadata.name,
    account: spec.account,
    calendars: consent.calendars.map(calendarView),
    scopes: integration.spec.google.scopes,
    publishes: { ...(spec.publish.calendar && { detail: consent.detail }), accessToken: consent.accessToken },
    ...(spec.calendars.write !== undefined && { writes: calendarView(spec.calendars.write) }),
    added: before ? addedSince(before, agent) : [],
    mode: signIn.mode,
    action,
    ...(expiresAt === undefined ? {} : { expiresAt }),
  }
}

const calendarView = (id: string): CalendarView => (id === 'primary' ? { kind: 'primary' } : { kind: 'other', id })

const addedSince = (before: Consent, { spec }: Agent): Added[] =>
  widenings(before, spec).map((one) => (one.field === 'calendar' ? { calendar: calendarView(one.id) } : one.field))
