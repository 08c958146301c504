/** The first look at the integrations, after a start. */
import type { Cluster, Key } from '../kubernetes/port.ts'
import { keyOf } from '../kubernetes/port.ts'
import type { Clock } from '../platform/clock.ts'
import type { IntegrationRegistry } from './port.ts'

/** An integration that cannot be looked at must not hold up the Agents of the others. */
const LONGEST_MS = 1_000

interface FirstLookDeps {
  cluster: Pick<Cluster, 'integrations'>
  integrations: Pick<IntegrationRegistry, 'get' | 'onEntry'>
  clock: Pick<Clock, 'setTimer'>
}

/**
 * Resolves when all integrations that Agents can use have been reconciled once, or after a second. An Agent that is reconciled before its
 * integration finds nothing to do yet, and has to be reconciled again.
 */
export function afterFirstLook({ cluster, integrations, clock }: FirstLookDeps): Promise<void> {
  const awaited = new Set<Key>()
  for (const integration of cluster.integrations.list()) {
    const key = keyOf(integration)
    const isUsable = !integration.spec.suspend && integration.metadata.deletionTimestamp === undefined
    if (isUsable && !integrations.get(key)) awaited.add(key)
  }
  if (awaited.size === 0) return Promise.resolve()
  return new Promise((resolve) => {
    const cancel = clock.setTimer(LONGEST_MS, resolve)
    // It stays: there is one for the life of the process, and once all were seen it has nothing to do.
    integrations.onEntry((key) => {
      awaited.delete(key)
      if (awaited.size > 0) return
      cancel()
      resolve()
    })
  })
}
