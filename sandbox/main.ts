/**
 * Runs the sandbox: a simulated Google and a small Kubernetes API, both on loopback and on the real clock. It writes a
 * kubeconfig, prints the addresses, and runs until a signal. Then everything in it is gone. See docs/sandbox.md.
 */
import { chmod, mkdir, rm, rmdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { parseArgs } from 'node:util'
import { crds } from '../src/resources/generated/crds.ts'
import { startGoogle } from './google/google.ts'
import { startKubernetes } from './kubernetes/server.ts'

const { values } = parseArgs({
  options: {
    kubeconfig: { type: 'string', default: '.sandbox/kubeconfig' },
    namespace: { type: 'string', default: 'booking' },
    'google-port': { type: 'string', default: '0' },
    'kubernetes-port': { type: 'string', default: '0' },
  },
})

const clock = {
  now: () => Date.now(),
  setTimer(delayMs: number, fire: () => void) {
    const timer = setTimeout(fire, delayMs)
    return () => clearTimeout(timer)
  },
}

const ended = new Promise((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, resolve)
})
const { kubeconfig, namespace } = values
const google = await startGoogle({ clock, port: Number(values['google-port']) })
const kubernetes = await startKubernetes({ clock, crds, port: Number(values['kubernetes-port']) })
kubernetes.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } })
await mkdir(dirname(kubeconfig), { recursive: true })
await writeFile(kubeconfig, kubernetes.kubeconfig({ namespace }), { mode: 0o600 })
await chmod(kubeconfig, 0o600)

console.log(`Kubernetes  ${kubernetes.url}   export KUBECONFIG=${kubeconfig}
Google      ${google.url}    open it in a browser; POST ${google.url}/_control/… drives it

node dist/main.js run --google-accounts-url=${google.url} --google-oauth-url=${google.url} --google-api-url=${google.url}

Ctrl-C ends it, and everything in it is gone.`)

await ended
await rm(kubeconfig, { force: true })
// Removes the folder too, unless there is something else in it.
await rmdir(dirname(kubeconfig)).catch(() => undefined)
await Promise.all([google.close(), kubernetes.stop()])
process.exit(0)
