/**
 * What happens to an object between its arrival and the store, in the API server's order: decoded (unknown fields are
 * dropped, warned of or refused), filled with defaults, prepared by its kind, judged.
 */
import { asKubectl } from '../../src/resources/problems.ts'
import { apiVersionOf, causeOf, type Kind } from './kind.ts'
import { metadataCauses, readMetadata, unknownMetadata } from './metadata.ts'
import { isObject, type JsonObject, type KubeObject } from './objects.ts'
import { badRequest, invalid, type Cause } from './refusal.ts'

export type FieldValidation = 'Ignore' | 'Warn' | 'Strict'

export interface Decoded {
  object: KubeObject
  warnings: string[]
}

/** Fails (400) where it is not an object of this kind, or has unknown fields and these are to be refused. */
export function decode(kind: Kind, body: unknown, fieldValidation: FieldValidation): Decoded {
  const raw = ofKind(kind, body)
  const unknown = fieldValidation === 'Ignore' ? [] : unknownIn(kind, raw)
  if (unknown.length > 0 && fieldValidation === 'Strict') {
    throw badRequest(`strict decoding error: ${unknown.join(', ')}`)
  }
  const object = kind.validator.default(kind.validator.prune(kind.custom ? raw : withoutNulls(raw))) as KubeObject
  return { object: { ...object, metadata: readMetadata(raw.metadata) }, warnings: unknown }
}

function ofKind(kind: Kind, body: unknown): JsonObject & { metadata: JsonObject } {
  if (!isObject(body)) throw badRequest(`the body must be a ${kind.kind}, as one JSON or YAML object`)
  const { apiVersion = apiVersionOf(kind), kind: name = kind.kind, metadata = {} } = body
  if (apiVersion !== apiVersionOf(kind)) {
    throw badRequest(
      `the API version in the data (${String(apiVersion)}) does not match the expected API version (${apiVersionOf(kind)})`,
    )
  }
  if (name !== kind.kind) {
    throw badRequest(`the kind in the data (${String(name)}) does not match the expected kind (${kind.kind})`)
  }
  if (!isObject(metadata)) throw badRequest('metadata must be an object')
  return { ...body, apiVersion, kind: name, metadata }
}

function unknownIn(kind: Kind, raw: JsonObject & { metadata: JsonObject }): string[] {
  const paths = [...kind.validator.unknownFields(raw).map(({ path }) => path), ...unknownMetadata(raw.metadata)]
  return paths.map((path) => `unknown field "${path}"`)
}

/** Go's decoder takes a null for nothing at all. */
function withoutNulls<T>(value: T): T
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => withoutNulls(item))
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, child]) => (child === null ? [] : [[name, withoutNulls(child)]])),
  )
}

/** Fails (422) with everything that is wrong. */
export function judge(kind: Kind, object: KubeObject, old: KubeObject | undefined): void {
  const problems = kind.validator.problems(object, old)
  if (!kind.custom) refuseWrongTypes(kind, problems)
  const causes: Cause[] = problems.map((one) => causeOf(one, wordsOf(asKubectl(one))))
  const all = [...causes, ...metadataCauses(object, old), ...(kind.rules.check?.(object, old) ?? [])]
  if (all.length > 0) throw invalid(kind, object.metadata.name, all)
}

const wordsOf = (line: string): string => line.slice(line.indexOf(': ') + 2)

/** Kubernetes' own kinds are decoded into types: a wrong type is an unreadable body, not an invalid object. */
function refuseWrongTypes(kind: Kind, problems: ReturnType<Kind['validator']['problems']>): void {
  const wrong = problems.find((one) => one.kind === 'TypeInvalid')
  if (!wrong) return
  const what = `json: cannot unmarshal ${typeof wrong.found} into Go struct field ${kind.kind}.${wrong.path}`
  throw badRequest(`${kind.kind} in version "${kind.version}" cannot be handled as a ${kind.kind}: ${what}`)
}
