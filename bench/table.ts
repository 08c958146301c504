/** Measurements as a table in Markdown. */
import type { Reading } from './operator.ts'

/** One measurement of a scenario. */
export interface Row {
  what: string
  agents: number
  seconds: number
  /** The measurement to count from; by default the operator's start. */
  before?: Reading
  after: Reading
  /** What the processor time is divided by: Agents or lists. */
  per: number
}

const COLUMNS = [
  'scenario',
  'agents',
  'wall s',
  'CPU s',
  'CPU ms each',
  'MB now',
  'MB peak',
  'to Google',
  'to Kubernetes',
]

const line = (cells: (string | number)[]): string => `| ${cells.join(' | ')} |`

/** The header row of the table, and the line below it. */
export const heading = [line(COLUMNS), line(COLUMNS.map(() => '---'))].join('\n')

/** Renders one measurement as a row of the table. */
export function rowOf({ what, agents, seconds, before, after, per }: Row): string {
  const cpu = after.cpuSeconds - (before?.cpuSeconds ?? 0)
  const times = [seconds.toFixed(1), cpu.toFixed(1), ((cpu * 1000) / per).toFixed(2)]
  const memory = [after.residentMB.toFixed(0), after.peakMB.toFixed(0)]
  const requests = [since(after.google, before?.google), since(after.kubernetes, before?.kubernetes)]
  return line([what, agents, ...times, ...memory, ...requests])
}

function since(after: Map<string, number>, before?: Map<string, number>): string {
  const grown = [...after].map(([kind, count]) => [kind, count - (before?.get(kind) ?? 0)] as const)
  const said = grown.filter(([, count]) => count > 0).map(([kind, count]) => `${kind} ${count}`)
  return said.join(', ') || '0'
}
