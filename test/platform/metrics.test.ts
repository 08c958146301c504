import { describe, expect, test } from 'vitest'
import { createController } from '../../src/controller/controller.ts'
import { done, retry } from '../../src/controller/outcome.ts'
import { createMetrics, type Metrics } from '../../src/platform/metrics.ts'
import { ManualClock, settle } from '../support/clock.ts'
import { keepLog } from '../support/log.ts'

/** The lines of a scrape that begin with `start`. */
const scrape = async ({ registry }: Metrics, start: string): Promise<string[]> =>
  (await registry.metrics()).split('\n').filter((line) => line.startsWith(start))

describe('the metrics of a controller', () => {
  test('have the names and labels that dashboards of controller-runtime ask for', async () => {
    const clock = new ManualClock()
    const metrics = createMetrics(clock)
    const controller = createController({
      name: 'agent',
      workers: 2,
      clock,
      random: () => 0.5,
      log: keepLog(),
      metrics: metrics.controller('agent', 2),
    })
    for (const key of ['good', 'bad', 'slow']) controller.add(key)
    expect(await scrape(metrics, 'workqueue_depth')).toEqual(['workqueue_depth{name="agent"} 3'])
    controller.start(async (key) =>
      key === 'slow' ? new Promise(() => undefined) : key === 'bad' ? retry(new Error('no')) : done(),
    )
    await settle()
    await clock.advance(500)
    const expected = [
      'workqueue_depth{name="agent"} 0',
      'workqueue_adds_total{name="agent"} 3',
      'workqueue_retries_total{name="agent"} 1',
      'workqueue_unfinished_work_seconds{name="agent"} 0.5',
      'workqueue_longest_running_processor_seconds{name="agent"} 0.5',
      'calendar_operator_controller_still_seconds{name="agent"} 0.5',
      'workqueue_queue_duration_seconds_count{name="agent"} 3',
      'workqueue_work_duration_seconds_count{name="agent"} 2',
      'controller_runtime_active_workers{controller="agent"} 1',
      'controller_runtime_max_concurrent_reconciles{controller="agent"} 2',
      'controller_runtime_reconcile_total{controller="agent",result="success"} 1',
      'controller_runtime_reconcile_total{controller="agent",result="error"} 1',
      'controller_runtime_reconcile_errors_total{controller="agent"} 1',
      'controller_runtime_reconcile_time_seconds_count{controller="agent"} 2',
    ]
    expect(await registryLines(metrics)).toEqual(expect.arrayContaining(expected))
  })

  test('are there before anything happened, for rates to rise from', async () => {
    const metrics = createMetrics(new ManualClock())
    metrics.controller('agent', 1)
    expect(await scrape(metrics, 'workqueue_adds_total')).toEqual(['workqueue_adds_total{name="agent"} 0'])
    expect(await scrape(metrics, 'controller_runtime_reconcile_errors_total')).toHaveLength(1)
  })
})

describe('requests and leadership', () => {
  test('are counted under the names that are known', async () => {
    const metrics = createMetrics(new ManualClock())
    let leads = false
    metrics.leader('calendar-operator', () => leads)
    metrics.apiRequest('PATCH', '200', 'kubernetes.default.svc')
    metrics.googleRequest('events.list', 'ok', 0.2)
    leads = true
    expect(await registryLines(metrics)).toEqual(
      expect.arrayContaining([
        'leader_election_master_status{name="calendar-operator"} 1',
        'rest_client_requests_total{code="200",method="PATCH",host="kubernetes.default.svc"} 1',
        'calendar_operator_google_requests_total{kind="events.list",outcome="ok"} 1',
        'calendar_operator_google_request_duration_seconds_count{kind="events.list"} 1',
      ]),
    )
  })
})

describe('a histogram', () => {
  test('counts in each bucket what is at most as large, and sums up', async () => {
    const metrics = createMetrics(new ManualClock())
    for (const seconds of [0.001, 0.2, 0.3, 100]) metrics.googleRequest('events.list', 'ok', seconds)
    metrics.googleRequest('refresh', 'ok', 0.2)
    const name = 'calendar_operator_google_request_duration_seconds'
    const lines = (await scrape(metrics, name)).filter((line) => line.includes('kind="events.list"'))
    const buckets = ['0.001', '0.005', '0.01', '0.05', '0.1', '0.5', '1', '5', '10', '30', '60', '+Inf']
    const counts = [1, 1, 1, 1, 1, 3, 3, 3, 3, 3, 3, 4]
    expect(lines).toEqual([
      ...buckets.map((le, at) => `${name}_bucket{le="${le}",kind="events.list"} ${counts[at]}`),
      `${name}_sum{kind="events.list"} 100.501`,
      `${name}_count{kind="events.list"} 4`,
    ])
  })

  test('without labels is there before anything was measured', async () => {
    const name = 'calendar_operator_booking_time_to_booked_seconds'
    expect(await scrape(createMetrics(new ManualClock()), `${name}_count`)).toEqual([`${name}_count 0`])
  })
})

test('Events that were not written are counted, by why', async () => {
  const metrics = createMetrics(new ManualClock())
  metrics.eventDropped('full')
  expect(await scrape(metrics, 'calendar_operator_events_dropped_total')).toEqual([
    'calendar_operator_events_dropped_total{reason="full"} 1',
  ])
})

describe('a gauge about objects', () => {
  test('is computed when it is asked for: what is deleted vanishes', async () => {
    const metrics = createMetrics(new ManualClock())
    const agents = ['alice', 'bob']
    metrics.gauge('ages', 'Ages.', ['agent'], () => agents.map((agent) => ({ labels: { agent }, value: 1 })))
    expect(await scrape(metrics, 'ages{')).toEqual(['ages{agent="alice"} 1', 'ages{agent="bob"} 1'])
    agents.shift()
    expect(await scrape(metrics, 'ages{')).toEqual(['ages{agent="bob"} 1'])
  })

  test('has its labels and values written as Prometheus reads them', async () => {
    const metrics = createMetrics(new ManualClock())
    const values = [1.5, NaN, Infinity, -Infinity]
    metrics.gauge('odd', 'Odd.', ['a', 'b'], () => values.map((value) => ({ labels: { a: 'x"\\\n', b: '' }, value })))
    const labels = String.raw`odd{a="x\"\\\n",b=""}`
    expect(await scrape(metrics, 'odd')).toEqual(['1.5', 'NaN', '+Inf', '-Inf'].map((value) => `${labels} ${value}`))
  })

  test('that fails costs itself only, and is counted', async () => {
    const metrics = createMetrics(new ManualClock())
    metrics.gauge('broken', 'Broken.', [], () => {
      throw new Error('no cache')
    })
    metrics.gauge('good', 'Good.', [], () => [{ labels: {}, value: 7 }])
    expect(await scrape(metrics, 'good')).toEqual(['good 7'])
    expect(await scrape(metrics, 'calendar_operator_scrape_failures_total')).toEqual([
      'calendar_operator_scrape_failures_total{gauge="broken"} 1',
    ])
  })
})

test('two instances share nothing, and each shows the process', async () => {
  const [one, other] = [createMetrics(new ManualClock()), createMetrics(new ManualClock())]
  one.apiRequest('GET', '200', 'host')
  expect(await scrape(other, 'rest_client_requests_total{')).toEqual([])
  expect(await scrape(other, 'process_cpu_seconds_total')).toHaveLength(1)
})

const registryLines = async ({ registry }: Metrics): Promise<string[]> => (await registry.metrics()).split('\n')
