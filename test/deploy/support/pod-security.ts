/**
 * What a pod of ours must be: the restricted Pod Security standard, as kubernetes.io/docs/concepts/security/pod-security-standards
 * lists it, and what we promise beyond it. Each rule comes with a way to break it, so that a test can show that it looks.
 */
export interface PodSpec {
  serviceAccountName?: string
  automountServiceAccountToken?: boolean
  enableServiceLinks?: boolean
  terminationGracePeriodSeconds?: number
  hostNetwork?: boolean
  hostPID?: boolean
  hostIPC?: boolean
  securityContext?: SecurityContext & { sysctls?: object[] }
  volumes?: ({ name: string } & Record<string, unknown>)[]
  initContainers?: Container[]
  containers: Container[]
  [field: string]: unknown
}

export interface SecurityContext {
  runAsNonRoot?: boolean
  runAsUser?: number
  runAsGroup?: number
  seccompProfile?: { type: string }
  seLinuxOptions?: object
  windowsOptions?: { hostProcess?: boolean }
}

export interface Container {
  name: string
  image: string
  args?: string[]
  env?: { name: string; value?: string; valueFrom?: object }[]
  ports?: { name?: string; containerPort: number; hostPort?: number; protocol?: string }[]
  resources?: Partial<Record<'requests' | 'limits', Record<string, string>>>
  securityContext?: SecurityContext & {
    privileged?: boolean
    allowPrivilegeEscalation?: boolean
    readOnlyRootFilesystem?: boolean
    procMount?: string
    capabilities?: { drop?: string[]; add?: string[] }
  }
  [field: string]: unknown
}

interface Rule {
  /** After "a pod". */
  rule: string
  holds: (pod: PodSpec) => boolean
  broken: (pod: PodSpec) => PodSpec
}

const containersOf = (pod: PodSpec): Container[] => [...(pod.initContainers ?? []), ...pod.containers]

/** What counts for a container: its own word, else the pod's. */
const contexts = (pod: PodSpec): NonNullable<Container['securityContext']>[] =>
  containersOf(pod).map(({ securityContext }) => ({ ...pod.securityContext, ...securityContext }))

const inContainer = (context: NonNullable<Container['securityContext']>) => (pod: PodSpec) => ({
  ...pod,
  containers: pod.containers.map((one) => ({ ...one, securityContext: { ...one.securityContext, ...context } })),
})
const withPort = (hostPort: number) => (pod: PodSpec) => ({
  ...pod,
  containers: pod.containers.map((one) => ({ ...one, ports: [{ containerPort: 1, hostPort }] })),
})

const VOLUMES = ['configMap', 'csi', 'downwardAPI', 'emptyDir', 'ephemeral', 'persistentVolumeClaim', 'projected', 'secret']
const FIRST_UNUSED_ID = 10_000

export const RULES: readonly Rule[] = [
  {
    rule: 'shares no namespace of its node',
    holds: ({ hostNetwork, hostPID, hostIPC }) => !hostNetwork && !hostPID && !hostIPC,
    broken: (pod) => ({ ...pod, hostPID: true }),
  },
  {
    rule: 'has no privileged container',
    holds: (pod) => contexts(pod).every(({ privileged }) => !privileged),
    broken: inContainer({ privileged: true }),
  },
  {
    rule: 'drops all capabilities, and adds none',
    holds: (pod) =>
      contexts(pod).every(({ capabilities }) => capabilities?.drop?.includes('ALL') && !capabilities.add?.length),
    broken: inContainer({ capabilities: { drop: ['NET_RAW'] } }),
  },
  {
    rule: 'mounts only volumes that reach no further than itself',
    holds: ({ volumes = [] }) =>
      volumes.every((volume) => Object.keys(volume).every((key) => key === 'name' || VOLUMES.includes(key))),
    broken: (pod) => ({ ...pod, volumes: [{ name: 'host', hostPath: { path: '/' } }] }),
  },
  {
    rule: "takes no port of its node's",
    holds: (pod) => containersOf(pod).every(({ ports = [] }) => ports.every(({ hostPort }) => !hostPort)),
    broken: withPort(8080),
  },
  {
    rule: 'leaves /proc, SELinux and kernel settings as the node has them',
    holds: (pod) =>
      !pod.securityContext?.sysctls?.length &&
      contexts(pod).every(({ procMount, seLinuxOptions }) => !seLinuxOptions && (procMount ?? 'Default') === 'Default'),
    broken: inContainer({ procMount: 'Unmasked' }),
  },
  {
    rule: 'is no process of the host on Windows',
    holds: (pod) => contexts(pod).every(({ windowsOptions }) => !windowsOptions?.hostProcess),
    broken: inContainer({ windowsOptions: { hostProcess: true } }),
  },
  {
    rule: 'cannot get more rights than it was started with',
    holds: (pod) => contexts(pod).every(({ allowPrivilegeEscalation }) => allowPrivilegeEscalation === false),
    broken: inContainer({ allowPrivilegeEscalation: undefined }),
  },
  {
    rule: 'must not run as root, says as whom it runs, and takes ids that no user of the node has',
    holds: (pod) =>
      contexts(pod).every(
        ({ runAsNonRoot, runAsUser = 0, runAsGroup = 0 }) =>
          runAsNonRoot === true && runAsUser > FIRST_UNUSED_ID && runAsGroup > FIRST_UNUSED_ID,
      ),
    broken: inContainer({ runAsUser: 1000 }),
  },
  {
    rule: "has its runtime's seccomp profile",
    holds: (pod) => contexts(pod).every(({ seccompProfile }) => seccompProfile?.type === 'RuntimeDefault'),
    broken: inContainer({ seccompProfile: { type: 'Unconfined' } }),
  },
  {
    rule: 'cannot write to its root',
    holds: (pod) => contexts(pod).every(({ readOnlyRootFilesystem }) => readOnlyRootFilesystem === true),
    broken: inContainer({ readOnlyRootFilesystem: false }),
  },
  {
    rule: 'is told of no Services but by DNS',
    holds: ({ enableServiceLinks }) => enableServiceLinks === false,
    broken: (pod) => ({ ...pod, enableServiceLinks: true }),
  },
  {
    rule: 'asks for memory and CPU, and has a limit of memory',
    holds: (pod) =>
      containersOf(pod).every(
        ({ resources }) => resources?.requests?.cpu && resources.requests.memory && resources.limits?.memory,
      ),
    broken: (pod) => ({ ...pod, containers: pod.containers.map((one) => ({ ...one, resources: undefined })) }),
  },
]
