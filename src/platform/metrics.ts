/**
 * Prometheus metrics: the names that controller-runtime's dashboards know, and our own. Gauges about objects are computed
 * when they are asked for, so that what is deleted vanishes. No label ever holds an e-mail address, a calendar's id or a
 * Secret's name.
 */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { Clock } from './clock.ts'

/** A gauge's values at the moment of a scrape. */
export type Scrape = Iterable<{ labels: Record<string, string>; value: number }>

export interface QueueCounts {
  depth: number
  /** Since when the keys in hand have been in hand, ms since the epoch. */
  inHand: ReadonlyMap<string, number>
}

export interface Metrics {
  readonly registry: Registry
  /** The metrics of one controller, and of the queue before it. */
  controller(name: string, workers: number, counts: () => QueueCounts): ControllerMetrics
  apiRequest(method: string, code: string, host: string): void
  googleRequest(kind: string, outcome: string, seconds: number): void
  leader(name: string, leads: () => boolean): void
  /** A gauge that is computed at each scrape. */
  gauge(name: string, help: string, labels: string[], scrape: () => Scrape): void
}

export interface ControllerMetrics {
  queue: {
    added(): void
    retried(): void
    taken(waitedSeconds: number): void
    done(tookSeconds: number): void
  }
  reconciled(result: string, seconds: number): void
}

const FAST = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60]

export function createMetrics(clock: Clock): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const registers = [registry]
  const labels = { queue: ['name'], controller: ['controller'] }
  const counter = (name: string, help: string, labelNames: string[]): Counter =>
    new Counter({ name, help, labelNames, registers })
  const histogram = (name: string, help: string, labelNames: string[]): Histogram =>
    new Histogram({ name, help, labelNames, registers, buckets: FAST })
  const reconciles = counter('controller_runtime_reconcile_total', 'Reconciles by result.', ['controller', 'result'])
  const errors = counter('controller_runtime_reconcile_errors_total', 'Reconciles that failed.', labels.controller)
  const times = histogram('controller_runtime_reconcile_time_seconds', 'How long reconciles took.', labels.controller)
  const adds = counter('workqueue_adds_total', 'Keys added.', labels.queue)
  const retries = counter('workqueue_retries_total', 'Keys that came back after a failure.', labels.queue)
  const waits = histogram('workqueue_queue_duration_seconds', 'How long keys waited.', labels.queue)
  const works = histogram('workqueue_work_duration_seconds', 'How long keys were worked on.', labels.queue)
  const api = counter('rest_client_requests_total', 'Requests to the Kubernetes API.', ['code', 'method', 'host'])
  const google = counter('calendar_operator_google_requests_total', 'Requests to Google.', ['kind', 'outcome'])
  const googleTimes = histogram('calendar_operator_google_request_duration_seconds', 'How long Google took.', ['kind'])
  const queues = new Map<string, () => QueueCounts>()
  const workers = new Map<string, number>()

  const gauge: Metrics['gauge'] = (name, help, labelNames, scrape) => {
    new Gauge({
      name,
      help,
      labelNames,
      registers,
      collect() {
        this.reset()
        for (const { labels: values, value } of scrape()) this.set(values, value)
      },
    })
  }
  const perQueue = (label: string, measure: (counts: QueueCounts) => number) => (): Scrape =>
    [...queues].map(([name, counts]) => ({ labels: { [label]: name }, value: measure(counts()) }))
  const ages = ({ inHand }: QueueCounts): number[] => [...inHand.values()].map((since) => (clock.now() - since) / 1000)
  const sum = (numbers: number[]): number => numbers.reduce((total, one) => total + one, 0)

  gauge(
    'workqueue_depth',
    'Keys that wait.',
    labels.queue,
    perQueue('name', ({ depth }) => depth),
  )
  gauge(
    'workqueue_unfinished_work_seconds',
    'How long the keys in hand have been worked on, all together.',
    labels.queue,
    perQueue('name', (counts) => sum(ages(counts))),
  )
  gauge(
    'workqueue_longest_running_processor_seconds',
    'How long the oldest key in hand has been worked on.',
    labels.queue,
    perQueue('name', (counts) => Math.max(0, ...ages(counts))),
  )
  gauge(
    'controller_runtime_active_workers',
    'Workers that have a key.',
    labels.controller,
    perQueue('controller', ({ inHand }) => inHand.size),
  )
  gauge('controller_runtime_max_concurrent_reconciles', 'Workers.', labels.controller, () =>
    [...workers].map(([controller, value]) => ({ labels: { controller }, value })),
  )

  return {
    registry,
    controller(name, count, counts) {
      queues.set(name, counts)
      workers.set(name, count)
      return {
        queue: {
          added: () => adds.inc({ name }),
          retried: () => retries.inc({ name }),
          taken: (seconds) => waits.observe({ name }, seconds),
          done: (seconds) => works.observe({ name }, seconds),
        },
        reconciled(result, seconds) {
          reconciles.inc({ controller: name, result })
          if (result === 'error') errors.inc({ controller: name })
          times.observe({ controller: name }, seconds)
        },
      }
    },
    apiRequest: (method, code, host) => api.inc({ method, code, host }),
    googleRequest(kind, outcome, seconds) {
      google.inc({ kind, outcome })
      googleTimes.observe({ kind }, seconds)
    },
    leader: (name, leads) =>
      gauge('leader_election_master_status', 'Whether this replica leads.', labels.queue, () => [
        { labels: { name }, value: leads() ? 1 : 0 },
      ]),
    gauge,
  }
}
