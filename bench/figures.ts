/** The figures of a bench: how they follow from measurements, and one table of them beside those of the last release. */
import { readFileSync, writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import type { Reading } from './operator.ts'

/** What one run has measured. */
export interface Measured {
  agents: number
  cold: Phase
  restart: Phase
  /** Undefined if it was not measured. `seconds` is its length. */
  steady?: Phase
}

/** A phase of a run: how long it took, and what the operator had used at its beginning and at its end. */
export interface Phase {
  seconds: number
  /** Undefined: the process began with it. */
  before?: Reading
  after: Reading
}

type Figure = keyof typeof FIGURES

/** The figures of one number of Agents. */
export type Figures = Partial<Record<Figure, number>>

/** The figures of a release, and where they were measured. */
export interface Release {
  release: string
  machine: string
  /** By the kind of the API server, and by the number of Agents. */
  figures: Record<string, Record<string, Figures>>
}

const LISTS = 'events.list'
const NO_READ = 'no read'

const FIGURES = {
  'cold start, s': ({ cold }: Measured) => cold.seconds,
  'cold start, CPU ms an Agent': ({ cold, agents }: Measured) => cpuMs(cold) / agents,
  'cold start, requests to Kubernetes an Agent': ({ cold, agents }: Measured) => requests(cold) / agents,
  'restart until all are read, s': ({ restart }: Measured) => restart.seconds,
  'restart, CPU ms an Agent': ({ restart, agents }: Measured) => cpuMs(restart) / agents,
  'restart, requests to Kubernetes an Agent': ({ restart, agents }: Measured) => requests(restart) / agents,
  'steady, CPU ms a read': ({ steady }: Measured) => steady && aRead(steady, cpuMs),
  'steady, requests to Kubernetes a read': ({ steady }: Measured) => steady && aRead(steady, requests),
  'peak resident, MiB': ({ cold, restart, steady }: Measured) =>
    Math.max(...[cold, restart, steady].map((phase) => phase?.after.peakMiB ?? 0)),
}

const cpuMs = ({ before, after }: Phase): number => (after.cpuSeconds - (before?.cpuSeconds ?? 0)) * 1000
const sum = (counts: Map<string, number> | undefined): number =>
  [...(counts?.values() ?? [])].reduce((a, b) => a + b, 0)
const requests = ({ before, after }: Phase): number => sum(after.kubernetes) - sum(before?.kubernetes)
const lists = ({ before, after }: Phase): number => (after.google.get(LISTS) ?? 0) - (before?.google.get(LISTS) ?? 0)

/** What a phase has used for each read; it may have been too short for one. */
const aRead = (phase: Phase, used: (phase: Phase) => number): number | typeof NO_READ =>
  lists(phase) === 0 ? NO_READ : used(phase) / lists(phase)

/** Where the figures of the last release are kept. */
const FILE = 'bench/last-release.json'

/** The last release's figures. */
export const lastRelease = (): Release => JSON.parse(readFileSync(FILE, 'utf8')) as Release

/** Describes this machine. */
export const machine = (): string =>
  `${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}`

/** Keeps the medians as those of a release, which the next benches are compared with. */
export function saveRelease(release: string, kubernetes: string, runs: readonly Measured[]): void {
  const before = lastRelease()
  const known = before.release === release ? before.figures : {}
  const numbers = [...new Set(runs.map(({ agents }) => agents))]
  const medians = numbers.map((agents) => [agents, mediansOf(runs.filter((run) => run.agents === agents))] as const)
  const figures = { ...known, [kubernetes]: { ...known[kubernetes], ...Object.fromEntries(medians) } }
  writeFileSync(FILE, `${JSON.stringify({ release, machine: machine(), figures }, undefined, 2)}\n`)
}

const names = Object.keys(FIGURES) as Figure[]

const mediansOf = (runs: readonly Measured[]): Figures =>
  Object.fromEntries(names.flatMap((name) => optional(name, middle(valuesOf(name, runs)))))

const optional = (name: Figure, value: number | undefined): [Figure, number][] =>
  value === undefined ? [] : [[name, Number(value.toFixed(2))]]

const valuesOf = (name: Figure, runs: readonly Measured[]): number[] =>
  runs
    .map((run) => FIGURES[name](run))
    .filter((value) => typeof value === 'number')
    .sort((a, b) => a - b)

const middle = (sorted: readonly number[]): number | undefined => sorted[Math.floor(sorted.length / 2)]

/** Renders the runs with one number of Agents: the median of each figure, its spread, and the last release's. */
export function tableOf(runs: readonly Measured[], last: Figures | undefined, release: string): string {
  const rows = names.map((name) => {
    const values = valuesOf(name, runs)
    const spread = values.length > 1 ? `${shown(values[0])} to ${shown(values.at(-1))}` : ''
    const median = middle(values) ?? runs.map((run) => FIGURES[name](run)).find((value) => value === NO_READ)
    return [name, shown(median), spread, shown(last?.[name])]
  })
  const heading = [`${runs[0]?.agents ?? 0} Agents`, 'median', `of ${runs.length}`, release]
  return [heading, heading.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

const shown = (value: number | string = ''): string =>
  typeof value === 'number' ? value.toFixed(value < 100 ? 2 : 0) : value
