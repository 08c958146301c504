/** kubeconform validates every installed object and every example against its schema, as pipelines do. */
import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { startRealKubernetes } from '../real/cluster.ts'
import { findTool } from '../real/tools.ts'
import { definitionsOfOthers } from './ecosystem/definitions.ts'
import { LOCATION, writeSchemas, type OpenAPI } from './support/openapi.ts'
import type { Manifest } from './support/render.ts'
import { VARIANTS } from './support/variants.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
/** The schemas that ship, for editors and pipelines. */
const OURS = join(ROOT, 'schemas/{{ .ResourceKind }}_{{ .ResourceAPIVersion }}.json')
/** Folders of manifests that people copy from. */
const FOLDERS = ['examples', 'docs/reference/examples']

interface Judgement {
  resources: { kind: string; name: string; status: string; msg: string }[]
  summary: { valid: number; invalid: number; errors: number; skipped: number }
}

const schemas = mkdtempSync(join(tmpdir(), 'schemas-'))
beforeAll(async () => {
  const kubernetes = await startRealKubernetes()
  try {
    await kubernetes.apply(...(await definitionsOfOthers()))
    await kubernetes.kubectl('wait', '--for=condition=Established', 'crd', '--all')
    writeSchemas(JSON.parse(await kubernetes.kubectl('get', '--raw', '/openapi/v2')) as OpenAPI, schemas)
  } finally {
    await kubernetes.stop()
  }
})
afterAll(() => rmSync(schemas, { recursive: true }))

async function judge(input: string, ...locations: string[]): Promise<Judgement> {
  const where = (locations.length > 0 ? locations : [join(schemas, LOCATION)]).flatMap((one) => ['-schema-location', one])
  const args = ['-strict', '-summary', '-output', 'json', ...where, '-']
  const child = spawn(await findTool('kubeconform'), args, { stdio: ['pipe', 'pipe', 'inherit'] })
  child.stdin.end(input)
  const judgement = JSON.parse(await text(child.stdout)) as Partial<Judgement>
  return { resources: judgement.resources ?? [], summary: judgement.summary! }
}

const asText = (manifests: readonly Manifest[]): string => manifests.map((one) => stringify(one)).join('---\n')
const all = (valid: number): Judgement => ({ resources: [], summary: { valid, invalid: 0, errors: 0, skipped: 0 } })

describe('kubeconform', () => {
  it.each(VARIANTS)('has nothing against $variant', async ({ render }) => {
    const manifests = await render()
    expect(await judge(asText(manifests))).toEqual(all(manifests.length))
  })

  const examples = FOLDERS.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.yaml') && !file.endsWith('kustomization.yaml'))
      .map((file) => ({ file: join(folder, file) })),
  )

  it.each(examples)('has nothing against $file', async ({ file }) => {
    const { resources, summary } = await judge(readFileSync(join(ROOT, file), 'utf8'))
    expect(resources).toEqual([])
    expect(summary.valid).toBeGreaterThan(0)
  })

  it.each(['agent', 'calendarintegration'])('takes the schema that ships for editors, of a %s', async (kind) => {
    const example = readFileSync(join(ROOT, `docs/reference/examples/${kind}.yaml`), 'utf8')
    expect((await judge(example, OURS)).resources).toEqual([])
    const [wrong] = (await judge(example.replace('spec:', 'spec:\n  colour: red'), OURS)).resources
    expect(wrong?.msg).toContain("additional properties 'colour' not allowed")
  })

  it('finds a field that there is not, a value of another type, and a kind that nobody knows', async () => {
    const service = (name: string) => ({ apiVersion: 'v1', kind: 'Service', metadata: { name } })
    const wrong = [
      { ...service('field'), spec: { port: [] } },
      { ...service('type'), spec: { ports: 80 } },
      { ...service('kind'), kind: 'Servise' },
    ]
    const { resources } = await judge(asText(wrong))
    const found = Object.fromEntries(resources.map(({ name, msg }) => [name, msg]))
    expect(found.field).toContain("additional properties 'port' not allowed")
    expect(found.type).toContain('want array')
    expect(found.kind).toContain('could not find schema for Servise')
  })
})
