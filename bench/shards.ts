/**
 * `make bench-shards`: a ring of three replicas with 3,000 Agents, under steady load: one is killed, and one comes. Then the interval
 * is so short, and the CPU of each replica so little, that the CPU is the limit, for three replicas and for one. A small player takes the sharder's part. It prints
 * what each replica has read and what that cost, and asserts nothing about speed. It exits with 1 if two replicas read one calendar
 * at the same time, or if nobody read it for longer than `staleAfter`. KUBERNETES=real measures on a
 * kube-apiserver, and SHARDER=real with the real sharder there.
 */
import { cpus, loadavg } from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { durationMs } from '../src/resources/durations.ts'
import { exitOnSignals, startWorld, type BenchWorld } from './bench-world.ts'
import { freePort } from './free-port.ts'
import type { Counts, RecordedRead } from './messages.ts'
import { MeasuredOperator, type Reading } from './operator.ts'
import { limitCPU } from './shards/cpu-share.ts'
import { PlayedSharder, RING } from './shards/played-sharder.ts'
import { gapsOf, handOversOf, overlapsOf, shareOf, type Overlap } from './shards/reads.ts'
import { until } from './until.ts'

const OPTIONS = {
  agents: { type: 'string', default: '3000' },
  replicas: { type: 'string', default: '3' },
  interval: { type: 'string', default: '1m' },
  'stale-after': { type: 'string', default: '5m' },
  /** How many seconds each phase lasts in which nothing but reads happens. */
  steady: { type: 'string', default: '90' },
  /** The shortest interval that the API allows. */
  'short-interval': { type: 'string', default: '10s' },
  /** How many seconds to measure with it, at least a half of `staleAfter`, so that each Agent's heartbeat is in it; 0 for not at all. */
  throughput: { type: 'string', default: '150' },
  /** The share of a core that each replica has meanwhile: less than it could use. */
  cpu: { type: 'string', default: '0.1' },
} as const

const { values } = parseArgs({ options: OPTIONS })
const AGENTS = Number(values.agents)
/** Far more than is needed: this measures the replicas, and not what Google allows. */
const QUOTA = { requestsPerMinute: 1_000_000, requestsPerMinutePerAgent: 10_000 }
const AGENTS_PATH = '/apis/calendar-operator.io/v1alpha1/namespaces/bench/agents'
/** SHARDER=real assigns by the real sharder, on a real API server, in place of the player. */
const IS_REAL = process.env.SHARDER === 'real'
/** Where the Leases are. */
const HOME = IS_REAL ? 'calendar-operator' : 'bench'
const LONGEST_MS = 15 * 60_000
/** How long after a change of the interval each Agent has been read with it. */
const SETTLE_MS = 15_000
const MOST_SHOWN = 10

type Replicas = Map<string, MeasuredOperator>

/** What a bench has started, and what was read so far. */
interface Bench {
  world: BenchWorld
  sharder: PlayedSharder
  replicas: Replicas
  reads: RecordedRead[]
}

async function bench(): Promise<boolean> {
  tellMachine()
  const run = await start()
  const { reads, replicas, world, sharder } = run
  await measured(run, 'cold start', async () => {
    await until(async () => ((await world.ask({ do: 'count' })) as Counts).ready >= AGENTS, LONGEST_MS)
    await until(async () => sharder.isSettled, LONGEST_MS)
  })
  await measured(run, 'steady', () => pause(steadyMs()))
  const [killed = ''] = replicas.keys()
  const killedAt = await measured(run, `${killed} is killed`, async () => {
    const victim = replicas.get(killed)
    replicas.delete(killed)
    await victim?.stop('SIGKILL')
    await until(async () => !sharder.members.includes(killed) && sharder.isSettled, LONGEST_MS)
    await pause(steadyMs())
  })
  tellHandOvers(
    'from the killed one',
    handOversOf(reads, killedAt, (replica) => replica === killed),
  )
  const added = `replica-${Number(values.replicas)}`
  const addedAt = await measured(run, `${added} comes`, async () => {
    await startReplica(run, added)
    await until(async () => sharder.members.includes(added) && sharder.isSettled, LONGEST_MS)
    await pause(steadyMs())
  })
  tellHandOvers(
    'to the new one',
    handOversOf(reads, addedAt, (replica) => replica !== added),
  )
  if (Number(values.throughput) > 0) await throughput(run)
  const ended = Date.now()
  await Promise.all([...replicas.values()].map((operator) => operator.stop()))
  await sharder.stop()
  await world.end()
  return isRight(reads, ended)
}

