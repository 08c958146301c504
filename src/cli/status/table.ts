/** Formats the overview for a terminal of 120 columns. Pure. */
import { humanDuration } from './operator-health.ts'
import type { ActionItem } from './action-items.ts'
import { shardsSummary } from './shards.ts'
import type { AgentState, BookingState, IntegrationLine, Overview } from './overview.ts'

const WIDTH = 120
const GAP = '   '

/** Formats the overview as lines of text. */
export function tableOf(overview: Overview): string[] {
  const { operator, ring, integrations, agents, bookings, needsAPerson, at } = overview
  const lines = [
    ...wrapped(`OPERATOR        ${operator.state.toLowerCase()}: ${operator.message}`, 16),
    ...(ring ? wrapped(`SHARDS          ${shardsSummary(ring)}`, 16) : []),
    `INTEGRATIONS    ${integrationsSummary(integrations)}`,
    `AGENTS          ${countsSummary(agents, AGENT_STATES)}`,
    `BOOKINGS        ${countsSummary(bookings, BOOKING_STATES)}`,
  ]
  if (integrations.length > 0) lines.push('', ...columns(HEADING, integrations.map(cells)))
  if (integrations.length + agents.total === 0) lines.push('', ...wrapped(nothingFound(overview), 0))
  if (integrations.length + agents.total + needsAPerson.length > 0)
    lines.push('', ...actionLines(needsAPerson, Date.parse(at)))
  return lines.map((line) => line.trimEnd())
}

/** A namespace may be misspelt, or the kubeconfig may name another one than meant. */
const nothingFound = ({ namespace }: Overview): string =>
  namespace === ''
    ? 'There is no CalendarIntegration and no Agent in this cluster.'
    : `There is no CalendarIntegration and no Agent in namespace ${namespace}. -n names another namespace, -A looks at all.`

function integrationsSummary(integrations: readonly IntegrationLine[]): string {
  if (integrations.length === 0) return 'none'
  const ready = integrations.filter((one) => one.ready === 'True').length
  return `${integrations.length}: ${ready} ready`
}

function countsSummary<S extends string>(counts: Record<S | 'total', number>, words: Record<S, string>): string {
  if (counts.total === 0) return 'none'
  const parts = (Object.entries(words) as [S, string][]).flatMap(([state, word]) =>
    counts[state] > 0 ? [`${counts[state]} ${word}`] : [],
  )
  return `${counts.total}: ${parts.join(', ')}`
}

const AGENT_STATES: Record<AgentState, string> = {
  ready: 'ready',
  awaited: 'waiting for a sign-in',
  trying: 'being worked on',
  stalled: 'stalled',
  suspended: 'suspended',
}

const BOOKING_STATES: Record<BookingState, string> = {
  ready: 'booked',
  trying: 'being worked on',
  stalled: 'refused or cancelled',
  suspended: 'suspended',
}

const HEADING = ['NAMESPACE', 'INTEGRATION', 'READY', 'REASON', 'AGENTS READY']
const cells = ({ namespace, name, ready, reason, agents }: IntegrationLine): string[] => [
  namespace,
  name,
  ready,
  reason,
  agents,
]

function columns(heading: string[], rows: string[][]): string[] {
  const all = [heading, ...rows]
  const widths = heading.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)))
  return all.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(GAP))
}

function actionLines(needs: readonly ActionItem[], now: number): string[] {
  if (needs.length === 0) return ['Nothing needs a person.']
  return ['NEEDS A PERSON, most urgent first', ...needs.flatMap((need) => ['', ...actionItemLines(need, now)])]
}

/** The lines of one item. The address to open has its own line, so that it can be copied. */
function actionItemLines(
  { kind, namespace, name, reason, message, by, since, signInURL }: ActionItem,
  now: number,
): string[] {
  const what = `${NOUNS[kind]} ${namespace === '' ? name : `${namespace}/${name}`}`
  const lines = [...wrapped(`${when(by, since, now)}  ${what}: ${reason}`, 4), ...wrapped(`    ${message}`, 4)]
  // The message may contain the address already.
  return signInURL === undefined || message.includes(signInURL) ? lines : [...lines, `    sign in: ${signInURL}`]
}

const NOUNS: Record<ActionItem['kind'], string> = {
  Operator: 'operator',
  CalendarIntegration: 'integration',
  Agent: 'agent',
  Booking: 'booking',
}

function when(by: string | undefined, since: string | undefined, now: number): string {
  if (by !== undefined) {
    const left = Date.parse(by) - now
    return left > 0 ? `in ${humanDuration(left)} (by ${by})` : `overdue (since ${by})`
  }
  return since === undefined ? 'now' : `now, for ${humanDuration(now - Date.parse(since))}`
}

/** Breaks a text at spaces and indents the further lines. An address is never broken. */
function wrapped(text: string, indent: number): string[] {
  const lines: string[] = []
  let line = ''
  const [start = ''] = /^ */.exec(text) ?? []
  for (const word of text.trim().split(/ (?! )/)) {
    const longer = line === '' ? start + word : `${line} ${word}`
    if (longer.length > WIDTH && line !== '') {
      lines.push(line)
      line = ' '.repeat(indent) + word
    } else line = longer
  }
  return [...lines, line]
}
