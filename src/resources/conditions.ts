/**
 * Computes the conditions of a status, as kstatus expects them: `Ready` always exists. If it is not True, `Reconciling` or `Stalled`
 * is set as well, depending on its reason; if it is True, neither is. Pure.
 */
import { meaningOf, REASONS, type Kind, type OwnCondition, type ReadyReason, type ReasonOf } from './reasons.ts'
import type { Condition, ConditionStatus } from './types.ts'

/** What was found out about one condition. */
export interface Finding<Reason extends string> {
  status: ConditionStatus
  reason: Reason
  /** For people: what was found, and what to do if somebody has to act. Not empty. */
  message: string
}

/** What a reconcile found out about an object, by condition. */
export interface Findings<K extends Kind> {
  ready: Finding<ReadyReason<K>>
  /** The new findings; a condition without one stays unchanged. */
  own: { [C in OwnCondition<K>]?: Finding<ReasonOf<K, C>> }
  /** The conditions that say nothing any more: they are removed. */
  absent?: readonly OwnCondition<K>[]
}

/** What the new conditions are based on. */
export interface ConditionsContext {
  /** The conditions in the current status. */
  conditions: readonly Condition[] | undefined
  /** The generation of the spec that was reconciled. */
  generation: number | undefined
  /** ms since the epoch. */
  now: number
}

/** Computes all conditions of an object, in a fixed order. One that stays as it is is the same object. */
export function conditionsFor<K extends Kind>(kind: K, findings: Findings<K>, before: ConditionsContext): Condition[] {
  const own: Record<string, Finding<string> | undefined> = findings.own
  const absent: readonly unknown[] = findings.absent ?? []
  const conditions = [renewed('Ready', findings.ready, before)]
  const progress = progressOf(kind, findings.ready)
  if (progress) conditions.push(renewed(progress.type, progress, before))
  for (const type of Object.keys(REASONS[kind])) {
    if (type === 'Ready' || absent.includes(type)) continue
    const finding = own[type]
    const condition = finding ? renewed(type, finding, before) : findCondition(before.conditions, type)
    if (condition) conditions.push(condition)
  }
  return conditions
}

/** Finds a condition by its type. */
export const findCondition = (conditions: readonly Condition[] | undefined, type: string): Condition | undefined =>
  conditions?.find((condition) => condition.type === type)

/** The last second that RFC 3339 can express. */
const LAST_INSTANT = Date.parse('9999-12-31T23:59:59Z')

/** Renders ms since the epoch in RFC 3339, UTC, whole seconds, as Kubernetes does; a time out of range, or NaN, is clamped. */
export const timestamp = (ms: number): string =>
  `${new Date(Math.min(Math.max(ms || 0, 0), LAST_INSTANT)).toISOString().slice(0, '9999-12-31T23:59:59'.length)}Z`

/** The condition that accompanies `Ready`, if any. */
function progressOf(kind: Kind, ready: Finding<string>): (Finding<string> & { type: string }) | undefined {
  const meaning = ready.status === 'True' ? 'neutral' : meaningOf(kind, ready.reason)
  if (meaning === 'neutral') return undefined
  const { message } = ready
  if (meaning === 'stuck') return { type: 'Stalled', status: 'True', reason: ready.reason, message }
  const reason = ready.status === 'Unknown' ? 'Progressing' : 'ProgressingWithRetry'
  return { type: 'Reconciling', status: 'True', reason, message }
}

function renewed(type: string, finding: Finding<string>, before: ConditionsContext): Condition {
  const previous = findCondition(before.conditions, type)
  const { status, reason, message } = finding
  const isSame = previous?.status === status && previous.reason === reason && previous.message === message
  if (isSame && previous.observedGeneration === before.generation) return previous
  const lastTransitionTime = previous?.status === status ? previous.lastTransitionTime : timestamp(before.now)
  return {
    type,
    status,
    ...(before.generation === undefined ? {} : { observedGeneration: before.generation }),
    lastTransitionTime,
    reason,
    message,
  }
}
