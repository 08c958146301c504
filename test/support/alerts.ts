/** The shipped alerts, from `deploy/alerts/rules.yaml`. */
import { readFileSync } from 'node:fs'
import { parse } from 'yaml'

export interface AlertRule {
  alert: string
  expr: string
  for?: string
  labels: { severity: string }
  annotations: { summary: string; description: string; runbook_url: string }
}

export function shippedAlerts(): AlertRule[] {
  const text = readFileSync(new URL('../../deploy/alerts/rules.yaml', import.meta.url), 'utf8')
  return (parse(text) as { groups: { rules: AlertRule[] }[] }).groups.flatMap(({ rules }) => rules)
}
