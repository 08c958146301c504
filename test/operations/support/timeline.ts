/**
 * What Prometheus would have seen of a world: a scrape a minute of its clock, each sample as the operator answered it. The
 * clock of promtool's tests begins at 0, so instants (`…_timestamp_seconds`) are told from the first scrape on; nothing else
 * is changed.
 */
import { settle } from '../../support/clock.ts'
import { scrape } from '../../journeys/support/scrape.ts'
import type { World } from '../../journeys/support/world.ts'
import { testRules, type RuleTest, type Verdict } from './promtool.ts'

const MINUTE = 60_000
/** Requests under way get their turn so often between two scrapes. */
const TURNS = 12
/** What Prometheus adds to every sample of a target. */
const TARGET = 'job="calendar-operator",instance="10.0.0.1:8081"'

export class Timeline {
  readonly #world: World
  readonly #interval: number
  readonly #startedAt: number
  readonly #series = new Map<string, string[]>()
  #scrapes = 0

  /** @param minutes between two scrapes */
  constructor(world: World, minutes = 1) {
    this.#world = world
    this.#interval = minutes
    this.#startedAt = world.clock.now()
  }

  /** Lets time pass, with a scrape at each step. An operator that doesn't run is a target that is gone. */
  async pass(minutes: number): Promise<void> {
    for (let passed = 0; passed < minutes; passed += this.#interval) {
      await this.#scrape()
      for (let turn = 0; turn < TURNS; turn++) {
        await settle()
        await this.#world.clock.advance((this.#interval * MINUTE) / TURNS)
      }
    }
    await this.#scrape()
  }

  async #scrape(): Promise<void> {
    for (const { name, series, value } of await this.#samples()) {
      const labelled = series.includes('{') ? series.replace('{', `{${TARGET},`) : `${series}{${TARGET}}`
      const values = this.#series.get(labelled) ?? []
      while (values.length < this.#scrapes) values.push('_')
      // 0 means: no instant.
      const isInstant = name.endsWith('_timestamp_seconds') && value !== 0
      const shown = isInstant ? value - this.#startedAt / 1000 : value
      values.push(String(shown))
      this.#series.set(labelled, values)
    }
    this.#scrapes += 1
  }

  async #samples() {
    const { operatorRuns } = this
    return operatorRuns ? scrape(this.#world) : []
  }

  /** Whether there is something to scrape. */
  operatorRuns = true

  /** What promtool finds firing now, and with which labels. `fires` lists all that must. */
  judge(fires: Record<string, Record<string, string>>): Promise<Verdict> {
    const now = `${(this.#scrapes - 1) * this.#interval}m`
    const alerts = Object.entries(fires)
    const all = alerts.map(([alert]) => ({ labels: `{alertname="${alert}"}`, value: 1 }))
    const each = alerts.map(([alert, labels]) => {
      const by = Object.keys(labels).join(', ')
      const expected = Object.entries(labels).map(([label, value]) => `${label}="${value}"`)
      const expr = `group by (${by}) (ALERTS{alertstate="firing", alertname="${alert}"})`
      return { expr, eval_time: now, exp_samples: [{ labels: `{${expected.join(',')}}`, value: 1 }] }
    })
    const test: RuleTest = {
      interval: `${this.#interval}m`,
      input_series: [...this.#series].map(([series, values]) => ({ series, values: values.join(' ') })),
      promql_expr_test: [
        { expr: 'group by (alertname) (ALERTS{alertstate="firing"})', eval_time: now, exp_samples: all },
        ...each,
      ],
    }
    return testRules([test])
  }
}
