/** Parses the label and field selectors of a query. */
import type { Kind } from '../model/kind.ts'
import type { KubeObject } from '../model/objects.ts'
import { badRequest } from '../model/api-errors.ts'

/** Whether an object matches a selector. */
export type Matches = (object: KubeObject) => boolean
type Labels = Record<string, string>

/** Parses a label selector: `a=b,c!=d,e in (f,g),h notin (i),j,!k`. Undefined if it is empty. */
export function labelSelector(text: string | null): Matches | undefined {
  if (!text?.trim()) return undefined
  const terms = text.split(/,(?![^(]*\))/).map((term) => labelTerm(term.trim()))
  return ({ metadata }) => terms.every((term) => term(metadata.labels ?? {}))
}

const KEY = String.raw`([A-Za-z0-9](?:[-A-Za-z0-9_./]*[A-Za-z0-9])?)`
const SET = new RegExp(String.raw`^${KEY}\s+(in|notin)\s*\(([^)]*)\)$`)
const EQUAL = new RegExp(String.raw`^${KEY}\s*(==|=|!=)\s*([-A-Za-z0-9_.]*)$`)
const EXISTS = new RegExp(String.raw`^(!?)\s*${KEY}$`)

function labelTerm(term: string): (labels: Labels) => boolean {
  const set = SET.exec(term)
  if (set)
    return setTerm(
      set[1]!,
      set[2]!,
      set[3]!.split(',').map((one) => one.trim()),
    )
  const equal = EQUAL.exec(term)
  if (equal) return setTerm(equal[1]!, equal[2] === '!=' ? 'notin' : 'in', [equal[3]!])
  const exists = EXISTS.exec(term)
  if (exists) return (labels) => (labels[exists[2]!] === undefined) === (exists[1] === '!')
  throw badRequest(`unable to parse requirement: found '${term}', expected one of: key, !key, =, ==, !=, in, notin`)
}

function setTerm(key: string, operator: string, values: string[]): (labels: Labels) => boolean {
  const wanted = operator === 'in'
  return (labels) => {
    const value = labels[key]
    return value === undefined ? !wanted : values.includes(value) === wanted
  }
}

/** Parses a field selector: `metadata.name=a,spec.account!=b`, for the selectable fields of a kind. */
export function fieldSelector(text: string | null, kind: Kind): Matches | undefined {
  if (!text?.trim()) return undefined
  const terms = text.split(',').map((term) => fieldTerm(term, kind))
  return (object) => terms.every((term) => term(object))
}

function fieldTerm(term: string, kind: Kind): Matches {
  const parts = /^([^=!]+?)(!=|==|=)(.*)$/.exec(term)
  if (!parts) throw badRequest(`invalid selector: '${term}'; can't understand '${term}'`)
  const [, name = '', operator, value] = parts
  const read = kind.fields.get(name)
  if (!read) throw badRequest(`field label not supported: ${name}`)
  return (object) => (read(object) === value) === (operator !== '!=')
}

/** Combines two selectors. */
export function both(a: Matches | undefined, b: Matches | undefined): Matches | undefined {
  return a && b ? (object) => a(object) && b(object) : (a ?? b)
}
