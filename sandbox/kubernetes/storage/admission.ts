/**
 * What happens to an object before it is stored, in the API server's order: it is decoded (unknown fields are dropped,
 * warned about or refused), filled with defaults, prepared by its kind, and validated.
 */
import { isRecord } from '../../../src/platform/json.ts'
import { asKubectl, type Problem } from '../../../src/resources/problems.ts'
import { apiVersionOf, causeOf, type Kind } from '../model/kind.ts'
import { bareFinalizers, metadataCauses, readMetadata, unknownMetadata } from '../model/metadata.ts'
import { type JsonObject, type KubeObject } from '../model/objects.ts'
import { badRequest, invalid, type Cause } from '../model/api-errors.ts'

/** What happens to unknown fields: they are dropped, dropped with a warning, or refused. */
export type FieldValidation = 'Ignore' | 'Warn' | 'Strict'

/** A decoded object, and warnings about it. */
export interface Decoded {
  object: KubeObject
  warnings: string[]
}

/** Decodes a body. @throws APIError 400 if it is not an object of this kind, or has unknown fields under `Strict`. */
export function decode(kind: Kind, body: unknown, fieldValidation: FieldValidation): Decoded {
  const raw = ofKind(kind, body)
  const unknown = fieldValidation === 'Ignore' ? [] : unknownIn(kind, raw)
  if (unknown.length > 0 && fieldValidation === 'Strict') {
    throw badRequest(`${cannotBeHandled(kind)}: strict decoding error: ${unknown.join(', ')}`)
  }
  const object = kind.validator.default(kind.validator.prune(withoutNulls(raw))) as KubeObject
  const metadata = readMetadata(raw.metadata)
  const bare = kind.custom ? bareFinalizers(metadata).map(bareWarning) : []
  return { object: { ...object, metadata }, warnings: [...unknown, ...bare] }
}

const bareWarning = (name: string): string =>
  `metadata.finalizers: "${name}": prefer a domain-qualified finalizer name to avoid accidental conflicts with other finalizer writers`

const cannotBeHandled = ({ kind, version }: Kind): string =>
  `${kind} in version "${version}" cannot be handled as a ${kind}`

function ofKind(kind: Kind, body: unknown): JsonObject & { metadata: JsonObject } {
  if (!isRecord(body)) throw badRequest(`the body must be a ${kind.kind}, as one JSON or YAML object`)
  if (kind.custom && body.kind === undefined) {
    throw badRequest(`the object provided is unrecognized (must be of type ${kind.kind}): Object 'Kind' is missing`)
  }
  const { apiVersion = apiVersionOf(kind), kind: name = kind.kind, metadata = {} } = body
  if (apiVersion !== apiVersionOf(kind)) {
    throw badRequest(
      `the API version in the data (${String(apiVersion)}) does not match the expected API version (${apiVersionOf(kind)})`,
    )
  }
  if (name !== kind.kind) {
    throw badRequest(`the kind in the data (${String(name)}) does not match the expected kind (${kind.kind})`)
  }
  if (!isRecord(metadata)) throw badRequest('metadata must be an object')
  return { ...body, apiVersion, kind: name, metadata }
}

function unknownIn(kind: Kind, raw: JsonObject & { metadata: JsonObject }): string[] {
  const paths = [...kind.validator.unknownFields(raw).map(({ path }) => path), ...unknownMetadata(raw.metadata)]
  return paths.map((path) => `unknown field "${path}"`)
}

/** Removes fields that are null: Go's decoder ignores them, and none of our own fields is nullable. */
function withoutNulls<T>(value: T): T
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => withoutNulls(item))
  if (!isRecord(value)) return value
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, child]) => (child === null ? [] : [[name, withoutNulls(child)]])),
  )
}

/** Validates an object. @throws APIError 422 that lists every violation. */
export function validate(kind: Kind, object: KubeObject, old: KubeObject | undefined): void {
  const problems = kind.validator.problems(object, old)
  if (!kind.custom) refuseWrongTypes(kind, problems)
  const causes = kind.custom ? causesOfCustom(problems) : problems.map(toCause)
  const all = [...causes, ...metadataCauses(kind, object, old), ...(kind.rules.check?.(object, old) ?? [])]
  if (all.length > 0) throw invalid({ ...kind, group: kind.errorGroup ?? kind.group }, object.metadata.name, all)
}

/** The API server does not check the CEL rules of an object whose structure is invalid, and says so. */
function causesOfCustom(problems: readonly Problem[]): Cause[] {
  if (!problems.some(({ kind }) => BLOCKING.includes(kind))) return problems.map(toCause)
  return [...problems.filter(({ rule }) => rule === undefined).map(toCause), RULES_NOT_CHECKED]
}

const BLOCKING: Problem['kind'][] = ['NotSupported', 'Required', 'TooLong', 'TooMany', 'TypeInvalid']
const RULES_NOT_CHECKED: Cause = {
  reason: 'FieldValueInvalid',
  message:
    'Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation',
  field: '<nil>',
}

function toCause(one: Problem): Cause {
  const line = asKubectl(one)
  return causeOf(one, line.slice(line.indexOf(': ') + 2))
}

/** The API server decodes its own kinds into Go types: a value of the wrong type is a bad request, not an invalid object. */
function refuseWrongTypes(kind: Kind, problems: readonly Problem[]): void {
  const wrong = problems.find((one) => one.kind === 'TypeInvalid')
  if (!wrong) return
  const what = `json: cannot unmarshal ${typeof wrong.found} into Go struct field ${kind.kind}.${wrong.path}`
  throw badRequest(`${cannotBeHandled(kind)}: ${what}`)
}
