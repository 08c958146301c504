/**
 * Objects that an Agent published under names which its spec no longer contains. They are removed once everything that the spec
 * names is published. While the person is asked to consent to more, they are kept up to date instead, so that their readers still
 * get what the person has agreed to.
 */
import { isStepFailure } from '../failures/step-failure.ts'
import type { KubernetesObject } from '../kubernetes/port.ts'
import type { MaybePromise } from '../platform/maybe-promise.ts'
import { isReservedName, ROLE_LABEL } from '../resources/names.ts'
import { isOurs } from '../resources/ownership.ts'
import type { Agent } from '../resources/types.ts'
import { readData, readOwned, writeOwned } from './owned-object.ts'
import { objectKey, OUR_KEYS, type Target } from './ownership.ts'
import type { PublishDeps } from './port.ts'
import { isNamed, sameDigests, type ObjectName, type PublishedObject } from './published-object.ts'
import type { PublicationState } from './state.ts'

/**
 * Removes the former objects, unless an object that the spec names does not exist yet. Without any, which is usual, the result is no
 * promise. @throws ApiError
 */
export function removeFormerObjects(deps: PublishDeps, agent: Agent, state: PublicationState): MaybePromise<void> {
  const former = formerObjects(deps, agent)
  const { calendar, accessToken } = namesIn(agent)
  const isReplaced = exists(state.calendar, calendar) && exists(state.accessToken, accessToken)
  return former.length > 0 && isReplaced ? deleteAll(deps, former) : undefined
}

async function deleteAll({ cluster }: PublishDeps, objects: readonly KubernetesObject[]): Promise<void> {
  for (const object of objects) await cluster.delete(object)
}

/** Copies what is published under the new name into each former object, until one of them fails. @throws ApiError */
export async function updateFormerObjects(deps: PublishDeps, agent: Agent, state: PublicationState): Promise<void> {
  for (const object of formerObjects(deps, agent)) {
    const role = object.metadata.labels?.[ROLE_LABEL]
    const current = role === 'calendar' ? state.calendar : state.accessToken
    if (current && !(await update(deps, agent, object, current))) return
  }
}

/** Writes only the keys that the object already has, so that it does not reveal more. Returns whether that succeeded. */
async function update(
  deps: PublishDeps,
  agent: Agent,
  { kind, metadata }: KubernetesObject,
  current: PublishedObject,
): Promise<boolean> {
  const role = metadata.labels?.[ROLE_LABEL]
  if ((kind !== 'ConfigMap' && kind !== 'Secret') || (role !== 'calendar' && role !== 'access-token')) return true
  const target: Target = { kind, name: metadata.name, role, keys: Object.keys(current.digests) }
  const former = await readOwned(deps, agent, target, undefined)
  if (!former || isStepFailure(former)) return former === undefined
  const ofFormer = ([key]: [string, string]): boolean => key in former.digests
  if (sameDigests(former.digests, Object.fromEntries(Object.entries(current.digests).filter(ofFormer)))) return true
  const data = await readData(deps, agent, { ...current, role, keys: OUR_KEYS }, current)
  const kept = Object.fromEntries(Object.entries(data).filter(ofFormer))
  return !isStepFailure(await writeOwned(deps, agent, { ...target, data: kept }, former))
}

function formerObjects({ cluster }: PublishDeps, agent: Agent): KubernetesObject[] {
  const controller = objectKey(agent, agent.metadata.uid ?? '')
  return [cluster.secrets, cluster.configMaps].flatMap((store) =>
    store.byIndex('controller', controller).filter((object) => !isWanted(agent, object) && isPublished(object)),
  )
}

/** Whether the spec names the object. */
function isWanted({ spec }: Agent, { kind, metadata: { name } }: KubernetesObject): boolean {
  const { calendar, accessToken } = spec.publish
  return (calendar?.kind === kind && calendar.name === name) || (kind === 'Secret' && accessToken?.name === name)
}

function namesIn({ spec }: Agent): Record<'calendar' | 'accessToken', ObjectName | undefined> {
  const { calendar, accessToken } = spec.publish
  return { calendar, accessToken: accessToken && { kind: 'Secret', name: accessToken.name } }
}

const exists = (known: PublishedObject | null | undefined, named: ObjectName | undefined): boolean =>
  named === undefined || (known ? isNamed(known, named) : false)

/** Whether an object has the role of a published object, or none (version 0.1.0). It never matches grants and keys. */
const isPublished = (object: KubernetesObject): boolean =>
  isOurs(object) &&
  !isReservedName(object.metadata.name) &&
  [undefined, 'calendar', 'access-token'].includes(object.metadata.labels?.[ROLE_LABEL])
