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

/** Computes all conditions of an object, in a fixed order. */
export function conditionsFor<K extends Kind>(kind: K, findings: Findings<K>, before: ConditionsContext): Condition[] {
  const own: Record<string, Finding<string> | undefined> = findings.own
  const absent: readonly unknown[] = findings.absent ?? []
  const found: Record<string, Finding<string> | undefined> = {
    Ready: findings.ready,
    ...progress(kind, findings.ready),
  }
  const general = ['Ready', 'Reconciling', 'Stalled'].map((type) => renew(type, found[type], before))
  const ours = Object.keys(REASONS[kind])
    .filter((type) => type !== 'Ready' && !absent.includes(type))
    .map((type) => renew(type, own[type], before) ?? findCondition(before.conditions, type))
  return [...general, ...ours].filter((condition) => condition !== undefined)
}

/** Finds a condition by its type. */
export const findCondition = (conditions: readonly Condition[] | undefined, type: string): Condition | undefined =>
  conditions?.find((condition) => condition.type === type)

/** The last second that RFC 3339 can express. */
const LAST_INSTANT = Date.parse('9999-12-31T23:59:59Z')

/** Renders ms since the epoch in RFC 3339, UTC, whole seconds, as Kubernetes does; a time out of range, or NaN, is clamped. */
export const timestamp = (ms: number): string =>
  new Date(Math.min(Math.max(ms || 0, 0), LAST_INSTANT)).toISOString().replace(/\.\d{3}Z$/, 'Z')

/** The condition that accompanies `Ready`, if any. */
function progress(kind: Kind, ready: Finding<string>): Record<string, Finding<string>> {
  const meaning = ready.status === 'True' ? 'neutral' : meaningOf(kind, ready.reason)
  if (meaning === 'neutral') return {}
  if (meaning === 'stuck') return { Stalled: { ...ready, status: 'True' } }
  const reason = ready.status === 'Unknown' ? 'Progressing' : 'ProgressingWithRetry'
  return { Reconciling: { status: 'True', reason, message: ready.message } }
}

function renew(type: string, finding: Finding<string> | undefined, before: ConditionsContext): Condition | undefined {
  if (!finding) return undefined
  const previous = findCondition(before.conditions, type)
  const { status, reason, message } = finding
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
