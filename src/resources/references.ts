/** The keys, `namespace/name`, of the objects that others refer to. Pure. */
import type { Agent, Booking } from './types.ts'

/** The key of the integration that an Agent refers to. */
export const integrationKey = ({ metadata, spec }: Agent): string =>
  `${spec.integrationRef.namespace ?? metadata.namespace ?? ''}/${spec.integrationRef.name}`

/** The key of the Agent that a Booking refers to. It is in the Booking's own namespace. */
export const agentKey = ({ metadata, spec }: Booking): string => `${metadata.namespace ?? ''}/${spec.agentRef.name}`
