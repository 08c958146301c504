/**
 * Parses manifests as people write them: several documents in a file, lists of objects, and YAML as `kubectl` reads it. It knows the
 * line of every value. Pure.
 */
import { isMap, isScalar, LineCounter, parseAllDocuments, type Document, type Tags } from 'yaml'
import { isRecord } from '../platform/json.ts'
import type { Path } from '../resources/problems.ts'

/** One object in a file. */
export interface Manifest {
  readonly file: string
  readonly object: Record<string, unknown>
  /** The line, from 1, of the value at a path, or of the nearest enclosing value. */
  lineOf(path: Path): number
}

/** A remark about a line of a file. Notes do not make the command fail. */
export interface Remark {
  readonly file: string
  /** From 1; 0 for the file as a whole. */
  readonly line: number
  readonly level: 'problem' | 'note'
  readonly text: string
}

/** The result of parsing a file. */
export interface Parsed {
  manifests: Manifest[]
  remarks: Remark[]
}

/** kubectl follows YAML 1.1 (`yes` is true), but without its sexagesimal numbers and timestamps. */
const kubectlTags = (tags: Tags): Tags =>
  tags.filter((tag) => typeof tag === 'string' || (!tag.tag.endsWith(':timestamp') && tag.format !== 'TIME'))

/** Parses all objects in a file. The remarks are about its syntax. */
export function parseManifests(file: string, text: string): Parsed {
  const lineCounter = new LineCounter()
  const parsed = parseAllDocuments(text, {
    lineCounter,
    prettyErrors: false,
    version: '1.1',
    customTags: kubectlTags,
    logLevel: 'silent',
  })
  const all: Parsed = { manifests: [], remarks: [] }
  for (const document of Array.isArray(parsed) ? parsed : []) {
    const one = readDocument(file, document, lineCounter)
    all.manifests.push(...one.manifests)
    all.remarks.push(...one.remarks)
  }
  return all
}

function readDocument(file: string, document: Document.Parsed, lines: LineCounter): Parsed {
  const wrong = (line: number, text: string): Remark => ({ file, line, level: 'problem', text })
  if (document.errors.length > 0) {
    const remarks = document.errors.map((error) => wrong(lines.linePos(error.pos[0]).line, syntaxText(error)))
    return { manifests: [], remarks }
  }
  const start = lines.linePos(document.contents?.range[0] ?? 0).line
  let value: unknown
  try {
    value = document.toJS()
  } catch (error) {
    const text = error instanceof Error ? error.message : 'cannot be read'
    return { manifests: [], remarks: [wrong(start, text)] }
  }
  if (value === null || value === undefined) return { manifests: [], remarks: [] }
  if (!isRecord(value)) {
    return { manifests: [], remarks: [wrong(start, 'is not an object; write apiVersion, kind, metadata and spec')] }
  }
  const found = flatten(value).map(({ object, at }) => ({ file, object, lineOf: lineFinder(document, lines, at) }))
  return { manifests: found, remarks: [] }
}

const syntaxText = ({ code, message }: { code: string; message: string }): string =>
  code === 'DUPLICATE_KEY' ? 'this field appears twice; keep one of them' : `is not YAML: ${message}`

/** A list (`kind: List`, `AgentList`) is replaced by its items. */
function flatten(value: Record<string, unknown>, at: Path = []): { object: Record<string, unknown>; at: Path }[] {
  const isList = typeof value.kind === 'string' && value.kind.endsWith('List') && Array.isArray(value.items)
  if (!isList) return [{ object: value, at }]
  const items = value.items as unknown[]
  return items.flatMap((item, index) => {
    const place = [...at, 'items', index]
    return isRecord(item) ? flatten(item, place) : [{ object: {}, at: place }]
  })
}

function lineFinder(document: Document.Parsed, lines: LineCounter, root: Path): Manifest['lineOf'] {
  return (path) => {
    for (let length = path.length; length >= 0; length--) {
      const offset = offsetOf(document, [...root, ...path.slice(0, length)])
      if (offset !== undefined) return lines.linePos(offset).line
    }
    return 1
  }
}

/** The offset at which a field begins: that of its key, because its value may begin on a later line. */
function offsetOf(document: Document.Parsed, path: Path): number | undefined {
  const key = path.at(-1)
  const parent: unknown = path.length === 0 ? undefined : document.getIn(path.slice(0, -1), true)
  if (isMap(parent)) {
    const pair = parent.items.find((item) => isScalar(item.key) && String(item.key.value) === String(key))
    if (pair && isScalar(pair.key)) return pair.key.range?.[0]
  }
  const node: unknown = path.length === 0 ? document.contents : document.getIn(path, true)
  return hasRange(node) ? node.range[0] : undefined
}

const hasRange = (node: unknown): node is { range: [number, number, number] } =>
  typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range)
