/** A namespace with an integration and people: what a user does in it, and what can be read from outside. */
import type { SimulatedGoogle } from '../../../../sandbox/google/google.ts'
import type { Agent } from '../../../../src/resources/types.ts'
import type { Body, Client } from '../../../contract/client.ts'
import { agentManifest, integrationManifest } from '../../../journeys/support/manifests.ts'
import { Objects } from '../../../journeys/support/objects.ts'
import { SCOPE } from '../../../journeys/support/world.ts'
import { until } from './until.ts'

interface FixtureDeps {
  google: SimulatedGoogle
  admin: Client
  namespace: string
  /** The client id. */
  client: string
  /** The time from which `addEvent` counts, in ms since the epoch. */
  from: number
}

/** How long nothing may change until everything counts as settled: longer than any delay of the operator. */
const STILL_MS = 4_000
const HOUR = 60 * 60_000

export async function createNamespaceFixture(deps: FixtureDeps): Promise<NamespaceFixture> {
  const fixture = new NamespaceFixture(deps)
  const { google, namespace, client } = deps
  await fixture.objects.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } })
  await fixture.objects.secret('google-oauth-client', {
    'client_secret.json': JSON.stringify(google.clientFile(client)),
  })
  await fixture.objects.apply(integrationManifest())
  return fixture
}

export class NamespaceFixture {
  readonly objects: Objects
  readonly namespace: string
  readonly #deps: FixtureDeps

  constructor(deps: FixtureDeps) {
    this.#deps = deps
    this.namespace = deps.namespace
    this.objects = new Objects(deps.admin, deps.namespace)
  }

  account(name: string): string {
    return `${name}.${this.namespace}@example.com`
  }

  /** Adds an account at Google, a supplied grant, and an Agent. */
  async addPerson(name: string, spec: Record<string, unknown> = {}): Promise<void> {
    this.#deps.google.addAccount({ email: this.account(name), timeZone: 'Europe/Paris' })
    await this.bringGrant(name)
    await this.objects.apply(agentManifest(name, { account: this.account(name), ...spec }))
  }

  /** Plays the consent of the person, and puts the new refresh token into the Secret. */
  async bringGrant(name: string): Promise<void> {
    const { google, client } = this.#deps
    const { refreshToken } = google.grant({ client, account: this.account(name), scopes: [SCOPE] })
    await this.objects.secret(`${name}-grant`, { refresh_token: refreshToken })
  }

  /** Adds an event of one hour, so many hours after the start. */
  addEvent(name: string, hours: number): void {
    const start = this.#deps.from + hours * HOUR
    const [from, to] = [start, start + HOUR].map((ms) => ({ dateTime: new Date(ms).toISOString() }))
    this.#deps.google.addEvent({ calendar: this.account(name), event: { start: from, end: to } })
  }

  /** Tries a refresh token at Google. */
  async tryRefresh(refreshToken: string): Promise<string> {
    const { google, client } = this.#deps
    const { web } = google.clientFile(client) as { web: { client_secret: string } }
    const form = { grant_type: 'refresh_token', client_id: client, client_secret: web.client_secret }
    const body = new URLSearchParams({ ...form, refresh_token: refreshToken })
    const answer = await fetch(`${google.url}/token`, { method: 'POST', body })
    return answer.ok ? 'good' : await answer.text()
  }

  /** Expires the access tokens, so that the operator has to renew them. */
  expireAccess(name: string): void {
    this.#deps.google.expireAccessTokens({ account: this.account(name) })
  }

  /** Asks the operator to reconcile now. */
  ask(name: string, when: string): Promise<Body> {
    return this.objects.patch('Agent', name, { metadata: { annotations: { [REQUESTED_AT]: when } } })
  }

  async agent(name: string): Promise<Agent> {
    return (await this.objects.get('Agent', name)) as unknown as Agent
  }

  async busy(name: string): Promise<{ start: string; end: string }[]> {
    return busyIn(await this.objects.get('ConfigMap', `${name}-calendar`))
  }

  list(kind: string): Promise<Body[]> {
    return this.objects.listAll(kind)
  }

  async untilReady(...names: string[]): Promise<void> {
    await until(`${names.length} agents of ${this.namespace} are Ready`, async () => {
      const agents = (await this.list('Agent')) as unknown as Agent[]
      const problems = names.flatMap((name) => whyNotReady(agents.find(({ metadata }) => metadata.name === name)) ?? [])
      if (problems.length > 0) throw new Error(problems.join('; '))
      return true
    })
  }

  /** Waits until neither the Agents nor their published objects exist. */
  async untilGone(...names: string[]): Promise<void> {
    await until(`${names.length} agents of ${this.namespace} are gone`, async () => {
      const left = [...(await this.list('Agent')), ...(await this.list('ConfigMap'))].map(
        ({ metadata }) => metadata.name,
      )
      const present = left.filter((one) => names.some((name) => one === name || one === `${name}-calendar`))
      if (present.length > 0) throw new Error(`there are still ${present.join(', ')}`)
      return true
    })
  }

  /** Waits until no object has changed for a while. Returns their versions. */
  async untilStill(): Promise<Record<string, string>> {
    let before: Record<string, string> = {}
    let since = Date.now()
    return until(`nothing moves in ${this.namespace}`, async () => {
      const now = await this.versions()
      const moved = Object.keys({ ...before, ...now }).filter((key) => before[key] !== now[key])
      if (moved.length > 0) [before, since] = [now, Date.now()]
      if (Date.now() - since >= STILL_MS) return now
      throw new Error(`still moving: ${moved.join(', ')}`)
    })
  }

  /** The resourceVersion of every object that the operator may write. */
  async versions(): Promise<Record<string, string>> {
    const kinds = ['Agent', 'Booking', 'CalendarIntegration', 'ConfigMap', 'Secret']
    const lists = await Promise.all(kinds.map((kind) => this.list(kind)))
    const entries = lists.flatMap((objects, index) =>
      objects.map(({ metadata }) => [`${kinds[index] ?? ''}/${metadata.name}`, metadata.resourceVersion]),
    )
    return Object.fromEntries(entries) as Record<string, string>
  }
}

const REQUESTED_AT = 'calendar-operator.io/requestedAt'

export const busyIn = (object: Body | undefined): { start: string; end: string }[] =>
  (JSON.parse(object?.data?.['busy.json'] ?? '{"busy":[]}') as { busy: { start: string; end: string }[] }).busy

/** Whether the status is that of the newest spec and of the last request to run now, which may wait for ten seconds. */
function whyNotReady(agent: Agent | undefined): string | undefined {
  if (!agent) return 'one is missing'
  const { name } = agent.metadata
  if (!isUpToDate(agent)) return `${name} was not looked at since it was changed or asked for`
  const ready = agent.status?.conditions?.find(({ type }) => type === 'Ready')
  return ready?.status === 'True' ? undefined : `${name} is ${JSON.stringify(ready)}`
}

const isUpToDate = ({ metadata, status }: Agent): boolean =>
  status?.observedGeneration === metadata.generation &&
  status?.lastHandledReconcileAt === metadata.annotations?.[REQUESTED_AT]
