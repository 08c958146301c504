/** Dashboards and alerts use only metrics and labels that a running operator has. */
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { agentManifest, integrationManifest } from '../journeys/support/manifests.ts'
import { scrape, scrapeText, type Sample } from '../journeys/support/scrape.ts'
import { startWorld, type World } from '../journeys/support/world.ts'
import { shippedAlerts } from '../support/alerts.ts'

const DASHBOARD = 'deploy/dashboards/calendar-operator.json'

interface Panel {
  id: number
  type: string
  title: string
  description?: string
  gridPos: { x: number; y: number; w: number; h: number }
  targets?: { expr: string }[]
}

const { panels } = JSON.parse(readFileSync(DASHBOARD, 'utf8')) as { panels: Panel[] }
const graphs = panels.filter(({ type }) => type !== 'row')

/** Each query, by what it is for. */
const queries: [string, string][] = [
  ...shippedAlerts().map(({ alert, expr }): [string, string] => [alert, expr]),
  ...graphs.flatMap(({ title, targets = [] }) => targets.map(({ expr }): [string, string] => [title, expr])),
]

let world: World
let samples: Sample[]
/** With those that have no sample while all is well. */
let names: Set<string>

beforeAll(async () => {
  world = await startWorld({ flags: { 'leader-elect': 'true' } })
  await world.addPerson('alice')
  await world.objects.apply(integrationManifest())
  await world.objects.apply(agentManifest('alice'))
  await world.objects.apply(agentManifest('bob', { grantSecretRef: null }))
  await world.untilReady('alice')
  await world.untilReason('bob', 'AwaitingSignIn')
  samples = await scrape(world)
  const declared = (await scrapeText(world)).matchAll(/^# TYPE (\S+) (?!histogram)/gm)
  names = new Set([...samples.map(({ name }) => name), ...[...declared].map(([, name = '']) => name)])
})

afterAll(() => world.stop())

describe('a real scrape', () => {
  test('has something in it', () => expect(samples.length).toBeGreaterThan(100))

  test.each(queries)('has the metrics and labels of %s', (_title, expr) => {
    const asked = metricsIn(expr)
    expect(asked.length).toBeGreaterThan(0)
    expect(asked.filter((name) => !names.has(name))).toEqual([])
  })

  test.each(queries)('has the labels that %s goes by', (_title, expr) => {
    for (const [, name = '', matchers = ''] of expr.matchAll(/([a-z_]+)\{([^}]*)\}/g)) {
      const labels = Object.keys(samples.find((sample) => sample.name === name)?.labels ?? {})
      for (const [, label = ''] of matchers.matchAll(/(\w+)\s*=~?/g))
        expect(labels, `${name}{${label}}`).toContain(label)
    }
  })
})

describe('the dashboard', () => {
  test('has panels that do not overlap, each with an id of its own and a description', () => {
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length)
    for (const panel of graphs) {
      expect(panel.description, panel.title).toMatch(/\.$/)
      expect(panels.filter((other) => other !== panel && overlap(panel, other)).map(({ title }) => title)).toEqual([])
      expect(panel.gridPos.x + panel.gridPos.w).toBeLessThanOrEqual(24)
    }
  })

  test('queries one data source, which is chosen at import', () => {
    const uids = [...readFileSync(DASHBOARD, 'utf8').matchAll(/"uid": "([^"]+)"/g)].map(([, uid]) => uid)
    expect(new Set(uids)).toEqual(new Set(['${datasource}', 'calendar-operator']))
  })
})

const overlap = ({ gridPos: a }: Panel, { gridPos: b }: Panel): boolean =>
  a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h

const WORDS =
  /^(?:sum|max|min|count|quantile|by|on|and|or|unless|rate|increase|max_over_time|histogram_quantile|absent|time|vector|clamp_min|sort|sort_desc|topk|bottomk)$/

/** Names in the places of labels are not names of metrics. */
const metricsIn = (expr: string): string[] => {
  const bare = expr
    .replace(/\{[^}]*\}|\[[^\]]*\]|"[^"]*"/g, '')
    .replace(/\b(by|on|ignoring|without|group_left|group_right)\s*\([^)]*\)/g, '')
  return [...new Set([...bare.matchAll(/[a-z_][a-z0-9_]*/g)].map(([name]) => name).filter((name) => !WORDS.test(name)))]
}
