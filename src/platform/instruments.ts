/**
 * The kinds of metrics, all on one registry. Counts are plain numbers, which become samples at a scrape: prom-client's own counters
 * check and join the labels of every count (docs/decisions/0245).
 */
import { Gauge, type GaugeConfiguration, type MetricValue, type Registry } from 'prom-client'

/** A gauge's values at the moment of a scrape. */
export type Scrape = Iterable<{ labels: Record<string, string>; value: number }>

/** One count. */
export interface Count {
  value: number
}

/** The distribution of what was measured. */
interface Distribution {
  observe(value: number): void
}

/** The samples of one metric. */
interface Samples<S> {
  /** The sample with these values of the labels, in the order of their names. It is shown from the first call on. */
  of(...values: string[]): S
}

/** Creates metrics on one registry. */
export interface Instruments {
  counter: (name: string, help: string, labels: string[]) => Samples<Count>
  /** In seconds. */
  histogram: (name: string, help: string, labels: string[]) => Samples<Distribution>
  /** Computed at each scrape, so that deleted objects disappear. */
  gauge: (name: string, help: string, labels: string[], scrape: () => Scrape) => void
}

const BUCKETS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60]

/** Returns the functions that create metrics on `registry`. */
export function instrumentsOn(registry: Registry): Instruments {
  const registers = [registry]
  const counter: Instruments['counter'] = (name, help, labelNames) => {
    const samples = new LabelledSamples(labelNames, (labels) => ({ labels, value: 0 }))
    new ScrapedMetric('counter', { name, help, labelNames, registers }, () => samples.all())
    return samples
  }
  const failures = counter(
    'calendar_operator_scrape_failures_total',
    'Gauges that could not be computed at a scrape.',
    ['gauge'],
  )
  return {
    counter,
    histogram(name, help, labelNames) {
      const samples = new LabelledSamples(labelNames, (labels) => new Buckets(name, labels))
      new ScrapedMetric('histogram', { name, help, labelNames, registers }, () =>
        samples.all().flatMap((one) => one.scrape()),
      )
      return samples
    },
    gauge(name, help, labelNames, scrape) {
      new ScrapedMetric('gauge', { name, help, labelNames, registers }, () => {
        // A failing gauge must not affect the others, which are needed to find the cause.
        try {
          return [...scrape()]
        } catch {
          failures.of(name).value += 1
          return []
        }
      })
    },
  }
}

type Labels = Record<string, string>

class LabelledSamples<S> implements Samples<S> {
  readonly #names: readonly string[]
  readonly #create: (labels: Labels) => S
  readonly #samples = new Map<string, S>()

  constructor(names: readonly string[], create: (labels: Labels) => S) {
    this.#names = names
    this.#create = create
    // Without labels there is one sample, and it is known from the start.
    if (names.length === 0) this.of()
  }

  of(...values: string[]): S {
    const key = values.join('\n')
    let sample = this.#samples.get(key)
    if (sample === undefined) {
      sample = this.#create(Object.fromEntries(this.#names.map((name, at) => [name, values[at] ?? ''])))
      this.#samples.set(key, sample)
    }
    return sample
  }

  all(): S[] {
    return [...this.#samples.values()]
  }
}

/** How many values are at most as large as each bound. */
class Buckets implements Distribution {
  readonly #name: string
  readonly #labels: Labels
  readonly #counts = BUCKETS.map(() => 0)
  #count = 0
  #sum = 0

  constructor(name: string, labels: Labels) {
    this.#name = name
    this.#labels = labels
  }

  observe(value: number): void {
    this.#count += 1
    this.#sum += value
    const at = BUCKETS.findIndex((bound) => value <= bound)
    if (at >= 0) this.#counts[at] = (this.#counts[at] ?? 0) + 1
  }

  scrape(): Scraped {
    const [name, labels] = [this.#name, this.#labels]
    let upTo = 0
    const bucket = (le: string, value: number): Scraped[number] => {
      return { labels: { le, ...labels }, value, metricName: `${name}_bucket` }
    }
    return [
      ...BUCKETS.map((bound, at) => bucket(String(bound), (upTo += this.#counts[at] ?? 0))),
      bucket('+Inf', this.#count),
      { labels, value: this.#sum, metricName: `${name}_sum` },
      { labels, value: this.#count, metricName: `${name}_count` },
    ]
  }
}

type Scraped = (MetricValue<string> & { metricName?: string })[]

/**
 * Hands its samples over as they are at a scrape, whatever its type. prom-client's own metrics keep each sample by its labels: with
 * thousands of Agents, most of what a scrape costs.
 */
class ScrapedMetric extends Gauge {
  readonly #scrape: () => Scraped

  constructor(type: 'counter' | 'gauge' | 'histogram', options: GaugeConfiguration<string>, scrape: () => Scraped) {
    super(options)
    Object.assign(this, { type })
    this.#scrape = scrape
  }

  override async get(): ReturnType<Gauge['get']> {
    const values = this.#scrape()
    return { ...(await super.get()), values }
  }
}
