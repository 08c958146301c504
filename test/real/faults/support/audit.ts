/** Reads writes from the API server's audit log: who made them, and when. */
import type { AuditEvent, RealKubernetes } from '../../cluster.ts'

export interface Write {
  user: string
  /** The write, such as `patch agents/status booking/alice`. */
  what: string
  /** When the API server received it, in ms since the epoch. */
  at: number
  code: number
}

const WRITES = ['create', 'update', 'patch', 'delete']

/** Resources that do not count: replicas compete for Leases, and Events may be late. */
export const writesOf = (kubernetes: RealKubernetes, user: string): Write[] =>
  answered(kubernetes, user).filter(({ what }) => !/^\w+ (leases|events)/.test(what))

/** The writes that were accepted. How many are refused because of a conflict depends on the speed of the machine. */
export const acceptedWritesOf = (kubernetes: RealKubernetes, user: string): Write[] =>
  writesOf(kubernetes, user).filter(({ code }) => code < 300)

/** Successful acquisitions and renewals of the Lease. */
export const leaseWritesOf = (kubernetes: RealKubernetes, user: string): Write[] =>
  answered(kubernetes, user).filter(({ what, code }) => /^\w+ leases/.test(what) && code < 300)

const answered = (kubernetes: RealKubernetes, user: string): Write[] =>
  kubernetes
    .auditEvents()
    .filter((event) => event.stage === 'ResponseComplete' && event.user.username === user)
    .filter(({ verb }) => WRITES.includes(verb))
    .map(asWrite)

function asWrite(event: AuditEvent): Write {
  const { resource = '', subresource, namespace = '', name = '' } = event.objectRef ?? {}
  return {
    user: event.user.username,
    what: `${event.verb} ${resource}${subresource ? `/${subresource}` : ''} ${namespace}/${name}`,
    at: Date.parse(event.requestReceivedTimestamp),
    code: event.responseStatus?.code ?? 0,
  }
}

/** Describes writes for a failing test. */
export const told = (writes: Write[]): string[] =>
  writes.map(({ at, user, what, code }) => `${new Date(at).toISOString()} ${user}: ${what} -> ${code}`)
