/**
 * The three representations of objects that a client may ask for (`Accept`): whole, metadata only, or the table that
 * `kubectl get` prints. The JSON text of a version is cached with it: a watch and ten lists cost one `JSON.stringify`.
 */
import type { Cell, Kind } from '../model/kind.ts'
import { apiVersionOf } from '../model/kind.ts'
import type { JsonObject, KubeObject } from '../model/objects.ts'
import { notAcceptable } from '../model/api-errors.ts'
import type { Version } from './store.ts'

/** A whole object, its metadata only, or a table. */
type Representation = 'object' | 'partial' | 'table'

/** What a row of a table holds of its object. */
export type IncludeObject = 'None' | 'Metadata' | 'Object'

/** How a request wants its objects. */
export interface Shape {
  representation: Representation
  includeObject: IncludeObject
}

const META = 'meta.k8s.io/v1'

/** Picks the first acceptable representation that the sandbox supports. @throws APIError 406 if there is none. */
export function negotiate(accept: string | undefined): Representation {
  const offers = (accept ?? '*/*').split(',').map((offer) => offer.trim().split(/\s*;\s*/))
  for (const [type, ...parameters] of offers) {
    const representation = isJson(type)
      ? formOf(new Map(parameters.map((one) => one.split('=', 2) as [string, string])))
      : undefined
    if (representation) return representation
  }
  throw notAcceptable('only the following media types are accepted: application/json')
}

const isJson = (type: string | undefined): boolean =>
  type === 'application/json' ||
  type === '*/*' ||
  type === 'application/*' ||
  type === 'application/yaml' ||
  type === ''

function formOf(parameters: Map<string, string>): Representation | undefined {
  const as = parameters.get('as')
  if (as === undefined) return 'object'
  if (parameters.get('g') !== 'meta.k8s.io' || parameters.get('v') !== 'v1') return undefined
  if (as === 'Table') return 'table'
  return as.startsWith('PartialObjectMetadata') ? 'partial' : undefined
}

/** An object in the form of a kind. */
export const shown = (kind: Kind, { object }: Version): KubeObject => (kind.view ? kind.view.show(object) : object)

/** The JSON text of one object, or of its metadata. */
export function textOf(kind: Kind, version: Version, representation: 'object' | 'partial' | 'item'): string {
  const name = representation === 'partial' ? representation : `${representation} ${kind.group}`
  let text = version.texts.get(name)
  if (text === undefined) version.texts.set(name, (text = JSON.stringify(made(kind, version, representation))))
  return text
}

function made(kind: Kind, version: Version, representation: 'object' | 'partial' | 'item'): JsonObject {
  if (representation === 'partial') return partial(version.object)
  const object = shown(kind, version)
  if (representation === 'object' || kind.custom) return object
  // Items of a list of Kubernetes' own kinds have no `kind` and `apiVersion`.
  return { ...object, apiVersion: undefined, kind: undefined }
}

const partial = ({ metadata }: KubeObject): JsonObject => ({
  kind: 'PartialObjectMetadata',
  apiVersion: META,
  metadata,
})

/** The JSON text of one object in the requested representation. */
export function itemText(kind: Kind, version: Version, { representation, includeObject }: Shape, now: number): string {
  if (representation !== 'table') return textOf(kind, version, representation)
  return tableText(kind, [version], { revision: version.object.metadata.resourceVersion ?? '' }, { now, includeObject })
}

/** The metadata of a list. */
export interface ListMeta {
  revision: string
  next?: string | undefined
  remaining?: number | undefined
}

/** The JSON text of a list. */
export function listText(
  kind: Kind,
  versions: readonly Version[],
  meta: ListMeta,
  { representation, includeObject, now }: Shape & { now: number },
): string {
  if (representation === 'table') return tableText(kind, versions, meta, { now, includeObject })
  const head =
    representation === 'partial'
      ? { kind: 'PartialObjectMetadataList', apiVersion: META, metadata: listMetadata(meta) }
      : { kind: kind.listKind, apiVersion: apiVersionOf(kind), metadata: listMetadata(meta) }
  const items = versions.map((version) => textOf(kind, version, representation === 'partial' ? 'partial' : 'item'))
  return `${JSON.stringify(head).slice(0, -1)},"items":[${items.join(',')}]}`
}

const listMetadata = ({ revision, next, remaining }: ListMeta): JsonObject => ({
  resourceVersion: revision,
  continue: next,
  remainingItemCount: remaining,
})

function tableText(
  kind: Kind,
  versions: readonly Version[],
  meta: ListMeta,
  { now, includeObject }: { now: number; includeObject: IncludeObject },
): string {
  const columnDefinitions = kind.columns.map(({ name, type, format = '', description = '', priority = 0 }) => {
    return { name, type, format, description, priority }
  })
  const rows = versions.map((version) => {
    const object = shown(kind, version)
    const cells: Cell[] = kind.columns.map(({ cell }) => cell(object, now))
    return { cells, object: carried(object, includeObject) }
  })
  return JSON.stringify({ kind: 'Table', apiVersion: META, metadata: listMetadata(meta), columnDefinitions, rows })
}

function carried(object: KubeObject, include: IncludeObject): JsonObject | undefined {
  if (include === 'None') return undefined
  return include === 'Object' ? object : partial(object)
}

/** The JSON text of a bookmark: a resourceVersion, in the representation of its watch. */
export function bookmarkText(
  kind: Kind,
  revision: number,
  representation: Representation,
  annotations?: Record<string, string>,
): string {
  const metadata = { resourceVersion: String(revision), creationTimestamp: null, annotations }
  const names: Record<Representation, [string, string]> = {
    object: [kind.kind, apiVersionOf(kind)],
    partial: ['PartialObjectMetadata', META],
    table: ['Table', META],
  }
  const [name, apiVersion] = names[representation]
  const rows = representation === 'table' ? { columnDefinitions: [], rows: [] } : {}
  return JSON.stringify({ kind: name, apiVersion, metadata, ...rows })
}
