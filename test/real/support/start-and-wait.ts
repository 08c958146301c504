// Starts a cluster, prints where it is, and waits to be killed.
import { dirname } from 'node:path'
import { startRealKubernetes } from '../cluster.ts'

const kubernetes = await startRealKubernetes({ definitions: false })
console.log(JSON.stringify({ url: kubernetes.url, directory: dirname(await kubernetes.kubeconfig()) }))
setInterval(() => undefined, 60_000)
