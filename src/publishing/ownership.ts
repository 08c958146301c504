/** Decides whether an object with the name of an output belongs to the Agent, and what to report if it does not. */
import { stepFailure, type StepFailure } from '../failures/step-failure.ts'
import type { KubernetesObject } from '../kubernetes/port.ts'
import { isReservedName } from '../resources/names.ts'
import { controllerOf, ownershipOfPublished, type Ownership, type PublishedRole } from '../resources/ownership.ts'
import { MINUTE_MS } from '../platform/time-units.ts'
import type { Agent } from '../resources/types.ts'
import type { PublishDeps } from './port.ts'
import type { ObjectName } from './published-object.ts'

const RECHECK_MS = 5 * MINUTE_MS

/** An object that an Agent publishes. */
export interface Target extends ObjectName {
  role: PublishedRole
  /** All keys that may be ours; those that are not wanted are removed. */
  keys: readonly string[]
}

const CALENDAR_KEYS = ['busy.json', 'busy.ics', 'events.json', 'events.ics']
const TOKEN_KEYS = ['access_token', 'expires_at', 'token_type']
/** The keys of both roles. If the spec has swapped names, an object may have had the other role before: then its keys are removed. */
export const OUR_KEYS: readonly string[] = [...CALENDAR_KEYS, ...TOKEN_KEYS]

/** Whether an existing object belongs to the Agent. */
export const ownershipOf = (deps: PublishDeps, agent: Agent, object: KubernetesObject, target: Target): Ownership =>
  ownershipOfPublished(object, agent, { role: target.role, isShared: () => isShared(deps, agent, target) })

/** Whether the spec of another object names this one, too, so that the name does not show who owns it. */
function isShared({ cluster }: PublishDeps, agent: Agent, { kind, name }: Target): boolean {
  const key = objectKey(agent, name)
  const agents = cluster.agents.byIndex(kind === 'Secret' ? 'secret' : 'configMap', key)
  const integrations = kind === 'Secret' ? cluster.integrations.byIndex('secret', key) : []
  return integrations.length > 0 || agents.some(({ metadata }) => metadata.uid !== agent.metadata.uid)
}

/** The failure for an object that belongs to somebody else, or whose name is reserved. */
export function conflictFailure(
  deps: PublishDeps,
  agent: Agent,
  object: KubernetesObject,
  target: Target,
): StepFailure {
  const what = `${target.kind} ${target.name}`
  const controller = controllerOf(object)
  if (controller?.kind === 'Agent' && controller.name === agent.metadata.name && !isReservedName(target.name)) {
    const message = `${what} still belongs to a deleted Agent of the same name; it is replaced once Kubernetes has removed it.`
    return stepFailure('Synced', 'PublishFailed', message, { kind: 'wait', for: RECHECK_MS })
  }
  const verdict = ownershipOf(deps, agent, object, target)
  const { whose = 'is somebody else’s', todo = 'delete it, or publish under another name' } =
    verdict.is === 'foreign' ? verdict : {}
  const message = `${what} ${whose} and is left alone: ${todo}.`
  const at = deps.clock.monotonic() + RECHECK_MS
  return stepFailure('Synced', 'PublishConflict', message, { kind: 'blocked', at })
}

/** `namespace/name` of an object next to the Agent. */
export const objectKey = ({ metadata }: Agent, name: string): string => `${metadata.namespace ?? ''}/${name}`
