/** Leases of `coordination.k8s.io`, with the API server's checks of their spec. */
import { asText, builtIn, type Kind } from '../model/kind.ts'
import { at, type KubeObject } from '../model/objects.ts'
import type { Cause } from '../model/api-errors.ts'
import { ageColumn, column, nameColumn } from './columns.ts'
import { checkMicroTimes } from './micro-time.ts'
import { count, fields, kindSchema, text } from './schemas.ts'

/** The kind Lease. */
export const leases: Kind = builtIn({
  group: 'coordination.k8s.io',
  version: 'v1',
  kind: 'Lease',
  plural: 'leases',
  shortNames: [],
  namespaced: true,
  collection: 'leases',
  hasStatus: false,
  unconditionalUpdate: false,
  createOnUpdate: true,
  columns: [nameColumn, column('Holder', (lease) => asText(at(lease, 'spec', 'holderIdentity'))), ageColumn],
  schema: kindSchema('Lease defines a lease concept.', {
    spec: fields('spec contains the specification of the Lease.', {
      holderIdentity: text('The identity of the holder of the current lease.'),
      leaseDurationSeconds: count('How long candidates have to wait to force the acquisition of the lease.'),
      acquireTime: text('The time when the current lease was acquired, with microseconds.'),
      renewTime: text('The time when the current holder last updated the lease, with microseconds.'),
      leaseTransitions: count('The number of transitions of the lease between holders.'),
      strategy: text('The strategy for picking the leader for coordinated leader election.'),
      preferredHolder: text('Signals to a lease holder that it has a more optimal holder.'),
    }),
  }),
  rules: {
    prepare: (lease) => checkMicroTimes({ spec: {}, ...lease }, ['spec', 'acquireTime'], ['spec', 'renewTime']),
    check: (lease) => [
      ...tooSmall(lease, 'leaseDurationSeconds', 1, 'greater than 0'),
      ...tooSmall(lease, 'leaseTransitions', 0, 'greater than or equal to 0'),
    ],
  },
})

function tooSmall(lease: KubeObject, field: string, least: number, words: string): Cause[] {
  const value = at(lease, 'spec', field)
  if (typeof value !== 'number' || value >= least) return []
  return [{ reason: 'FieldValueInvalid', message: `Invalid value: ${value}: must be ${words}`, field: `spec.${field}` }]
}
