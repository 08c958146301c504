import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { Ajv } from 'ajv'
import { describe, expect, it } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { crds } from '../../src/resources/generated/crds.ts'
import { API_GROUP, API_VERSION } from '../../src/resources/names.ts'
import { REASONS, type Kind } from '../../src/resources/reasons.ts'
import type { StructuralSchema } from '../../src/resources/types.ts'
import { problemsOf, validatorFor, type Json } from './manifests.ts'

interface Place {
  path: string
  schema: StructuralSchema
}

/** Every field and every item of a list below a schema; what belongs to every object is left out. */
function places(schema: StructuralSchema, path: string): Place[] {
  const fields = Object.entries(schema.properties ?? {}).map(([name, inner]) => [`${path}.${name}`, inner] as const)
  const items = schema.items ? [[`${path}[]`, schema.items] as const] : []
  const values = schema.additionalProperties ? [[`${path}{}`, schema.additionalProperties] as const] : []
  return [...fields, ...items, ...values]
    .filter(([name]) => !/^\w+\.(metadata|kind|apiVersion)$/.test(name))
    .flatMap(([name, inner]) => [{ path: name, schema: inner }, ...places(inner, name)])
}

const all = crds.flatMap((crd) => places(crd.spec.versions[0]?.schema.openAPIV3Schema ?? {}, crd.spec.names.kind))
const failing = (isWrong: (schema: StructuralSchema, path: string) => boolean): string[] =>
  all.filter(({ schema, path }) => isWrong(schema, path)).map(({ path }) => path)

describe('the definitions', () => {
  it('describe every field', () => {
    expect(failing(({ description = '' }, path) => /\w$/.test(path) && !/\.$/.test(description))).toEqual([])
  })

  it('bound every text, list and map, so that the API server can bound the cost of the rules', () => {
    const unbounded = failing((schema) => {
      if (schema.type === 'string') return schema.maxLength === undefined && schema.enum === undefined
      if (schema.type === 'array') return schema.maxItems === undefined
      return schema.additionalProperties !== undefined && schema.maxProperties === undefined
    })
    expect(unbounded).toEqual([])
  })

  it('bound every number of the spec', () => {
    const isNumber = ({ type }: StructuralSchema): boolean => type === 'integer' || type === 'number'
    expect(failing((s, path) => path.includes('.spec.') && isNumber(s) && s.maximum === undefined)).toEqual([])
  })

  it('say of every list how it is merged', () => {
    expect(failing((schema) => schema.type === 'array' && schema['x-kubernetes-list-type'] === undefined)).toEqual([])
  })

  it('keep nothing that they do not know', () => {
    expect(JSON.stringify(crds)).not.toContain('preserve-unknown-fields')
    expect(
      failing(
        ({ type, properties, additionalProperties }) => type === 'object' && !properties && !additionalProperties,
      ),
    ).toEqual([])
  })

  it('give every rule a message of their own, which does not end like a sentence', () => {
    const rules = all.flatMap(({ schema }) => schema['x-kubernetes-validations'] ?? [])
    expect(rules.filter(({ message }) => !message || message.endsWith('.'))).toEqual([])
  })

  it('let kstatus call a new object in progress', () => {
    for (const crd of crds) {
      const status = crd.spec.versions[0]?.schema.openAPIV3Schema.properties?.status
      expect(status?.default).toEqual({ observedGeneration: -1 })
    }
  })

  it('belong to the group and version that the program speaks of', () => {
    for (const { metadata, spec } of crds) {
      expect(metadata.name).toBe(`${spec.names.plural}.${API_GROUP}`)
      expect(spec.versions.map(({ name }) => name)).toEqual([API_VERSION])
      expect(spec.names.categories).toEqual(['calendar'])
    }
  })

  it('name every condition that the program sets', () => {
    for (const crd of crds) {
      const conditions = crd.spec.versions[0]?.schema.openAPIV3Schema.properties?.status?.properties?.conditions
      const types = ['Ready', 'Reconciling', 'Stalled', ...Object.keys(REASONS[crd.spec.names.kind as Kind])]
      for (const type of types) expect(conditions?.description).toContain(type)
    }
  })

  it('select by fields that exist and are texts', () => {
    for (const crd of crds) {
      for (const { jsonPath } of crd.spec.versions[0]?.selectableFields ?? []) {
        const field = all.find(({ path }) => path === `${crd.spec.names.kind}${jsonPath}`)
        expect(field?.schema.type, jsonPath).toBe('string')
      }
    }
  })

  it('are embedded unchanged from crds/', async () => {
    const names = (await readdir('crds')).filter((name) => name.endsWith('.yaml')).sort()
    const onDisk = await Promise.all(
      names.map(async (name) => parse(await readFile(`crds/${name}`, 'utf8')) as unknown),
    )
    expect(crds).toEqual(onDisk.filter((one) => (one as Json).kind === 'CustomResourceDefinition'))
  })
})

const readExamples = async (): Promise<Json[]> => {
  const names = await readdir('docs/reference/examples')
  const texts = await Promise.all(names.map((name) => readFile(`docs/reference/examples/${name}`, 'utf8')))
  return texts.flatMap((text) => parseAllDocuments(text).map((document) => document.toJS() as Json))
}

describe('what is generated', () => {
  it('is fresh', async () => {
    const { stderr } = await promisify(execFile)(process.execPath, ['scripts/generate.mjs', '--check'])
    expect(stderr).toBe('')
  })

  it('shows examples that are valid', async () => {
    const objects = await readExamples()
    expect(objects.map(({ kind }) => kind).sort()).toEqual(crds.map((crd) => crd.spec.names.kind).sort())
    for (const object of objects) {
      expect(validatorFor(object).unknownFields(object)).toEqual([])
      expect(problemsOf(object)).toEqual([])
    }
  })

  it('lets editors tell what is unknown, missing or no choice', async () => {
    for (const object of await readExamples()) {
      const file = `schemas/${String(object.kind).toLowerCase()}_v1alpha1.json`
      const ajv = new Ajv({ allErrors: true, strict: false, logger: false })
      const check = ajv.compile(JSON.parse(await readFile(file, 'utf8')) as object)
      const wrong = {
        ...object,
        kind: 'Other',
        spec: { ...(object.spec as Json), suspend: 'no', surprise: 1 },
        metadata: undefined,
      }
      expect(check(object), file).toBe(true)
      expect(check(JSON.parse(JSON.stringify(wrong)))).toBe(false)
      expect(check.errors?.map(({ instancePath, keyword }) => `${instancePath} ${keyword}`).sort()).toEqual([
        ' required',
        '/kind enum',
        '/spec additionalProperties',
        '/spec/suspend type',
      ])
    }
  })
})
