/**
 * `npx tsx bench/foreign.ts`: what Agents cost a replica that another one reconciles: memory for each, and processor time for each
 * change that the watch reports. One operator reads all Agents once, and ends; another one, which a label selector gives none of
 * them, is measured.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { exitOnSignals, startWorld, type BenchWorld } from './bench-world.ts'
import { freePort } from './free-port.ts'
import type { Counts } from './messages.ts'
import { MeasuredOperator, type Holdings } from './operator.ts'
import { until } from './until.ts'

const OPTIONS = {
  agents: { type: 'string', default: '10000' },
  /** How many changes of statuses to measure. */
  changes: { type: 'string', default: '10000' },
} as const

const LONGEST_MS = 20 * 60_000
const SETTLE_MS = 15_000
const QUOTA = { requestsPerMinute: 1_000_000 }
/** Collects garbage every two seconds, so that only retained memory is measured. */
const COLLECTING = ['--expose-gc', '--import', 'data:text/javascript,setInterval(()=>globalThis.gc(),2000).unref()']

/** What a replica holds that sees so many Agents and reconciles none of them. */
async function measured(agents: number, changes: number): Promise<{ held: Holdings; cpuMs: number }> {
  const world = await startWorld()
  await world.ask({ do: 'seed', agents, events: 1, interval: '24h', integration: { quota: QUOTA } })
  const first = new MeasuredOperator(world.state, [], { metrics: await freePort(), web: 0 })
  await until(async () => ((await world.ask({ do: 'count' })) as Counts).ready >= agents, LONGEST_MS)
  await first.stop()
  const collecting = await startForeign(world, COLLECTING)
  const held = await collecting.holdings()
  await collecting.stop()
  const usual = await startForeign(world, [])
  const cpuMs = await cpuOfChanges(world, usual, changes)
  await usual.stop()
  await world.end()
  if (!held) throw new Error('The operator has ended.')
  return { held, cpuMs }
}

async function startForeign({ state }: BenchWorld, nodeOptions: string[]): Promise<MeasuredOperator> {
  const replica = {
    POD_NAME: 'foreign',
    POD_NAMESPACE: 'bench',
    apiURL: state.url,
    flags: ['--watch-label-selector=nobody=here'],
  }
  const operator = new MeasuredOperator(state, nodeOptions, { metrics: await freePort(), web: 0, replica })
  await until(() => operator.isReady())
  await pause(SETTLE_MS)
  return operator
}

/** The processor time of so many changes, less that of a replica to which nothing is reported for as long. */
async function cpuOfChanges(world: BenchWorld, operator: MeasuredOperator, changes: number): Promise<number> {
  const before = await operator.read()
  const began = performance.now()
  await world.ask({ do: 'heartbeats', count: changes })
  await pause(1_000)
  const after = await operator.read()
  await pause(performance.now() - began)
  const idle = await operator.read()
  const { cpuSeconds } = after
  return (cpuSeconds - before.cpuSeconds - (idle.cpuSeconds - cpuSeconds)) * 1000
}

exitOnSignals()
const { values } = parseArgs({ options: OPTIONS })
const [agents, changes] = [Number(values.agents), Number(values.changes)]
const none = await measured(1, 1)
const many = await measured(agents, changes)
const kB = (mib: number): string => ((mib * 2 ** 20) / 1000 / (agents - 1)).toFixed(2)
console.log(`${agents} Agents of another replica, with a grant and a published calendar each:`)
console.log(
  `heap: ${none.held.heapMiB.toFixed(1)} → ${many.held.heapMiB.toFixed(1)} MiB, ${kB(many.held.heapMiB - none.held.heapMiB)} kB each`,
)
console.log(
  `resident: ${none.held.residentMiB.toFixed(0)} → ${many.held.residentMiB.toFixed(0)} MiB, ${kB(many.held.residentMiB - none.held.residentMiB)} kB each`,
)
console.log(`CPU: ${(many.cpuMs / changes).toFixed(3)} ms for each of ${changes} heartbeats`)
