/** A backend of the demo: a real kube-apiserver with etcd, started as the tests start it. */
import { readFile } from 'node:fs/promises'
import { parse, stringify } from 'yaml'
import { startRealKubernetes, type AuditEvent } from '../test/real/cluster.ts'
import type { Backend, RequestCount } from './kubernetes.ts'

interface Kubeconfig {
  contexts: { context: { namespace?: string } }[]
}

/** Starts a real kube-apiserver. */
export async function realBackend(namespace: string): Promise<Backend> {
  const cluster = await startRealKubernetes()
  let seen = 0
  return {
    name: 'a real kube-apiserver with etcd',
    async kubeconfig() {
      const config = parse(await readFile(await cluster.kubeconfig(), 'utf8')) as Kubeconfig
      for (const { context } of config.contexts) context.namespace = namespace
      return stringify(config)
    },
    requests: (userAgent) => counted(cluster.auditEvents().slice(seen), userAgent),
    resetRequests() {
      seen = cluster.auditEvents().length
    },
    stop: () => cluster.stop(),
  }
}

function counted(events: readonly AuditEvent[], wanted: string): RequestCount[] {
  const counts = new Map<string, RequestCount>()
  for (const { verb, objectRef, userAgent = '', stage } of events) {
    // The audit log has a second entry when a watch ends.
    if (!userAgent.startsWith(wanted) || (verb === 'watch' && stage !== 'ResponseStarted')) continue
    const resource = [objectRef?.resource ?? 'other', objectRef?.subresource].filter(Boolean).join('/')
    const one = counts.get(`${verb} ${resource}`) ?? { verb, resource, count: 0 }
    counts.set(`${verb} ${resource}`, { ...one, count: one.count + 1 })
  }
  return [...counts.values()]
}
