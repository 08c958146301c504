/**
 * The kinds of metrics, all on one registry. Counts are plain numbers, which become samples at a scrape: prom-client's own counters
 * check and join the labels of every count (docs/decisions/0245).
 */
import { Gauge, Registry, type GaugeConfiguration, type MetricValue } from 'prom-client'

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
interface SamplesOf<S> {
  /** The sample with these values of the labels, in the order of their names. It is shown from the first call on. */
  of(...values: string[]): S
}

/** Creates metrics on one registry. */
export interface Instruments {
  counter: (name: string, help: string, labels: string[]) => SamplesOf<Count>
  /** In seconds. */
  histogram: (name: string, help: string, labels: string[]) => SamplesOf<Distribution>
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
      // A failing gauge must not affect the others, which are needed to find the cause.
      const onError = (): void => void (failures.of(name).value += 1)
      new ScrapedMetric('gauge', { name, help, labelNames, registers }, scrape, onError)
    },
  }
}

type Labels = Record<string, string>

class LabelledSamples<S> implements SamplesOf<S> {
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
    let at = 0
    while (value > (BUCKETS[at] ?? Infinity)) at += 1
    if (at < BUCKETS.length) this.#counts[at] = (this.#counts[at] ?? 0) + 1
  }

  scrape(): Sample[] {
    const [name, labels] = [this.#name, this.#labels]
    let upTo = 0
    const bucket = (le: string, value: number): Sample => {
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

type Sample = MetricValue<string> & { metricName?: string }

/**
 * Writes its samples itself, one after another, whatever its type. prom-client keeps each sample by its labels and makes a dozen
 * objects of it at a scrape: with thousands of Agents, that needs more memory than the rest of the process.
 */
class ScrapedMetric extends Gauge {
  readonly #head: string
  readonly #name: string
  readonly #scrape: () => Iterable<Sample>
  readonly #onError: () => void

  constructor(
    type: 'counter' | 'gauge' | 'histogram',
    options: GaugeConfiguration<string>,
    scrape: () => Iterable<Sample>,
    onError: () => void = () => undefined,
  ) {
    super(options)
    Object.assign(this, { type })
    this.#head = `# HELP ${options.name} ${options.help}\n# TYPE ${options.name} ${type}`
    this.#name = options.name
    this.#scrape = scrape
    this.#onError = onError
  }

  /** What the metric is, and all of its samples; none if they cannot be computed. */
  text(): string {
    const chunks: string[] = []
    let lines = [this.#head]
    try {
      for (const { metricName = this.#name, labels, value } of this.#scrape()) {
        lines.push(`${metricName}${labelsText(labels)} ${valueText(value)}`)
        if (lines.length < LINES_AT_A_TIME) continue
        chunks.push(lines.join('\n'))
        lines = []
      }
    } catch {
      this.#onError()
      return this.#head
    }
    return [...chunks, ...lines].join('\n')
  }
}

/** Joined lines need a third of the memory, and are not moved by the garbage collector again and again. */
const LINES_AT_A_TIME = 256

function labelsText(labels: MetricValue<string>['labels']): string {
  let text = ''
  for (const [name, value] of Object.entries(labels)) text += `${text === '' ? '{' : ','}${name}="${escaped(value)}"`
  return text === '' ? '' : `${text}}`
}

const escaped = (value: unknown): string =>
  String(value).replace(/[\\\n"]/g, (one) => (one === '\n' ? '\\n' : `\\${one}`))

/** Infinity is written with its sign. */
const valueText = (value: number): string => (value === Infinity ? '+Inf' : String(value).replace('Infinity', 'Inf'))

/** A registry of metrics that write themselves, besides prom-client's own. */
export class TextRegistry extends Registry {
  override async metrics(): Promise<string> {
    const texts = this.getMetricsAsArray().map(async (metric) =>
      metric instanceof ScrapedMetric ? metric.text() : this.getSingleMetricAsString(metric.name),
    )
    return `${(await Promise.all(texts)).join('\n\n')}\n`
  }
}
