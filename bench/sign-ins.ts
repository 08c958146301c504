/**
 * `make bench-sign-ins`: a thousand people sign in at once at two replicas of the operator as it ships, each of them alternately
 * at both. It prints how long that took and what it cost. It exits with 1 unless everybody is connected exactly once. Everything
 * is on loopback, and it ends by itself.
 */
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { Agent } from 'undici'
import { exitOnSignals, startWorld, type BenchWorld } from './bench-world.ts'
import type { Counts, Kept, Link } from './messages.ts'
import { MeasuredOperator, type Reading } from './operator.ts'
import { signIn } from './person.ts'
import { until } from './until.ts'

const OPTIONS = {
  people: { type: 'string', default: '1000' },
} as const

const PORTS = [
  { metrics: 18_081, web: 18_080 },
  { metrics: 18_083, web: 18_082 },
] as const
/** The limit for the whole bench. */
const LONGEST_MS = 5 * 60_000
/** Within what time all Agents must be Ready after the last person has the last page. */
const READY_MS = 60_000

async function bench(people: number): Promise<boolean> {
  console.log(
    `Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}, ${people} people, two replicas\n`,
  )
  const world = await startWorld()
  await world.ask({ do: 'seed', agents: people, events: 5, interval: '30m', signIn: true })
  const operators = PORTS.map((ports) => new MeasuredOperator(world.state, [], ports))
  const links = await until(async () => {
    const found = (await world.ask({ do: 'links' })) as Link[]
    const ready = await Promise.all(operators.map((operator) => operator.isReady()))
    return found.length === people && ready.every(Boolean) && found
  })
  const before = await Promise.all(operators.map((operator) => operator.read()))
  const right = await measured({ world, operators, before }, links, world.state.url)
  await Promise.all(operators.map((operator) => operator.stop()))
  await world.end()
  return right
}

interface BenchRun {
  world: BenchWorld
  operators: MeasuredOperator[]
  before: Reading[]
}

async function measured({ world, operators, before }: BenchRun, links: Link[], google: string): Promise<boolean> {
  const dispatcher = new Agent({ headersTimeout: 60_000, bodyTimeout: 60_000 })
  const [one, other] = PORTS.map(({ web }) => `http://127.0.0.1:${web}`) as [string, string]
  const began = performance.now()
  const results = await Promise.all(
    links.map(async (link, index) => {
      const replicas = index % 2 === 0 ? ([one, other] as const) : ([other, one] as const)
      const outcome = await signIn({ replicas, google, dispatcher }, link).catch((error: unknown) => String(error))
      return { outcome, seconds: (performance.now() - began) / 1000 }
    }),
  )
  const seconds = (performance.now() - began) / 1000
  const connected = results.filter(({ outcome }) => outcome === 'connected').length
  const isReady = async (): Promise<boolean> => ((await world.ask({ do: 'count' })) as Counts).ready >= connected
  await until(isReady, READY_MS)
  const readySeconds = (performance.now() - began) / 1000
  const kept = (await world.ask({ do: 'kept' })) as Kept
  const after = await Promise.all(operators.map((operator) => operator.read()))
  await dispatcher.close()
  tell({ results, seconds, readySeconds, kept })
  after.forEach((reading, index) => tellReplica(index, before[index], reading))
  return connected === links.length && kept.right === links.length && kept.alive === links.length
}

interface Told {
  results: { outcome: string; seconds: number }[]
  seconds: number
  readySeconds: number
  kept: Kept
}

function tell({ results, seconds, readySeconds, kept }: Told): void {
  const counts = new Map<string, number>()
  for (const { outcome } of results) counts.set(outcome, (counts.get(outcome) ?? 0) + 1)
  const sorted = results.map((one) => one.seconds).sort((a, b) => a - b)
  const median = sorted[Math.floor(sorted.length / 2)] ?? 0
  console.log(`outcomes: ${[...counts].map(([outcome, count]) => `${outcome} ${count}`).join(', ')}`)
  console.log(`grants: ${kept.right} right, ${kept.wrong} wrong or missing; ${kept.alive} alive at Google`)
  console.log(`all have their last page after ${seconds.toFixed(1)} s (half of them after ${median.toFixed(1)} s)`)
  console.log(`all Agents are Ready after ${readySeconds.toFixed(1)} s`)
}

function tellReplica(index: number, before: Reading | undefined, after: Reading): void {
  const cpu = after.cpuSeconds - (before?.cpuSeconds ?? 0)
  const memory = `${before?.residentMiB.toFixed(0)} MiB before, ${after.peakMiB.toFixed(0)} MiB at most`
  const asked = [...after.kubernetes].map(
    ([method, count]) => `${method} ${count - (before?.kubernetes.get(method) ?? 0)}`,
  )
  console.log(`replica ${index + 1}: ${memory}, ${cpu.toFixed(1)} s of CPU; to Kubernetes: ${asked.join(', ')}`)
}

exitOnSignals()
setTimeout(() => {
  console.error(`It has not ended within ${LONGEST_MS / 60_000} minutes.`)
  process.exit(1)
}, LONGEST_MS).unref()

const { values } = parseArgs({ options: OPTIONS })
process.exitCode = (await bench(Number(values.people))) ? 0 : 1
