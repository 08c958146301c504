/**
 * Objects that an Agent published under names which its spec no longer says. They are removed once everything that the spec
 * says is published. While the person is asked to consent to more, they are kept up to date instead: their readers still get
 * what the person has agreed to.
 */
import { isStepFailure } from '../failures/step-failure.ts'
import type { KubernetesObject } from '../kubernetes/port.ts'
import { isReservedName, ROLE_LABEL } from '../resources/names.ts'
import { isOurs } from '../resources/ownership.ts'
import type { Agent } from '../resources/types.ts'
import { readOwned, writeOwned } from './owned-object.ts'
import type { Target } from './ownership.ts'
import type { PublishDeps } from './port.ts'
import { dataOf, isNamed, type ObjectName, type PublishedObject } from './published-object.ts'
import type { PublicationState } from './state.ts'

/** Removes the former objects, unless something that the spec names does not exist yet. @throws ApiError */
export async function removeFormerObjects(deps: PublishDeps, agent: Agent, state: PublicationState): Promise<void> {
  const { calendar, accessToken } = namesIn(agent)
  if (!exists(state.calendar, calendar) || !exists(state.accessToken, accessToken)) return
  for (const object of formerObjects(deps, agent)) await deps.cluster.delete(object)
}

/** Writes into each former object what is published under the new name. The first failure ends it. @throws ApiError */
export async function updateFormerObjects(deps: PublishDeps, agent: Agent, state: PublicationState): Promise<void> {
  for (const object of formerObjects(deps, agent)) {
    const role = object.metadata.labels?.[ROLE_LABEL]
    const current = role === 'calendar' ? state.calendar : state.accessToken
    if (current && !(await update(deps, agent, object, current))) return
  }
}

/** Writes only the keys that the object has already: it must not say more than before. Returns whether that succeeded. */
async function update(
  deps: PublishDeps,
  agent: Agent,
  { kind, metadata }: KubernetesObject,
  current: PublishedObject,
): Promise<boolean> {
  const role = metadata.labels?.[ROLE_LABEL]
  if ((kind !== 'ConfigMap' && kind !== 'Secret') || (role !== 'calendar' && role !== 'access-token')) return true
  const data = dataOf(current)
  const target: Target = { kind, name: metadata.name, role, keys: Object.keys(data) }
  const former = await readOwned(deps, agent, target, undefined)
  if (!former || isStepFailure(former)) return former === undefined
  const before = dataOf(former)
  const kept = Object.fromEntries(Object.entries(data).filter(([key]) => key in before))
  return !isStepFailure(await writeOwned(deps, agent, { ...target, data: kept }, former))
}

function formerObjects({ cluster }: PublishDeps, agent: Agent): KubernetesObject[] {
  const named = Object.values(namesIn(agent)).flatMap((one) => (one ? [`${one.kind}/${one.name}`] : []))
  const controlled = [cluster.secrets, cluster.configMaps].flatMap((store) =>
    store.byIndex('controller', agent.metadata.uid ?? ''),
  )
  return controlled.filter((object) => isPublished(object) && !named.includes(`${object.kind}/${object.metadata.name}`))
}

function namesIn({ spec }: Agent): Record<'calendar' | 'accessToken', ObjectName | undefined> {
  const { calendar, accessToken } = spec.publish
  return { calendar, accessToken: accessToken && { kind: 'Secret', name: accessToken.name } }
}

const exists = (known: PublishedObject | null | undefined, named: ObjectName | undefined): boolean =>
  named === undefined || (known ? isNamed(known, named) : false)

/** Made by version 0.1.0, or of a role that is published: never a grant or a key, whatever owner reference it has. */
const isPublished = (object: KubernetesObject): boolean =>
  isOurs(object) &&
  !isReservedName(object.metadata.name) &&
  [undefined, 'calendar', 'access-token'].includes(object.metadata.labels?.[ROLE_LABEL])
