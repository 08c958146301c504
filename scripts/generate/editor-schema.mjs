// A JSON schema for editors and for kubeconform: the CRD's schema, strict about unknown fields. CEL rules have no place
// in it; `calendar-operator validate` checks them.
import { format } from 'prettier'

const KUBERNETES_ONLY = /^x-kubernetes-/

function plain(schema) {
  if (Array.isArray(schema)) return schema.map(plain)
  if (typeof schema !== 'object' || schema === null) return schema
  const entries = Object.entries(schema).filter(([key]) => !KUBERNETES_ONLY.test(key))
  const copy = Object.fromEntries(entries.map(([key, value]) => [key, plain(value)]))
  return schema['x-kubernetes-list-type'] === 'set' ? { ...copy, uniqueItems: true } : copy
}

/** Closes every object that lists its properties, except metadata, which Kubernetes defines. */
function closed(schema) {
  if (Array.isArray(schema) || typeof schema !== 'object' || schema === null) return schema
  const copy = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, closed(value)]))
  return schema.properties && schema.type === 'object' ? { ...copy, additionalProperties: false } : copy
}

/** Returns the JSON schema of one version of a CRD, as text. */
export function editorSchema(crd, version) {
  const { group, names } = crd.spec
  const schema = closed(plain(version.schema.openAPIV3Schema))
  schema.required = ['apiVersion', 'kind', 'metadata', ...schema.required]
  schema.properties.apiVersion = { ...schema.properties.apiVersion, enum: [`${group}/${version.name}`] }
  schema.properties.kind = { ...schema.properties.kind, enum: [names.kind] }
  const text = JSON.stringify({ $schema: 'http://json-schema.org/draft-07/schema#', ...schema })
  return format(text, { parser: 'json', printWidth: 120, objectWrap: 'preserve' })
}
