import { describe, expect, it } from 'vitest'
import { crds } from '../../src/resources/generated/crds.ts'
import type { StructuralSchema } from '../../src/resources/types.ts'
import { accepted } from './accepted.ts'
import { refusedChanges } from './booking-cases.ts'
import { refused } from './cases.ts'
import { problemsOf, refusals } from './manifests.ts'

/** Every rule below a schema, as `path: rule`; items of lists are `[]`, and the path is the one that is complained about. */
function rulesIn(schema: StructuralSchema, path = ''): string[] {
  const own = (schema['x-kubernetes-validations'] ?? []).map(({ rule, fieldPath = '' }) => {
    return `${`${path}${fieldPath}`.replace(/^\./, '')}: ${rule}`
  })
  const fields = Object.entries(schema.properties ?? {}).flatMap(([name, inner]) => rulesIn(inner, `${path}.${name}`))
  return [...own, ...fields, ...(schema.items ? rulesIn(schema.items, `${path}[]`) : [])]
}

describe('a manifest is refused for', () => {
  it.each(refused)('$name', ({ object, lines }) => {
    expect(refusals(object).sort()).toEqual([...lines].sort())
  })
})

describe('a change is refused for', () => {
  it.each(refusedChanges)('$name', ({ before, object, lines }) => {
    expect(refusals(object, before).sort()).toEqual([...lines].sort())
  })
})

describe('a manifest is accepted with', () => {
  it.each(accepted)('$name', ({ object }) => {
    expect(refusals(object)).toEqual([])
  })
})

describe('the list of refusals', () => {
  it('has a case for every rule in the CRDs, at every place where it occurs', () => {
    const tried = new Set(
      [...refused.map((one) => ({ before: undefined, ...one })), ...refusedChanges].flatMap(({ object, before }) =>
        problemsOf(object, before).map(
          ({ path, rule }) => `${String(object.kind)} ${path.replace(/\[\d+\]/g, '[]')}: ${rule}`,
        ),
      ),
    )
    const all = crds.flatMap((crd) =>
      crd.spec.versions.flatMap((version) =>
        rulesIn(version.schema.openAPIV3Schema).map((rule) => `${crd.spec.names.kind} ${rule}`),
      ),
    )
    expect(all.filter((rule) => !tried.has(rule))).toEqual([])
    expect(all.length).toBeGreaterThan(25)
  })
})
