import { readFileSync, readdirSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseAllDocuments } from 'yaml'
import type { Body, Client } from '../../contract/client.ts'

const DIRECTORY = new URL('../../../crds/', import.meta.url)
const PATH = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
const WITHIN_MS = 30_000

/** Creates every CustomResourceDefinition of `crds/` and waits until the API server serves them. */
export async function installDefinitions(client: Client): Promise<void> {
  const definitions = readDefinitions()
  for (const definition of definitions) {
    const answer = await client.request('POST', PATH, definition)
    if (answer.status !== 201)
      throw new Error(`${definition.metadata.name} is refused: ${answer.body.message ?? answer.text}`)
  }
  await Promise.all(definitions.map((definition) => untilEstablished(client, definition.metadata.name)))
}

export function readDefinitions(): Body[] {
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

/** A definition can be accepted and still not be served: its other conditions then say why. */
async function untilEstablished(client: Client, name: string): Promise<void> {
  const deadline = Date.now() + WITHIN_MS
  for (;;) {
    const { body } = await client.request('GET', `${PATH}/${name}`)
    // Null at first, as Go writes an empty list.
    const conditions = (body.status as { conditions: Condition[] | null }).conditions ?? []
    if (conditions.some(({ type, status }) => type === 'Established' && status === 'True')) return
    if (Date.now() > deadline) throw new Error(`${name} is not served: ${JSON.stringify(conditions)}`)
    await sleep(50)
  }
}
