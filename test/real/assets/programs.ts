/** The programs of a control plane, and what a source of them is asked for. */

export const PROGRAMS = ['etcd', 'kube-apiserver', 'kubectl', 'kube-controller-manager'] as const
export type Program = (typeof PROGRAMS)[number]
export type Programs = Record<Program, string>

/** What a source has to provide. It leaves only complete programs in `directory`. */
export interface Order {
  missing: readonly Program[]
  directory: string
  kubernetesVersion: string
  env: NodeJS.ProcessEnv
  log: (line: string) => void
}
