import { readFileSync, readdirSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseAllDocuments } from 'yaml'
import type { Body, Client } from '../../contract/client.ts'

const DIRECTORY = new URL('../../../crds/', import.meta.url)
const PATH = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
const WITHIN_MS = 120_000

/** Creates every CustomResourceDefinition of `crds/` and waits until the API server serves them. */
export async function installDefinitions(client: Client): Promise<void> {
  const definitions = readDefinitions()
  for (const definition of definitions) {
    const answer = await client.request('POST', PATH, definition)
    if (answer.status !== 201)
      throw new Error(`${definition.metadata.name} is refused: ${answer.body.message ?? answer.text}`)
  }
  await Promise.all(definitions.map((definition) => untilServed(client, definition)))
}

function readDefinitions(): Body[] {
  return readdirSync(DIRECTORY)
    .filter((file) => file.endsWith('.yaml'))
    .sort()
    .flatMap((file) => parseAllDocuments(readFileSync(new URL(file, DIRECTORY), 'utf8')))
    .map((document) => document.toJS() as Body)
    .filter((body) => body.kind === 'CustomResourceDefinition')
}

interface Condition {
  type: string
  status: string
  message?: string
}

interface DefinitionSpec {
  group: string
  names: { plural: string }
  versions: { name: string; storage: boolean }[]
}

/** A definition can be accepted and still not be established: its other conditions then say why. */
async function untilServed(client: Client, definition: Body): Promise<void> {
  const { name } = definition.metadata
  const { group, names, versions } = definition.spec as unknown as DefinitionSpec
  const objects = `/apis/${group}/${versions.find(({ storage }) => storage)?.name ?? ''}/${names.plural}?limit=1`
  const deadline = Date.now() + WITHIN_MS
  for (;;) {
    const { body } = await client.request('GET', `${PATH}/${name}`)
    // Null at first, as Go writes an empty list.
    const conditions = (body.status as { conditions: Condition[] | null }).conditions ?? []
    const established = conditions.some(({ type, status }) => type === 'Established' && status === 'True')
    // An established one answers 429 until its cache is filled.
    if (established && (await client.request('GET', objects)).status === 200) return
    if (Date.now() > deadline) throw new Error(`${name} is not served: ${JSON.stringify(conditions)}`)
    await sleep(50)
  }
}
