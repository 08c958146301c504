/** The shipped roles among themselves and against the page about security. What they are good for, test/real/audit asks. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { missing, rightsOf, unused, words, type Asked, type Role } from './support/rbac.ts'
import { rolesIn, shippedRoles } from './support/shipped-roles.ts'

const said = (roles: Role[]): string[] =>
  roles.flatMap((role) => rightsOf(role, undefined)).map((right) => `${right.role}: ${words(right)}`)

/** The rows of the tables whose first cell is a role: each right in the second cell. */
function documented(page: string): string[] {
  const rows = [...page.matchAll(/^\| `(calendar-operator[\w-]*)` \| (.+?) \| (.+) \|$/gm)]
  return rows.flatMap(([, role = '', rights = '']) =>
    [...rights.matchAll(/`([^`]+)`/g)].map(([, right = '']) => `${role}: ${right}`),
  )
}

describe('the shipped roles', () => {
  const everywhere = said(shippedRoles('cluster-wide'))

  test('grant what docs/security.md gives a reason for, once each, and nothing else', () => {
    const others = (['common', 'leases', 'people'] as const).flatMap((directory) => said(shippedRoles(directory)))
    const shipped = [...everywhere, ...others]
    const page = readFileSync(new URL('../docs/security.md', import.meta.url), 'utf8')
    expect(documented(page).sort()).toEqual(shipped.sort())
  })

  test('of one namespace are those of all of them, less the Namespaces', () => {
    const less = everywhere.filter((right) => !/ namespaces$/.test(right))
    expect(said(shippedRoles('namespaced'))).toEqual(less)
    expect(everywhere.length - less.length).toBe(2)
  })

  test('for people are part of view, edit and admin', () => {
    const aggregated = shippedRoles('people').map(({ metadata: { name, labels = {} } }) => [
      name,
      ...Object.keys(labels).map((label) => label.replace('rbac.authorization.k8s.io/aggregate-to-', '')),
    ])
    expect(aggregated).toEqual([
      ['calendar-operator-view', 'view', 'edit', 'admin'],
      ['calendar-operator-edit', 'edit', 'admin'],
    ])
  })
})

describe('the example role of a booking site', () => {
  const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8')
  const [role] = rolesIn(read('../examples/booking-site/role.yaml'))

  test('grants what docs/security.md says, and nothing else', () => {
    const rows = [...read('../docs/security.md').matchAll(/^\| `booking-site` \| `([^`]+)` \|/gm)]
    const documented = rows.map(([, right]) => `booking-site: ${right}`)
    expect(said(role ? [role] : []).sort()).toEqual(documented.sort())
  })

  test('allows to create, watch and delete Bookings, and to read one ConfigMap', () => {
    const bookings = {
      apiGroups: ['calendar-operator.io'],
      resources: ['bookings'],
      verbs: ['create', 'watch', 'delete'],
    }
    const calendar = { apiGroups: [''], resources: ['configmaps'], resourceNames: ['alice-calendar'], verbs: ['get'] }
    expect(role?.rules).toEqual([bookings, calendar])
  })
})

describe('a role compared with requests', () => {
  const role: Role = {
    kind: 'Role',
    metadata: { name: 'some' },
    rules: [
      { apiGroups: [''], resources: ['secrets'], resourceNames: ['keys'], verbs: ['get'] },
      { apiGroups: ['example.com'], resources: ['things', 'things/status'], verbs: ['patch'] },
    ],
  }
  const ask = (more: Partial<Asked>): Asked => ({
    group: '',
    resource: 'secrets',
    name: 'keys',
    namespace: 'home',
    verb: 'get',
    forbidden: false,
    ...more,
  })
  const patchStatus = ask({ group: 'example.com', resource: 'things/status', name: 'one', verb: 'patch' })

  test('has the rights left that no allowed request needed', () => {
    expect(unused(rightsOf(role, 'home'), [ask({}), patchStatus])).toEqual(['some: patch things.example.com'])
  })

  test.each<[string, Partial<Asked>]>([
    ['another name', { name: 'other' }],
    ['another namespace', { namespace: 'away' }],
    ['another verb', { verb: 'list' }],
    ['another group', { group: 'example.com' }],
    ['a subresource', { resource: 'secrets/status' }],
    ['what was refused', { forbidden: true }],
  ])('is not used by %s', (_, more) => {
    expect(unused(rightsOf(role, 'home'), [ask(more)])).toContain('some: get secrets "keys"')
  })

  test('reports each rule that it lacks, once', () => {
    const refused = [ask({ forbidden: true }), ask({ forbidden: true, name: 'other' }), patchStatus]
    expect(missing(refused)).toEqual(['{"apiGroups":[""],"resources":["secrets"],"verbs":["get"]} in a namespace'])
  })

  test('with a wildcard is refused: nothing could be compared with it', () => {
    const wild: Role = { ...role, rules: [{ apiGroups: [''], resources: ['*'], verbs: ['get'] }] }
    expect(() => rightsOf(wild, undefined)).toThrow('some has a wildcard')
  })
})
