// A JSON schema for editors and for kubeconform: the CRD's schema, strict about unknown fields.
const KUBERNETES_ONLY = /^x-kubernetes-/

function plain(schema) {
  if (Array.isArray(schema)) return schema.map(plain)
  if (typeof schema !== 'object' || schema === null) return schema
  const entries = Object.entries(schema).filter(([key]) => !KUBERNETES_ONLY.test(key))
  return Object.fromEntries(entries.map(([key, value]) => [key, plain(value)]))
}

/** Closes every object that lists its properties, but for metadata, which Kubernetes defines. */
function closed(schema) {
  if (Array.isArray(schema) || typeof schema !== 'object' || schema === null) return schema
  const copy = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, closed(value)]))
  return schema.properties && schema.type === 'object' ? { ...copy, additionalProperties: false } : copy
}

export function editorSchema(crd, version) {
  const { group, names } = crd.spec
  const schema = closed(plain(version.schema.openAPIV3Schema))
  schema.required = ['apiVersion', 'kind', 'metadata', ...schema.required]
  schema.properties.apiVersion = { ...schema.properties.apiVersion, enum: [`${group}/${version.name}`] }
  schema.properties.kind = { ...schema.properties.kind, enum: [names.kind] }
  // A description that does not depend on where it stands: a "set" list is one without repeats.
  return JSON.stringify({ $schema: 'http://json-schema.org/draft-07/schema#', ...schema }, null, 2) + '\n'
}
