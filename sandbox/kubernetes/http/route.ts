/** Parses resource paths such as `/api/v1/namespaces/booking/secrets/alice`. */
import { methodNotAllowed, notServed, type APIError } from '../model/api-errors.ts'
import type { Kind } from '../model/kind.ts'
import type { Registry } from '../kinds/registry.ts'

/** What a resource path names. */
export interface Route {
  kind: Kind
  namespace: string | undefined
  name: string | undefined
  subresource: 'status' | undefined
}

interface Named {
  group: string
  version: string
  plural: string
  namespace: string | undefined
  name: string | undefined
  subresource: string | undefined
}

/** Returns undefined if the path is not below `/api/v1` or `/apis/GROUP/VERSION`. */
export function parsePath(path: string): Named | undefined {
  const [root, ...rest] = path.split('/').filter(Boolean).map(decodeURIComponent)
  if (root === 'api') return inVersion('', rest)
  const [group, ...inGroup] = rest
  return root === 'apis' && group !== undefined ? inVersion(group, inGroup) : undefined
}

function inVersion(group: string, [version, ...rest]: string[]): Named | undefined {
  if (version === undefined || rest.length === 0) return undefined
  const ofNamespace = rest[0] === 'namespaces' && rest.length >= 3 && !['status', 'finalize'].includes(rest[2]!)
  const namespace = ofNamespace ? rest[1] : undefined
  const [plural = '', name, subresource, tooMuch] = ofNamespace ? rest.slice(2) : rest
  return tooMuch === undefined ? { group, version, plural, namespace, name, subresource } : undefined
}

/** Finds the kind of a path. @throws APIError 404 if the sandbox does not serve it; the message names the sandbox. */
export function routeTo(registry: Registry, named: Named): Route {
  const { group, version, plural, namespace, name, subresource } = named
  const kind = registry.find(group, version, plural)
  if (!kind || (namespace !== undefined && !kind.namespaced)) throw notHeld(named)
  if (kind.namespaced && name !== undefined && namespace === undefined) throw methodNotAllowed(NO_NAMESPACE)
  if (subresource === undefined) return { kind, namespace, name, subresource }
  if (subresource === 'status' && kind.hasStatus) return { kind, namespace, name, subresource }
  throw notServed(`${COULD_NOT_FIND}: ${plural} have no ${subresource} in this sandbox`)
}

function notHeld({ group, version, plural }: Named): APIError {
  const what = `${plural}${group === '' ? '' : `.${group}`} (${version})`
  return notServed(`${COULD_NOT_FIND}: this sandbox doesn't hold ${what}, ${HOLDS}`)
}

const COULD_NOT_FIND = 'the server could not find the requested resource'
const HOLDS =
  'only Namespaces, Secrets, ConfigMaps, Leases, Events, CustomResourceDefinitions and the kinds of calendar-operator.io; use a real API server for more'
const NO_NAMESPACE = 'the path of a namespaced object must name its namespace'
