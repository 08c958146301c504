/**
 * Compares the shipped roles with the operator's requests in the journeys, from the API server's audit log: every right is needed
 * by some journey, and no request was refused. It runs after the journeys.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { OPERATOR_NAMESPACE, OPERATOR_USER, type Mode } from '../../journeys/support/roles.ts'
import { missing, rightsOf, unused, words, type Asked, type Right } from '../../support/rbac.ts'
import { shippedRoles } from '../../support/shipped-roles.ts'
import { readAuditLog, type AuditEvent } from '../cluster.ts'

/** The rights of the operator's roles in this mode; the Role of a watched namespace counts for all of them. */
function granted(mode: Mode): Right[] {
  const inOwn = [...shippedRoles('common'), ...shippedRoles('leases')]
  const own = inOwn.flatMap((role) => rightsOf(role, OPERATOR_NAMESPACE))
  return [...own, ...shippedRoles(mode).flatMap((role) => rightsOf(role, undefined))]
}

/** A journey's API server writes one log; without a journey there is none. */
function askedIn(mode: Mode): Asked[] {
  const path = join(process.env.AUDIT_LOGS ?? '', mode)
  if (!existsSync(path)) throw new Error(`No journey ran in ${mode} mode: run all of vitest.kubernetes.config.ts.`)
  return readAuditLog(path)
    .filter(({ user }) => user.username === OPERATOR_USER)
    .map(askedBy)
}

function askedBy({ verb, objectRef = {}, requestURI, annotations = {} }: AuditEvent): Asked {
  const { apiGroup = '', resource, subresource, namespace, name } = objectRef
  return {
    group: apiGroup,
    // A path that is not a resource has no right here.
    resource: resource === undefined ? requestURI : [resource, subresource].filter(Boolean).join('/'),
    namespace,
    name,
    verb,
    forbidden: annotations['authorization.k8s.io/decision'] !== 'allow',
  }
}

describe.each(['cluster-wide', 'namespaced'] as const)('the %s roles', (mode) => {
  let asked: Asked[]
  beforeAll(() => {
    asked = askedIn(mode)
  })

  it('were used: the log has requests of the operator', () => {
    expect(asked.length).toBeGreaterThan(100)
  })

  it('allow every request of the operator', () => {
    expect(missing(asked)).toEqual([])
  })

  it('allow nothing that the operator did not need', () => {
    expect(unused(granted(mode), asked)).toEqual([])
  })
})

it('sends no cluster-wide request if it serves named namespaces', () => {
  const clusterWide = askedIn('namespaced').filter(({ namespace }) => namespace === undefined)
  expect(clusterWide.map((one) => words(one))).toEqual([])
})
