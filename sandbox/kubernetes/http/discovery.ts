/** API discovery: which groups, versions and kinds are served. `kubectl` reads names, short names and categories here. */
import { apiVersionOf, type Kind } from '../model/kind.ts'
import type { JsonObject } from '../model/objects.ts'

const VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch']

/** The discovery document at a path; undefined if the path is not one of discovery, or its group does not exist. */
export function discovery(kinds: readonly Kind[], path: string): JsonObject | undefined {
  if (path === '/api') return { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] }
  if (path === '/apis') return { kind: 'APIGroupList', apiVersion: 'v1', groups: groups(kinds) }
  if (path === '/api/v1') return resources(kinds, 'v1')
  const [, group, version] = /^\/apis\/([^/]+)(?:\/([^/]+))?$/.exec(path) ?? []
  if (group === undefined) return undefined
  if (version !== undefined) return resources(kinds, `${group}/${version}`)
  const found = groups(kinds).find(({ name }) => name === group)
  return found ? { kind: 'APIGroup', apiVersion: 'v1', ...found } : undefined
}

function groups(kinds: readonly Kind[]): JsonObject[] {
  const versions = new Map(kinds.filter(({ group }) => group !== '').map((kind) => [kind.group, kind.version]))
  return [...versions].map(([name, version]) => {
    const preferredVersion = { groupVersion: `${name}/${version}`, version }
    return { name, versions: [preferredVersion], preferredVersion }
  })
}

function resources(kinds: readonly Kind[], groupVersion: string): JsonObject | undefined {
  const here = kinds.filter((kind) => apiVersionOf(kind) === groupVersion)
  if (here.length === 0) return undefined
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources: here.flatMap(resourcesOf) }
}

function resourcesOf(one: Kind): JsonObject[] {
  const { plural, singular, namespaced, kind } = one
  const shortNames = one.shortNames.length > 0 ? one.shortNames : undefined
  const categories = one.categories.length > 0 ? one.categories : undefined
  const main = { name: plural, singularName: singular, namespaced, kind, verbs: VERBS, shortNames, categories }
  const status = { name: `${plural}/status`, singularName: '', namespaced, kind, verbs: ['get', 'patch', 'update'] }
  return one.hasStatus ? [main, status] : [main]
}

/** The answer at `/version`. */
export const VERSION: JsonObject = {
  major: '1',
  minor: '34',
  gitVersion: 'v1.34.0-calendar-operator-sandbox',
  gitCommit: '',
  gitTreeState: 'clean',
  buildDate: '2025-08-27T00:00:00Z',
  goVersion: 'none',
  compiler: 'none',
  platform: 'nodejs',
}
