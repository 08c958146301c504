/** Everything that is in a cluster and that somebody put there: to see what an installation brings, and what it leaves. */
import type { RealKubernetes } from '../../real/cluster.ts'
import { titleOf, type Manifest } from './render.ts'

/** What the control plane makes, renews and clears away by itself, in its own time. */
const OF_THE_CONTROL_PLANE = ['events', 'events.events.k8s.io', 'leases.coordination.k8s.io', 'apiservices.apiregistration.k8s.io']
  .concat(['endpoints', 'endpointslices.discovery.k8s.io', 'csinodes.storage.k8s.io', 'podmetrics.metrics.k8s.io'])
  .concat(['ipaddresses.networking.k8s.io'])

/** As `Deployment calendar-operator/calendar-operator`, sorted. */
export async function inventory(kubernetes: RealKubernetes): Promise<string[]> {
  const known = await kubernetes.kubectl('api-resources', '--verbs=list,delete', '--cached=false', '-o', 'name')
  const kinds = known.split('\n').filter((kind) => kind !== '' && !OF_THE_CONTROL_PLANE.includes(kind))
  const text = await kubernetes.kubectl('get', kinds.join(','), '--all-namespaces', '-o', 'json')
  const { items } = JSON.parse(text) as { items: Manifest[] }
  return items.map(titleOf).sort()
}
