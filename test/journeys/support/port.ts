/** What a journey can do and read. */
import type { SimulatedGoogle } from '../../../sandbox/google/google.ts'
import type { SandboxKubernetes } from '../../../sandbox/kubernetes/server.ts'
import type { Operator } from '../../../src/operator.ts'
import type { Agent, CalendarIntegration } from '../../../src/resources/types.ts'
import type { RealKubernetes } from '../../real/cluster.ts'
import type { ManualClock } from '../../support/clock.ts'
import type { Objects } from './objects.ts'

export interface World {
  readonly clock: ManualClock
  readonly google: SimulatedGoogle
  readonly objects: Objects
  readonly namespace: string
  /** The operator's own namespace, with its Lease and its keys. */
  readonly leaseNamespace: string
  /** The handle of a real API server, for the administrator's changes of rights. */
  readonly kubernetes: RealKubernetes | undefined
  /** The handle of the sandbox, for faults and request counts; undefined on a real API server. */
  readonly sandbox: SandboxKubernetes | undefined
  /** The kubeconfig that the operator uses. */
  readonly kubeconfigPath: string
  /** The OAuth client of `google-oauth-client`. */
  readonly client: { clientId: string; clientSecret: string }
  /** The lines of the operator's log. */
  readonly lines: string[]
  readonly operator: Operator
  /** Makes another namespace and returns its name. An operator with named namespaces serves it after its next start. */
  addNamespace(name: string): Promise<string>
  /** Stops the operator and starts it again. */
  restartOperator(): Promise<void>
  stopOperator(): Promise<void>
  startOperator(flags?: Record<string, string>): Promise<void>
  /** Adds an account at Google with a grant, and the Secret that supplies it. Returns the refresh token. */
  addPerson(name: string, options?: PersonOptions): Promise<string>
  agent(name: string): Promise<Agent>
  integration(name?: string): Promise<CalendarIntegration>
  /** The `busy.json` that is published as `<name>-calendar`. */
  busy(name: string): Promise<BusyJSON>
  /** The time so many hours from now, as RFC 3339 to the second. */
  inHours(hours: number): string
  /** Waits for an Event. Events are written after the status. */
  untilEvent(what: string, like: (event: EventSeen) => boolean): Promise<EventSeen>
  /** Moves the clock on slowly until `look` returns something. @throws Error that says what it waited for. */
  until<T>(what: string, look: () => Promise<T | undefined | false> | T | undefined | false): Promise<T>
  untilReason(name: string, reason: string): Promise<Agent>
  untilReady(name: string): Promise<Agent>
  /** Registers a secret text. When the journey stops, no log, Event or status may contain it. */
  addSecret(text: string): void
  stop(): Promise<void>
}

export interface PersonOptions {
  scopes?: string[]
  /** How long ago the consent was given, in ms; undefined if the Secret does not say it. */
  consentAge?: number
  account?: string
}

export interface EventSeen {
  reason: string
  type: string
  note: string
  series?: { count: number }
}

export interface BusyJSON {
  version: 1
  agent: string
  timeZone: string
  window: { start: string; end: string }
  syncedAt: string
  freshUntil: string
  complete: boolean
  busy: { start: string; end: string }[]
}
