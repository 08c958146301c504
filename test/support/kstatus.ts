/**
 * The rules of kstatus (Flux, `kubectl wait`) and of the API conventions about a status, as a property that must hold after
 * every reconcile of every test.
 */
import { meaningOf, REASONS, type Kind } from '../../src/resources/reasons.ts'
import type { Condition } from '../../src/resources/types.ts'

interface Judged {
  kind: string
  metadata: { generation?: number }
  status?: { observedGeneration?: number; conditions?: Condition[] }
}

const CAMEL_CASE = /^[A-Z][A-Za-z0-9]*$/
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/
const EVERYBODYS = ['Ready', 'Reconciling', 'Stalled']

/** Returns what is wrong with the status of an Agent or a CalendarIntegration, as sentences; empty if nothing is. */
export function statusProblems(object: Judged): string[] {
  const conditions = object.status?.conditions ?? []
  // The default observedGeneration of -1: it was not reconciled yet.
  if (conditions.length === 0) return untouched(object)
  return [...generations(object, conditions), ...readiness(object.kind, conditions), ...forms(object.kind, conditions)]
}

const untouched = ({ status }: Judged): string[] =>
  status === undefined || status.observedGeneration === -1
    ? []
    : ['there are no conditions, which reads as current: a status that was written must say Ready']

function generations(object: Judged, conditions: Condition[]): string[] {
  const { generation } = object.metadata
  const observed = object.status?.observedGeneration
  const problems: string[] = []
  if (observed === undefined || observed < 0) problems.push('conditions stand beside no observedGeneration')
  const all = [observed, ...conditions.map((condition) => condition.observedGeneration)]
  for (const one of all) {
    if (one !== undefined && generation !== undefined && one > generation) {
      problems.push(`observedGeneration ${one} is ahead of generation ${generation}`)
    }
  }
  return problems
}

function readiness(kind: string, conditions: Condition[]): string[] {
  const ready = conditions.find((condition) => condition.type === 'Ready')
  if (!ready) return ['Ready is missing']
  const holds = (type: string): boolean => conditions.some((one) => one.type === type && one.status === 'True')
  const beside = { reconciling: holds('Reconciling'), stalled: holds('Stalled') }
  return [...company(ready, beside), ...meaning(kind, ready, beside)]
}

interface Beside {
  reconciling: boolean
  stalled: boolean
}

function company(ready: Condition, { reconciling, stalled }: Beside): string[] {
  const problems: string[] = []
  if (reconciling && stalled) problems.push('Reconciling and Stalled are both True')
  if (ready.status === 'True' && reconciling) problems.push('Reconciling=True stands beside Ready=True')
  if (ready.status === 'True' && stalled) problems.push('Stalled=True stands beside Ready=True')
  if (ready.status === 'False' && !reconciling && !stalled) {
    problems.push(`Ready=False (${ready.reason}) has neither Reconciling nor Stalled`)
  }
  return problems
}

function meaning(kind: string, ready: Condition, beside: Beside): string[] {
  if (!isKind(kind) || ready.status === 'True') return []
  const expected = meaningOf(kind, ready.reason)
  if (expected === 'stuck' && !beside.stalled) return [`Ready is ${ready.reason}, which calls for Stalled`]
  if (expected === 'passing' && !beside.reconciling) return [`Ready is ${ready.reason}, which calls for Reconciling`]
  return []
}

function forms(kind: string, conditions: Condition[]): string[] {
  const types = conditions.map((condition) => condition.type)
  const repeated = types.filter((type, index) => types.indexOf(type) !== index)
  return [
    ...repeated.map((type) => `${type} stands there twice`),
    ...conditions.flatMap((condition) => form(kind, condition)),
  ]
}

function form(kind: string, { type, status, reason, message, lastTransitionTime }: Condition): string[] {
  const problems: string[] = []
  const known = isKind(kind) ? knownReasons(kind, type) : undefined
  if (!CAMEL_CASE.test(type)) problems.push(`type ${JSON.stringify(type)} is not CamelCase`)
  if (!['True', 'False', 'Unknown'].includes(status)) problems.push(`${type} is ${JSON.stringify(status)}`)
  if (!CAMEL_CASE.test(reason)) problems.push(`${type}: reason ${JSON.stringify(reason)} is not CamelCase`)
  else if (known && !known.includes(reason)) problems.push(`${type}: reason ${reason} is not one of its reasons`)
  if (message.trim() === '') problems.push(`${type}: the message is empty`)
  if (!INSTANT.test(lastTransitionTime)) problems.push(`${type}: lastTransitionTime is ${lastTransitionTime}`)
  return problems
}

const isKind = (kind: string): kind is Kind => Object.hasOwn(REASONS, kind)

function knownReasons(kind: Kind, type: string): string[] | undefined {
  const table: Record<string, Record<string, unknown>> = REASONS[kind]
  const all = Object.values(table).flatMap((reasons) => Object.keys(reasons))
  if (type === 'Reconciling') return ['Progressing', 'ProgressingWithRetry']
  if (EVERYBODYS.includes(type)) return all
  return table[type] ? Object.keys(table[type]) : undefined
}
