/** Finds what somebody most likely meant by an unknown name. Pure. */
import type { StructuralSchema } from './types.ts'

/** Returns the nearest known name at an edit distance of at most two, if there is one. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const scored = known
    .map((candidate) => ({ candidate, slips: distance(name.toLowerCase(), candidate.toLowerCase()) }))
    // Two edits turn a word of four letters into another word.
    .filter(({ candidate, slips }) => slips <= Math.min(2, Math.floor((candidate.length + 1) / 3)))
    .sort((a, b) => a.slips - b.slips)
  return scored[0]?.candidate
}

/** Says where a field with this name belongs, if there is exactly one such place. */
export function belongsElsewhere(schema: StructuralSchema, name: string): string | undefined {
  const spec = schema.properties?.spec
  const places = spec ? placesOf(spec, name, 'spec') : []
  return places.length === 1 ? `it belongs at ${String(places[0])}` : undefined
}

function placesOf(schema: StructuralSchema, name: string, path: string): string[] {
  const inner = Object.entries(schema.properties ?? {}).flatMap(([child, childSchema]) => [
    ...(child === name ? [`${path}.${child}`] : []),
    ...placesOf(childSchema, name, `${path}.${child}`),
  ])
  return schema.items ? [...inner, ...placesOf(schema.items, name, `${path}[]`)] : inner
}

/** The Levenshtein distance. Much longer names are not typing mistakes. */
function distance(one: string, other: string): number {
  if (one.length > 64) return Infinity
  let row = Array.from({ length: other.length + 1 }, (_, index) => index)
  for (let i = 1; i <= one.length; i++) {
    const next = [i]
    for (let j = 1; j <= other.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (one[i - 1] === other[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[other.length] ?? 0
}
