/**
 * `make soak`: runs the operator as it ships, in its own process and by the real clock, with a hundred Agents at the shortest
 * interval (DURATION=5m). It prints one table: reads that were due and reads that arrived at the simulated Google, the longest
 * gap, memory, handles, and lines in the log. It exits with 1 if a calendar was not read for more than two intervals, or if
 * memory or handles grow.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { freePort } from './free-port.ts'
import { durationMs } from '../src/resources/durations.ts'
import { exitOnSignals, startWorld, type BenchWorld } from './bench-world.ts'
import type { Counts, Drained } from './messages.ts'
import { MeasuredOperator, type Holdings } from './operator.ts'
import { Reads } from './soak/reads.ts'
import { judge, tableOf, type Soaked } from './soak/verdict.ts'

const OPTIONS = {
  duration: { type: 'string', default: '5m' },
  agents: { type: 'string', default: '100' },
  interval: { type: 'string', default: '10s' },
} as const

/** Some Agents have many calendars: what is due while others are read must not be lost. */
const WIDE = { agents: 4, fewest: 20, most: 50 }
const EVENTS = 20
const LOOK_MS = 2_500
const PROGRESS_MS = 10_000
const LONGEST_START_MS = 120_000
/** The share of the time for warming up: reads count from the start, memory from here. */
const WARM_UP = 0.25

/** Collects the operator's garbage every two seconds, so that only retained memory is measured. */
const COLLECTING = ['--expose-gc', '--import', 'data:text/javascript,setInterval(()=>globalThis.gc(),2000).unref()']

interface BenchRun {
  world: BenchWorld
  operator: MeasuredOperator
  reads: Reads
  intervalMs: number
}

async function soak(durationMillis: number, agents: number, interval: string): Promise<boolean> {
  const world = await startWorld()
  const seeded = { agents, events: EVENTS, interval, wide: WIDE }
  console.log(
    `${agents} agents, ${WIDE.agents} of them with ${WIDE.fewest} to ${WIDE.most} calendars, every ${interval}`,
  )
  await world.ask({ do: 'seed', ...seeded })
  const lines: Record<string, number> = {}
  const count = (line: string): void => void (lines[levelOf(line)] = (lines[levelOf(line)] ?? 0) + 1)
  const operator = new MeasuredOperator(world.state, COLLECTING, { metrics: await freePort(), web: 0 }, count)
  const run = { world, operator, reads: new Reads([]), intervalMs: durationMs(interval) }
  await untilReady(run, agents)
  for (const level of Object.keys(lines)) Reflect.deleteProperty(lines, level)
  const soaked = await watch(run, durationMillis)
  await operator.stop()
  await world.end()
  const verdict = judge({ ...soaked, lines })
  console.log(`\n${tableOf(verdict)}\n`)
  for (const fault of verdict.faults) console.log(`FAULT: ${fault}`)
  if (verdict.faults.length === 0) console.log('All is well.')
  return verdict.faults.length === 0
}

/** Waits until each Agent is Ready. Then every calendar was read once and is known. */
async function untilReady({ world, reads }: BenchRun, agents: number): Promise<void> {
  const end = performance.now() + LONGEST_START_MS
  for (let ready = 0; ready < agents;) {
    if (performance.now() > end) throw new Error(`only ${ready} of ${agents} agents were Ready after two minutes`)
    await pause(250)
    ready = ((await world.ask({ do: 'count' })) as Counts).ready
  }
  const before = (await world.ask({ do: 'drain' })) as Drained
  reads.add(before.reads)
}

async function watch(run: BenchRun, durationMillis: number): Promise<Omit<Soaked, 'lines'>> {
  const { world, operator, reads, intervalMs } = run
  const from = Date.now()
  const holdings: (Holdings & { at: number })[] = []
  const others: Record<string, number> = {}
  let ended = false
  let told = 0
  for (let at = 0; at < durationMillis && !ended;) {
    await pause(Math.min(LOOK_MS, durationMillis - at))
    at = Date.now() - from
    const drained = (await world.ask({ do: 'drain' })) as Drained
    reads.add(drained.reads)
    for (const [kind, count] of Object.entries(drained.others)) others[kind] = (others[kind] ?? 0) + count
    const held = await operator.holdings()
    if (!held) ended = true
    else if (at >= durationMillis * WARM_UP) holdings.push({ ...held, at })
    if (at - told >= PROGRESS_MS) {
      told = at
      tell(run, { from, to: Date.now() }, { held, durationMillis })
    }
  }
  const to = Date.now()
  const account = reads.account({ from, to }, intervalMs)
  return { seconds: (to - from) / 1000, intervalMs, account, holdings, others, ended }
}

function tell(
  { reads, intervalMs }: BenchRun,
  span: { from: number; to: number },
  { held, durationMillis }: { held: Holdings | undefined; durationMillis: number },
): void {
  const { seen, expected, missing, longestGapMs } = reads.account(span, intervalMs)
  const time = `${((span.to - span.from) / 1000).toFixed(0).padStart(4)} s of ${durationMillis / 1000}`
  const holds = held ? `${held.heapMiB.toFixed(0)} MiB heap, ${held.handles} handles` : 'the operator is gone'
  console.log(
    `${time}: ${seen} of ${expected} reads, ${missing} left out, longest gap ${(longestGapMs / 1000).toFixed(1)} s, ${holds}`,
  )
}

/** The level of a line: `info`, `warn`, `error`; `other` if it is not a line of the log. */
function levelOf(line: string): string {
  return /"level":"(\w+)"/.exec(line)?.[1] ?? 'other'
}

exitOnSignals()
const { values } = parseArgs({ options: OPTIONS })
const duration = /^\d+$/.test(values.duration) ? `${values.duration}s` : values.duration
process.exit((await soak(durationMs(duration), Number(values.agents), values.interval)) ? 0 : 1)
