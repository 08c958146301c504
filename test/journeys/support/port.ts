/** What a journey can do in its world, and see there. */
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
  /** The operator's own: it keeps its Lease and its keys there. */
  readonly leaseNamespace: string
  /** A real API server's own handle: rights, as the administrator gives and takes them. */
  readonly kubernetes: RealKubernetes | undefined
  /** The sandbox's own handle: faults, request counts; undefined on a real API server. */
  readonly sandbox: SandboxKubernetes | undefined
  /** Whose hands the operator's are. */
  readonly kubeconfigPath: string
  /** The OAuth client of `google-oauth-client`. */
  readonly client: { clientId: string; clientSecret: string }
  /** Everything that was logged. */
  readonly lines: string[]
  readonly operator: Operator
  /** Makes a further namespace, and answers its name. An operator of named namespaces serves it from its next start on. */
  addNamespace(name: string): Promise<string>
  /** Starts the operator anew, as after a crash or an orderly end. */
  restartOperator(): Promise<void>
  stopOperator(): Promise<void>
  startOperator(flags?: Record<string, string>): Promise<void>
  /** Adds an account at Google, with a grant and the Secret that brings it. Answers the refresh token. */
  addPerson(name: string, options?: PersonOptions): Promise<string>
  agent(name: string): Promise<Agent>
  integration(name?: string): Promise<CalendarIntegration>
  /** What is published as `<name>-calendar`. */
  busy(name: string): Promise<BusyJSON>
  /** An instant so many hours from now, as RFC 3339 to the second. */
  inHours(hours: number): string
  /** Waits for an Event: they are written behind the status, which may stand before them. */
  untilEvent(what: string, like: (event: EventSeen) => boolean): Promise<EventSeen>
  /** Waits, time passing slowly meanwhile, until `look` answers something; says what it waits for if it never does. */
  until<T>(what: string, look: () => Promise<T | undefined | false> | T | undefined | false): Promise<T>
  untilReason(name: string, reason: string): Promise<Agent>
  untilReady(name: string): Promise<Agent>
  /** Never hands this text to anything that is searched: it must not turn up. */
  addSecret(text: string): void
  stop(): Promise<void>
}

export interface PersonOptions {
  scopes?: string[]
  /** How long ago consent was given, in ms; not told where undefined. */
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
