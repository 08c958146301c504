import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { startKubernetes } from '../../sandbox/kubernetes/server.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { crds } from '../../src/resources/generated/crds.ts'
import { findKubectl } from '../real/assets.ts'
import { connect } from './client.ts'
import { kubernetesContract } from './kubernetes.contract.ts'

kubernetesContract("the sandbox's Kubernetes", async () => {
  const sandbox = await startKubernetes({ clock: systemClock, crds })
  const directory = mkdtempSync(join(tmpdir(), 'sandbox-kubernetes-'))
  const kubeconfig = join(directory, 'kubeconfig')
  writeFileSync(kubeconfig, sandbox.kubeconfig(), { mode: 0o600 })
  const client = await connect(kubeconfig)
  const program = findKubectl()
  const env = { PATH: process.env.PATH, HOME: directory, KUBECONFIG: kubeconfig }
  return {
    client,
    kubectl: program
      ? async (...args: string[]) => (await promisify(execFile)(program, args, { env })).stdout
      : undefined,
    tooOld: async () => {
      const { body } = await client.request('GET', '/apis/calendar-operator.io/v1alpha1/agents')
      await client.request('POST', '/api/v1/namespaces', { metadata: { name: 'later' } })
      sandbox.compact()
      return body.metadata.resourceVersion
    },
    stop: async () => {
      await client.close()
      await sandbox.stop()
      rmSync(directory, { recursive: true, force: true })
    },
  }
})
