/** The result of a soak: a table, and its failures. Pure. */
import type { Holdings } from '../operator.ts'
import type { Account } from './reads.ts'
import { floors, median, slopeAMinute, type Sample } from './trend.ts'

/** What was observed during a soak. */
export interface Soaked {
  seconds: number
  intervalMs: number
  account: Account
  /** The samples after the warm-up. */
  holdings: (Holdings & { at: number })[]
  /** How many lines the operator printed, by level. */
  lines: Record<string, number>
  /** Requests to Google other than reads, by kind. */
  others: Record<string, number>
  /** Whether the operator ended by itself. */
  ended: boolean
}

/** The result of a soak. */
export interface Verdict {
  rows: [what: string, value: string][]
  /** The failures, as sentences; empty if there are none. */
  faults: string[]
}

/** A heap is collected every two seconds (soak.ts): the lowest sample of a stretch is soon after that. */
const STRETCH_MS = 15_000
/** Less growth than this over the whole run counts as noise. */
const NOISE_MIB = 12
const NOISE_SHARE = 0.15
/** Sockets of one pool come and go with the load. */
const NOISE_HANDLES = 16
const MOST_MISSING = 0.01

/** Decides whether a soak failed, and why. */
export function judge(soaked: Soaked): Verdict {
  const heap = heapOf(soaked)
  const handles = growth(soaked.holdings.map(({ handles }) => handles))
  const rows: Verdict['rows'] = [...readRows(soaked), ...holdingRows(soaked, heap)]
  return { rows, faults: [...readFaults(soaked), ...holdingFaults(soaked, heap, handles)] }
}

interface Heap {
  floorMiB: number
  slopeMiB: number
  growthMiB: number
}

function heapOf({ holdings }: Soaked): Heap {
  const samples: Sample[] = holdings.map(({ at, heapMiB }) => ({ at, value: heapMiB }))
  const lowest = floors(samples, STRETCH_MS)
  const slopeMiB = slopeAMinute(lowest)
  const minutes = ((samples.at(-1)?.at ?? 0) - (samples[0]?.at ?? 0)) / 60_000
  return { floorMiB: median(lowest.map(({ value }) => value)), slopeMiB, growthMiB: slopeMiB * minutes }
}

/** The growth from the median of the first third to that of the last third. */
function growth(values: number[]): number {
  const third = Math.max(1, Math.floor(values.length / 3))
  return median(values.slice(-third)) - median(values.slice(0, third))
}

const inSeconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`

function readRows({ seconds, account, intervalMs, others }: Soaked): Verdict['rows'] {
  const share = account.expected === 0 ? 0 : (account.seen / account.expected) * 100
  return [
    ['length', `${seconds.toFixed(0)} s, interval ${inSeconds(intervalMs)}`],
    ['reads expected', String(account.expected)],
    ['reads seen', `${account.seen} (${share.toFixed(1)} %)`],
    ['reads left out', String(account.missing)],
    ['mean gap', inSeconds(account.meanGapMs)],
    ['longest gap', `${inSeconds(account.longestGapMs)} (${account.longestOf})`],
    ['calendars later than two intervals', String(account.late.length)],
    ['other requests to Google', said(others)],
  ]
}

function holdingRows({ holdings, lines }: Soaked, heap: Heap): Verdict['rows'] {
  const fromTo = (of: (one: Holdings) => number): string =>
    [holdings.at(0), holdings.at(-1)].map((one) => (one ? of(one).toFixed(0) : '?')).join(', then ')
  return [
    ['heap that is kept', `${heap.floorMiB.toFixed(1)} MiB, ${signed(heap.slopeMiB)} MiB a minute`],
    ['resident memory', `${fromTo(({ residentMiB }) => residentMiB)} MiB`],
    ['open handles', fromTo(({ handles }) => handles)],
    ['open sockets', fromTo(({ sockets }) => sockets)],
    ['lines in the log', said(lines)],
  ]
}

function readFaults({ account, intervalMs }: Soaked): string[] {
  const faults: string[] = []
  if (account.late.length > 0) {
    const some = account.late.slice(0, 3).join(', ')
    faults.push(
      `${account.late.length} calendars were not read for more than two intervals (${inSeconds(2 * intervalMs)}): ${some}`,
    )
  }
  if (account.missing > account.expected * MOST_MISSING) {
    faults.push(`${account.missing} of ${account.expected} reads were left out`)
  }
  return faults
}

function holdingFaults({ holdings, ended }: Soaked, heap: Heap, handles: number): string[] {
  const faults: string[] = []
  if (ended) faults.push('the operator ended by itself')
  if (holdings.length === 0) faults.push('the operator never told what it holds')
  if (heap.growthMiB > Math.max(NOISE_MIB, heap.floorMiB * NOISE_SHARE)) {
    faults.push(
      `the heap that is kept grew by ${heap.growthMiB.toFixed(1)} MiB (${signed(heap.slopeMiB)} MiB a minute)`,
    )
  }
  if (handles > NOISE_HANDLES) faults.push(`open handles grew by ${handles}`)
  return faults
}

const signed = (value: number): string => (value >= 0 ? '+' : '') + value.toFixed(2)

const said = (counts: Record<string, number>): string =>
  Object.entries(counts)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ') || 'none'

/** The rows as a table in Markdown. */
export function tableOf({ rows }: Verdict): string {
  const width = Math.max(...rows.map(([what]) => what.length))
  return [
    '| what | value |',
    '| --- | --- |',
    ...rows.map(([what, value]) => `| ${what.padEnd(width)} | ${value} |`),
  ].join('\n')
}
