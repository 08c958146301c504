import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { start } from './cluster/processes.ts'
import { startRealKubernetes } from './cluster.ts'
import type { RealKubernetes } from './cluster.ts'

const integration = (name: string) => ({
  apiVersion: 'calendar-operator.io/v1alpha1',
  kind: 'CalendarIntegration',
  metadata: { name, namespace: 'default' },
  spec: { google: { clientSecretRef: { name: 'client' }, siteURI: 'https://booking.example.com' } },
})

const READER = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRole',
  metadata: { name: 'reader' },
  rules: [{ apiGroups: ['calendar-operator.io'], resources: ['calendarintegrations'], verbs: ['get', 'list'] }],
}

const READER_BINDING = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRoleBinding',
  metadata: { name: 'reader' },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'reader' },
  subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'readers' }],
}

describe('a real Kubernetes', () => {
  let kubernetes: RealKubernetes
  beforeAll(async () => {
    kubernetes = await startRealKubernetes()
  })
  afterAll(() => kubernetes.stop())

  it('lets a user do what a role of the user’s group allows, and no more', async () => {
    await kubernetes.apply(READER, READER_BINDING, integration('roles'))
    const kubeconfig = await kubernetes.kubeconfig({ name: 'rita', groups: ['readers'] })
    const asRita = (...args: string[]) => kubernetes.kubectl('--kubeconfig', kubeconfig, ...args)
    // RBAC reads its roles from a cache that follows the write.
    await vi.waitFor(async () => expect(await asRita('get', 'calint', '-o', 'name')).toContain('/roles'), 90_000)
    await expect(asRita('delete', 'calint', 'roles')).rejects.toThrow('User "rita" cannot delete resource')
    await expect(asRita('get', 'secrets')).rejects.toThrow('(Forbidden)')
  })

  it('writes requests and users into the audit log', async () => {
    const kubeconfig = await kubernetes.kubeconfig({ name: 'nobody' })
    await expect(kubernetes.kubectl('--kubeconfig', kubeconfig, 'get', 'secret', 'a')).rejects.toThrow('(Forbidden)')
    await vi.waitFor(() => {
      const denied = kubernetes
        .auditEvents()
        .filter((event) => event.user.username === 'nobody' && event.objectRef?.name)
      expect(denied).toMatchObject([
        { verb: 'get', objectRef: { resource: 'secrets', name: 'a' }, responseStatus: { code: 403 } },
      ])
    }, 90_000)
  })

  it('comes back after a crash on the same port with its objects', async () => {
    await kubernetes.apply(integration('crash'))
    const kubeconfig = await kubernetes.kubeconfig()
    await kubernetes.killApiServer()
    await expect(kubernetes.kubectl('--kubeconfig', kubeconfig, 'get', 'calint')).rejects.toThrow('refused')
    await kubernetes.restartApiServer()
    // It is ready before it serves our kinds again.
    const names = () => kubernetes.kubectl('--kubeconfig', kubeconfig, 'get', 'calint', '-o', 'name')
    await vi.waitFor(async () => expect(await names()).toContain('/crash'), 90_000)
  })
})

describe('a program that does not start', () => {
  let log: string
  beforeAll(() => {
    log = join(mkdtempSync(join(tmpdir(), 'program-')), 'log')
  })
  afterAll(() => rmSync(dirname(log), { recursive: true, force: true }))

  it('is reported with how it ended and its last output', async () => {
    const program = start('sh', ['-c', 'echo bind: address already in use >&2; exit 3'], log)
    const waited = program.until('/readyz', () => Promise.resolve(false))
    await expect(waited).rejects.toThrow(/sh: \/readyz was waited for, exit code 3:\n.*address already in use/)
    await program.end('SIGTERM')
  })

  it('is reported if it does not exist', async () => {
    const program = start(join(dirname(log), 'nothing'), [], log)
    await expect(program.until('/readyz', () => Promise.resolve(false))).rejects.toThrow('ENOENT')
  })

  it('is reported when its time is up, and can be stopped', async () => {
    const program = start('sleep', ['60'], log)
    await expect(program.until('/readyz', () => Promise.resolve(false), 100)).rejects.toThrow('nothing in 0.1 s')
    await program.end('SIGKILL')
    expect(program.ended).toBe('SIGKILL')
  })
})

it('leaves no process and no file behind if the process that started it is killed', async () => {
  const starter = fileURLToPath(new URL('support/start-and-wait.ts', import.meta.url))
  const child = spawn(process.execPath, ['--import', 'tsx', starter], { stdio: ['ignore', 'pipe', 'inherit'] })
  let line = ''
  for await (line of createInterface({ input: child.stdout })) break
  const { url, directory } = JSON.parse(line) as { url: string; directory: string }
  expect(await reachable(url)).toBe(true)
  child.kill('SIGKILL')
  await vi.waitFor(async () => {
    expect(await reachable(url)).toBe(false)
    expect(existsSync(directory)).toBe(false)
  }, 90_000)
})

/** Whether something answers there, were it only with a certificate that we don't trust. */
async function reachable(url: string): Promise<boolean> {
  try {
    await fetch(url)
    return true
  } catch (error) {
    return ((error as Error).cause as NodeJS.ErrnoException).code !== 'ECONNREFUSED'
  }
}
