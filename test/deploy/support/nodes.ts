/**
 * What makes a control plane look like a cluster with nodes: KWOK, which plays the kubelets of two nodes by its own fast
 * stages (a pod on a node is running at once), and a scheduler that puts each pending pod on the next node. No container
 * runs, and no probe: what is proved is that the API server and the controllers do with our objects what they shall.
 */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Body, Client } from '../../contract/client.ts'
import { findPrograms } from '../../real/assets.ts'
import type { RealKubernetes } from '../../real/cluster.ts'
import { start } from '../../real/cluster/processes.ts'
import { findTool } from '../../real/tools.ts'
import { run } from './render.ts'

const NODES = ['node-a', 'node-b']
const MODULE = fileURLToPath(new URL('../../real/go/tools/kwok', import.meta.url))
const CHECK_INTERVAL_MS = 200

/** @returns what ends them. */
export async function addNodes(kubernetes: RealKubernetes): Promise<() => Promise<void>> {
  const directory = mkdtempSync(join(tmpdir(), 'kwok-'))
  const stages = join(directory, 'stages.yaml')
  writeFileSync(stages, await fastStages())
  const kubeconfig = await kubernetes.kubeconfig()
  const flags = ['--manage-all-nodes=true', '--node-port=0', '--server-address=', '--node-lease-duration-seconds=40']
  const log = join(directory, 'kwok.log')
  const env = { PATH: process.env.PATH, HOME: directory }
  const kwok = start(await findTool('kwok'), ['--kubeconfig', kubeconfig, '--config', stages, ...flags], log, env)
  for (const name of NODES) await kubernetes.apply(nodeOf(name))
  const client = await kubernetes.client()
  await kwok.until('nodes that are ready', async () => {
    const { body } = await client.request('GET', '/api/v1/nodes')
    return body.items?.every(isReady) ?? false
  })
  const stopScheduling = schedule(client)
  return async () => {
    await stopScheduling()
    await kwok.end('SIGKILL')
    rmSync(directory, { recursive: true, force: true })
  }
}

const nodeOf = (name: string): object => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name, labels: { 'kubernetes.io/hostname': name, 'topology.kubernetes.io/zone': `zone-of-${name}` } },
})

const isReady = ({ status }: Body): boolean => {
  const { conditions = [] } = (status ?? {}) as { conditions?: { type: string; status: string }[] }
  return conditions.some((condition) => condition.type === 'Ready' && condition.status === 'True')
}

/** Those that KWOK ships, from its module. */
async function fastStages(): Promise<string> {
  const options = { cwd: MODULE, env: { ...process.env, GOWORK: 'off' } }
  const { stdout } = await promisify(execFile)('go', ['mod', 'download', '-json', 'sigs.k8s.io/kwok'], options)
  const { Dir } = JSON.parse(stdout) as { Dir: string }
  const { kubectl } = await findPrograms()
  return run(kubectl, ['kustomize', join(Dir, 'kustomize/stage/fast')])
}

/** Binds what has no node yet. Answers what ends it. */
function schedule(client: Client): () => Promise<void> {
  const end = new AbortController()
  let bound = 0
  const look = async (): Promise<void> => {
    const { body } = await client.request('GET', '/api/v1/pods?fieldSelector=spec.nodeName%3D')
    for (const { metadata } of body.items ?? []) {
      const target = { apiVersion: 'v1', kind: 'Node', name: NODES[bound++ % NODES.length] }
      const path = `/api/v1/namespaces/${metadata.namespace ?? ''}/pods/${metadata.name}/binding`
      await client.request('POST', path, { apiVersion: 'v1', kind: 'Binding', metadata: { name: metadata.name }, target })
    }
  }
  const loop = (async () => {
    while (!end.signal.aborted) {
      await look().catch(() => undefined)
      await sleep(CHECK_INTERVAL_MS)
    }
  })()
  return async () => {
    end.abort()
    await loop
  }
}
