/** Renders problems for the person who wrote the manifest: the field, what is wrong, what was found, and what to write. Pure. */
import { typeName, type Path, type Problem } from '../resources/problems.ts'
import { childSchema } from '../resources/structural-schema.ts'
import { nearest } from '../resources/suggestions.ts'
import type { StructuralSchema } from '../resources/types.ts'

const MAX_VALUE_LENGTH = 60

/** Renders one problem. */
export function problemMessage(problem: Problem, schema: StructuralSchema): string {
  const words = problem.found === '' ? empty(problem, schema) : (MESSAGES[problem.kind] ?? malformed)(problem, schema)
  return problem.path === '' ? words : `${problem.path}: ${words}`
}

const MESSAGES: Partial<Record<Problem['kind'], (problem: Problem, schema: StructuralSchema) => string>> = {
  Required: missing,
  Forbidden: ({ message }) => message,
  Unknown: ({ message }) => message,
  Duplicate: ({ found }) => `${value(found)} appears twice; leave one of them out`,
  NotSupported: unsupported,
  TypeInvalid: wrongType,
  TooLong: ({ message, found }) =>
    `is too long, it ${message.replace('bytes', 'characters')}, found ${String(found).length}`,
  TooMany: ({ message, found }) =>
    `has too many items, it ${message}, found ${Array.isArray(found) ? found.length : 0}`,
}

/** A pattern explains nothing to a person. The description of the field says which form is meant. */
function malformed(problem: Problem, schema: StructuralSchema): string {
  const field = schemaAt(schema, problem.at)
  if (!problem.bySchema || field?.pattern === undefined) return withFound(problem)
  return `${explained('does not have the required form', problem.at, schema)} Found ${value(problem.found)}`
}

const withFound = ({ message, found }: Problem): string =>
  found === undefined || typeof found === 'object' ? message : `${message}, found ${value(found)}`

/** People write a bare name where an object is expected, so its fields are named. */
function wrongType({ message, found, at }: Problem, schema: StructuralSchema): string {
  const words = `${message}, found ${value(found)} (${typeName(found)})`
  const expected = schemaAt(schema, at)
  const fields = Object.keys(expected?.properties ?? {})
  if (fields.length > 0) return `${words}; write its fields: ${fields.join(', ')}`
  return expected?.type === 'boolean' ? `${words}; write true or false` : words
}

function missing({ message, at }: Problem, schema: StructuralSchema): string {
  return message === '' ? explained('is missing, and required', at, schema) : `is missing: ${message}`
}

const empty = ({ at }: Problem, schema: StructuralSchema): string => explained('is empty', at, schema)

/** Adds what the field is for, because somebody who left it out may not know. */
function explained(words: string, at: Path, schema: StructuralSchema): string {
  const what = firstSentence(schemaAt(schema, at)?.description)
  return what === '' ? words : `${words}: ${what}`
}

function unsupported({ found, supported = [] }: Problem): string {
  const meant = typeof found === 'string' ? nearest(found, supported) : undefined
  const choice = meant === undefined ? `write ${listed(supported, 'or')}` : `did you mean ${meant}?`
  return `found ${value(found)}, which is not a valid value; ${choice}`
}

/** Names as a sentence lists them: `a, b or c`. */
export const listed = (names: readonly string[], conjunction: 'and' | 'or'): string =>
  names.length < 2 ? names.join() : `${names.slice(0, -1).join(', ')} ${conjunction} ${String(names.at(-1))}`

function value(found: unknown): string {
  const text = JSON.stringify(found)
  return text.length <= MAX_VALUE_LENGTH ? text : `${text.slice(0, MAX_VALUE_LENGTH)}…`
}

function schemaAt(schema: StructuralSchema, at: Path): StructuralSchema | undefined {
  return at.reduce<StructuralSchema | undefined>(
    (inner, step) => (typeof step === 'number' ? inner?.items : inner && childSchema(inner, step)),
    schema,
  )
}

const firstSentence = (description = ''): string => /^.*?[^.]\.(?= |$)/.exec(description)?.[0] ?? description
