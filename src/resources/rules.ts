/**
 * Evaluates the CEL rules of a CRD (`x-kubernetes-validations`) as the API server does: each for the value that it belongs to, with
 * `oldSelf` if a rule is about a change. The rules in `crds/` use only what this interpreter supports.
 */
import { Environment, type ParseResult } from '@marcbachmann/cel-js'
import { isRecord } from '../platform/json.ts'
import { pathText, problem, type Path, type Problem, type ProblemKind } from './problems.ts'
import { childSchema } from './structural-schema.ts'
import type { StructuralSchema, ValidationRule } from './types.ts'

/** Evaluates every rule of a schema, except those on or above a broken path, whose value is not what they expect. */
type RuleChecker = (object: unknown, old: unknown, isBroken: (at: Path) => boolean) => Problem[]

interface Compiled {
  rule: ValidationRule
  holds: ParseResult
  aboutChange: boolean
}

/** A value and the corresponding old value (undefined if there is none). */
interface Location {
  schema: StructuralSchema
  value: unknown
  old: unknown
  at: Path
}

const KIND_OF_REASON: Record<string, ProblemKind> = {
  FieldValueInvalid: 'Invalid',
  FieldValueForbidden: 'Forbidden',
  FieldValueRequired: 'Required',
  FieldValueDuplicate: 'Duplicate',
}

/** Compiles the rules of a schema. @throws Error if a rule is not valid CEL. */
export function ruleChecker(root: StructuralSchema): RuleChecker {
  const rules = compileAll(root)
  return (object, old, isBroken) => {
    const found: Problem[] = []
    const visit = (location: Location): void => {
      if (!isBroken(location.at)) {
        for (const rule of rules.get(location.schema) ?? []) found.push(...evaluate(rule, location))
      }
      for (const child of children(location)) visit(child)
    }
    visit({ schema: root, value: object, old, at: [] })
    return found
  }
}

function compileAll(root: StructuralSchema): Map<StructuralSchema, Compiled[]> {
  const environment = new Environment().registerVariable('self', 'dyn').registerVariable('oldSelf', 'dyn')
  const compiled = new Map<StructuralSchema, Compiled[]>()
  const visit = (schema: StructuralSchema): void => {
    const rules = schema['x-kubernetes-validations'] ?? []
    if (rules.length > 0)
      compiled.set(
        schema,
        rules.map((rule) => compile(environment, rule)),
      )
    for (const child of Object.values(schema.properties ?? {})) visit(child)
    if (schema.items) visit(schema.items)
    if (schema.additionalProperties) visit(schema.additionalProperties)
  }
  visit(root)
  return compiled
}

function compile(environment: Environment, rule: ValidationRule): Compiled {
  const holds = environment.parse(rule.rule)
  const { valid, type, error } = holds.check()
  if (!valid || (type !== 'bool' && type !== 'dyn')) {
    throw new Error(
      `not a rule that can be checked: ${rule.rule}: ${error?.message ?? `it is of type ${String(type)}`}`,
    )
  }
  return { rule, holds, aboutChange: /\boldSelf\b/.test(rule.rule) }
}

function evaluate({ rule, holds, aboutChange }: Compiled, location: Location): Problem[] {
  if (aboutChange && location.old === undefined) return []
  const self = forCel(location.schema, location.value)
  const oldSelf = aboutChange ? forCel(location.schema, location.old) : undefined
  try {
    return holds({ self, oldSelf }) === true
      ? []
      : [failed(rule, location, rule.message ?? `failed rule: ${rule.rule}`)]
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : 'unknown error'
    return [failed(rule, location, `rule evaluation error: ${reason}`)]
  }
}

function failed(rule: ValidationRule, { schema, value, at }: Location, message: string): Problem {
  const below = (rule.fieldPath ?? '').split('.').filter((step) => step !== '')
  const found = below.reduce<unknown>((inner, step) => (isRecord(inner) ? inner[step] : undefined), value)
  const kind = KIND_OF_REASON[rule.reason ?? ''] ?? 'Invalid'
  return problem(kind, [...at, ...below], { message, found, rule: rule.rule, ruleType: schema.type ?? 'object' })
}

/** The values within a value. Items of a list correspond to old items only if the list is a map, by its keys. */
function children({ schema, value, old, at }: Location): Location[] {
  if (Array.isArray(value)) {
    const items = schema.items
    if (!items) return []
    return value.map((item: unknown, index) => ({
      schema: items,
      value: item,
      old: correspondingItem(schema, item, old),
      at: [...at, index],
    }))
  }
  if (!isRecord(value)) return []
  return Object.entries(value).flatMap(([name, child]): Location[] => {
    const inner = at.length === 0 && name === 'metadata' ? undefined : childSchema(schema, name)
    return inner ? [{ schema: inner, value: child, old: isRecord(old) ? old[name] : undefined, at: [...at, name] }] : []
  })
}

function correspondingItem(schema: StructuralSchema, item: unknown, old: unknown): unknown {
  const keys = schema['x-kubernetes-list-map-keys']
  if (schema['x-kubernetes-list-type'] !== 'map' || !keys || !isRecord(item) || !Array.isArray(old)) return undefined
  return old.find((other: unknown) => isRecord(other) && keys.every((key) => other[key] === item[key]))
}

/** CEL integers are BigInts here, and its timestamps are Dates, so values are converted by their schema. */
function forCel(schema: StructuralSchema, value: unknown): unknown {
  if (Array.isArray(value)) {
    const items = schema.items
    return items ? value.map((item: unknown) => forCel(items, item)) : value
  }
  if (isRecord(value)) {
    const entries = Object.entries(value).map(([name, child]) => {
      const inner = childSchema(schema, name)
      return [name, inner ? forCel(inner, child) : child] as const
    })
    return Object.fromEntries(entries)
  }
  if (schema.type === 'integer') return Number.isInteger(value) ? BigInt(value as number) : value
  return schema.format === 'date-time' && typeof value === 'string' ? new Date(value) : value
}

/** Returns the function that says whether a path is that of a broken value or a prefix of one. */
export function holdsBroken(broken: readonly Path[]): (at: Path) => boolean {
  const texts = broken.map((path) => pathText(path))
  return (at) => {
    const text = pathText(at)
    return texts.some(
      (other) => text === '' || other === text || (/^[.[]/.test(other.slice(text.length)) && other.startsWith(text)),
    )
  }
}
