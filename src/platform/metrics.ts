/**
 * Prometheus metrics, with the names that controller-runtime uses and names of our own. Gauges about objects are computed at each
 * scrape, so that deleted objects disappear. No label ever contains an e-mail address, a calendar id or the name of a Secret.
 */
import { collectDefaultMetrics, type Registry } from 'prom-client'
import type { Clock } from './clock.ts'
import { instrumentsOn, TextRegistry, type Count, type Instruments, type Scrape } from './instruments.ts'

export type { Scrape }

const EVENT_LOOP_PRECISION_MS = 100

/** The state of a queue, which is read at each scrape. */
interface QueueCounts {
  depth: number
  /** Since when each key has been processed, in ms of the monotonic clock. */
  processing: ReadonlyMap<string, number>
  /** How long a key, or the queue, has made no progress, in ms. */
  stuckMs: number
}

/** What the operator counts and measures. */
export interface Metrics {
  readonly registry: Registry
  /** Creates the metrics of one controller and its queue. */
  controller(name: string, workers: number): ControllerInstruments
  /** Counts a request to the Kubernetes API. */
  apiRequest: (method: string, code: string, host: string) => void
  /** Counts and measures a request to Google. */
  googleRequest: (kind: string, outcome: string, seconds: number) => void
  /** Counts a completed sign-in by its outcome. */
  signIn: (outcome: string) => void
  /** Counts a change that Google should have announced and that a poll found, by the integration. */
  pushMissed: (integration: { namespace: string; name: string }) => void
  /** Counts a notification from Google by its kind, or as refused. */
  notification: (result: string) => void
  /** Measures the time from the creation of a Booking until its event first stood at Google. */
  booked: (seconds: number) => void
  /** Counts a Booking that was refused because of another event, by the reason of its condition. */
  bookingConflict: (reason: 'SlotTaken' | 'EventConflict') => void
  /** Counts an Event that was not written, by the reason. */
  eventDropped: (reason: string) => void
  /** Registers the gauge of leader election. */
  leader(name: string, leads: () => boolean): void
  /** Registers a gauge that is computed at each scrape. */
  gauge: (name: string, help: string, labels: string[], scrape: () => Scrape) => void
}

/** The metrics of one controller and its queue. */
interface ControllerInstruments {
  queue: {
    added(): void
    retried(): void
    taken(waitedSeconds: number): void
    done(tookSeconds: number): void
  }
  /** Called once; the counts are read at every scrape. */
  observe(counts: QueueCounts): void
  reconciled(result: string, seconds: number): void
}

/** Creates all metrics on a new registry. */
export function createMetrics(clock: Pick<Clock, 'monotonic'>): Metrics {
  const registry = new TextRegistry()
  // By default, a timer wakes the process a hundred times a second.
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: EVENT_LOOP_PRECISION_MS })
  const instruments = instrumentsOn(registry)
  const { counter, histogram, gauge } = instruments
  const api = counter('rest_client_requests_total', 'Requests to the Kubernetes API.', ['code', 'method', 'host'])
  const google = counter('calendar_operator_google_requests_total', 'Requests to Google.', ['kind', 'outcome'])
  const dropped = counter('calendar_operator_events_dropped_total', 'Events that were not written.', ['reason'])
  const signIns = counter('calendar_operator_sign_ins_total', 'Completed sign-ins.', ['outcome'])
  const missed = counter(
    'calendar_operator_push_missed_total',
    'Changes that Google did not announce, found by a poll.',
    ['namespace', 'integration'],
  )
  const notifications = counter('calendar_operator_push_notifications_total', 'Notifications from Google.', ['result'])
  for (const result of ['sync', 'change', 'refused']) notifications.of(result)
  const bookings = histogram(
    'calendar_operator_booking_time_to_booked_seconds',
    'How long it took from the creation of a Booking until its event was in the calendar.',
    [],
  ).of()
  const conflicts = counter(
    'calendar_operator_booking_conflicts_total',
    'Bookings that were refused because of another event.',
    ['reason'],
  )
  for (const reason of ['SlotTaken', 'EventConflict']) conflicts.of(reason)
  const googleTimes = histogram('calendar_operator_google_request_duration_seconds', 'How long Google took.', ['kind'])
  return {
    registry,
    controller: controllerInstruments(instruments, clock),
    apiRequest: (method, code, host) => count(api.of(code, method, host)),
    googleRequest(kind, outcome, seconds) {
      count(google.of(kind, outcome))
      googleTimes.of(kind).observe(seconds)
    },
    signIn: (outcome) => count(signIns.of(outcome)),
    pushMissed: ({ namespace, name }) => count(missed.of(namespace, name)),
    notification: (result) => count(notifications.of(result)),
    booked: (seconds) => bookings.observe(seconds),
    bookingConflict: (reason) => count(conflicts.of(reason)),
    eventDropped: (reason) => count(dropped.of(reason)),
    leader: (name, leads) =>
      gauge('leader_election_master_status', 'Whether this replica leads.', ['name'], () => [
        { labels: { name }, value: leads() ? 1 : 0 },
      ]),
    gauge,
  }
}

