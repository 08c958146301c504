/**
 * As whom the operator runs on a real API server: the ServiceAccount of deploy/rbac, with what is rendered from there and
 * nothing else. RBAC=namespaced gives it the Role, once for each namespace of a world; else it has the ClusterRole. The
 * API server's audit log of a whole run is kept where AUDIT_LOGS says, and test/real/audit compares it with the roles.
 */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { vi } from 'vitest'
import { startRealKubernetes, type RealKubernetes } from '../../real/cluster.ts'

export type Mode = 'cluster-wide' | 'namespaced'

/** Where deploy/ puts the operator: its ServiceAccount, its Lease and its keys. */
export const OPERATOR_NAMESPACE = 'calendar-operator'
/** A client certificate of this name is what a token of the ServiceAccount is: RBAC compares names. */
export const OPERATOR_USER = `system:serviceaccount:${OPERATOR_NAMESPACE}:calendar-operator`

export const rolesMode: Mode = process.env.RBAC === 'namespaced' ? 'namespaced' : 'cluster-wide'

const RBAC = fileURLToPath(new URL('../../../deploy/rbac/', import.meta.url))

export interface GrantedKubernetes {
  kubernetes: RealKubernetes
  /** The kubeconfig of the operator. */
  operatorKubeconfig: string
  /** What a world does when it has made a namespace that the operator is to serve. */
  serve(namespace: string): Promise<void>
}

/** An API server with the shipped roles in it. */
export async function startGranted(mode: Mode, auditLogs = ''): Promise<GrantedKubernetes> {
  const auditLog = auditLogs === '' ? undefined : join(auditLogs, mode)
  const kubernetes = await startRealKubernetes({ controllerManager: true, auditLog })
  await kubernetes.kubectl('create', 'namespace', OPERATOR_NAMESPACE)
  await kubernetes.kubectl('apply', '-k', join(RBAC, 'common'))
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

/** RBAC reads its roles from a cache that follows the write. */
export async function untilMay(kubernetes: RealKubernetes, what: string, namespace: string): Promise<void> {
  const ask = ['auth', 'can-i', ...what.split(' '), '-n', namespace, '--as', OPERATOR_USER]
  await vi.waitFor(() => kubernetes.kubectl(...ask), 90_000)
}
