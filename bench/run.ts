/**
 * `make bench`: measures time, processor time, memory and requests until Agents are Ready from a cold start, after a restart, and
 * in a steady state. It asserts nothing and prints a table to compare with docs/performance.md. KUBERNETES=real measures on a
 * kube-apiserver.
 */
import { cpus } from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { exitOnSignals, startWorld, type BenchWorld } from './bench-world.ts'
import type { Counts } from './messages.ts'
import { MeasuredOperator, type Reading } from './operator.ts'
import { heading, rowOf } from './table.ts'

const OPTIONS = {
  /** Numbers of Agents, with one run for each. */
  agents: { type: 'string', default: '1000,5000' },
  /** Events in each calendar. */
  events: { type: 'string', default: '50' },
  interval: { type: 'string', default: '1m' },
  /** How many seconds of the steady state to measure; 0 for none. */
  steady: { type: 'string', default: '150' },
  /** Whether to write a CPU profile of each operator into dist/profiles/. */
  profile: { type: 'boolean', default: false },
} as const

/** The last counts of an integration are written two seconds after its last Agent. */
const SETTLE_MS = 3_000
const POLL_MS = 250

interface BenchRun {
  world: BenchWorld
  agents: number
}

async function bench(): Promise<void> {
  const { values } = parseArgs({ options: OPTIONS })
  const kubernetes = process.env.KUBERNETES === 'real' ? 'a kube-apiserver' : 'the sandbox'
  console.log(
    `Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}, Kubernetes: ${kubernetes}\n`,
  )
  console.log(heading)
  for (const agents of values.agents.split(',').map(Number)) {
    const world = await startWorld()
    await world.ask({ do: 'seed', agents, events: Number(values.events), interval: values.interval })
    const nodeOptions = values.profile ? ['--cpu-prof', '--cpu-prof-dir=dist/profiles'] : []
    await scenarios({ world, agents }, { steadyMs: Number(values.steady) * 1000, nodeOptions })
    await world.end()
  }
}

async function scenarios(run: BenchRun, how: { steadyMs: number; nodeOptions: string[] }): Promise<void> {
  const first = new MeasuredOperator(run.world.state, how.nodeOptions)
  await started('cold start', run, { operator: first, reached: ({ ready }) => ready })
  await first.stop()
  await run.world.ask({ do: 'reset' })
  const second = new MeasuredOperator(run.world.state, how.nodeOptions)
  const reading = await started('restart', run, { operator: second, reached: ({ listed }) => listed })
  if (how.steadyMs > 0) await steady(run.agents, second, { before: reading, ms: how.steadyMs })
  await second.stop()
}

async function started(
  what: string,
  { world, agents }: BenchRun,
  { operator, reached }: { operator: MeasuredOperator; reached: (counts: Counts) => number },
): Promise<Reading> {
  const began = performance.now()
  for (let count = 0; count < agents;) {
    await pause(POLL_MS)
    count = reached((await world.ask({ do: 'count' })) as Counts)
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${what}: ${count} of ${agents}\r`)
  }
  const seconds = (performance.now() - began) / 1000
  await pause(SETTLE_MS)
  const after = await operator.read()
  console.log(rowOf({ what, agents, seconds, after, per: agents }))
  return after
}

async function steady(
  agents: number,
  operator: MeasuredOperator,
  { before, ms }: { before: Reading; ms: number },
): Promise<void> {
  await pause(ms)
  const after = await operator.read()
  const lists = (reading: Reading): number => reading.google.get('events.list') ?? 0
  const per = lists(after) - lists(before)
  console.log(rowOf({ what: 'steady, a list', agents, seconds: ms / 1000, before, after, per }))
}

exitOnSignals()
await bench()
