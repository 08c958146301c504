/**
 * JSON schemas of every kind that an API server knows, made of what it says itself (/openapi/v2), as kubeconform wants them:
 * a file a kind, and no field but those that are named.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

type Schema = Record<string, unknown> & {
  properties?: Record<string, Schema>
  'x-kubernetes-group-version-kind'?: { group: string; version: string; kind: string }[]
}
export interface OpenAPI {
  definitions: Record<string, Schema>
}

/** Where kubeconform looks for a kind, below the directory that they were written to. */
export const LOCATION = '{{ .Group }}/{{ .ResourceKind }}_{{ .ResourceAPIVersion }}.json'
const SHARED = 'definitions.json'

/** Two types that the document calls strings, and that are written as numbers as well. */
const NUMBERS_TOO = ['io.k8s.apimachinery.pkg.api.resource.Quantity', 'io.k8s.apimachinery.pkg.util.intstr.IntOrString']

/** @param directory the directory that they are written to. */
export function writeSchemas({ definitions }: OpenAPI, directory: string): void {
  const strict = Object.entries(definitions).map(([name, schema]) => {
    return [name, NUMBERS_TOO.includes(name) ? { type: ['string', 'number'] } : strictly(schema)]
  })
  writeFileSync(join(directory, SHARED), JSON.stringify({ definitions: Object.fromEntries(strict) as object }))
  for (const [name, schema] of Object.entries(definitions)) {
    for (const { group, version, kind } of schema['x-kubernetes-group-version-kind'] ?? []) {
      // The group that kubeconform takes `v1` for is `v1`.
      const file = join(directory, group || version, `${kind.toLowerCase()}_${version}.json`)
      mkdirSync(dirname(file), { recursive: true })
      writeFileSync(file, JSON.stringify({ $ref: `file://${directory}/${SHARED}#/definitions/${name}` }))
    }
  }
}

/** What names its fields has no others, unless it says so. */
function strictly(schema: Schema): Schema {
  const inner = Object.entries(schema).map(([key, value]) => [key, key === 'properties' ? value : inside(value)])
  const result = Object.fromEntries(inner) as Schema
  if (!schema.properties) return result
  const properties = Object.entries(schema.properties).map(([name, one]) => [name, strictly(one)])
  const open = schema.additionalProperties !== undefined || schema['x-kubernetes-preserve-unknown-fields'] === true
  return {
    ...result,
    properties: Object.fromEntries(properties) as Record<string, Schema>,
    ...(open ? {} : { additionalProperties: false }),
  }
}

/** Schemas occur in `items`, `additionalProperties`, `allOf` and so on: every object and list is searched. */
function inside(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inside)
  if (typeof value !== 'object' || value === null) return value
  return strictly(value as Schema)
}
