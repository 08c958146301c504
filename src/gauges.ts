/** Gauges about objects, computed from the caches at each scrape, so that deleted objects disappear. */
import { registerBookingGauges, type CountedObjects } from './booking-gauges.ts'
import { staleAfterMs } from './publishing/freshness.ts'
import { integrationKey } from './resources/references.ts'
import type { OutputState } from './publishing/trust.ts'
import { CUSTOM_STORE_NAMES, type CustomStoreName } from './kubernetes/kinds.ts'
import type { Clock } from './platform/clock.ts'
import type { Metrics, Scrape } from './platform/metrics.ts'
import { findCondition } from './resources/conditions.ts'
import type { Agent, CalendarIntegration, CustomObject } from './resources/types.ts'

/** A sample for each agent that has a value. */
type PerAgent = (measure: (agent: Agent) => number | undefined) => () => Scrape

/** Registers the gauges about the operator's own kinds. */
export function registerGauges(metrics: Metrics, cached: CountedObjects, clock: Clock): void {
  const { agents, integrations } = cached
  const perAgent: PerAgent = (measure) =>
    function* () {
      for (const agent of agents.list()) {
        const value = measure(agent)
        const { namespace = '', name } = agent.metadata
        if (value !== undefined) yield { labels: { namespace, agent: name }, value }
      }
    }
  const who = ['namespace', 'agent']

  readyGauges(metrics, cached, perAgent)
  registerBookingGauges(metrics, cached, clock)
  for (const name of CUSTOM_STORE_NAMES) {
    const { metric, help } = STATE_GAUGES[name]
    metrics.gauge(metric, help, ['state'], () => countStates(cached[name].list()))
  }
  metrics.gauge(
    'calendar_operator_agent_sync_age_seconds',
    'How long ago the calendars of an agent were last read, as of its last heartbeat.',
    who,
    perAgent(({ status }) => age(status?.sync?.lastSyncTime, clock.now())),
  )
  metrics.gauge(
    'calendar_operator_agent_stale_after_seconds',
    'The age at which the calendars of an agent become stale; absent for suspended agents.',
    who,
    perAgent((agent) => staleAfter(agent, integrations.get(integrationKey(agent)))),
  )
  metrics.gauge(
    'calendar_operator_access_token_expiry_timestamp_seconds',
    'When the access token of an agent expires.',
    who,
    perAgent(({ status }) => seconds(status?.authorization?.accessTokenExpiresAt)),
  )
  metrics.gauge(
    'calendar_operator_grant_expiry_timestamp_seconds',
    'When the grant of an agent ends, if known.',
    who,
    perAgent(({ status }) => seconds(status?.authorization?.expiresAt)),
  )
  metrics.gauge(
    'calendar_operator_rate_limited',
    'Whether Google limits an integration or one of its agents, or their budget is too small.',
    ['namespace', 'integration'],
    () => {
      const limited = limitedByAgents(agents.list())
      return [...integrations.list()].map(({ metadata: { namespace = '', name }, status }) => {
        const itself = findCondition(status?.conditions, 'WithinQuota')?.status === 'False'
        const value = itself || limited.has(`${namespace}/${name}`) ? 1 : 0
        return { labels: { namespace, integration: name }, value }
      })
    },
  )
}

/** Registers the gauge about published objects, which only the leader knows. */
export function registerOutputGauge(metrics: Metrics, outputs: () => OutputState[]): void {
  metrics.gauge(
    'calendar_operator_output_good_until_timestamp_seconds',
    'Until when the published calendar or access token of an agent can be trusted; 0 if it should be published and is missing; absent for suspended agents.',
    ['namespace', 'agent', 'output'],
    () => outputs().map(({ goodUntil, ...labels }) => ({ labels, value: goodUntil / 1000 })),
  )
}

/** The integrations with an agent that Google still limits. The integration itself stops reporting a limit after a while. */
function limitedByAgents(agents: Iterable<Agent>): Set<string> {
  const limited = [...agents].filter(({ status }) => {
    const synced = findCondition(status?.conditions, 'Synced')
    return synced?.status === 'False' && synced.reason === 'RateLimited'
  })
  return new Set(limited.map(integrationKey))
}

