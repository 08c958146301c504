/** The Kubernetes under a journey's world: a sandbox of its own, or the real API server that a whole run shares. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startKubernetes, type SandboxKubernetes } from '../../../sandbox/kubernetes/server.ts'
import { crds } from '../../../src/resources/generated/crds.ts'
import type { ManualClock } from '../../support/clock.ts'
import { rolesMode, startGranted, type GrantedKubernetes } from './roles.ts'

export const isReal = process.env.KUBERNETES === 'real'

/** The operator has rights, and is asked to work, in its world's namespaces only. */
export const isNamespaced = isReal && rolesMode === 'namespaced'

export interface Backend {
  sandbox: SandboxKubernetes | undefined
  real: GrantedKubernetes | undefined
  /** Paths of kubeconfigs: whose hands the test's own are, and the operator's. */
  administrator: string
  kubeconfigPath: string
}

export async function startBackend(clock: ManualClock, directory: string): Promise<Backend> {
  if (isReal) {
    const real = await realKubernetes()
    const administrator = await real.kubernetes.kubeconfig()
    return { sandbox: undefined, real, administrator, kubeconfigPath: real.operatorKubeconfig }
  }
  const sandbox = await startKubernetes({ clock, crds })
  const path = join(directory, 'kubeconfig')
  await writeFile(path, sandbox.kubeconfig())
  return { sandbox, real: undefined, administrator: path, kubeconfigPath: path }
}

let shared: Promise<GrantedKubernetes> | undefined
/** One real API server for a whole run: each world has a namespace of its own. */
function realKubernetes(): Promise<GrantedKubernetes> {
  shared ??= startGranted(rolesMode, process.env.AUDIT_LOGS)
  return shared
}
