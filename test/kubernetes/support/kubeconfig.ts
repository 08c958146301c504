import { parseKubeconfig } from '../../../src/kubernetes/kubeconfig-file.ts'
import { resolveKubeconfig, type ClusterConfig, type KubeconfigSources } from '../../../src/kubernetes/kubeconfig.ts'

interface Entries {
  cluster: object
  user?: object
  namespace?: string
}

/** A kubeconfig with one context, as an object: JSON is YAML. */
const kubeconfigOf = ({ cluster, user = {}, namespace }: Entries): object => ({
  apiVersion: 'v1',
  kind: 'Config',
  clusters: [{ name: 'here', cluster }],
  users: [{ name: 'me', user }],
  contexts: [{ name: 'here', context: { cluster: 'here', user: 'me', namespace } }],
  'current-context': 'here',
})

/** What such a kubeconfig says. */
export const configOf = (entries: Entries, sources: Partial<KubeconfigSources> = {}): ClusterConfig =>
  resolveKubeconfig([parseKubeconfig(JSON.stringify(kubeconfigOf(entries)), '/etc/kubeconfig')], {
    env: {},
    ...sources,
  })
