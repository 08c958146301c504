/** The Kubernetes of a journey: a sandbox of its own, or the real API server that a whole run shares. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startKubernetes, type SandboxKubernetes } from '../../../sandbox/kubernetes/server.ts'
import { crds } from '../../../src/resources/generated/crds.ts'
import type { ManualClock } from '../../support/clock.ts'
import { sharedAuthority, sharedValidator } from '../../support/shared-sandbox.ts'
import { rolesMode, startGranted, type GrantedKubernetes } from './roles.ts'

export const isReal = process.env.KUBERNETES === 'real'

/**
 * A bound on a duration by the world's clock, in ms. Where a real API server answers slowly, that clock runs on meanwhile: a bound
 * below a minute would judge the machine.
 */
export const withinMs = (ms: number): number => (isReal ? Math.max(ms, 60_000) : ms)

/** The time limit, in ms, of a test that takes longer than others. On a real API server all of them have minutes. */
export const limitMs = (ms: number): number => (isReal ? Math.max(ms, 300_000) : ms)

/** Whether the operator has rights, and works, only in the namespaces of its journey. */
export const isNamespaced = isReal && rolesMode === 'namespaced'

export interface Backend {
  sandbox: SandboxKubernetes | undefined
  real: GrantedKubernetes | undefined
  /** Paths of kubeconfigs: the test's own, and the operator's. */
  administrator: string
  kubeconfigPath: string
}

export async function startBackend(clock: ManualClock, directory: string): Promise<Backend> {
  if (isReal) {
    const real = await realKubernetes()
    const administrator = await real.kubernetes.kubeconfig()
    return { sandbox: undefined, real, administrator, kubeconfigPath: real.operatorKubeconfig }
  }
  const sandbox = await startKubernetes({
    clock,
    crds,
    validatorOf: sharedValidator,
    authority: await sharedAuthority(),
  })
  const path = join(directory, 'kubeconfig')
  await writeFile(path, sandbox.kubeconfig())
  return { sandbox, real: undefined, administrator: path, kubeconfigPath: path }
}

let shared: Promise<GrantedKubernetes> | undefined
/** One real API server for a whole run: each journey has its own namespace. */
function realKubernetes(): Promise<GrantedKubernetes> {
  shared ??= startGranted(rolesMode, process.env.AUDIT_LOGS)
  return shared
}
