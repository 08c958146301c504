/**
 * What a node would make of a pod with one container: the process, its rights, its file system and its limits, as a runtime
 * is told of them (config.json of the OCI runtime specification). Pure. It knows what our manifests use, and refuses what
 * it doesn't know, so that nothing in them goes by untested. Not done: seccomp profiles, a network of its own.
 */
import type { ImageConfig } from './build.ts'

export interface Pod {
  metadata: { name: string; namespace: string }
  spec: {
    securityContext?: SecurityContext
    containers: Container[]
    volumes?: ({ name: string } & Record<string, unknown>)[]
  }
}

interface SecurityContext {
  runAsNonRoot?: boolean
  runAsUser?: number
  runAsGroup?: number
  seccompProfile?: { type: string }
}

export interface Container {
  name: string
  command?: string[]
  args?: string[]
  workingDir?: string
  env?: { name: string; value?: string; valueFrom?: { fieldRef?: { fieldPath: string } } }[]
  ports?: { name?: string; containerPort: number }[]
  livenessProbe?: Probe
  readinessProbe?: Probe
  resources?: { limits?: Record<string, string> }
  volumeMounts?: { name: string; mountPath: string }[]
  securityContext?: SecurityContext & {
    allowPrivilegeEscalation?: boolean
    readOnlyRootFilesystem?: boolean
    privileged?: boolean
    capabilities?: { drop?: string[]; add?: string[] }
  }
}

export interface Probe {
  httpGet?: { path: string; port: string | number }
}

interface Mount {
  destination: string
  type: string
  source: string
  options: string[]
}

/** The part of config.json that we set. */
export interface Runtime {
  process: {
    terminal: boolean
    user: { uid: number; gid: number }
    args: string[]
    env: string[]
    cwd: string
    capabilities: Record<'bounding' | 'effective' | 'inheritable' | 'permitted' | 'ambient', string[]>
    noNewPrivileges: boolean
  }
  root: { path: string; readonly: boolean }
  mounts: Mount[]
  linux: { memoryBytes: number | undefined }
}

interface Surroundings {
  image: ImageConfig
  /** A directory with what a projected volume of a service account holds. */
  serviceAccount: string
  /** The node adds the address of the API server. A test adds the address of Google. */
  env: Record<string, string>
}

/** The capabilities that containerd grants if none is dropped. */
const ORDINARY = ['CHOWN', 'DAC_OVERRIDE', 'FSETID', 'FOWNER', 'MKNOD', 'NET_RAW', 'SETGID', 'SETUID', 'SETFCAP']
  .concat(['SETPCAP', 'NET_BIND_SERVICE', 'SYS_CHROOT', 'KILL', 'AUDIT_WRITE'])
  .map((name) => `CAP_${name}`)
const UNITS: Record<string, number> = { Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, k: 1e3, M: 1e6, G: 1e9, '': 1 }

/** @throws Error that names the unknown part of the pod. */
export function runtimeOf(pod: Pod, around: Surroundings): Runtime {
  const [container, ...others] = pod.spec.containers
  if (!container || others.length > 0) throw new Error('expected a pod of one container')
  const context = { ...pod.spec.securityContext, ...container.securityContext }
  const capabilities = capabilitiesOf(context)
  return {
    process: {
      terminal: false,
      user: userOf(context, around.image),
      args: argumentsOf(container, around.image),
      env: environmentOf(pod, container, around),
      cwd: container.workingDir ?? (around.image.config.WorkingDir || '/'),
      capabilities: { ...capabilities, inheritable: [], ambient: [] },
      noNewPrivileges: context.allowPrivilegeEscalation === false,
    },
    root: { path: 'rootfs', readonly: context.readOnlyRootFilesystem === true },
    mounts: [...mountsOf(pod, container, around)],
    linux: { memoryBytes: bytesOf(container.resources?.limits?.memory) },
  }
}

/** As kubelet does: the pod's user goes before the image's, and runAsNonRoot wants a number that isn't 0. */
function userOf(context: SecurityContext, { config }: ImageConfig): { uid: number; gid: number } {
  const [user = '', group] = (config.User ?? '').split(':')
  const uid = context.runAsUser ?? Number(user || 0)
  const gid = context.runAsGroup ?? Number(group ?? 0)
  if (context.runAsNonRoot && !(uid > 0)) throw new Error(`runAsNonRoot, and the user is ${user || '0'}`)
  return { uid, gid }
}

function argumentsOf({ command, args }: Container, { config }: ImageConfig): string[] {
  const entrypoint = command ?? config.Entrypoint ?? []
  // A command of the pod's own takes the image's arguments away too.
  return [...entrypoint, ...(args ?? (command ? [] : (config.Cmd ?? [])))]
}

function environmentOf(pod: Pod, { env = [] }: Container, around: Surroundings): string[] {
  const given = env.map(
    ({ name, value, valueFrom }) => `${name}=${value ?? fieldOf(pod, valueFrom?.fieldRef?.fieldPath)}`,
  )
  const added = Object.entries(around.env).map(([name, value]) => `${name}=${value}`)
  return [...(around.image.config.Env ?? []), ...given, ...added]
}

function fieldOf({ metadata }: Pod, path = 'no fieldRef'): string {
  const fields: Record<string, string> = { 'metadata.name': metadata.name, 'metadata.namespace': metadata.namespace }
  const found = fields[path]
  if (found === undefined) throw new Error(`env: expected ${Object.keys(fields).join(' or ')}, found ${path}`)
  return found
}

function capabilitiesOf({ privileged, capabilities = {} }: NonNullable<Container['securityContext']>) {
  if (privileged) throw new Error('privileged: nothing of ours may be that')
  const { drop = [], add = [] } = capabilities
  const kept = drop.includes('ALL') ? [] : ORDINARY.filter((name) => !drop.includes(name.slice(4)))
  const all = [...new Set([...kept, ...add.map((name) => `CAP_${name}`)])]
  return { bounding: all, effective: all, permitted: all }
}

function* mountsOf({ spec }: Pod, { volumeMounts = [] }: Container, around: Surroundings): Generator<Mount> {
  for (const { name, mountPath: destination } of volumeMounts) {
    const volume = spec.volumes?.find((one) => one.name === name) ?? { name }
    const bind = { destination, type: 'bind', source: around.serviceAccount, options: ['bind', 'ro'] }
    if ('projected' in volume) yield bind
    else if ('emptyDir' in volume)
      yield { destination, type: 'tmpfs', source: 'tmpfs', options: ['rw', 'nosuid', 'nodev'] }
    else throw new Error(`volume ${name}: expected projected or emptyDir, found ${Object.keys(volume).join(', ')}`)
  }
}

function bytesOf(quantity: string | undefined): number | undefined {
  if (quantity === undefined) return undefined
  const [, number = '', unit = ''] = /^(\d+)([A-Za-z]*)$/.exec(quantity) ?? []
  const factor = UNITS[unit]
  if (number === '' || factor === undefined) throw new Error(`memory: expected such as 512Mi, found ${quantity}`)
  return Number(number) * factor
}
