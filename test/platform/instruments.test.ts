/** What a scrape shows of each kind of metric. */
import { beforeEach, expect, test } from 'vitest'
import { instrumentsOn, TextRegistry, type Instruments } from '../../src/platform/instruments.ts'

let registry: TextRegistry
let instruments: Instruments

beforeEach(() => {
  registry = new TextRegistry()
  instruments = instrumentsOn(registry)
})

const linesOf = async (name: string): Promise<string[]> =>
  (await registry.metrics()).split('\n').filter((line) => line.includes(name))

test.each([0, 1, 254, 255, 256, 257, 511, 512, 513, 2000])(
  'each of %i samples is shown once, after what the metric is',
  async (count) => {
    const sample = (n: number) => ({ labels: { agent: `booking/agent-${n}` }, value: n })
    instruments.gauge('ages', 'Ages of Agents.', ['agent'], () => Array.from({ length: count }, (_, n) => sample(n)))
    expect(await linesOf('ages')).toEqual([
      '# HELP ages Ages of Agents.',
      '# TYPE ages gauge',
      ...Array.from({ length: count }, (_, n) => `ages{agent="booking/agent-${n}"} ${n}`),
    ])
  },
)

test('a count without labels is shown before anything is counted, one with labels is not', async () => {
  instruments.counter('starts_total', 'Starts.', [])
  instruments.counter('requests_total', 'Requests.', ['kind'])
  expect(await linesOf('starts_total')).toContain('starts_total 0')
  expect(await linesOf('requests_total')).toEqual(['# HELP requests_total Requests.', '# TYPE requests_total counter'])
})

test('a gauge that fails half-way shows no samples, is counted, and leaves the others as they are', async () => {
  instruments.gauge('broken', 'Broken.', ['n'], function* () {
    for (let n = 0; n < 1000; n++) yield { labels: { n: `${n}` }, value: n }
    throw new Error('no')
  })
  instruments.gauge('fine', 'Fine.', [], () => [{ labels: {}, value: Infinity }])
  const text = await registry.metrics()
  expect(text).toContain('# HELP broken Broken.\n# TYPE broken gauge\n\n')
  expect(text).toContain('\nfine +Inf\n')
  expect(await linesOf('scrape_failures_total{')).toEqual(['calendar_operator_scrape_failures_total{gauge="broken"} 1'])
})
