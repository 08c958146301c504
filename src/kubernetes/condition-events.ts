/**
 * Which changes of a status are worth an Event: a condition that turned, and a deadline that came closer. Good news of a new
 * object is no news. Notes carry no e-mail address: Events are read by more people than the object is.
 */
import type { Log } from '../platform/log.ts'
import { scrub } from '../platform/scrub.ts'
import { findCondition } from '../resources/conditions.ts'
import { meaningOf, type Kind } from '../resources/reasons.ts'
import type { Condition } from '../resources/types.ts'
import { keyOf, type Cluster, type KubernetesObject } from './port.ts'

export interface ConditionTransition {
  kind: Kind
  object: KubernetesObject
  before: readonly Condition[] | undefined
  after: readonly Condition[] | undefined
}

/** Writes an Event for each condition that turned, and a line into the log. */
export function recordConditionEvents(
  { cluster, log }: { cluster: Pick<Cluster, 'recordEvent'>; log: Pick<Log, 'info'> },
  { kind, object, before, after = [] }: ConditionTransition,
): void {
  const ready = findCondition(after, 'Ready')
  if (ready && !sameFinding(findCondition(before, 'Ready'), ready)) {
    log.info({ kind, key: keyOf(object), ready: ready.status, reason: ready.reason }, ready.message)
  }
  for (const condition of after.filter(({ type }) => !GENERAL.includes(type))) {
    if (condition.type === 'Ready' && repeats(condition, after)) continue
    if (!turned(findCondition(before, condition.type), condition)) continue
    const { reason, message } = condition
    const type = isGood(kind, condition) ? 'Normal' : 'Warning'
    cluster.recordEvent({ regarding: object, type, reason, action: 'Reconcile', note: scrub(message) })
  }
}

/** They say the same as `Ready`, in fewer words. */
const GENERAL: readonly string[] = ['Reconciling', 'Stalled']

/** `Ready` mostly repeats what another condition says: only a reason of its own is worth an Event. */
const repeats = (ready: Condition, all: readonly Condition[]): boolean =>
  ready.status === 'True' ||
  all.some(({ type, reason }) => !['Ready', ...GENERAL].includes(type) && reason === ready.reason)

/** A grant that is about to end is good, and a warning all the same. */
const isGood = (kind: Kind, { status, reason }: Condition): boolean =>
  status === 'True' ? reason !== 'GrantExpiresSoon' : status === 'Unknown' && meaningOf(kind, reason) === 'neutral'

const sameFinding = (before: Condition | undefined, after: Condition): boolean =>
  before?.status === after.status && before.reason === after.reason

function turned(before: Condition | undefined, after: Condition): boolean {
  if (!before || before.status === 'Unknown') return after.status === 'False' || after.reason === 'GrantExpiresSoon'
  if (before.reason !== after.reason) return true
  return after.reason === 'GrantExpiresSoon' && before.message !== after.message
}
