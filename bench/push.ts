/**
 * `make bench-push`: how soon a change at Google is published, with 1,000 Agents that have channels and 20 changes a second for a
 * minute, when notifications reach the replica that leads, and when they reach another one; then the cost of 200 notifications a
 * second for one calendar. It prints tables and asserts nothing. KUBERNETES=real measures on a kube-apiserver.
 */
import { cpus, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { exitOnSignals, startWorld, type BenchWorld } from './bench-world.ts'
import type { Changed, Counts } from './messages.ts'
import { MeasuredOperator, type Reading } from './operator.ts'
import { until } from './until.ts'

const OPTIONS = {
  agents: { type: 'string', default: '1000' },
  /** Events in each calendar. */
  events: { type: 'string', default: '20' },
  /** Changes a second. */
  changes: { type: 'string', default: '20' },
  /** For how many seconds. */
  seconds: { type: 'string', default: '60' },
  /** Notifications a second for one calendar, for ten seconds. */
  flood: { type: 'string', default: '200' },
} as const

/** The first one leads. */
const PORTS = [
  { metrics: 18_081, web: 18_080 },
  { metrics: 18_083, web: 18_082 },
] as const
/** Longer than the bench: no poll finds what a notification did not announce. */
const INTERVAL = '1h'
const FLOOD_SECONDS = 10

interface Bench {
  world: BenchWorld
  operators: MeasuredOperator[]
}

async function bench(): Promise<void> {
  const { values } = parseArgs({ options: OPTIONS })
  const agents = Number(values.agents)
  tellMachine(agents)
  const world = await startWorld()
  await world.ask({ do: 'seed', agents, events: Number(values.events), interval: INTERVAL })
  await world.ask({ do: 'deliver', to: originOf(0) })
  const operators = await startOperators(world)
  await until(async () => ((await world.ask({ do: 'count' })) as Counts).watching === agents)
  const run = { world, operators }
  const order = { do: 'changes', seconds: Number(values.seconds), perSecond: Number(values.changes) } as const
  console.log('| notifications reach | changes | not published | p50 ms | p95 ms | p99 ms | max ms |')
  console.log('| --- | --- | --- | --- | --- | --- | --- |')
  await phase(run, 'the replica that leads', () => world.ask(order))
  await world.ask({ do: 'deliver', to: originOf(1) })
  await phase(run, 'the other replica', () => world.ask(order))
  const flood = { do: 'flood', seconds: FLOOD_SECONDS, perSecond: Number(values.flood) } as const
  await phase(run, `the other replica, ${values.flood} a second for one calendar`, () => world.ask(flood))
  await Promise.all(operators.map((operator) => operator.stop()))
  await world.end()
}

const originOf = (replica: 0 | 1): string => `http://127.0.0.1:${PORTS[replica].web}`

function tellMachine(agents: number): void {
  const kubernetes = process.env.KUBERNETES === 'real' ? 'a kube-apiserver' : 'the sandbox'
  const machine = `Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}`
  console.log(
    `${machine}, Kubernetes: ${kubernetes}, ${agents} Agents, two replicas, load ${loadavg()[0]?.toFixed(1)}\n`,
  )
}

/** The second one is started once the first one leads. */
async function startOperators({ state }: BenchWorld): Promise<MeasuredOperator[]> {
  const operators: MeasuredOperator[] = []
  for (const ports of PORTS) {
    const operator = new MeasuredOperator(state, [], ports)
    operators.push(operator)
    await until(() => operator.isReady())
  }
  return operators
}

async function phase({ operators }: Bench, what: string, run: () => Promise<unknown>): Promise<void> {
  const before = await Promise.all(operators.map((operator) => operator.read()))
  const changed = (await run()) as Changed
  const after = await Promise.all(operators.map((operator) => operator.read()))
  const { latencies, missing, google, busiest, notifications } = changed
  const sorted = latencies.sort((a, b) => a - b)
  const at = (share: number): string => (sorted[Math.ceil(sorted.length * share) - 1] ?? Number.NaN).toFixed(0)
  console.log(`| ${[what, sorted.length, missing, at(0.5), at(0.95), at(0.99), at(1)].join(' | ')} |`)
  tellCosts({ what, before, after, google, busiest, notifications })
}

const costs: string[] = []

interface Costs extends Pick<Changed, 'google' | 'busiest' | 'notifications'> {
  what: string
  before: Reading[]
  after: Reading[]
}

/** Collected, and printed below the table. */
function tellCosts({ what, before, after, google, busiest, notifications }: Costs): void {
  const kinds = Object.entries(google).map(([kind, count]) => `${kind} ${count}`)
  costs.push(`${what}: ${notifications} notifications; to Google: ${kinds.join(', ') || 'nothing'}`)
  costs.push(`  busiest sliding minute: ${busiest.client} requests of the client, ${busiest.account} of one account`)
  after.forEach((reading, index) => {
    const cpu = reading.cpuSeconds - (before[index]?.cpuSeconds ?? 0)
    const asked = [...reading.kubernetes].map(
      ([method, count]) => `${method} ${count - (before[index]?.kubernetes.get(method) ?? 0)}`,
    )
    costs.push(
      `  replica ${index + 1}: ${cpu.toFixed(1)} s of CPU, ${reading.peakMiB.toFixed(0)} MiB; to Kubernetes: ${asked.join(', ')}`,
    )
  })
}

exitOnSignals()
await bench()
console.log(`\n${costs.join('\n')}`)
