/**
 * Whom a link or a state speaks of, gathered anew for each request: the Agent, its integration, the OAuth client. Every
 * replica finds them by itself, whether it leads or not.
 */
import { parseClientSecret, type ClientFile } from '../google/client-file.ts'
import type { GoogleClient } from '../google/port.ts'
import { signInOf, type SignIn } from '../google/sign-in.ts'
import { keyOf } from '../kubernetes/port.ts'
import { integrationKey, isAllowed } from '../resources/allowed-namespaces.ts'
import { findCondition } from '../resources/conditions.ts'
import { consentOf, parseConsent, widenings, type Consent } from '../resources/consent.ts'
import { decode } from '../resources/encoding.ts'
import { grantSecretName } from '../resources/names.ts'
import { ownershipOfGrant } from '../resources/ownership.ts'
import { isSiteAccepted } from '../resources/sites.ts'
import type { Agent, CalendarIntegration } from '../resources/types.ts'
import type { Added, CalendarView, Outcome, SignInView } from './pages/pages.ts'
import type { WebDeps } from './port.ts'
import { SecretCache } from './secret-cache.ts'

export interface SignInContext {
  agent: Agent
  agentKey: string
  integration: CalendarIntegration
  siteURI: string
  /** Undefined while the client's Secret can't be used. */
  client: GoogleClient | undefined
  signIn: SignIn
  /** What the page names. */
  consent: Consent
  /** Nothing may be asked of Google now. */
  suspended: boolean
  /** Whether a person has to act. */
  needed: boolean
}

export class SignInContexts {
  readonly #deps: Pick<WebDeps, 'cluster' | 'google' | 'sites'>
  readonly #pathPrefix: string | undefined
  readonly #clients: SecretCache<ClientFile | undefined>
  readonly #consents: SecretCache<Consent | undefined>

  constructor(deps: Pick<WebDeps, 'cluster' | 'google' | 'sites' | 'clock'>, pathPrefix?: string) {
    this.#deps = deps
    this.#clients = new SecretCache(deps)
    this.#consents = new SecretCache(deps)
    this.#pathPrefix = pathPrefix
  }

  /**
   * Undefined where this uid has no page: no such Agent, one that brings its grant, one that no integration serves, one
   * whose integration may not use its site.
   */
  findAgent(uid: string): Pick<SignInContext, 'agent' | 'integration'> | undefined {
    const { cluster } = this.#deps
    const [agent] = cluster.agents.byIndex('uid', uid)
    if (!agent || agent.spec.grantSecretRef || agent.metadata.deletionTimestamp) return undefined
    const integration = cluster.integrations.get(integrationKey(agent))
    if (!integration || this.#isRefused(agent, integration)) return undefined
    const claims = { sites: this.#deps.sites, integrations: cluster.integrations.list() }
    return isSiteAccepted(integration, claims) ? { agent, integration } : undefined
  }

  /**
   * The same, with the client that the sign-in goes by.
   *
   * @throws BusyError where the client's Secret was read too often.
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
      client: file && this.#deps.google.client(file),
      signIn: signInOf(file ?? {}, siteURI, this.#pathPrefix),
      consent: consentOf(agent.spec),
      suspended: agent.spec.suspend || integration.spec.suspend,
      needed: needsSignIn(agent),
    }
  }

  #isRefused(agent: Agent, integration: CalendarIntegration): boolean {
    const { namespaces } = this.#deps.cluster
    const labelsOf = namespaces && ((name: string) => namespaces.get(name)?.metadata.labels)
    return !isAllowed(agent, integration, labelsOf)
  }

  #client(integration: CalendarIntegration): Promise<ClientFile | undefined> {
    const { name, key } = integration.spec.google.clientSecretRef
    const secretKey = `${integration.metadata.namespace ?? ''}/${name}`
    // Another key of the same Secret is another file.
    return this.#clients.get(`${keyOf(integration)} ${key ?? ''}`, secretKey, (secret) => {
      const parsed = parseClientSecret(decodeTexts(secret?.data), { secretName: name, key })
      return 'reason' in parsed ? undefined : parsed
    })
  }

  /**
   * What this Agent's person agreed to the last time, where they have to act again; undefined where nothing is noted, and
   * where that can't be told just now: then the page says all the same what is asked for.
   */
  async previousConsent({ agent, agentKey, needed }: SignInContext): Promise<Consent | undefined> {
    const secretKey = `${agent.metadata.namespace ?? ''}/${grantSecretName(agent)}`
    const grant = this.#deps.cluster.secrets.get(secretKey)
    if (!needed || !grant || ownershipOfGrant(grant, agent).is === 'foreign') return undefined
    try {
      return await this.#consents.get(agentKey, secretKey, (secret) => {
        const { consent } = decode(secret?.data)
        return consent === undefined ? undefined : parseConsent(consent)
      })
    } catch {
      return undefined
    }
  }
}

const decodeTexts = (data: Record<string, string> | undefined): Record<string, string> =>
  Object.fromEntries(Object.entries(decode(data)).filter((one): one is [string, string] => one[1] !== undefined))

/** A grant that ends soon may be renewed; one that holds has no need of anybody. */
function needsSignIn({ status }: Agent): boolean {
  const authorized = findCondition(status?.conditions, 'Authorized')
  return authorized?.status !== 'True' || authorized.reason === 'GrantExpiresSoon'
}

/** What a page tells of how things stand; undefined where a person may sign in. */
export function standingOutcome({ suspended, needed, client }: SignInContext): Outcome | undefined {
  if (suspended) return 'suspended'
  if (!needed) return 'not-needed'
  return client ? undefined : 'settings-not-in-effect'
}

/**
 * What the page tells.
 *
 * @param before what the person agreed to the last time, if that is known.
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
    added: before ? addedSince(before, agent) : [],
    mode: signIn.mode,
    action,
    ...(expiresAt === undefined ? {} : { expiresAt }),
  }
}

const calendarView = (id: string): CalendarView => (id === 'primary' ? { kind: 'primary' } : { kind: 'other', id })

const addedSince = (before: Consent, { spec }: Agent): Added[] =>
  widenings(before, spec).map((one) => (one.field === 'calendar' ? { calendar: calendarView(one.id) } : one.field))
