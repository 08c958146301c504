/**
 * The identity of the operator on a real API server: the ServiceAccount of deploy/rbac, with only the rights that are rendered
 * from there. With RBAC=namespaced it has the Role in each namespace of a journey, else the ClusterRole. The audit log of a run
 * is kept in the directory that AUDIT_LOGS names, and test/real/audit compares it with the roles.
 */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { vi } from 'vitest'
import { startRealKubernetes, type RealKubernetes } from '../../real/cluster.ts'

export type Mode = 'cluster-wide' | 'namespaced'

/** The namespace of the operator in deploy/, with its ServiceAccount, its Lease and its keys. */
export const OPERATOR_NAMESPACE = 'calendar-operator'
/** The user name of the ServiceAccount. A client certificate with this name has the same rights: RBAC compares names. */
export const OPERATOR_USER = `system:serviceaccount:${OPERATOR_NAMESPACE}:calendar-operator`

export const rolesMode: Mode = process.env.RBAC === 'namespaced' ? 'namespaced' : 'cluster-wide'

const RBAC = fileURLToPath(new URL('../../../deploy/rbac/', import.meta.url))

export interface GrantedKubernetes {
  kubernetes: RealKubernetes
  /** The kubeconfig of the operator. */
  operatorKubeconfig: string
  /** Gives the operator its rights in a new namespace. */
  serve(namespace: string): Promise<void>
}

/** Starts an API server with the shipped roles. */
export async function startGranted(mode: Mode, auditLogs = ''): Promise<GrantedKubernetes> {
  const auditLog = auditLogs === '' ? undefined : join(auditLogs, mode)
  const kubernetes = await startRealKubernetes({ controllerManager: true, auditLog })
  await kubernetes.kubectl('create', 'namespace', OPERATOR_NAMESPACE)
  await kubernetes.kubectl('apply', '-k', join(RBAC, 'common'))
  // For the journeys of several installations and of rings.
  await kubernetes.kubectl('apply', '-k', join(RBAC, 'leases'))
  if (mode === 'cluster-wide') await kubernetes.kubectl('apply', '-k', join(RBAC, 'cluster-wide'))
  await untilMay(kubernetes, 'create leases.coordination.k8s.io', OPERATOR_NAMESPACE)
  if (mode === 'cluster-wide') await untilMay(kubernetes, 'create events.events.k8s.io', 'default')
  return {
    kubernetes,
    operatorKubeconfig: await kubernetes.kubeconfig({ name: OPERATOR_USER }),
    async serve(namespace) {
      if (mode === 'cluster-wide') return
      await kubernetes.kubectl('apply', '-n', namespace, '-k', join(RBAC, 'namespaced'))
      await untilMay(kubernetes, 'create events.events.k8s.io', namespace)
    },
  }
}

/** Waits until RBAC's cache has the roles that were written. */
export async function untilMay(kubernetes: RealKubernetes, what: string, namespace: string): Promise<void> {
  const ask = ['auth', 'can-i', ...what.split(' '), '-n', namespace, '--as', OPERATOR_USER]
  await vi.waitFor(() => kubernetes.kubectl(...ask), 90_000)
}
