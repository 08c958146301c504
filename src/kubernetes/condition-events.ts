/**
 * Decides which changes of a status get an Event: transitions of conditions, and deadlines that come closer. A new object that works
 * gets none. Notes contain no e-mail address: more people read Events than the object.
 */
import type { Log } from '../platform/log.ts'
import { scrub } from '../platform/scrub.ts'
import { findCondition } from '../resources/conditions.ts'
import { isAnswer, meaningOf, type Kind } from '../resources/reasons.ts'
import type { Condition } from '../resources/types.ts'
import { keyOf, type Cluster, type KubernetesObject } from './port.ts'

/** The change of a condition for which an Event may be recorded. */
interface ConditionTransition {
  kind: Kind
  object: KubernetesObject
  before: readonly Condition[] | undefined
  after: readonly Condition[] | undefined
}

/** Records an Event for each transition of a condition, and logs a transition of `Ready`: as a warning if a person has to act. */
export function recordConditionEvents(
  { cluster, log }: { cluster: Pick<Cluster, 'recordEvent'>; log: Pick<Log, 'info' | 'warn'> },
  { kind, object, before, after = [] }: ConditionTransition,
): void {
  logReady(log, { kind, object, before, after })
  for (const condition of after.filter(({ type }) => !GENERAL.includes(type))) {
    if (condition.type === 'Ready' && repeats(condition, after)) continue
    const last = findCondition(before, condition.type)
    if (!last && BY_INSTALLATION.includes(condition.type)) continue
    if (!hasTransition(last, condition)) continue
    const { reason, message } = condition
    const type = isGood(kind, condition) ? 'Normal' : 'Warning'
    cluster.recordEvent({ regarding: object, type, reason, action: 'Reconcile', note: scrub(message) })
  }
}

function logReady(log: Pick<Log, 'info' | 'warn'>, { kind, object, before, after = [] }: ConditionTransition): void {
  const ready = findCondition(after, 'Ready')
  if (!ready || sameFinding(findCondition(before, 'Ready'), ready)) return
  const isStalled = findCondition(after, 'Stalled')?.status === 'True'
  const level = isStalled && !isAnswer(kind, ready.reason) ? 'warn' : 'info'
  const about = { controller: kind.toLowerCase(), key: keyOf(object) }
  log[level]({ ...about, ready: ready.status, reason: ready.reason }, ready.message)
}

/** These conditions only summarize `Ready`. */
const GENERAL: readonly string[] = ['Reconciling', 'Stalled']

/** What these say at first is a matter of the installation: it would be the same Event for each new object. */
const BY_INSTALLATION: readonly string[] = ['Watching']

/** `Ready` usually repeats the reason of another condition; only a reason of its own gets an Event. */
const repeats = (ready: Condition, all: readonly Condition[]): boolean =>
  ready.status === 'True' ||
  all.some(({ type, reason }) => !['Ready', ...GENERAL].includes(type) && reason === ready.reason)

/** A grant that is about to expire is valid, but gets a warning. */
const isGood = (kind: Kind, { status, reason }: Condition): boolean =>
  status === 'True' ? reason !== 'GrantExpiresSoon' : status === 'Unknown' && meaningOf(kind, reason) === 'neutral'

const sameFinding = (before: Condition | undefined, after: Condition): boolean =>
  before?.status === after.status && before.reason === after.reason

function hasTransition(before: Condition | undefined, after: Condition): boolean {
  if (!before || before.status === 'Unknown') return after.status === 'False' || after.reason === 'GrantExpiresSoon'
  if (before.reason !== after.reason) return true
  return after.reason === 'GrantExpiresSoon' && before.message !== after.message
}
