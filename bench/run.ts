/**
 * `make bench`: measures time, processor time, memory and requests of the operator, from a cold start until all Agents are Ready,
 * after a restart until all calendars are read, and in a steady state. It asserts nothing and prints each figure beside that of the
 * last release (docs/performance.md). KUBERNETES=real measures on a kube-apiserver.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { exitOnSignals, startWorld, type BenchWorld } from './bench-world.ts'
import { lastRelease, machine, saveRelease, tableOf, type Measured, type Phase } from './figures.ts'
import { freePort } from './free-port.ts'
import type { Counts } from './messages.ts'
import { MeasuredOperator } from './operator.ts'
import { until } from './until.ts'

const OPTIONS = {
  /** Numbers of Agents, with a table for each. */
  agents: { type: 'string', default: '1000' },
  /** How often each is measured. */
  runs: { type: 'string', default: '3' },
  /** Events in each calendar. */
  events: { type: 'string', default: '50' },
  interval: { type: 'string', default: '30s' },
  /** How many seconds of the steady state to measure; 0 for none. */
  steady: { type: 'string', default: '60' },
  /** Whether to write a CPU profile of each operator into dist/profiles/. */
  profile: { type: 'boolean', default: false },
  /** The release whose figures these are: they are kept for comparison. */
  save: { type: 'string' },
} as const

/** The last counts of an integration are written two seconds after its last Agent. */
const SETTLE_MS = 3_000
const LONGEST_MS = 15 * 60_000

interface Options {
  agents: number
  events: number
  interval: string
  steadyMs: number
  nodeOptions: string[]
}

async function bench(): Promise<void> {
  const { values } = parseArgs({ options: OPTIONS })
  const kubernetes = process.env.KUBERNETES === 'real' ? 'kube-apiserver' : 'sandbox'
  const last = lastRelease()
  console.log(`Here: ${machine()}, Kubernetes: ${kubernetes}\n${last.release}: ${last.machine}`)
  const all: Measured[] = []
  for (const agents of values.agents.split(',').map(Number)) {
    const options = {
      agents,
      events: Number(values.events),
      interval: values.interval,
      steadyMs: Number(values.steady) * 1000,
      nodeOptions: values.profile ? ['--cpu-prof', '--cpu-prof-dir=dist/profiles'] : [],
    }
    const runs: Measured[] = []
    while (runs.length < Number(values.runs)) runs.push(await measure(options))
    console.log(`\n${tableOf(runs, last.figures[kubernetes]?.[agents], last.release)}`)
    all.push(...runs)
  }
  if (values.save !== undefined) saveRelease(values.save, kubernetes, all)
}

/** Measures once, in an environment of its own. */
async function measure({ agents, events, interval, steadyMs, nodeOptions }: Options): Promise<Measured> {
  const world = await startWorld()
  await world.ask({ do: 'seed', agents, events, interval })
  const start = async (): Promise<MeasuredOperator> =>
    new MeasuredOperator(world.state, nodeOptions, { metrics: await freePort(), web: 0 })
  const first = await start()
  const cold = await started(world, first, ({ ready }) => ready >= agents)
  await first.stop()
  await world.ask({ do: 'reset' })
  const second = await start()
  const restart = await started(world, second, ({ listed }) => listed >= agents)
  const steady = steadyMs > 0 ? await unchanged(second, restart, steadyMs) : undefined
  await second.stop()
  await world.end()
  return { agents, cold, restart, steady }
}

/** The phase from the start of the process until the environment has seen that everything is `done`. */
async function started(
  world: BenchWorld,
  operator: MeasuredOperator,
  isDone: (counts: Counts) => boolean,
): Promise<Phase> {
  const began = performance.now()
  await until(async () => {
    if (operator.hasEnded) throw new Error('The operator has ended.')
    return isDone((await world.ask({ do: 'count' })) as Counts)
  }, LONGEST_MS)
  const seconds = (performance.now() - began) / 1000
  await pause(SETTLE_MS)
  return { seconds, after: await operator.read() }
}

async function unchanged(operator: MeasuredOperator, { after: before }: Phase, ms: number): Promise<Phase> {
  await pause(ms)
  return { seconds: ms / 1000, before, after: await operator.read() }
}

exitOnSignals()
await bench()