const count = (one: Count): void => void (one.value += 1)

type CreateControllerInstruments = Metrics['controller']

/** With the names of controller-runtime and client-go. */
function controllerInstruments(
  { counter, histogram, gauge }: Instruments,
  clock: Pick<Clock, 'monotonic'>,
): CreateControllerInstruments {
  const queues = new Map<string, QueueCounts>()
  const workers = new Map<string, number>()
  queueGauges(gauge, queues, clock)
  gauge('controller_runtime_max_concurrent_reconciles', 'Workers.', ['controller'], () =>
    [...workers].map(([controller, value]) => ({ labels: { controller }, value })),
  )
  const adds = counter('workqueue_adds_total', 'Keys added.', ['name'])
  const retries = counter('workqueue_retries_total', 'Keys that were retried after a failure.', ['name'])
  const waits = histogram('workqueue_queue_duration_seconds', 'How long keys waited.', ['name'])
  const works = histogram('workqueue_work_duration_seconds', 'How long keys were processed.', ['name'])
  const reconciles = counter('controller_runtime_reconcile_total', 'Reconciles by result.', ['controller', 'result'])
  const errors = counter('controller_runtime_reconcile_errors_total', 'Reconciles that failed.', ['controller'])
  const times = histogram('controller_runtime_reconcile_time_seconds', 'How long reconciles took.', ['controller'])

  return (name, workerCount) => {
    workers.set(name, workerCount)
    // A rate needs an initial value: a counter that first appears with the value 1 looks as if nothing had happened.
    const [added, retried, failed] = [adds.of(name), retries.of(name), errors.of(name)]
    return {
      queue: {
        added: () => count(added),
        retried: () => count(retried),
        taken: (seconds) => waits.of(name).observe(seconds),
        done: (seconds) => works.of(name).observe(seconds),
      },
      observe: (counts) => void queues.set(name, counts),
      reconciled(result, seconds) {
        count(reconciles.of(name, result))
        if (result === 'error') count(failed)
        times.of(name).observe(seconds)
      },
    }
  }
}

function queueGauges(
  gauge: Instruments['gauge'],
  queues: ReadonlyMap<string, QueueCounts>,
  clock: Pick<Clock, 'monotonic'>,
): void {
  const each = (label: string, measure: (counts: QueueCounts) => number) => (): Scrape =>
    [...queues].map(([name, counts]) => ({ labels: { [label]: name }, value: measure(counts) }))
  const ages = ({ processing }: QueueCounts): number[] =>
    [...processing.values()].map((since) => (clock.monotonic() - since) / 1000)
  const sum = (numbers: number[]): number => numbers.reduce((total, one) => total + one, 0)
  const waiting = each('name', ({ depth }) => depth)
  const unfinished = each('name', (counts) => sum(ages(counts)))
  const oldest = each('name', (counts) => Math.max(0, ...ages(counts)))
  const active = each('controller', ({ processing }) => processing.size)

  gauge('workqueue_depth', 'Keys that are waiting.', ['name'], waiting)
  gauge(
    'workqueue_unfinished_work_seconds',
    'The time for which the current keys have been processed.',
    ['name'],
    unfinished,
  )
  gauge(
    'workqueue_longest_running_processor_seconds',
    'How long the longest-running key has been processed.',
    ['name'],
    oldest,
  )
  const stuck = each('name', ({ stuckMs }) => stuckMs / 1000)
  gauge(
    'calendar_operator_controller_still_seconds',
    'How long a key that is being processed, or all waiting keys, made no progress.',
    ['name'],
    stuck,
  )
  gauge('controller_runtime_active_workers', 'Workers that are processing a key.', ['controller'], active)
}
