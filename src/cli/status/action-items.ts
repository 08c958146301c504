/** Determines who has to do what, and by when. Pure. */
import { DAY_MS, MINUTE_MS } from '../../platform/time-units.ts'
import { findCondition } from '../../resources/conditions.ts'
import { durationMs } from '../../resources/durations.ts'
import { isAnswer, meaningOf } from '../../resources/reasons.ts'
import { CUSTOM_KINDS, CUSTOM_STORE_NAMES } from '../../kubernetes/kinds.ts'
import type { Agent, Booking, Condition, CustomKind, CustomObject } from '../../resources/types.ts'
import { humanDuration, type OperatorHealth } from './operator-health.ts'
import type { ClusterSnapshot } from './cluster-snapshot.ts'

/** Something that a person has to do. */
export interface ActionItem {
  kind: 'Operator' | CustomKind
  namespace: string
  name: string
  reason: string
  /** What was found, and what to do. */
  message: string
  /** When it will stop working; missing if it does not work now. */
  by?: string
  /** Since when it has not worked; missing if it works now. */
  since?: string
  /** Where the person signs in. */
  signInURL?: string
}

/** Reasons that count as temporary, because the missing object may appear at any moment, although a person has to create it. */
const NEEDS_HUMAN_INPUT = [
  'AgentNotFound',
  'AwaitingSignIn',
  'GrantSecretNotFound',
  'GrantSecretKeyMissing',
  'IntegrationNotFound',
  'SecretNotFound',
  'SecretKeyMissing',
]
/** Reasons that lie with another object, which has an item of its own. */
const REPORTED_ELSEWHERE = ['IntegrationNotReady', 'AgentNotReady']
/** If the operator's retries don't succeed within this time, somebody should look. */
const RETRY_TOLERANCE_MS = 15 * MINUTE_MS
/** A running operator reports on a new object within seconds. */
const FIRST_STATUS_TOLERANCE_MS = MINUTE_MS

/** All items, most urgent first: what does not work now (the operator, then by kind), then by deadline. */
export function actionItems(snapshot: ClusterSnapshot, operator: OperatorHealth, now: number): ActionItem[] {
  const found = [
    ...operatorItems(operator),
    ...CUSTOM_STORE_NAMES.flatMap((name) => snapshot[name].flatMap((object) => itemsOf(object, snapshot, now))),
  ]
  return found.sort(
    (a, b) =>
      (a.by ?? '').localeCompare(b.by ?? '') ||
      KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind) ||
      (a.since ?? '').localeCompare(b.since ?? '') ||
      `${a.namespace}/${a.name}`.localeCompare(`${b.namespace}/${b.name}`),
  )
}

const KINDS: readonly ActionItem['kind'][] = ['Operator', ...CUSTOM_KINDS]

function itemsOf(object: CustomObject, snapshot: ClusterSnapshot, now: number): ActionItem[] {
  const item = objectItem(object, now) ?? (object.kind === 'Agent' ? agentItem(object, snapshot, now) : undefined)
  return item ? [item] : []
}

/** What somebody has to do about an Agent that works. */
const agentItem = (agent: Agent, snapshot: ClusterSnapshot, now: number): ActionItem | undefined =>
  staleItem(agent, snapshot, now) ?? expiringGrantItem(agent)

function operatorItems({ state, leaders }: OperatorHealth): ActionItem[] {
  if (state !== 'Silent') return []
  return leaders
    .filter(({ alive }) => !alive)
    .map(({ namespace, renewedAt }) => ({
      kind: 'Operator',
      namespace,
      name: 'calendar-operator',
      reason: 'Silent',
      message: `Nobody renews its Lease, so nothing is read: look at its pods (kubectl get pods -n ${namespace}) and their log.`,
      ...(renewedAt === '' ? {} : { since: renewedAt }),
    }))
}

/** What somebody has to do according to the object's status. */
function objectItem(object: CustomObject, now: number): ActionItem | undefined {
  if (object.spec.suspend) return undefined
  const ready = findCondition(object.status?.conditions, 'Ready')
  if (!ready) return unseenItem(object, now)
  if (ready.status === 'True' || REPORTED_ELSEWHERE.includes(ready.reason)) return undefined
  if (object.kind === 'Booking' && isNobodysConcern(object, ready.reason, now)) return undefined
  const since = Date.parse(ready.lastTransitionTime)
  const isOverdue = now - since >= RETRY_TOLERANCE_MS
  if (!needsPerson(object, ready) && !isOverdue) return undefined
  return actionItem(object, ready.reason, ready.message, { since: ready.lastTransitionTime })
}

/** Nobody can do anything about an appointment that is over. */
const isNobodysConcern = ({ spec }: Booking, reason: string, now: number): boolean =>
  isAnswer('Booking', reason) || Date.parse(spec.end) <= now

const needsPerson = ({ kind }: CustomObject, { reason }: Condition): boolean =>
  meaningOf(kind, reason) === 'stuck' || NEEDS_HUMAN_INPUT.includes(reason)

function unseenItem(object: CustomObject, now: number): ActionItem | undefined {
  const created = object.metadata.creationTimestamp
  if (created === undefined || now - Date.parse(created) < FIRST_STATUS_TOLERANCE_MS) return undefined
  const message = 'No operator has looked at it: either none runs, or it does not watch this namespace.'
  return actionItem(object, 'NotLookedAt', message, { since: created })
}

/** A ready Agent whose status is no longer updated. */
function staleItem(agent: Agent, { integrations }: ClusterSnapshot, now: number): ActionItem | undefined {
  const last = agent.status?.sync?.lastSyncTime
  const integration = integrations.find(
    ({ metadata }) =>
      metadata.name === agent.spec.integrationRef.name &&
      metadata.namespace === (agent.spec.integrationRef.namespace ?? agent.metadata.namespace),
  )
  if (last === undefined || agent.spec.suspend || integration?.spec.suspend) return undefined
  const age = now - Date.parse(last)
  // If the integration cannot be read, its interval is unknown. Then only a read that is certainly too old counts.
  const interval = integration ? durationMs(integration.spec.sync.interval) : DAY_MS
  const limit = Math.max(durationMs(agent.spec.publish.staleAfter), 2 * interval)
  if (age <= limit) return undefined
  const message = `Its calendars were last read ${humanDuration(age)} ago, more than its publish.staleAfter: does the operator run?`
  return actionItem(agent, 'Stale', message, { since: last })
}

function expiringGrantItem(agent: Agent): ActionItem | undefined {
  const authorized = findCondition(agent.status?.conditions, 'Authorized')
  if (agent.spec.suspend || authorized?.reason !== 'GrantExpiresSoon') return undefined
  const by = agent.status?.authorization?.expiresAt
  return actionItem(agent, authorized.reason, authorized.message, by === undefined ? {} : { by })
}

function actionItem(
  object: CustomObject,
  reason: string,
  message: string,
  when: Pick<ActionItem, 'by' | 'since'>,
): ActionItem {
  const { kind, metadata } = object
  const url = kind === 'Agent' ? signInURL(object.status?.authorization) : undefined
  const common = { kind, namespace: metadata.namespace ?? '', name: metadata.name, reason, message }
  return { ...common, ...when, ...(url === undefined ? {} : { signInURL: url }) }
}

/** The sign-in link. An operator of another version may not set the field. */
function signInURL(authorization: object | undefined): string | undefined {
  const url = authorization && 'url' in authorization ? authorization.url : undefined
  return typeof url === 'string' && url !== '' ? url : undefined
}
