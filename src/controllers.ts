/**
 * The controllers of the operator: one for the reconciles of each of its kinds, one for the deadlines of each, and one for push channels.
 * Events of the watches add single keys to them (`watches.ts`); what adds many keys at once is here. `workloads.ts` says what they run.
 */
import { createController, type Controller } from './controller/controller.ts'
import type { RunningCluster } from './kubernetes/cluster.ts'
import { CUSTOM_STORE_NAMES, type CustomStoreName } from './kubernetes/kinds.ts'
import { keyOf, type Key } from './kubernetes/port.ts'
import type { Clock, Random } from './platform/clock.ts'
import type { Log } from './platform/log.ts'
import type { Metrics } from './platform/metrics.ts'
import { findCondition } from './resources/conditions.ts'
import { needsSignIn } from './resources/reasons.ts'
import { agentKey } from './resources/references.ts'
import type { Booking } from './resources/types.ts'
import type { Settings } from './settings.ts'

/** What the controllers need. */
interface ControllerDeps {
  settings: Pick<Settings, 'workers'>
  cluster: Stores
  metrics: Metrics
  clock: Clock
  random: Random
  log: Log
}

/** The objects of the operator's kinds. */
type Stores = Pick<RunningCluster, CustomStoreName>

/** A controller for each of the operator's kinds, and one for the deadlines of each. */
export interface Controllers extends Record<CustomStoreName, Controller> {
  /** For what an agent's reconcile may miss while it waits for Google: a first status, the end of trust. */
  agentDeadlines: Controller
  /** For the push channels of agents, so that no reconcile waits for them. */
  agentChannels: Controller
  /** For an integration's first status. */
  integrationDeadlines: Controller
  /** For a Booking's first status. */
  bookingDeadlines: Controller
}

/** An integration mostly waits for Google, and there are few of them. */
const INTEGRATION_WORKERS = 8
/** They make and stop push channels. */
const CHANNEL_WORKERS = 8
/** Their reconciles wait for the API server only, and never for Google. Thousands of new objects get their first status from them. */
const DEADLINE_WORKERS = 16
/** After the time of day was set, all objects are reconciled within this time. */
const TIME_SET_SPREAD_MS = 30_000

/** Creates the controllers. They take keys, and reconcile nothing until each is started with its reconcile. */
export function createControllers({ settings, cluster, metrics, clock, random, log }: ControllerDeps): Controllers {
  const common = { groupsOf: (key: Key) => [namespaceOf(key)], clock, random, log }
  const agentOf = (key: Key): string => `${namespaceOf(key)}/${cluster.bookings.get(key)?.spec.agentRef.name ?? ''}`
  const byAgent = { groupsOf: (key: Key) => [namespaceOf(key), agentOf(key)] }
  const measured = (name: string, workers: number, groups = {}): Controller =>
    createController({ ...common, ...groups, name, workers, metrics: metrics.controller(name, workers) })
  const deadlines = (kind: string, groups = {}): Controller =>
    createController({ ...common, ...groups, name: `${kind}-deadline`, workers: DEADLINE_WORKERS })
  return {
    integrations: measured('calendarintegration', INTEGRATION_WORKERS),
    integrationDeadlines: deadlines('calendarintegration'),
    agents: measured('agent', settings.workers),
    agentDeadlines: deadlines('agent'),
    bookings: measured('booking', settings.workers, byAgent),
    bookingDeadlines: deadlines('booking', byAgent),
    agentChannels: createController({ ...common, name: 'agent-channels', workers: CHANNEL_WORKERS }),
  }
}

/** A namespace with a thousand objects does not delay the objects of the others. */
const namespaceOf = (key: Key): string => key.slice(0, key.indexOf('/'))

/** Whether anything besides its own reconcile runs for an Agent. */
export function isBusy(cluster: Pick<Stores, 'bookings'>, controllers: Controllers, key: Key): boolean {
  const { agentDeadlines, agentChannels, bookings, bookingDeadlines } = controllers
  const running = [...bookings.processing.keys(), ...bookingDeadlines.processing.keys()]
  const isOfAgent = (booking: Booking | undefined): boolean => booking !== undefined && agentKey(booking) === key
  return (
    agentDeadlines.processing.has(key) ||
    agentChannels.processing.has(key) ||
    running.some((one) => isOfAgent(cluster.bookings.get(one)))
  )
}

/** Reconciles what no other replica writes: integrations, and the Bookings of Agents that do not exist. */
export function reconcileKept(cluster: Stores, { integrations, bookings }: Controllers): void {
  for (const integration of cluster.integrations.list()) integrations.add(keyOf(integration))
  for (const booking of cluster.bookings.list()) {
    if (!cluster.agents.get(agentKey(booking))) bookings.addLowPriority(keyOf(booking))
  }
}

/** Reconciles the agents whose status contains a sign-in link, after the links have changed. */
export function reconcileAwaitingSignIn(
  cluster: Pick<Stores, 'agents'>,
  { agents }: Pick<Controllers, 'agents'>,
): void {
  for (const agent of cluster.agents.list()) {
    const authorized = findCondition(agent.status?.conditions, 'Authorized')
    if (authorized && needsSignIn(authorized.reason)) agents.addLowPriority(keyOf(agent))
  }
}

/** Reconciles all objects after the time of day was set, because anything may be due now. Most of these reconciles do nothing. */
export function reconcileAll(
  { cluster, random, log }: Pick<ControllerDeps, 'cluster' | 'random' | 'log'>,
  controllers: Controllers,
  stepMs: number,
): void {
  log.warn({ seconds: Math.round(stepMs / 1000) }, 'the time of day was set: all objects are reconciled again')
  const soon = (): number => random() * TIME_SET_SPREAD_MS
  for (const name of CUSTOM_STORE_NAMES) {
    for (const object of cluster[name].list()) controllers[name].addAfter(keyOf(object), soon())
  }
}
