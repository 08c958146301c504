/** A world in memory with the integration `booking/google`, and what a test looks at. */
import { expect } from 'vitest'
import type { IntegrationEntry } from '../../../src/clients/port.ts'
import type { Outcome } from '../../../src/controller/outcome.ts'
import type { CalendarIntegration, CalendarIntegrationStatus, Condition } from '../../../src/resources/types.ts'
import { PLAIN } from '../../agent/support/one-agent.ts'
import type { Stored } from '../../memory/kubernetes.ts'
import { CLIENT_ID, clientSecretOf, integrationOf } from '../../memory/objects.ts'
import { MemoryWorld } from '../../memory/world.ts'

export { CLIENT_ID, CLIENT_SECRET } from '../../memory/objects.ts'

export const SECOND = 1_000
export const MINUTE = 60 * SECOND
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR
export const START = '2026-11-23T10:00:00Z'
export const KEY = 'booking/google'
export const REDIRECT_URI = 'https://booking.example.com/google-calendar/callback'

/** How Google answers while a test says so. */
export const REFUSES = (error: string): [number, object] => [error === 'invalid_client' ? 401 : 400, { error }]
export const IS_DOWN: [number, object] = [503, {}]
export const LIMITS: [number, object] = [429, {}]

type Spec = CalendarIntegration['spec']

/** The integration, and others that a test adds. */
export class OneIntegration {
  readonly world = new MemoryWorld()

  constructor() {
    this.world.put(clientSecretOf('file'))
    this.world.put(integrationOf(PLAIN))
  }

  reconcile(key = KEY): Promise<Outcome> {
    return this.world.reconcile('CalendarIntegration', key)
  }

  async reconcileAfter(ms: number): Promise<Outcome> {
    await this.world.clock.advance(ms)
    return this.reconcile()
  }

  /** Ends the test: nothing has gone wrong in the background, and no object breaks its schema. */
  async end(): Promise<void> {
    expect(this.world.failures).toEqual([])
    expect(this.world.kubernetes.problems).toEqual([])
    await this.world.close()
  }

  object(key = KEY): Stored & { spec: Spec; status: CalendarIntegrationStatus } {
    const [namespace, name = ''] = key.split('/')
    return this.world.kubernetes.find('CalendarIntegration', name, namespace) as ReturnType<OneIntegration['object']>
  }

  get status(): CalendarIntegrationStatus {
    return this.object().status
  }

  condition(type: string, key = KEY): Condition | undefined {
    return this.object(key).status.conditions?.find((one) => one.type === type)
  }

  /** What `Ready` says, and which condition accompanies it. */
  get summary(): (string | undefined)[] {
    const conditions = this.status.conditions ?? []
    const [ready] = conditions.filter(({ type }) => type === 'Ready')
    return [ready?.status, ready?.reason, conditions.map(({ type }) => type).find((type) => /^(Rec|Stal)/.test(type))]
  }

  /** What the Agents are told. */
  told(key = KEY): IntegrationEntry | undefined {
    return this.world.registry.get(key)
  }

  /** Changes the integration as a user does. */
  change(spec: Partial<Spec>, metadata: object = {}): void {
    const object = this.object()
    this.world.put({ ...object, metadata: { ...object.metadata, ...metadata }, spec: { ...object.spec, ...spec } })
  }

  /** Changes `spec.google`. */
  changeGoogle(google: Partial<Spec['google']>): void {
    this.change({ google: { ...this.object().spec.google, ...google } })
  }

  /** Asks for a reconcile, as `kubectl annotate` does. */
  request(value: string): void {
    this.change({}, { annotations: { 'calendar-operator.io/requestedAt': value } })
  }

  /** Adds an integration of another namespace or name, with the same client. It was made later. */
  add(key: string, { spec = {}, data }: { spec?: Partial<Spec>; data?: Record<string, string> } = {}): void {
    const [namespace, name = ''] = key.split('/')
    const metadata = { name, namespace, creationTimestamp: '2026-11-23T10:00:01Z' }
    const given = integrationOf(PLAIN)
    const secret = clientSecretOf('file')
    if (namespace !== 'booking' || data) {
      const name = data ? `client-of-${metadata.name}` : secret.metadata.name
      this.world.put({ ...secret, metadata: { ...secret.metadata, namespace, name }, data: data ?? secret.data })
    }
    this.world.put({ ...given, metadata, spec: { ...(given.spec as Spec), ...spec } })
  }

  /** Adds an Agent of the integration with these conditions, such as `Ready=True:Ready`. */
  addAgent(name: string, conditions: string[] = [], { namespace = 'booking', spec = {}, status = {} } = {}): void {
    const parsed = conditions.map((text) => /^(\w+)=(\w+):(\w+)$/.exec(text)?.slice(1) ?? [])
    const made = parsed.map(([type, state, reason]) => ({ type, status: state, reason, message: 'm' }))
    const agent: Stored = {
      apiVersion: 'calendar-operator.io/v1alpha1',
      kind: 'Agent',
      metadata: { name, namespace },
      spec: {
        ...{ integrationRef: { name: 'google', namespace: 'booking' }, account: `${name}@example.com`, suspend: false },
        ...{ calendars: { read: ['primary'] }, ...spec },
      },
      status: { conditions: made, ...status },
    }
    this.world.put(agent, true)
  }

  /** Writes the client file, or other keys, into the client's Secret. */
  writeSecret(data: Record<string, string | object>): void {
    this.world.put({ ...clientSecretOf('file'), data: encoded(data) })
  }

  removeSecret(): void {
    this.world.remove(clientSecretOf('file'))
  }

  /** Google's answer to every request for tokens from now on. */
  answerTokens([status, body]: [status: number, body: object]): void {
    this.world.google.before = ({ path }) => {
      if (path === '/token') this.world.google.twist([{ do: 'refuse', status, body }])
    }
  }

  answerAgain(): void {
    this.world.google.before = () => undefined
    this.world.google.twist([])
  }

  /** How often the client was verified. */
  get verifications(): number {
    return this.world.google.asked.filter(({ path }) => path === '/token').length
  }

  /** How often Kubernetes sent the client's Secret. It is counted from the first call on. */
  countReads(): { reads: number; statusWrites: number } {
    const counted = { reads: 0, statusWrites: 0 }
    this.world.kubernetes.refuse = (method, path) => {
      if (method === 'GET' && path.includes('/secrets/google-oauth-client')) counted.reads++
      if (method === 'PATCH' && path.includes('/calendarintegrations/')) counted.statusWrites++
      return undefined
    }
    return counted
  }

  /** The reasons and notes of the Events of this reason. */
  events(reason: string): string[] {
    const all = this.world.kubernetes.events.map((text) => JSON.parse(text) as { reason: string; note: string })
    return all.filter((one) => one.reason === reason).map(({ note }) => note)
  }
}

/** The data of a Secret: what is no text is the `web` object of a client file. */
export const encoded = (data: Record<string, string | object>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(data).map(([key, value]) => {
      const text = typeof value === 'string' ? value : JSON.stringify({ web: value })
      return [key, Buffer.from(text).toString('base64')]
    }),
  )

/** A client file's `web` object. */
export const webOf = (more: object = {}): object => ({ client_id: CLIENT_ID, client_secret: 'GOCSPX-another', ...more })
