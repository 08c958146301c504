/** What we make of a pod for a runtime: each promise of a manifest is kept, or the manifest is refused. */
import { describe, expect, test } from 'vitest'
import type { ImageConfig } from './support/build.ts'
import { runtimeOf, type Container, type Pod } from './support/pod.ts'
import { requireTools, type Machine } from './support/tools.ts'

const IMAGE: ImageConfig = {
  architecture: 'amd64',
  os: 'linux',
  config: { User: '65532:65532', Env: ['NODE_ENV=production'], Entrypoint: ['node', 'main.js'], Cmd: ['run'] },
  rootfs: { diff_ids: [] },
}

function pod(container: Partial<Container> = {}, spec: Partial<Pod['spec']> = {}): Pod {
  const metadata = { name: 'calendar-operator-1', namespace: 'calendar-operator' }
  return { metadata, spec: { ...spec, containers: [{ name: 'calendar-operator', ...container }] } }
}

const made = (one: Pod, config: ImageConfig['config'] = IMAGE.config) =>
  runtimeOf(one, { image: { ...IMAGE, config }, serviceAccount: '/account', env: { ADDED: 'yes' } })

describe('a pod', () => {
  test('that says nothing has the image’s user and command, a root to write to and the ordinary capabilities', () => {
    const { process, root } = made(pod())
    expect(process.user).toEqual({ uid: 65532, gid: 65532 })
    expect(process.args).toEqual(['node', 'main.js', 'run'])
    expect(process.capabilities.effective).toContain('CAP_NET_RAW')
    expect([process.noNewPrivileges, root.readonly]).toEqual([false, false])
  })

  test('that drops ALL has no capabilities but those that it adds', () => {
    const capabilities = { drop: ['ALL'], add: ['NET_BIND_SERVICE'] }
    const { process } = made(pod({ securityContext: { capabilities } }))
    expect(process.capabilities.bounding).toEqual(['CAP_NET_BIND_SERVICE'])
  })

  test('goes before the image with its user, and its container before the pod', () => {
    const securityContext = { runAsUser: 1000, runAsGroup: 2000 }
    const { process } = made(pod({ securityContext: { runAsUser: 3000 } }, { securityContext }))
    expect(process.user).toEqual({ uid: 3000, gid: 2000 })
  })

  test('with runAsNonRoot refuses an image whose user is root, missing, or not a number', () => {
    for (const User of [undefined, '0', 'root', 'nonroot']) {
      const image = { ...IMAGE.config, User }
      expect(() => made(pod({}, { securityContext: { runAsNonRoot: true } }), image)).toThrow('runAsNonRoot')
    }
  })

  test('replaces the image’s arguments, and its whole command by a command', () => {
    expect(made(pod({ args: ['status'] })).process.args).toEqual(['node', 'main.js', 'status'])
    expect(made(pod({ command: ['sleep'] })).process.args).toEqual(['sleep'])
  })

  test('gets its own name and namespace into the environment, and nothing that we do not know', () => {
    const field = (fieldPath: string) => [{ name: 'POD', valueFrom: { fieldRef: { fieldPath } } }]
    expect(made(pod({ env: field('metadata.namespace') })).process.env).toContain('POD=calendar-operator')
    expect(() => made(pod({ env: field('status.podIP') }))).toThrow('status.podIP')
  })

  test('has its service account mounted read-only, an emptyDir in memory, and no other volume', () => {
    const mountOf = (volume: object) =>
      made(pod({ volumeMounts: [{ name: 'v', mountPath: '/v' }] }, { volumes: [{ name: 'v', ...volume }] })).mounts
    expect(mountOf({ projected: {} })).toMatchObject([{ source: '/account', options: ['bind', 'ro'] }])
    expect(mountOf({ emptyDir: {} })).toMatchObject([{ destination: '/v', type: 'tmpfs' }])
    expect(() => mountOf({ hostPath: {} })).toThrow('volume v: expected projected or emptyDir, found name, hostPath')
  })

  test('has its limit of memory in bytes', () => {
    const limit = (memory: string) => made(pod({ resources: { limits: { memory } } })).linux.memoryBytes
    expect([limit('512Mi'), limit('1G'), limit('4096')]).toEqual([2 ** 29, 1e9, 4096])
    expect(() => limit('half')).toThrow('found half')
  })
})

describe('a machine', () => {
  const installed: string[] = []
  const machine = (changes: Partial<Machine>): Machine => ({
    platform: 'linux',
    root: true,
    ci: false,
    has: (tool) => !['buildah', 'umoci'].includes(tool),
    install: (tools) => void installed.push(...tools),
    ...changes,
  })

  test('without the programs reports which packages to install', () => {
    expect(() => requireTools(machine({}))).toThrow(/needs buildah, umoci\..*apt-get install \S+ buildah umoci$/)
  })

  test('of a CI gets them, if there is apt-get', () => {
    requireTools(machine({ ci: true }))
    expect(installed).toEqual(['buildah', 'umoci'])
    expect(() => requireTools(machine({ ci: true, has: () => false }))).toThrow('apt-get install')
  })

  test('that has them all is left unchanged, and one that cannot use them reports that', () => {
    expect(() => requireTools(machine({ has: () => true }))).not.toThrow()
    expect(() => requireTools(machine({ root: false }))).toThrow('as root')
    expect(() => requireTools(machine({ platform: 'darwin' }))).toThrow('Linux only')
  })
})
