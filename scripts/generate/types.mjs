// TypeScript types of a CRD's spec and status.
import { compile } from 'json-schema-to-typescript'

/** The schema as readers meet it: what has a default is always there, in objects from the API server. */
function withDefaultsRequired(schema) {
  if (Array.isArray(schema) || typeof schema !== 'object' || schema === null) return schema
  const copy = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, withDefaultsRequired(value)]))
  if (schema.properties) {
    const defaulted = Object.keys(schema.properties).filter((name) => schema.properties[name].default !== undefined)
    copy.required = [...new Set([...(schema.required ?? []), ...defaulted])]
    copy.additionalProperties = false
  }
  delete copy.default
  return copy
}

function withNamedConditions(status) {
  const copy = structuredClone(status)
  copy.properties.conditions.items = { tsType: 'Condition' }
  return copy
}

/** Returns the TypeScript types of a CRD, as text. */
export async function types(crd) {
  const kind = crd.spec.names.kind
  const { spec, status } = crd.spec.versions.find((version) => version.storage).schema.openAPIV3Schema.properties
  const options = {
    bannerComment: '',
    ignoreMinAndMaxItems: true,
    style: { semi: false, singleQuote: true, printWidth: 120 },
  }
  const compiled = [
    await compile(withDefaultsRequired(spec), `${kind}Spec`, options),
    await compile(withNamedConditions(withDefaultsRequired(status)), `${kind}Status`, options),
  ]
  const banner = '// Generated from crds/ by `npm run generate`: change the CRD, not this file.'
  return [banner, "import type { Condition } from '../condition.ts'", '', ...compiled].join('\n')
}
