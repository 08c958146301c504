/** The kinds of metrics, all on one registry. */
import { Counter, Gauge, Histogram, type GaugeConfiguration, type MetricValue, type Registry } from 'prom-client'

/** A gauge's values at the moment of a scrape. */
export type Scrape = Iterable<{ labels: Record<string, string>; value: number }>

/** Creates metrics on one registry. */
export interface Instruments {
  counter: (name: string, help: string, labels: string[]) => Counter
  /** In seconds. */
  histogram: (name: string, help: string, labels: string[]) => Histogram
  /** Computed at each scrape, so that deleted objects disappear. */
  gauge: (name: string, help: string, labels: string[], scrape: () => Scrape) => void
}

/** Hands its samples over as they are. `Gauge` keeps each by its labels: with thousands of Agents, most of what a scrape costs. */
class ScrapedGauge extends Gauge {
  readonly #scrape: () => MetricValue<string>[]

  constructor(options: GaugeConfiguration<string>, scrape: () => MetricValue<string>[]) {
    super(options)
    this.#scrape = scrape
  }

  override async get(): ReturnType<Gauge['get']> {
    const values = this.#scrape()
    return { ...(await super.get()), values }
  }
}

const BUCKETS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60]

/** Returns the functions that create metrics on `registry`. */
export function instrumentsOn(registry: Registry): Instruments {
  const registers = [registry]
  const failures = new Counter({
    name: 'calendar_operator_scrape_failures_total',
    help: 'Gauges that could not be computed at a scrape.',
    labelNames: ['gauge'],
    registers,
  })
  return {
    counter: (name, help, labelNames) => new Counter({ name, help, labelNames, registers }),
    histogram: (name, help, labelNames) => new Histogram({ name, help, labelNames, registers, buckets: BUCKETS }),
    gauge(name, help, labelNames, scrape) {
      new ScrapedGauge({ name, help, labelNames, registers }, () => {
        // A failing gauge must not affect the others, which are needed to find the cause.
        try {
          return [...scrape()]
        } catch {
          failures.inc({ gauge: name })
          return []
        }
      })
    },
  }
}
