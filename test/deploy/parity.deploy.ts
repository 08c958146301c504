/** Who installs by kustomize and who installs by Helm have the same objects, down to the last field. */
import { describe, expect, it } from 'vitest'
import { crds } from '../../src/resources/generated/crds.ts'
import { helmTemplate, kustomize, kustomizeWith, titleOf, type Manifest, type Values } from './support/render.ts'

interface Pair {
  overlay: string
  component?: string
  values: Values
}

/** Each way to install by kustomize, and the values that say the same to the chart. */
const PAIRS: Pair[] = [
  { overlay: '.', values: {} },
  { overlay: 'overlays/cluster-wide', values: {} },
  { overlay: 'overlays/high-availability', values: { replicas: 2 } },
  // The overlay makes nothing of the whole cluster's but the CRDs.
  { overlay: 'overlays/namespaced', values: { watchNamespaces: ['booking'], rbac: { people: false } } },
  {
    overlay: 'overlays/namespaced',
    component: 'components/high-availability',
    values: { watchNamespaces: ['booking'], rbac: { people: false }, replicas: 2 },
  },
  {
    overlay: 'overlays/cluster-wide',
    component: 'components/monitoring',
    values: { monitoring: { enabled: true } },
  },
  {
    overlay: 'overlays/cluster-wide',
    component: 'components/label-selector',
    values: { watchLabelSelector: '!calendar-operator.io/installation' },
  },
  {
    overlay: 'overlays/cluster-wide',
    component: 'components/shard-ring',
    values: { shardRing: 'calendar-operator', replicas: 3 },
  },
]

/** What Helm puts on each object for itself: by these it finds its own, and keeps what it shall keep. */
const HELMS_OWN = ['app.kubernetes.io/managed-by', 'helm.sh/chart', 'helm.sh/resource-policy']

/** Its namespace is made by `helm install --create-namespace`, and by no chart. */
const ONLY_KUSTOMIZE = ['Namespace calendar-operator']

const renderKustomize = ({ overlay, component }: Pair): Promise<Manifest[]> =>
  component === undefined ? kustomize(overlay) : kustomizeWith(overlay, component)

function withoutHelmsOwn(manifest: Manifest): Manifest {
  const strip = (marks: Record<string, string> | undefined): Record<string, string> | undefined => {
    const kept = Object.entries(marks ?? {}).filter(([name]) => !HELMS_OWN.includes(name))
    return kept.length === 0 ? undefined : Object.fromEntries(kept)
  }
  const { labels, annotations, ...metadata } = manifest.metadata
  return { ...manifest, metadata: { ...metadata, labels: strip(labels), annotations: strip(annotations) } }
}

/** Object by object. @throws Error where two objects have one name. */
function byTitle(manifests: readonly Manifest[]): Map<string, Manifest> {
  const titles = manifests.map(titleOf)
  const twice = titles.find((title, index) => titles.indexOf(title) !== index)
  if (twice) throw new Error(`${twice} is there twice`)
  return new Map(manifests.map((manifest) => [titleOf(manifest), withoutHelmsOwn(manifest)]))
}

describe.each(PAIRS)('$overlay $component and the chart with $values', (pair) => {
  it('make the same objects', async () => {
    const ours = byTitle(await renderKustomize(pair))
    const charts = byTitle(await helmTemplate(pair.values))
    for (const title of ONLY_KUSTOMIZE) expect(ours.delete(title)).toBe(true)
    expect([...charts.keys()].sort()).toEqual([...ours.keys()].sort())
    for (const [title, manifest] of charts) expect({ title, manifest }).toEqual({ title, manifest: ours.get(title) })
  })
})

describe('the chart', () => {
  it('marks every object as its own, and no object of kustomize has such a mark', async () => {
    const labels = (manifests: readonly Manifest[]) =>
      new Set(manifests.map(({ metadata }) => metadata.labels?.['app.kubernetes.io/managed-by']))
    expect([...labels(await helmTemplate())]).toEqual(['Helm'])
    expect([...labels(await kustomize('overlays/cluster-wide'))]).toEqual([undefined])
  })

  it.each([true, false])('has Helm keep the CRDs, and them only, when crds.keep is %s', async (keep) => {
    const manifests = await helmTemplate({ crds: { keep } })
    const kept = manifests.filter(({ metadata }) => metadata.annotations?.['helm.sh/resource-policy'] === 'keep')
    const definitions = manifests.filter(({ kind }) => kind === 'CustomResourceDefinition')
    expect(definitions).toHaveLength(crds.length)
    expect(kept.map(titleOf)).toEqual(keep ? definitions.map(titleOf) : [])
  })

  it('leaves the CRDs and the roles of people out if the values say so', async () => {
    const titles = (await helmTemplate({ crds: { enabled: false }, rbac: { people: false } })).map(titleOf)
    expect(titles.filter((title) => /^CustomResourceDefinition|-(view|edit)$/.test(title))).toEqual([])
  })
})
