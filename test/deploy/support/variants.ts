/** Everything that we say can be installed, rendered. */
import { helmTemplate, kustomize, kustomizeWith, type Manifest } from './render.ts'
import type { PodSpec } from './pod-security.ts'

interface Variant {
  variant: string
  render: () => Promise<Manifest[]>
}

/** The chart with all that can be switched on. */
const EVERYTHING = {
  replicas: 3,
  monitoring: { enabled: true, labels: { release: 'prometheus' } },
  ingress: { enabled: true, host: 'booking.example.com', className: 'nginx', tlsSecretName: 'booking-tls' },
  httpRoute: { enabled: true, host: 'booking.example.com', parentRefs: [{ name: 'public', namespace: 'gateways' }] },
  imagePullSecrets: [{ name: 'registry' }],
  settings: { 'log-level': 'debug', workers: 8, 'web-trusted-proxies': '10.0.0.0/8,192.168.0.0/16' },
  env: [{ name: 'HTTPS_PROXY', value: 'http://proxy.example.com:3128' }],
  priorityClassName: 'important',
  nodeSelector: { 'kubernetes.io/os': 'linux' },
  tolerations: [{ key: 'dedicated', operator: 'Exists', effect: 'NoSchedule' }],
  affinity: { podAntiAffinity: {} },
  podLabels: { team: 'booking' },
  podAnnotations: { 'example.com/note': 'ours' },
}

export const VARIANTS: Variant[] = [
  { variant: 'deploy/', render: () => kustomize('.') },
  { variant: 'overlays/cluster-wide', render: () => kustomize('overlays/cluster-wide') },
  { variant: 'overlays/namespaced', render: () => kustomize('overlays/namespaced') },
  { variant: 'overlays/high-availability', render: () => kustomize('overlays/high-availability') },
  {
    variant: 'overlays/cluster-wide with components/monitoring',
    render: () => kustomizeWith('overlays/cluster-wide', 'components/monitoring'),
  },
  {
    variant: 'overlays/cluster-wide with components/label-selector',
    render: () => kustomizeWith('overlays/cluster-wide', 'components/label-selector'),
  },
  { variant: 'the chart', render: () => helmTemplate() },
  { variant: 'the chart for two namespaces', render: () => helmTemplate({ watchNamespaces: ['booking', 'sales'] }) },
  { variant: 'the chart with everything', render: () => helmTemplate(EVERYTHING) },
]

export const ofKind = (manifests: readonly Manifest[], ...kinds: string[]): Manifest[] =>
  manifests.filter(({ kind }) => kinds.includes(kind))

/** The only object of its kind. @throws Error if there are none or several. */
export function theOnly(manifests: readonly Manifest[], kind: string): Manifest {
  const [only, ...others] = ofKind(manifests, kind)
  if (!only || others.length > 0) throw new Error(`expected one ${kind}, found ${others.length + (only ? 1 : 0)}`)
  return only
}

interface Template {
  metadata: { labels: Record<string, string> }
  spec: PodSpec
}

/** What the Deployment makes pods of. */
export const templateOf = (manifests: readonly Manifest[]): Template =>
  (theOnly(manifests, 'Deployment').spec as { template: Template }).template
