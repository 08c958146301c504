/** Lists, with selectors and consistent pages: all pages show the state at the time of the first one. */
import { shown, type ListMeta } from './representations.ts'
import type { Kind } from '../model/kind.ts'
import { badRequest, expired, optionsInvalid, APIError } from '../model/api-errors.ts'
import { both, fieldSelector, labelSelector, type Matches } from './selectors.ts'
import type { Store, Version } from './store.ts'

/** The kind and namespace that a list or watch covers. */
export interface Scope {
  kind: Kind
  /** Undefined means all namespaces. */
  namespace?: string | undefined
}

/** One page of a list. */
export interface Page {
  versions: readonly Version[]
  meta: ListMeta
}

/** The rest of a list that a client reads page by page. */
interface Rest {
  versions: readonly Version[]
  revision: number
}

/** How many such lists are kept. The oldest is dropped, and its client gets 410. */
const OPEN_LISTS = 32
const TOKEN_START = '{"v":"meta.k8s.io/v1"'

/** Reads the selectors of a query; undefined if it has none. */
export function selectorOf(kind: Kind, query: URLSearchParams): Matches | undefined {
  return both(labelSelector(query.get('labelSelector')), fieldSelector(query.get('fieldSelector'), kind))
}

/** Whether an object is in a scope. */
export const inScope = ({ namespace }: Scope, { key }: Version): boolean =>
  namespace === undefined || key.startsWith(`${namespace}/`)

/** Serves lists. */
export class Reader {
  readonly #store: Store
  readonly #open = new Map<string, Rest>()
  #tokens = 0

  constructor(store: Store) {
    this.#store = store
  }

  list(scope: Scope, query: URLSearchParams): Page {
    const limit = readLimit(query.get('limit'))
    checkMatch(query)
    const token = query.get('continue')
    if (token) return this.#page(this.#resume(token), limit)
    this.#checkRevision(query)
    const versions = this.select(scope, selectorOf(scope.kind, query))
    return this.#page({ versions, revision: this.#store.revision }, limit)
  }

  select(scope: Scope, matches: Matches | undefined): Version[] {
    const all = this.#store.collection(scope.kind.collection).list()
    return all.filter((version) => inScope(scope, version) && (!matches || matches(shown(scope.kind, version))))
  }

  /** Drops the rest of every list. */
  compact(): void {
    this.#open.clear()
  }

  #page({ versions, revision }: Rest, limit: number): Page {
    const ends = limit <= 0 || versions.length <= limit
    if (ends) return { versions, meta: { revision: String(revision) } }
    const next = Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv: revision, list: ++this.#tokens })).toString(
      'base64url',
    )
    this.#keep(next, { versions: versions.slice(limit), revision })
    const meta = { revision: String(revision), next, remaining: versions.length - limit }
    return { versions: versions.slice(0, limit), meta }
  }

  #keep(token: string, rest: Rest): void {
    this.#open.set(token, rest)
    const [oldest] = this.#open.keys()
    if (this.#open.size > OPEN_LISTS && oldest !== undefined) this.#open.delete(oldest)
  }

  #resume(token: string): Rest {
    const rest = this.#open.get(token)
    if (!rest && !Buffer.from(token, 'base64url').toString().startsWith(TOKEN_START)) {
      throw badRequest('continue key is not valid: it is none that a list was answered with')
    }
    if (!rest) throw expired('The provided continue parameter is too old to display a consistent list result.')
    this.#open.delete(token)
    return rest
  }

  #checkRevision(query: URLSearchParams): void {
    const wanted = readRevision(query.get('resourceVersion'))
    const { revision } = this.#store
    if (wanted > revision) throw tooLarge(wanted, revision)
    const exact = query.get('resourceVersionMatch') === 'Exact'
    if (exact && wanted !== revision) throw expired(`The resourceVersion for the provided list is too old.`)
  }
}

function readLimit(text: string | null): number {
  const limit = Number(text ?? 0)
  if (Number.isInteger(limit)) return limit
  throw badRequest(`strconv.ParseInt: parsing "${text ?? ''}": invalid syntax`)
}

/** @throws APIError 422 if `resourceVersionMatch` does not fit the other parameters. */
export function checkMatch(query: URLSearchParams, isWatch = false): void {
  const match = query.get('resourceVersionMatch') || undefined
  if (query.get('sendInitialEvents') !== null) {
    if (match === 'NotOlderThan') return
    throw badMatch('Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan')
  }
  if (match === undefined) return
  if (!MATCHES.includes(match)) {
    throw badMatch(`Unsupported value: "${match}": supported values: "Exact", "NotOlderThan", ""`, 'NotSupported')
  }
  if (isWatch)
    throw badMatch('Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided')
  if (query.get('resourceVersion')) return
  throw badMatch('Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided')
}

const MATCHES = ['Exact', 'NotOlderThan']

const badMatch = (message: string, reason = 'Forbidden'): APIError =>
  optionsInvalid('ListOptions', { reason: `FieldValue${reason}`, message, field: 'resourceVersionMatch' })

/** Parses a resourceVersion. A missing one counts as 0. */
export function readRevision(text: string | null): number {
  const revision = Number(text ?? 0)
  if (Number.isInteger(revision) && revision >= 0) return revision
  throw badRequest(
    `resourceVersion: Invalid value: "${text ?? ''}": strconv.ParseUint: parsing "${text ?? ''}": invalid syntax`,
  )
}

const tooLarge = (wanted: number, current: number): APIError =>
  new APIError({
    code: 504,
    reason: 'Timeout',
    message: `Timeout: Too large resource version: ${wanted}, current: ${current}`,
    details: {
      causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
      retryAfterSeconds: 1,
    },
  })
