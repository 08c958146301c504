/**
 * Validates an object against a CRD, offline, as the API server would: structure, lists that are sets or maps, and CEL rules. The
 * command line and the sandbox's API server both use it.
 *
 * A caller follows the API server's order: `prune`, `default`, `problems`. There is one difference from the API server: a rule is
 * skipped only if the value that it checks is broken, not if any value is.
 */
import { Ajv, type ErrorObject } from 'ajv'
import addFormats from 'ajv-formats'
import { isRecord } from '../platform/json.ts'
import { duplicates } from './list-duplicates.ts'
import { metadataProblems } from './metadata.ts'
import { problem, type Path, type Problem } from './problems.ts'
import { holdsBroken, ruleChecker } from './rules.ts'
import { prune, unknownFields, withDefaults } from './structural-schema.ts'
import type { CrdVersion, CustomResourceDefinition, StructuralSchema } from './types.ts'

/** Validates objects of one version of a CRD. */
export interface Validator {
  readonly group: string
  readonly version: string
  readonly kind: string
  /** Returns the object without fields that are not in the schema. */
  prune(object: unknown): unknown
  /** Finds the fields that `prune` would drop, with suggestions. */
  unknownFields(object: unknown): Problem[]
  /** Returns the object with the defaults that the API server applies. */
  default(object: unknown): unknown
  /** Finds the problems of an object that has its defaults. With `old`, rules about changes are checked, too. */
  problems(object: unknown, old?: unknown): Problem[]
}

/** Creates a validator. @throws Error if the CRD has no such version (by default its storage version), or a rule is not valid CEL. */
export function createValidator(crd: CustomResourceDefinition, version?: string): Validator {
  const served = versionOf(crd, version)
  const schema = served.schema.openAPIV3Schema
  const structure = structureChecker(schema)
  const checkRules = ruleChecker(schema)
  return {
    group: crd.spec.group,
    version: served.name,
    kind: crd.spec.names.kind,
    prune: (object) => prune(schema, object),
    unknownFields: (object) => unknownFields(schema, object),
    default: (object) => withDefaults(schema, object),
    problems(object, old) {
      const broken = [...metadataProblems(object), ...structure(object), ...duplicates(schema, object)]
      return [...broken, ...checkRules(withName(object), old, holdsBroken(broken.map(({ at }) => at)))]
    },
  }
}

/** Rules may use the name; if it will be generated, any name of the same length is used. */
function withName(object: unknown): unknown {
  if (!isRecord(object) || !isRecord(object.metadata) || object.metadata.name) return object
  const { generateName } = object.metadata
  return { ...object, metadata: { ...object.metadata, name: `${String(generateName)}xxxxx` } }
}

function versionOf(crd: CustomResourceDefinition, name: string | undefined): CrdVersion {
  const version = crd.spec.versions.find((one) => (name === undefined ? one.storage : one.name === name))
  if (!version) throw new Error(`${crd.metadata.name} has no version ${name ?? 'that is stored'}`)
  return version
}

function structureChecker(schema: StructuralSchema): (object: unknown) => Problem[] {
  // Whoever serves the CRD has checked its schema. Compiling the schema of schemas takes longer than compiling this one.
  const unchecked = { meta: false, validateSchema: false }
  const ajv = new Ajv({ ...unchecked, allErrors: true, verbose: true, strict: false, logger: false })
  addFormats.default(ajv)
  const check = ajv.compile(schema)
  return (object) => (check(object) ? [] : (check.errors ?? []).map((error) => toProblem(error, object)))
}

function toProblem(error: ErrorObject, object: unknown): Problem {
  const at = pathOf(error.instancePath, object)
  const found: unknown = error.data
  const params = error.params as Record<string, unknown>
  const translate = TRANSLATIONS[error.keyword]
  return translate
    ? translate(at, found, params)
    : problem('Invalid', at, { found, message: error.message ?? error.keyword, bySchema: true })
}

type Translation = (at: Path, found: unknown, params: Record<string, unknown>) => Problem

const invalid = (words: (limit: string) => string, param: string): Translation => {
  return (at, found, params) => problem('Invalid', at, { found, message: words(String(params[param])), bySchema: true })
}

/** The API server's messages for the keywords of JSON Schema. */
const TRANSLATIONS: Record<string, Translation> = {
  required: (at, _found, { missingProperty }) => problem('Required', [...at, String(missingProperty)], { message: '' }),
  type: (at, found, { type }) =>
    problem('TypeInvalid', at, { found, message: `must be of type ${String(type)}`, bySchema: true }),
  enum: (at, found, { allowedValues }) =>
    problem('NotSupported', at, { found, message: '', supported: (allowedValues as unknown[]).map(String) }),
  maxLength: (at, found, { limit }) =>
    problem('TooLong', at, { found, message: `may not be more than ${String(limit)} bytes` }),
  maxItems: (at, found, { limit }) =>
    problem('TooMany', at, { found, message: `must have at most ${String(limit)} items` }),
  maxProperties: invalid((limit) => `should have at most ${limit} properties`, 'limit'),
  minLength: invalid((limit) => `should be at least ${limit} chars long`, 'limit'),
  minItems: invalid((limit) => `should have at least ${limit} items`, 'limit'),
  minimum: invalid((limit) => `should be greater than or equal to ${limit}`, 'limit'),
  maximum: invalid((limit) => `should be less than or equal to ${limit}`, 'limit'),
  pattern: invalid((pattern) => `should match '${pattern}'`, 'pattern'),
  format: (at, found, { format }) =>
    problem('Invalid', at, {
      found,
      message: `must be of type ${String(format)}: ${JSON.stringify(found)}`,
      bySchema: true,
    }),
}

/** Converts a JSON pointer to a path; a step into a list is an index. */
function pathOf(pointer: string, object: unknown): Path {
  const steps: (string | number)[] = []
  let inside: unknown = object
  for (const raw of pointer.split('/').slice(1)) {
    const name = raw.replaceAll('~1', '/').replaceAll('~0', '~')
    steps.push(Array.isArray(inside) ? Number(name) : name)
    inside = Array.isArray(inside) ? inside[Number(name)] : isRecord(inside) ? inside[name] : undefined
  }
  return steps
}
