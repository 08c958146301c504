import { readFileSync } from 'node:fs'
import { parseAllDocuments } from 'yaml'
import type { Role } from './rbac.ts'

/** The Roles and ClusterRoles of a directory in deploy/rbac. */
export function shippedRoles(directory: 'common' | 'leases' | 'cluster-wide' | 'namespaced' | 'people'): Role[] {
  const text = readFileSync(new URL(`../../deploy/rbac/${directory}/roles.yaml`, import.meta.url), 'utf8')
  return rolesIn(text)
}

/** The Roles and ClusterRoles among the objects of a file. */
export function rolesIn(text: string): Role[] {
  const objects = parseAllDocuments(text).map((document) => document.toJS() as Partial<Role>)
  return objects.filter((object): object is Role => object.rules !== undefined)
}