const steadyMs = (): number => Number(values.steady) * 1000

function tellMachine(): void {
  const kubernetes = process.env.KUBERNETES === 'real' ? 'a kube-apiserver' : 'the sandbox'
  const machine = `Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}`
  const what = `${AGENTS} Agents, ${values.replicas} replicas, every ${values.interval}`
  console.log(`${machine}, Kubernetes: ${kubernetes}, ${what}, load ${loadavg()[0]?.toFixed(1)}\n`)
  console.log(`| | s | replica | reads | a second | calendars | CPU ms a read | MiB now | MiB peak | to Kubernetes |`)
  console.log('| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |')
}

async function start(): Promise<Bench> {
  const world = await startWorld()
  const integration = { quota: QUOTA }
  const seeded = { interval: values.interval, staleAfter: values['stale-after'], byId: true, integration }
  await world.ask({ do: 'seed', agents: AGENTS, events: 50, ...seeded })
  const replicas: Replicas = new Map()
  if (IS_REAL) await world.ask({ do: 'sharder' })
  for (let n = 0; n < Number(values.replicas); n++) await startReplica({ world, replicas }, `replica-${n}`)
  const sharder = await PlayedSharder.start({
    kubeconfig: world.state.kubeconfig,
    agents: AGENTS_PATH,
    leases: `/apis/coordination.k8s.io/v1/namespaces/${HOME}/leases`,
    isIdle: IS_REAL,
  })
  await until(async () => sharder.members.length === replicas.size)
  return { world, sharder, replicas, reads: [] }
}

async function startReplica({ world, replicas }: Pick<Bench, 'world' | 'replicas'>, podName: string): Promise<void> {
  const apiURL = (await world.ask({ do: 'record', replica: podName })) as string
  const replica = { POD_NAME: podName, POD_NAMESPACE: HOME, apiURL, flags: [`--shard-ring=${RING}`] }
  const operator = new MeasuredOperator(
    world.state,
    [],
    { metrics: await freePort(), web: 0, replica },
    process.env.DEBUG ? (line) => console.error(podName, line) : undefined,
  )
  replicas.set(podName, operator)
  await until(() => operator.isReady())
}

/** Prints a row for each replica that runs before and after `act`. Returns when it began, in ms since the epoch. */
async function measured(run: Bench, what: string, act: () => Promise<unknown>): Promise<number> {
  const { world, replicas, reads } = run
  const before = await readingsOf(replicas)
  const began = Date.now()
  await act()
  const seconds = (Date.now() - began) / 1000
  const after = await readingsOf(replicas)
  for (const read of (await world.ask({ do: 'recorded' })) as RecordedRead[]) reads.push(read)
  const since = reads.filter((read) => read.began >= began)
  let [label, all] = [what, { reads: 0, cpuMs: 0 }]
  for (const [name, reading] of after) {
    const cpuMs = (reading.cpuSeconds - (before.get(name)?.cpuSeconds ?? 0)) * 1000
    const share = shareOf(since, name)
    tellRow(label, seconds, [name, share.reads, share.reads / seconds, share.calendars, cpuMs / share.reads], {
      before: before.get(name),
      after: reading,
    })
    label = ''
    all = { reads: all.reads + share.reads, cpuMs: all.cpuMs + cpuMs }
  }
  tellRow('', seconds, ['all', all.reads, all.reads / seconds, '', all.cpuMs / all.reads])
  return began
}

/** @throws Error if a replica has ended by itself, as one does that could not renew its Lease in time. */
async function readingsOf(replicas: Replicas): Promise<Map<string, Reading>> {
  const readings = new Map<string, Reading>()
  for (const [name, operator] of replicas) {
    if (operator.hasEnded) throw new Error(`${name} has ended: it may have had too little CPU to renew its Lease.`)
    readings.set(name, await operator.read())
  }
  return readings
}