/** Registers the gauges that show which objects work, so that an alert can name them. Suspended objects have no sample. */
function readyGauges(metrics: Metrics, { integrations }: CountedObjects, perAgent: PerAgent): void {
  const who = ['namespace', 'agent']
  metrics.gauge(
    'calendar_operator_agent_ready',
    'Whether an agent is ready; absent for suspended agents.',
    who,
    perAgent((agent) => readiness(agent, integrations.get(integrationKey(agent)))),
  )
  metrics.gauge(
    'calendar_operator_agent_watching',
    "Whether Google announces changes of an agent's calendars; absent without push, and for suspended agents.",
    who,
    perAgent((agent) => watching(agent, integrations.get(integrationKey(agent)))),
  )
  metrics.gauge(
    'calendar_operator_agent_awaiting_sign_in',
    '1 for each agent that waits for its person to sign in; absent for others.',
    who,
    perAgent(({ status }) =>
      findCondition(status?.conditions, 'Authorized')?.reason === 'AwaitingSignIn' ? 1 : undefined,
    ),
  )
  metrics.gauge(
    'calendar_operator_integration_ready',
    'Whether an integration is ready; absent for suspended integrations.',
    ['namespace', 'integration'],
    () =>
      [...integrations.list()].flatMap((integration) => {
        const value = readiness(integration)
        const { namespace = '', name } = integration.metadata
        return value === undefined ? [] : [{ labels: { namespace, integration: name }, value }]
      }),
  )
}

/** 1 or 0; undefined if the object or its integration is suspended. */
function readiness(object: CustomObject, integration?: CalendarIntegration): number | undefined {
  if (object.spec.suspend || integration?.spec.suspend) return undefined
  return findCondition(object.status?.conditions, 'Ready')?.status === 'True' ? 1 : 0
}

function watching(agent: Agent, integration: CalendarIntegration | undefined): number | undefined {
  const condition = findCondition(agent.status?.conditions, 'Watching')
  if (!condition || agent.spec.suspend || integration?.spec.suspend) return undefined
  return condition.status === 'True' ? 1 : 0
}

function staleAfter(agent: Agent, integration: CalendarIntegration | undefined): number | undefined {
  if (!integration || agent.spec.suspend || integration.spec.suspend) return undefined
  return staleAfterMs(agent, integration.spec.sync) / 1000
}

/** The gauge that counts the objects of each kind by state. */
const STATE_GAUGES: Record<CustomStoreName, { metric: string; help: string }> = {
  agents: { metric: 'calendar_operator_agents', help: 'Agents by state.' },
  bookings: { metric: 'calendar_operator_bookings', help: 'Bookings by state.' },
  integrations: { metric: 'calendar_operator_integrations', help: 'Integrations by state.' },
}

/** Every state always has a sample, so that alerts can use it. */
const STATES = ['ready', 'reconciling', 'stalled', 'suspended']

function countStates(objects: Iterable<CustomObject>): Scrape {
  const counts = new Map(STATES.map((state) => [state, 0]))
  for (const object of objects) {
    const state = stateOf(object)
    counts.set(state, (counts.get(state) ?? 0) + 1)
  }
  return [...counts].map(([state, value]) => ({ labels: { state }, value }))
}

function stateOf({ spec, status }: CustomObject): string {
  if (spec.suspend) return 'suspended'
  const holds = (type: string): boolean => findCondition(status?.conditions, type)?.status === 'True'
  if (holds('Ready')) return 'ready'
  return holds('Stalled') ? 'stalled' : 'reconciling'
}

const seconds = (instant: string | undefined): number | undefined => {
  const ms = Date.parse(instant ?? '')
  return Number.isNaN(ms) ? undefined : ms / 1000
}

const age = (instant: string | undefined, now: number): number | undefined => {
  const at = seconds(instant)
  return at === undefined ? undefined : now / 1000 - at
}
