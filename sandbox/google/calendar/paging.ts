/** Pages of a listing, bound to the query and in a stable order. Switches make them short or empty. */
import { invalid } from '../http/errors.ts'
import type { GoogleState } from '../state/state.ts'
import { seal, unseal } from './sync-tokens.ts'

/** The position of an item in the order of the listing. */
export type Position = readonly [number, number]

/** What a page token contains. */
interface PageToken {
  /** The query that the token continues. */
  key: string
  /** The number of the requested page, from 2. */
  page: number
  after: Position
  /** The version of the change log when the listing began. Later changes come with the next sync. */
  version: number
}

/** The most items of a page. @throws Refusal 400 */
export function pageSize(state: GoogleState, query: URLSearchParams, limits: { normal: number; most: number }): number {
  const text = query.get('maxResults')
  const asked = text === null ? limits.normal : Number(text)
  if (!Number.isInteger(asked) || asked < 1) {
    throw invalid(`Invalid value '${text ?? ''}'. Values must be within the range: [1, ${limits.most}]`, 'maxResults')
  }
  const cap = state.switches.pageSizeCap
  return Math.min(asked, limits.most, cap > 0 ? cap : limits.most)
}

/** Reads the page token of the query; undefined for the first page. */
export function readPageToken(query: URLSearchParams, key: string): PageToken | undefined {
  const text = query.get('pageToken')
  if (text === null) return undefined
  const token = unseal(text) as PageToken | undefined
  if (token?.key !== key) throw invalid('Invalid page token value.', 'pageToken')
  return token
}

/** The number of the page that a query requests, if its token can be read. */
export function pageNumber(query: URLSearchParams): number {
  const text = query.get('pageToken')
  return text === null ? 1 : ((unseal(text) as PageToken | undefined)?.page ?? 1)
}

interface PageRequest<T> {
  /** All items of the listing, in order. */
  items: T[]
  size: number
  token: PageToken | undefined
  keyOf: (item: T, index: number) => Position
  version: number
}

interface Page<T> {
  items: T[]
  /** Makes the token of the next page; undefined on the last page. */
  next?: (key: string) => string
}

// Lower than every position, which is an instant or a counter. JSON has no infinity.
const BEFORE_ALL: Position = [-Number.MAX_VALUE, 0]

/** Cuts the next page out of a listing. */
export function nextPage<T>(state: GoogleState, request: PageRequest<T>): Page<T> {
  const { items, size, keyOf } = request
  const { page, after, version } = request.token ?? { page: 1, after: BEFORE_ALL, version: request.version }
  const found = page === 1 ? 0 : items.findIndex((item, index) => isAfter(keyOf(item, index), after))
  const begin = found < 0 ? items.length : found
  const empty = state.switches.emptyPages && page % 2 === 1
  const end = empty ? begin : Math.min(begin + size, items.length)
  const chosen = items.slice(begin, end)
  // With the switch for empty pages, the last page is empty too.
  const more = end < items.length || (state.switches.emptyPages && !empty)
  if (!more) return { items: chosen }
  const position = { page: page + 1, after: end > begin ? keyOf(items[end - 1]!, end - 1) : after, version }
  return { items: chosen, next: (key) => seal({ key, ...position }, state.switches.tokenLength) }
}

const isAfter = (one: Position, other: Position): boolean =>
  one[0] > other[0] || (one[0] === other[0] && one[1] > other[1])
