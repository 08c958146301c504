/** Structure-aware mutations of JSON: one place in it, chosen by a number, becomes something else. */

export interface Mutation {
  /** Which of the places, counted round and round. */
  place: number
  /** Only near the top: the answer's own fields, its items, and theirs. */
  near: boolean
  how: (typeof HOWS)[number]
}

export const HOWS = [
  'null',
  'number',
  'zero',
  'text',
  'emptyText',
  'controlText',
  'longText',
  'hugeText',
  'true',
  'false',
  'object',
  'list',
  'listOfNull',
  'gone',
  'reversed',
  'twice',
] as const

type Path = (string | number)[]

const NEAR = 3

/** The value with one place changed, and that place. */
export function mutate(value: unknown, { place, near, how }: Mutation): { value: unknown; path: Path } {
  const all: Path[] = []
  collect(value, [], all)
  const places = near ? all.filter(({ length }) => length <= NEAR) : all
  const path = places[place % places.length] ?? []
  return { value: changed(value, path, how), path }
}

function collect(value: unknown, path: Path, places: Path[]): void {
  places.push(path)
  if (typeof value !== 'object' || value === null) return
  for (const [key, below] of Object.entries(value))
    collect(below, [...path, Array.isArray(value) ? Number(key) : key], places)
}

function changed(value: unknown, [key, ...rest]: Path, how: Mutation['how']): unknown {
  if (key === undefined) return another(value, how)
  if (Array.isArray(value)) return value.map((one: unknown, n) => (n === key ? changed(one, rest, how) : one))
  const copy: Record<string, unknown> = { ...(value as object) }
  const gone = rest.length === 0 && how === 'gone'
  if (gone) Reflect.deleteProperty(copy, key)
  else copy[key] = changed(copy[key], rest, how)
  return copy
}

const OTHERS: Record<Exclude<Mutation['how'], 'reversed' | 'twice'>, unknown> = {
  null: null,
  number: 20_261_123,
  zero: 0,
  text: 'something else',
  emptyText: '',
  controlText: 'a\u0000\n\u001b[31m\u202e',
  longText: 'l'.repeat(3_000),
  hugeText: 'h'.repeat(100_000),
  true: true,
  false: false,
  object: { a: { b: 1 } },
  list: [1, 'two', [3]],
  listOfNull: [null],
  // In a list nothing can be gone without the others moving up, which says something else.
  gone: null,
}

function another(value: unknown, how: Mutation['how']): unknown {
  if (how === 'reversed') return Array.isArray(value) ? [...(value as unknown[])].reverse() : [value]
  if (how === 'twice') return Array.isArray(value) ? [...(value as unknown[]), ...(value as unknown[])] : [value, value]
  return OTHERS[how]
}
