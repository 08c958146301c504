import { expect, test } from 'vitest'
import { registerGauges, registerOutputGauge } from '../src/gauges.ts'
import { createMetrics } from '../src/platform/metrics.ts'
import { ManualClock } from './support/clock.ts'

interface Described {
  name: string
  type: string
  help: string
  labelNames?: readonly string[]
}

const nothing = { list: () => [], get: () => undefined }

/** What Node itself tells is left out. */
async function described(): Promise<Described[]> {
  const clock = new ManualClock()
  const metrics = createMetrics(clock)
  registerGauges(metrics, { agents: nothing, integrations: nothing, bookings: nothing }, clock)
  registerOutputGauge(metrics, () => [])
  metrics.controller('agent', 1)
  metrics.leader('calendar-operator', () => true)
  const names = (await metrics.registry.getMetricsAsJSON()).map(({ name }) => name)
  const own = names.filter((name) => !/^(nodejs|process)_/.test(name)).sort()
  return own.map((name) => metrics.registry.getSingleMetric(name) as unknown as Described)
}

test('docs/metrics.md tells every metric, with its labels', async () => {
  const rows = (await described()).map(({ name, type, help, labelNames = [] }) => {
    const labels = labelNames.map((label) => `\`${label}\``).join(', ')
    return `| \`${name}\` | ${type} | ${labels} | ${help} |`
  })
  const page = `# Metrics

Metrics are served at \`--metrics-bind-address\` under \`/metrics\`, in the Prometheus format. Metrics that controller-runtime and
client-go also have use the same names, so existing dashboards work. No label contains an e-mail address, a calendar id or the name
of a Secret. Gauges about objects are computed at each scrape, so they disappear with their objects. Node's own metrics
(\`nodejs_…\`, \`process_…\`) are included. The event loop's lag is sampled ten times a second, so \`nodejs_eventloop_lag_p99_seconds\` and its
siblings are 0.1 or more even when nothing is late.

Scrape them with \`honorLabels: true\`, because the label \`namespace\` is the object's, not the pod's. Each of the
[alerts](../deploy/alerts/rules.yaml) has a [runbook](runbooks/README.md), and there is a Grafana
[dashboard](../deploy/dashboards/calendar-operator.json).

| metric | type | labels | description |
|---|---|---|---|
${rows.join('\n')}
`
  await expect(page).toMatchFileSnapshot('../docs/metrics.md')
})
