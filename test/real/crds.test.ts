/** The API server agrees with the offline validator about every manifest of the same tables. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import type { Answer, Client } from '../contract/client.ts'
import { accepted } from '../resources/accepted.ts'
import { refusedChanges } from '../resources/booking-cases.ts'
import { refused } from '../resources/cases.ts'
import { stored } from '../resources/manifests.ts'
import type { Json } from '../resources/manifests.ts'
import { startRealKubernetes } from './cluster.ts'
import type { RealKubernetes } from './cluster.ts'

const ROOT = new URL('../../', import.meta.url).pathname
/** The folders with manifests for people. */
const EXAMPLES = ['docs', 'deploy', 'examples', 'demo']
/** Reported in addition to schema errors. The offline validator still checks those rules, and does not report this. */
const UNCHECKED = 'some validation rules were not checked because the object was invalid'

describe('the API server', () => {
  let kubernetes: RealKubernetes
  let client: Client
  beforeAll(async () => {
    kubernetes = await startRealKubernetes()
    client = await kubernetes.client()
    await client.request('POST', '/api/v1/namespaces', { metadata: { name: 'booking' } })
  })
  afterAll(() => kubernetes.stop())

  const create = (object: Json): Promise<Answer> => {
    const path = `/apis/calendar-operator.io/v1alpha1/namespaces/booking/${String(object.kind).toLowerCase()}s`
    return client.request('POST', `${path}?dryRun=All&fieldValidation=Strict`, object)
  }

  describe('refuses, in the words of the offline validator,', () => {
    it.each(refused)('$name', async ({ object, lines }) => {
      const { status, body } = await create(object)
      const causes = body.details?.causes ?? []
      const said = new Set(causes.map(({ field, message }) => `${field ?? ''}: ${message ?? ''}`))
      expect(status).toBe(422)
      expect([...said].filter((line) => !line.includes(UNCHECKED)).sort()).toEqual([...lines].sort())
    })
  })

  describe('refuses a change, in the words of the offline validator,', () => {
    it.each(refusedChanges)('$name', async ({ before, object, lines }) => {
      const path = `/apis/calendar-operator.io/v1alpha1/namespaces/booking/${String(object.kind).toLowerCase()}s`
      const created = await client.request('POST', path, before)
      const metadata = { ...(object.metadata as Json), ...created.body.metadata }
      const { name } = object.metadata as { name: string }
      const { status, body } = await client.request('PUT', `${path}/${name}`, { ...object, metadata })
      const said = (body.details?.causes ?? []).map(({ field, message }) => `${field ?? ''}: ${message ?? ''}`)
      expect([status, said.sort()]).toEqual([422, [...lines].sort()])
      expect((await client.request('DELETE', `${path}/${name}`)).status).toBe(200)
    })
  })

  describe('accepts, and fills in the same defaults,', () => {
    it.each(accepted)('$name', async ({ object }) => {
      const { status, body, text } = await create(object)
      expect(status, text).toBe(201)
      const expected = stored(object)
      expect({ spec: body.spec, status: body.status }).toEqual({ spec: expected.spec, status: expected.status })
    })
  })

  it.each(examples())('accepts the example $file', async ({ object }) => {
    const { status, text } = await create({
      ...object,
      metadata: { ...(object.metadata as Json), namespace: 'booking' },
    })
    expect(status, text).toBe(201)
  })

  it('shows an error in kubectl as the offline validator does', async () => {
    const { object, lines } = refused.find(({ name }) => name === 'everything at once')!
    await expect(kubernetes.apply(object)).rejects.toThrow(lines[0])
  })
})

/** Every object of our kinds in any manifest. */
function examples(): { file: string; object: Json }[] {
  return EXAMPLES.filter((folder) => existsSync(join(ROOT, folder)))
    .flatMap((folder) => readdirSync(join(ROOT, folder), { recursive: true }).map((file) => join(folder, String(file))))
    .filter((file) => /\.ya?ml$/.test(file))
    .flatMap((file) =>
      parseAllDocuments(readFileSync(join(ROOT, file), 'utf8')).map((document) => ({ file, document })),
    )
    .map(({ file, document }) => ({ file, object: document.toJS() as Json | null }))
    .filter((one): one is { file: string; object: Json } => {
      return String(one.object?.apiVersion).startsWith('calendar-operator.io/')
    })
}
