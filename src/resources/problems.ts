/** What is wrong with an object, as data, and in the words of the API server as `kubectl` shows them. Pure. */

/** The API server's error types (`field.Error`), and `Unknown` for a field that is not in the schema. */
export type ProblemKind =
  | 'Required'
  | 'Invalid'
  | 'TypeInvalid'
  | 'NotSupported'
  | 'Duplicate'
  | 'TooLong'
  | 'TooMany'
  | 'Forbidden'
  | 'Unknown'

/** Names and indexes from the root of an object to a value in it. */
export type Path = readonly (string | number)[]

/** One problem of an object. */
export interface Problem {
  readonly kind: ProblemKind
  readonly at: Path
  /** `at` as text: `spec.scopes[1]`; empty for the object itself. */
  readonly path: string
  /** What is wrong and what to write instead, to be read after the path; may be empty if the kind says everything. */
  readonly message: string
  readonly found?: unknown
  /** The allowed values, if they are enumerable. */
  readonly supported?: readonly string[]
  /** The CEL rule that failed, and the type of the value that carries it. */
  readonly rule?: string
  readonly ruleType?: string
  /** The schema was violated; the API server then repeats the field in its message. */
  readonly bySchema?: true
}

/** Renders a path as text: `spec.scopes[1]`. */
export function pathText(at: Path): string {
  return at.map((step, index) => (typeof step === 'number' ? `[${step}]` : named(step, index))).join('')
}

function named(step: string, index: number): string {
  if (!/^[\w-]+$/.test(step)) return `[${step}]`
  return index === 0 ? step : `.${step}`
}

/** Creates a problem. */
export function problem(kind: ProblemKind, at: Path, rest: Omit<Problem, 'kind' | 'at' | 'path'>): Problem {
  return { kind, at, path: pathText(at), ...rest }
}

/** The JSON Schema type of a value. */
export function typeName(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number'
  return typeof value
}

/** Renders a problem as the API server does: `spec.scopes[1]: Duplicate value: "a"`. Source: `field.Error` in apimachinery. */
export function asKubectl(one: Problem): string {
  return `${one.path === '' ? '<nil>' : one.path}: ${WORDS[one.kind](one)}`
}

const withMessage = (text: string, { message }: Problem): string => (message === '' ? text : `${text}: ${message}`)

const WORDS: Record<ProblemKind, (one: Problem) => string> = {
  Required: (one) => withMessage('Required value', one),
  Forbidden: (one) => withMessage('Forbidden', one),
  Invalid: (one) => `Invalid value: ${quoted(shown(one))}: ${inBody(one)}`,
  TypeInvalid: (one) => `Invalid value: "${typeName(one.found)}": ${inBody(one)}: "${typeName(one.found)}"`,
  NotSupported: (one) =>
    `Unsupported value: ${quoted(one.found)}: supported values: ${(one.supported ?? []).map(quoted).join(', ')}`,
  Duplicate: (one) => `Duplicate value: ${quoted(one.found)}`,
  TooLong: (one) => withMessage('Too long', one),
  TooMany: (one) => withMessage(`Too many: ${Array.isArray(one.found) ? one.found.length : 0}`, one),
  Unknown: (one) => `unknown field "${one.path}"`,
}

/** For a rule, the API server shows the type of the value, not the value; for a list that is too short, its length. */
function shown({ rule, ruleType, found }: Problem): unknown {
  if (rule !== undefined) return ruleType
  return Array.isArray(found) ? found.length : found
}

const inBody = ({ bySchema, path, message }: Problem): string => (bySchema ? `${path} in body ${message}` : message)

const quoted = (value: unknown): string => JSON.stringify(value)
