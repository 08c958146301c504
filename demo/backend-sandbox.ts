/** A backend of the demo: the sandbox's Kubernetes API, in this process. */
import { startKubernetes } from '../sandbox/kubernetes/server.ts'
import { crds } from '../src/resources/generated/crds.ts'
import type { Backend } from './kubernetes.ts'

const clock = {
  now: () => Date.now(),
  setTimer(delayMs: number, fire: () => void) {
    const timer = setTimeout(fire, delayMs)
    return () => clearTimeout(timer)
  },
}

/** Starts the sandbox's Kubernetes API. */
export async function sandboxBackend(namespace: string): Promise<Backend> {
  const sandbox = await startKubernetes({ clock, crds })
  return {
    name: 'a small Kubernetes API',
    kubeconfig: () => Promise.resolve(sandbox.kubeconfig({ namespace })),
    requests: (userAgent) => sandbox.requests({ userAgent }),
    resetRequests: () => sandbox.resetRequests(),
    stop: () => sandbox.stop(),
  }
}
