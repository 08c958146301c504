/**
 * What stands under names that the spec no longer says, while the person is asked for more: whoever reads it goes on getting
 * what the person agreed to. It goes once they have answered, like everything that was published under another name.
 */
import { isStepFailure, type StepFailure } from '../failures/step-failure.ts'
import type { KubernetesObject } from '../kubernetes/port.ts'
import { ROLE_LABEL } from '../resources/names.ts'
import type { Agent } from '../resources/types.ts'
import { orphansOf, readOwned, writeOwned, type Target } from './owned-object.ts'
import type { PublishDeps } from './port.ts'
import { dataOf } from './published.ts'
import type { PublicationState, Published } from './state.ts'

/** Writes into each of them what now stands under the new name. Fails with an `ApiError`. */
export async function keepFormer(
  deps: PublishDeps,
  agent: Agent,
  state: PublicationState,
): Promise<StepFailure | undefined> {
  for (const object of orphansOf(deps, agent)) {
    const current = object.metadata.labels?.[ROLE_LABEL] === 'calendar' ? state.published : state.publishedToken
    const failed = current && (await follow(deps, agent, object, current))
    if (failed) return failed
  }
  return undefined
}

/** Only the keys that stand there already: it is to say nothing that it did not say before. */
async function follow(
  deps: PublishDeps,
  agent: Agent,
  { kind, metadata }: KubernetesObject,
  current: Published,
): Promise<StepFailure | undefined> {
  const role = metadata.labels?.[ROLE_LABEL]
  if ((kind !== 'ConfigMap' && kind !== 'Secret') || (role !== 'calendar' && role !== 'access-token')) return undefined
  const data = dataOf(current)
  const target: Target = { kind, name: metadata.name, role, keys: Object.keys(data) }
  const standing = await readOwned(deps, agent, target, undefined)
  if (!standing || isStepFailure(standing)) return standing
  const kept = Object.fromEntries(Object.entries(data).filter(([key]) => key in dataOf(standing)))
  const written = await writeOwned(deps, agent, { ...target, data: kept }, standing)
  return isStepFailure(written) ? written : undefined
}
