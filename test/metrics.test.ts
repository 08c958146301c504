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

const nothing = { list: () => [], get: () => undefined, byIndex: () => [], subscribe: () => undefined }

/** What Node itself tells is left out. */
async function described(): Promise<Described[]> {
  const clock = new ManualClock()
  const metrics = createMetrics(clock)
  registerGauges(metrics, { agents: nothing, integrations: nothing }, clock)
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

Served on \`--metrics-bind-address\` under \`/metrics\`, in the format of Prometheus. What controller-runtime and client-go
measure too has their names, so dashboards for them work. No label holds an e-mail address, a calendar's id or a Secret's name.
Gauges about objects are computed when they are asked for: what is deleted vanishes. Node's own metrics (\`nodejs_…\`,
\`process_…\`) are there too.

Scrape them with \`honorLabels: true\`: the label \`namespace\` is the object's, not the pod's. [Alerts](../deploy/alerts/rules.yaml) on them
have a [runbook](runbooks/README.md) each, and Grafana finds a [dashboard](../deploy/dashboards/calendar-operator.json).

| metric | kind | labels | |
|---|---|---|---|
${rows.join('\n')}
`
  await expect(page).toMatchFileSnapshot('../docs/metrics.md')
})
