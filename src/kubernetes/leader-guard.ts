/**
 * Lets only a leader write. A process that was suspended (a sleeping machine, a starved node) resumes in the middle of its work,
 * with responses waiting for it, before a timer of its Lease has fired. Therefore each write checks leadership first.
 */
import type { Cluster } from './port.ts'

/** The same cluster, except that a write fails if `assertLeading` does. Events are not guarded: a late one does no harm. */
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
