/**
 * `make bench-bookings`: 1,000 Bookings for 100 Agents in a minute: how long from creation to booked, and what each one costs; then
 * the cost of 10,000 Bookings that have passed, at rest. It prints tables and asserts nothing. KUBERNETES=real measures on a
 * kube-apiserver.
 */
import { cpus, loadavg } from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { exitOnSignals, startWorld, type BenchWorld } from './bench-world.ts'
import type { Booked, Counts } from './messages.ts'
import { freePort } from './free-port.ts'
import { MeasuredOperator, type Reading } from './operator.ts'
import { until } from './until.ts'

const OPTIONS = {
  agents: { type: 'string', default: '100' },
  bookings: { type: 'string', default: '1000' },
  /** The time within which the Bookings are created. */
  seconds: { type: 'string', default: '60' },
  /** Bookings whose time has passed. */
  past: { type: 'string', default: '10000' },
  /** How long the operator is measured at rest. */
  rest: { type: 'string', default: '60' },
} as const

/** Longer than the bench: what is measured are the Bookings, not the polls. */
const INTERVAL = '1h'
const EVENTS_EACH = 20

interface Bench {
  world: BenchWorld
  operator: MeasuredOperator
}

async function bench(): Promise<void> {
  const { values } = parseArgs({ options: OPTIONS })
  const [agents, bookings, seconds] = [Number(values.agents), Number(values.bookings), Number(values.seconds)]
  const kubernetes = process.env.KUBERNETES === 'real' ? 'a kube-apiserver' : 'the sandbox'
  const machine = `Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}`
  console.log(`${machine}, Kubernetes: ${kubernetes}, ${agents} Agents, load ${loadavg()[0]?.toFixed(1)}\n`)
  const world = await startWorld()
  await world.ask({ do: 'seed', agents, events: EVENTS_EACH, interval: INTERVAL, write: true })
  const operator = new MeasuredOperator(world.state, [], { metrics: await freePort(), web: 0 })
  await until(async () => ((await world.ask({ do: 'count' })) as Counts).ready === agents)
  const run = { world, operator }
  await book(run, { count: bookings, agents, seconds })
  await rest(run, { count: Number(values.past), agents, seconds: Number(values.rest) })
  await operator.stop()
  await world.end()
}

async function book({ world, operator }: Bench, load: { count: number; agents: number; seconds: number }) {
  const before = await operator.read()
  const { latencies, missing, google } = (await world.ask({ do: 'bookings', ...load })) as Booked
  const after = await operator.read()
  const sorted = latencies.sort((a, b) => a - b)
  const at = (share: number): string => (sorted[Math.ceil(sorted.length * share) - 1] ?? Number.NaN).toFixed(0)
  console.log('| Bookings | not booked | p50 ms | p95 ms | p99 ms | max ms |')
  console.log('| --- | --- | --- | --- | --- | --- |')
  console.log(`| ${[sorted.length, missing, at(0.5), at(0.95), at(0.99), at(1)].join(' | ')} |\n`)
  const each = (count: number): string => (count / load.count).toFixed(2)
  const asked = Object.entries(google).map(([kind, count]) => `${kind} ${each(count)}`)
  const written = writesBetween(before, after).map(([method, count]) => `${method} ${each(count)}`)
  console.log(`for each Booking: to Google ${asked.join(', ')}; to Kubernetes ${written.join(', ')}`)
  console.log(`  ${(((after.cpuSeconds - before.cpuSeconds) * 1000) / load.count).toFixed(1)} ms of CPU\n`)
}

async function rest({ world, operator }: Bench, load: { count: number; agents: number; seconds: number }) {
  const fewer = await operator.read()
  await world.ask({ do: 'pastBookings', count: load.count, agents: load.agents })
  const before = await operator.read()
  await pause(load.seconds * 1000)
  const after = await operator.read()
  const requests = writesBetween(before, after).reduce((sum, [, count]) => sum + count, 0)
  console.log(
    `${load.count} past Bookings: ${fewer.residentMB.toFixed(0)} MB before, ${after.residentMB.toFixed(0)} MB after; in ${load.seconds} s at rest ` +
      `${((after.cpuSeconds - before.cpuSeconds) * 1000).toFixed(0)} ms of CPU and ${requests} requests to Kubernetes`,
  )
}

const writesBetween = (before: Reading, after: Reading): [string, number][] =>
  [...after.kubernetes].map(([method, count]) => [method, count - (before.kubernetes.get(method) ?? 0)])

exitOnSignals()
await bench()
