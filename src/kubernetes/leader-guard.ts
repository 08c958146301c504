/**
 * Writes of a leader only. A process that stood still (a suspended machine, a starved node) wakes up in the middle of its
 * work, with answers waiting for it, before any timer of its Lease has fired: so each write looks first.
 */
import type { Cluster } from './port.ts'

/** The same cluster, whose writes fail where `assertLeading` does. Events are a courtesy, and may come late. */
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
