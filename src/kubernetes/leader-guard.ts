/**
 * Lets only a leader write. A process that was suspended (on a sleeping machine or an overloaded node) resumes in the middle of its
 * work, with responses waiting for it, before a timer of its Lease has fired. Therefore each write checks the leadership first.
 */
import type { Cluster } from './port.ts'

/** Returns a cluster whose writes fail if `assertLeading` fails. Events are not guarded, because a late Event does no harm. */
export function withLeaderGuard(cluster: Cluster, assertLeading: () => Promise<void>): Cluster {
  return {
    ...cluster,
    async create(object) {
      await assertLeading()
      return cluster.create(object)
    },
    async patch(object, patch) {
      await assertLeading()
      return cluster.patch(object, patch)
    },
    async writeStatus(object, status) {
      await assertLeading()
      return cluster.writeStatus(object, status)
    },
    async delete(object) {
      await assertLeading()
      return cluster.delete(object)
    },
  }
}
