import { kubernetesContract } from '../contract/kubernetes.contract.ts'
import { startRealKubernetes } from './cluster.ts'

kubernetesContract('a real Kubernetes', async () => {
  const kubernetes = await startRealKubernetes({ controllerManager: true })
  return {
    client: await kubernetes.client(),
    kubectl: (...args) => kubernetes.kubectl(...args),
    // Before the definitions were installed, and so before the history of their objects begins.
    tooOld: () => Promise.resolve('1'),
    stop: () => kubernetes.stop(),
  }
})