function tellRow(
  what: string,
  seconds: number,
  figures: (string | number)[],
  { before, after }: { before?: Reading; after?: Reading } = {},
): void {
  const memory = after ? [after.residentMiB, after.peakMiB] : ['', '']
  const asked = [...(after?.kubernetes ?? [])].map(
    ([method, count]) => `${method} ${count - (before?.kubernetes.get(method) ?? 0)}`,
  )
  const cells = [what, seconds, ...figures, ...memory, asked.join(', ')]
  console.log(`| ${cells.map(shown).join(' | ')} |`)
}

const shown = (cell: string | number): string =>
  typeof cell === 'string' ? cell : cell.toFixed(Number.isInteger(cell) ? 0 : cell < 100 ? 1 : 0)

/** Collected, and printed below the table. */
const remarks: string[] = []

function tellHandOvers(what: string, handOvers: readonly { fromMs: number; pauseMs: number }[]): void {
  const pauses = handOvers.map(({ pauseMs }) => pauseMs).sort((a, b) => a - b)
  const times = handOvers.map(({ fromMs }) => fromMs).sort((a, b) => a - b)
  const at = (sorted: number[], share: number): string =>
    ((sorted[Math.ceil(sorted.length * share) - 1] ?? Number.NaN) / 1000).toFixed(1)
  remarks.push(
    `${what}: ${handOvers.length} calendars; read there after ${at(times, 0.5)} s (p50), ${at(times, 0.99)} s (p99), ${at(times, 1)} s (last); ` +
      `between two reads ${at(pauses, 0.5)} s (p50), ${at(pauses, 1)} s (longest)`,
  )
}

/** Reads as fast as the CPU allows, with all replicas and with one. Each has the same share of a core as on a machine of its own. */
async function throughput(run: Bench): Promise<void> {
  const { world, replicas, sharder } = run
  const what = `every ${values['short-interval']}, ${values.cpu} cores each`
  await world.ask({ do: 'interval', interval: values['short-interval'] })
  const all = await limited(run, what)
  const [, ...others] = replicas
  for (const [name] of others) replicas.delete(name)
  await Promise.all(others.map(([, operator]) => operator.stop()))
  await until(async () => sharder.members.length === 1 && sharder.isSettled, LONGEST_MS)
  const one = await limited(run, `${what}, one replica`)
  remarks.push(`reads a second: ${(all / one).toFixed(1)} times as many with ${others.length + 1} replicas as with one`)
}

/** Returns the reads a second. */
async function limited(run: Bench, what: string): Promise<number> {
  // What has just moved is read once more than usual.
  await pause(SETTLE_MS)
  const limits = [...run.replicas.values()].map(({ pid }) => limitCPU(pid, Number(values.cpu)))
  await pause(SETTLE_MS)
  const seconds = Number(values.throughput)
  const began = await measured(run, what, () => pause(seconds * 1000))
  for (const end of limits) end()
  return run.reads.filter((read) => read.isAnswered && read.began >= began).length / seconds
}

/** Whether every calendar was read by one replica at a time, and often enough. */
function isRight(reads: readonly RecordedRead[], ended: number): boolean {
  const overlaps = overlapsOf(reads)
  const gaps = gapsOf(reads, ended)
  const tooLong = gaps.filter(({ ms }) => ms > durationMs(values['stale-after']))
  const seconds = (ms = Number.NaN): string => (ms / 1000).toFixed(1)
  remarks.push(
    `calendars read: ${gaps.length} of ${AGENTS}`,
    `reads of one calendar by two replicas at the same time: ${overlaps.length} of ${reads.length}`,
    ...overlaps.slice(0, MOST_SHOWN).map(overlapText),
    `longest gap: ${seconds(gaps[0]?.ms)} s; staleAfter ${values['stale-after']}`,
    ...tooLong
      .slice(0, MOST_SHOWN)
      .map(({ calendar, ms, from }) => `  ${calendar}: ${seconds(ms)} s from ${timeOf(from)}`),
  )
  return overlaps.length === 0 && tooLong.length === 0 && gaps.length === AGENTS
}

const overlapText = ({ one, other }: Overlap): string =>
  `  ${one.calendar}: ${one.replica} until ${timeOf(one.ended)}, ${other.replica} from ${timeOf(other.began)}`

const timeOf = (ms: number): string => new Date(ms).toISOString().slice(11, 23)

exitOnSignals()
process.exitCode = (await bench()) ? 0 : 1
console.log(`\n${remarks.join('\n')}`)
