/**
 * The JSONPath of CRDs, for printer columns and selectable fields: names, `[0]`, `[*]`, `['name']` and
 * `[?(@.field=="text")]`. A CRD that uses anything else is refused.
 */
import { isRecord } from '../../../src/platform/json.ts'

/** Returns the values at a compiled path. */
export type Find = (value: unknown) => unknown[]
type Step = (value: unknown) => unknown[]

const TOKEN =
  /\.((?:[\w-]|\\.)+)|\[(\d+)\]|(\[\*\])|\['([^']+)'\]|\[\?\(@\.([\w.-]+)\s*==\s*(?:"([^"]*)"|'([^']*)')\)\]/y

/** Compiles a JSONPath. @throws Error if it is not supported. */
export function compilePath(path: string): Find {
  const steps: Step[] = []
  const tokens = new RegExp(TOKEN)
  while (tokens.lastIndex < path.length) {
    const from = tokens.lastIndex
    const token = tokens.exec(path)
    if (!token) throw new Error(`The sandbox can't read the JSONPath ${path} from "${path.slice(from)}" on`)
    steps.push(stepOf(token))
  }
  return (value) => steps.reduce<unknown[]>((found, step) => found.flatMap(step), [value])
}

function stepOf([, name, index, all, quoted, field, text, otherText]: RegExpExecArray): Step {
  if (name !== undefined) return child(name.replaceAll('\\', ''))
  if (quoted !== undefined) return child(quoted)
  if (index !== undefined)
    return (value) => (Array.isArray(value) ? (value as unknown[]).slice(Number(index), Number(index) + 1) : [])
  if (all !== undefined) return items
  const inner = compilePath(`.${field ?? ''}`)
  return (value) => items(value).filter((item) => inner(item)[0] === (text ?? otherText))
}

const child =
  (name: string): Step =>
  (value) =>
    isRecord(value) && value[name] !== undefined ? [value[name]] : []

const items = (value: unknown): unknown[] =>
  Array.isArray(value) ? (value as unknown[]) : isRecord(value) ? Object.values(value) : []
