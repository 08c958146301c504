/**
 * `make bench-bookings`: 1,000 Bookings for 100 Agents in a minute: how long from creation to booked, and what each one costs; then
 * the cost of 10,000 Bookings that have passed, at rest. With `--flood 3000`, only a flood: so many Bookings for `--agents`, and
 * single ones for others meanwhile. It prints tables and asserts nothing. KUBERNETES=real measures on a kube-apiserver.
 */
import { cpus, loadavg } from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { exitOnSignals, startWorld, type BenchWorld } from './bench-world.ts'
import { freePort } from './free-port.ts'
import type { Booked, Counts, Flooded, Waits } from './messages.ts'
import { MeasuredOperator, type Reading } from './operator.ts'
import { until } from './until.ts'

const OPTIONS = {
  agents: { type: 'string', default: '100' },
  bookings: { type: 'string', default: '1000' },
  /** The time within which the Bookings are created. */
  seconds: { type: 'string', default: '60' },
  /** Bookings whose time has passed. */
  past: { type: 'string', default: '10000' },
  /** Bookings of a flood, created within `seconds`; 0: no flood. */
  flood: { type: 'string', default: '0' },
  /** For how many seconds after a flood it is measured. */
  patience: { type: 'string', default: '120' },
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
  const flood = Number(values.flood)
  // One more is nobody of the flood.
  const seeded = agents + (flood > 0 ? 1 : 0)
  await world.ask({
    do: 'seed',
    agents: seeded,
    events: EVENTS_EACH,
    interval: INTERVAL,
    write: true,
    bystander: flood > 0,
  })
  const operator = new MeasuredOperator(world.state, [], { metrics: await freePort(), web: 0 })
  await until(async () => ((await world.ask({ do: 'count' })) as Counts).ready === seeded)
  const run = { world, operator }
  if (flood > 0) await endure(run, { count: flood, agents, seconds, patience: Number(values.patience) })
  else {
    await book(run, { count: bookings, agents, seconds })
    await rest(run, { count: Number(values.past), agents, seconds: Number(values.rest) })
  }
  await operator.stop()
  await world.end()
}

async function book({ world, operator }: Bench, load: { count: number; agents: number; seconds: number }) {
  const before = await operator.read()
  const { latencies, missing, google } = (await world.ask({ do: 'bookings', ...load })) as Booked
  const after = await operator.read()
  const at = (share: number): string => quantile(latencies, share).toFixed(0)
  console.log('| Bookings | not booked | p50 ms | p95 ms | p99 ms | max ms |')
  console.log('| --- | --- | --- | --- | --- | --- |')
  console.log(`| ${[latencies.length, missing, at(0.5), at(0.95), at(0.99), at(1)].join(' | ')} |\n`)
  const each = (count: number): string => (count / load.count).toFixed(2)
  const asked = Object.entries(google).map(([kind, count]) => `${kind} ${each(count)}`)
  const written = writesBetween(before, after).map(([method, count]) => `${method} ${each(count)}`)
  console.log(`for each Booking: to Google ${asked.join(', ')}; to Kubernetes ${written.join(', ')}`)
  console.log(`  ${(((after.cpuSeconds - before.cpuSeconds) * 1000) / load.count).toFixed(1)} ms of CPU\n`)
}

async function endure(
  { world, operator }: Bench,
  load: { count: number; agents: number; seconds: number; patience: number },
) {
  const before = await operator.read()
  const { flood, neighbour, bystander } = (await world.ask({ do: 'floodBookings', ...load })) as Flooded
  const after = await operator.read()
  console.log('| Bookings | first status p50 s | p99 s | max s | booked | p50 s | p99 s | max s |')
  console.log('| --- | --- | --- | --- | --- | --- | --- | --- |')
  console.log(`| ${[`${flood.created} in ${load.seconds} s`, ...rowOf(flood)].join(' | ')} |`)
  console.log(`| ${['another Agent, same namespace', ...rowOf(neighbour)].join(' | ')} |`)
  console.log(`| ${['another namespace', ...rowOf(bystander)].join(' | ')} |\n`)
  const each = (count: number): string => (count / load.count).toFixed(2)
  const written = writesBetween(before, after).map(([method, count]) => `${method} ${each(count)}`)
  console.log(`for each Booking: to Kubernetes ${written.join(', ')}`)
  console.log(`  ${(((after.cpuSeconds - before.cpuSeconds) * 1000) / load.count).toFixed(1)} ms of CPU`)
}

function rowOf({ created, toStatus, toBooked }: Waits): string[] {
  const seconds = (waits: number[], share: number): string =>
    waits.length === 0 ? '-' : (quantile(waits, share) / 1000).toFixed(1)
  const columns = (waits: number[]): string[] => [0.5, 0.99, 1].map((share) => seconds(waits, share))
  const firsts = columns(toStatus)
  return [
    ...(toStatus.length < created
      ? [`${created - toStatus.length} without; ${firsts[0] ?? ''}`, ...firsts.slice(1)]
      : firsts),
    `${toBooked.length} of ${created}`,
    ...columns(toBooked),
  ]
}

function quantile(values: number[], share: number): number {
  const sorted = values.sort((a, b) => a - b)
  return sorted[Math.ceil(sorted.length * share) - 1] ?? Number.NaN
}

async function rest({ world, operator }: Bench, load: { count: number; agents: number; seconds: number }) {
  const fewer = await operator.read()
  await world.ask({ do: 'pastBookings', count: load.count, agents: load.agents })
  const before = await operator.read()
  await pause(load.seconds * 1000)
  const after = await operator.read()
  const requests = writesBetween(before, after).reduce((sum, [, count]) => sum + count, 0)
  console.log(
    `${load.count} past Bookings: ${fewer.residentMiB.toFixed(0)} MiB before, ${after.residentMiB.toFixed(0)} MiB after; in ${load.seconds} s at rest ` +
      `${((after.cpuSeconds - before.cpuSeconds) * 1000).toFixed(0)} ms of CPU and ${requests} requests to Kubernetes`,
  )
}

const writesBetween = (before: Reading, after: Reading): [string, number][] =>
  [...after.kubernetes].map(([method, count]) => [method, count - (before.kubernetes.get(method) ?? 0)])

exitOnSignals()
await bench()
