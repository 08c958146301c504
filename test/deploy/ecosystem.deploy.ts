/** What we show people to apply, for tools of others: a real API server takes it, with those tools' own CRDs. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { startRealKubernetes, type RealKubernetes } from '../real/cluster.ts'
import { definitionsOfOthers } from './ecosystem/definitions.ts'

const EXAMPLES = fileURLToPath(new URL('../../examples', import.meta.url))
/** Of whose kinds an example must be there. */
const GROUPS = [
  'argoproj.io',
  'calendar-operator.io',
  'external-secrets.io',
  'gateway.networking.k8s.io',
  'helm.toolkit.fluxcd.io',
  'kustomize.toolkit.fluxcd.io',
  'networking.k8s.io',
  'source.toolkit.fluxcd.io',
]

interface Example {
  file: string
  /** As `kubectl` says it: `ingress/calendar-operator-sign-in`. */
  name: string
  group: string
  namespace: string | undefined
  text: string
}

function examples(): Example[] {
  const files = readdirSync(EXAMPLES, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.yaml'))
  return files.flatMap((file) =>
    parseAllDocuments(readFileSync(join(EXAMPLES, file), 'utf8')).flatMap((document) => {
      const { apiVersion, kind, metadata } = document.toJSON() as {
        apiVersion: string
        kind: string
        metadata?: { name: string; namespace?: string }
      }
      // A kustomization's own file is for kubectl, and never reaches the API server.
      if (apiVersion.startsWith('kustomize.config.k8s.io')) return []
      const name = `${kind.toLowerCase()}/${metadata?.name ?? ''}`
      return { file, name, group: apiVersion.split('/')[0] ?? '', namespace: metadata?.namespace, text: String(document) }
    }),
  )
}

describe('an example', () => {
  const all = examples()
  let kubernetes: RealKubernetes
  beforeAll(async () => {
    kubernetes = await startRealKubernetes()
    for (const text of await definitionsOfOthers()) await apply(text)
    await kubernetes.kubectl('wait', '--for=condition=Established', 'crd', '--all')
    const namespaces = new Set(all.flatMap(({ namespace }) => namespace ?? []))
    for (const name of namespaces) await kubernetes.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
  })
  const directory = mkdtempSync(join(tmpdir(), 'examples-'))
  afterAll(async () => {
    await kubernetes.stop()
    rmSync(directory, { recursive: true })
  })

  const apply = (text: string, ...flags: string[]): Promise<string> => {
    const file = join(directory, 'manifest.yaml')
    writeFileSync(file, text)
    return kubernetes.kubectl('apply', '--server-side', '-f', file, ...flags)
  }
  const dryRun = (text: string): Promise<string> => apply(text, '--dry-run=server', '--validate=strict')

  it('is there for every tool that the documentation names', () => {
    expect([...new Set(all.map(({ group }) => group))]).toEqual(expect.arrayContaining(GROUPS))
  })

  it.each(all)('$file: $name is accepted unchanged', async ({ text, name }) => {
    const said = await dryRun(text)
    expect(said).toContain(name.split('/')[1])
    expect(said).toMatch(/serverside-applied/)
  })

  it('with a field that the tool does not know is refused', async () => {
    const [flux] = all.filter(({ group }) => group === 'kustomize.toolkit.fluxcd.io')
    const wrong = flux?.text.replace('prune:', 'prun:') ?? ''
    await expect(dryRun(wrong)).rejects.toThrow(/prun: field not declared in schema/)
  })
})
