/** Gauges about Bookings, by Agent. Bookings that are suspended or over have no part in them: nobody has to do anything about them. */
import { agentKey, integrationKey } from './resources/references.ts'
import type { CustomStoreName } from './kubernetes/kinds.ts'
import type { Cluster } from './kubernetes/port.ts'
import type { Clock } from './platform/clock.ts'
import type { Metrics, Scrape } from './platform/metrics.ts'
import { findCondition } from './resources/conditions.ts'
import { meaningOf } from './resources/reasons.ts'
import type { Booking, Condition } from './resources/types.ts'

/** The objects that gauges are about. */
export type CountedObjects = { readonly [N in CustomStoreName]: Pick<Cluster[N], 'get' | 'list'> }

/** Registers the gauges about Bookings, except their number by state. */
export function registerBookingGauges(metrics: Metrics, cached: CountedObjects, clock: Clock): void {
  metrics.gauge(
    'calendar_operator_booking_waiting_seconds',
    'How long the longest-waiting Booking of an agent has been neither written nor refused; absent if none waits.',
    ['namespace', 'agent'],
    () => longestWaits(cached, clock.now()),
  )
  metrics.gauge(
    'calendar_operator_bookings_stalled',
    'Bookings of an agent that were refused or cancelled and are not over, by the reason; absent if there are none.',
    ['namespace', 'agent', 'reason'],
    () => countStalled(cached, clock.now()),
  )
}

interface Sample {
  labels: Record<string, string>
  value: number
}

function longestWaits(cached: CountedObjects, now: number): Scrape {
  const waits = new Map<string, Sample>()
  for (const booking of current(cached, now)) {
    if (isWaiting(readyOf(booking))) keep(waits, labelsOf(booking), (before) => Math.max(before, waitOf(booking, now)))
  }
  return waits.values()
}

function countStalled(cached: CountedObjects, now: number): Scrape {
  const counts = new Map<string, Sample>()
  for (const booking of current(cached, now)) {
    const ready = readyOf(booking)
    if (ready && isStalled(ready)) keep(counts, { ...labelsOf(booking), reason: ready.reason }, (before) => before + 1)
  }
  return counts.values()
}

/** Changes the sample with these labels, from 0 if there is none. */
function keep(samples: Map<string, Sample>, labels: Sample['labels'], change: (before: number) => number): void {
  const key = Object.values(labels).join('/')
  samples.set(key, { labels, value: change(samples.get(key)?.value ?? 0) })
}

/** Since its state last changed, in seconds. */
function waitOf(booking: Booking, now: number): number {
  const since = Date.parse(readyOf(booking)?.lastTransitionTime ?? booking.metadata.creationTimestamp ?? '')
  return Number.isNaN(since) ? 0 : (now - since) / 1000
}

/** The Bookings that somebody may still wait for. */
function* current({ bookings, agents, integrations }: CountedObjects, now: number): Iterable<Booking> {
  for (const booking of bookings.list()) {
    const { spec } = booking
    if (spec.suspend || Date.parse(spec.end) <= now) continue
    const agent = agents.get(agentKey(booking))
    const integration = agent && integrations.get(integrationKey(agent))
    if (!agent?.spec.suspend && !integration?.spec.suspend) yield booking
  }
}

const readyOf = ({ status }: Booking): Condition | undefined => findCondition(status?.conditions, 'Ready')

const isStalled = ({ status, reason }: Condition): boolean =>
  status !== 'True' && meaningOf('Booking', reason) === 'stuck'

const isWaiting = (ready: Condition | undefined): boolean => !ready || (ready.status !== 'True' && !isStalled(ready))

const labelsOf = ({ metadata, spec }: Booking): Sample['labels'] => ({
  namespace: metadata.namespace ?? '',
  agent: spec.agentRef.name,
})
