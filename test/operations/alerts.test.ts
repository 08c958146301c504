/** The alerts that ship, judged by Prometheus' own promtool: each fires when it should, and keeps quiet otherwise. */
import { describe, expect, test } from 'vitest'
import { shippedAlerts, type AlertRule } from '../support/alerts.ts'
import { alertCases, type AlertCase } from './alert-cases.ts'
import { promtool, RULES, testRules } from './support/promtool.ts'

const rules = new Map(shippedAlerts().map((rule) => [rule.alert, rule]))

const ruleOf = (alert: string): AlertRule => {
  const rule = rules.get(alert)
  if (!rule) throw new Error(`there is no alert ${alert} in ${RULES}`)
  return rule
}

/** What Prometheus makes of a text's placeholders. */
const render = (text: string, { labels, value = '' }: AlertCase['fires'][number]): string =>
  text
    .replace(/\{\{ \$labels\.(\w+) \}\}/g, (_all, label: string) => labels[label] ?? '')
    .replace(/\{\{ \$value.*?\}\}/g, value)

function expectation({ alert, at, fires }: AlertCase): object {
  const { labels, annotations } = ruleOf(alert)
  const exp_alerts = fires.map((one) => ({
    exp_labels: { ...one.labels, ...labels },
    exp_annotations: Object.fromEntries(Object.entries(annotations).map(([name, text]) => [name, render(text, one)])),
  }))
  return { eval_time: at, alertname: alert, exp_alerts }
}

const sentence = ({ alert, fires, when }: AlertCase): string =>
  `${alert} ${fires.length > 0 ? 'fires' : 'is quiet'} when ${when}`

describe('the rules', () => {
  test('are what promtool takes for rules', async () => {
    const { ok, output } = await promtool(['check', 'rules', RULES])
    expect(output).toContain(`SUCCESS: ${rules.size} rules found`)
    expect(ok).toBe(true)
  })

  test.each(alertCases.map((one): [string, AlertCase] => [sentence(one), one]))('%s', async (_sentence, one) => {
    const input_series = Object.entries(one.series).map(([series, values]) => ({ series, values }))
    const { ok, output } = await testRules([{ interval: '1m', input_series, alert_rule_test: [expectation(one)] }])
    expect(output).toContain('SUCCESS')
    expect(ok).toBe(true)
  })

  test.each([...rules.keys()])('%s is shown both firing and quiet', (alert) => {
    const verdicts = alertCases.filter((one) => one.alert === alert).map(({ fires }) => fires.length > 0)
    expect(new Set(verdicts)).toEqual(new Set([true, false]))
  })
})
