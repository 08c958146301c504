/**
 * Lets only the replica of an Agent write its status. A reconcile that has begun goes on for a moment after the Agent has moved, and
 * only a part of another replica's Agent is kept here, so the new status could not be compared with the old one.
 */
import { ApiError, type Cluster } from '../kubernetes/port.ts'
import type { Labelled } from './assignment.ts'

/** Returns a cluster in which writing the status of an Agent conflicts unless the Agent `isHere`. A conflict is not reported. */
export function withStatusGuard(cluster: Cluster, isHere: (agent: Labelled) => boolean): Cluster {
  return {
    ...cluster,
    async writeStatus(object, status) {
      if (object.kind === 'Agent' && !isHere(object)) {
        throw new ApiError('Conflict', `the Agent ${object.metadata.name} has moved to another replica`)
      }
      return cluster.writeStatus(object, status)
    },
  }
}
