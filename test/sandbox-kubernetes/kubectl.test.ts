import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { afterEach, describe, expect, it } from 'vitest'
import { findKubectl } from '../real/assets.ts'
import { agent, started, type Harness } from './harness.ts'

// What the statements in `test/contract` do not cover of kubectl, or what only the sandbox does.
const program = findKubectl()
const directories: string[] = []
afterEach(() => directories.splice(0).forEach((directory) => rmSync(directory, { recursive: true, force: true })))

interface KubectlHarness extends Harness {
  env: NodeJS.ProcessEnv
  file: (name: string, text: string) => string
  kubectl: (...args: string[]) => Promise<string>
}

async function kubectlIn(): Promise<KubectlHarness> {
  const harness = await started()
  const directory = mkdtempSync(join(tmpdir(), 'kubectl-'))
  directories.push(directory)
  const file = (name: string, text: string): string => {
    writeFileSync(join(directory, name), text, { mode: 0o700 })
    return join(directory, name)
  }
  const kubeconfig = file('kubeconfig', harness.sandbox.kubeconfig({ namespace: 'booking' }))
  const env = { PATH: process.env.PATH, HOME: directory, KUBECONFIG: kubeconfig }
  const kubectl = async (...args: string[]) => (await promisify(execFile)(program ?? '', args, { env })).stdout
  return { ...harness, env, file, kubectl }
}

describe.skipIf(!program)(`kubectl${program ? '' : ' (skipped: it is not installed)'}`, () => {
  it('explains a field, and lists the kinds with short names and categories', async () => {
    const { kubectl } = await kubectlIn()
    expect(await kubectl('explain', 'agt.spec.publish.staleAfter')).toContain('may be trusted')
    expect(await kubectl('explain', 'secret.metadata.finalizers')).toContain('<[]string>')
    expect(await kubectl('api-resources', '--categories=calendar', '-o', 'name')).toBe(
      'agents.calendar-operator.io\nbookings.calendar-operator.io\ncalendarintegrations.calendar-operator.io\n',
    )
  })

  it('creates a namespace, a Secret and a ConfigMap by its own commands', async () => {
    const { kubectl, sandbox } = await kubectlIn()
    await kubectl('create', 'namespace', 'other')
    await kubectl('create', 'secret', 'generic', 'client', '--namespace=other', '--from-literal=client_id=x')
    await kubectl('create', 'configmap', 'settings', '--namespace=other', '--from-literal=a=b')
    expect(sandbox.get('Secret', 'other', 'client')).toMatchObject({ type: 'Opaque', data: { client_id: 'eA==' } })
    expect(sandbox.get('ConfigMap', 'other', 'settings')).toMatchObject({ data: { a: 'b' } })
    expect(await kubectl('get', 'namespace', 'other', '--no-headers')).toMatch(/^other +Active/)
  })

  it('applies core kinds by strategic merge: what a manifest drops is removed, what others added stays', async () => {
    const { kubectl, sandbox, file } = await kubectlIn()
    const manifest = (data: object): string =>
      file(
        'secret.json',
        JSON.stringify({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 's', labels: { a: 'b' } }, data }),
      )
    await kubectl('apply', '-f', manifest({ one: 'MQ==', two: 'Mg==' }))
    const target = { kind: 'Secret', namespace: 'booking', name: 's' }
    sandbox.patch(target, { data: { three: 'Mw==' }, metadata: { finalizers: ['x.io/y'] } })
    expect(await kubectl('apply', '-f', manifest({ one: 'MQ==' }))).toBe('secret/s configured\n')
    expect(await kubectl('apply', '-f', manifest({ one: 'MQ==' }))).toBe('secret/s unchanged\n')
    expect(sandbox.get('Secret', 'booking', 's')).toMatchObject({
      data: { one: 'MQ==', three: 'Mw==' },
      metadata: { finalizers: ['x.io/y'] },
    })
  })

  it('installs our definitions with apply, and shows why others are refused', async () => {
    const { kubectl, sandbox } = await kubectlIn()
    sandbox.delete('CustomResourceDefinition', undefined, 'agents.calendar-operator.io')
    await sandbox.idle()
    await kubectl('apply', '-f', 'crds/')
    await kubectl('wait', '--for=condition=Established', 'crd', '--all', '--timeout=60s')
    expect(sandbox.apply(agent('alice'))).toHaveLength(1)
  })

  it('shows that server-side apply and kinds that the sandbox lacks are refused', async () => {
    const { kubectl, file } = await kubectlIn()
    const manifest = file('agent.json', JSON.stringify(agent('alice')))
    await expect(kubectl('apply', '--server-side', '-f', manifest)).rejects.toThrow(
      "this sandbox doesn't do server-side apply",
    )
    await expect(kubectl('create', 'serviceaccount', 'x')).rejects.toThrow("this sandbox doesn't hold serviceaccounts")
  })

  it('edits, and waits for a deletion that a finalizer delays', async () => {
    const { kubectl, sandbox, env, file } = await kubectlIn()
    sandbox.apply(agent('alice', {}, { finalizers: ['calendar-operator.io/revoke'] }))
    env.EDITOR = file('editor.sh', '#!/bin/sh\nsed -i "s/deletionPolicy: Retain/deletionPolicy: Revoke/" "$1"\n')
    await kubectl('edit', 'agent', 'alice')
    expect(sandbox.get('Agent', 'booking', 'alice')).toMatchObject({
      spec: { deletionPolicy: 'Revoke' },
      metadata: { generation: 2 },
    })
    const deleted = kubectl('delete', 'agent', 'alice', '--timeout=60s')
    await untilWritten(sandbox, 'alice')
    expect(await kubectl('get', 'agent', 'alice', '-o', 'jsonpath={.metadata.deletionTimestamp}')).toBe(
      '2026-11-23T10:00:00Z',
    )
    sandbox.patch({ kind: 'Agent', namespace: 'booking', name: 'alice' }, { metadata: { finalizers: null } })
    expect(await deleted).toContain('agent.calendar-operator.io "alice" deleted')
  })

  it('watches, with one line for each change', async () => {
    const { sandbox, env } = await kubectlIn()
    sandbox.apply(agent('alice'))
    const watching = spawn(program ?? '', ['get', 'agents', '--watch', '-o', 'name'], { env })
    const lines = createInterface({ input: watching.stdout })[Symbol.asyncIterator]()
    expect((await lines.next()).value).toBe('agent.calendar-operator.io/alice')
    sandbox.apply(agent('bob'))
    expect((await lines.next()).value).toBe('agent.calendar-operator.io/bob')
    watching.kill()
    await once(watching, 'exit')
  })
})

/** Resolves at the next write that marks an Agent as being deleted. */
function untilWritten(sandbox: Harness['sandbox'], name: string): Promise<void> {
  return new Promise((resolve) => {
    const stop = sandbox.onWrite(({ current: { object } }) => {
      if (object.metadata.name !== name || object.metadata.deletionTimestamp === undefined) return
      stop()
      resolve()
    })
  })
}
