/** The end of a replica's work for an Agent that is to be moved to another replica. */
import type { Reconcile } from '../controller/controller.ts'
import { done, wait } from '../controller/outcome.ts'
import { isConflict, type Cluster, type Key } from '../kubernetes/port.ts'
import type { Agent } from '../resources/types.ts'
import type { Sharding } from './assignment.ts'

/** How soon it is looked at again whether work still runs, or whether the object can be written. */
const AGAIN_MS = 100

/** What a hand-over needs. */
interface HandOverDeps {
  cluster: Pick<Cluster, 'agents' | 'patch'>
  sharding: Sharding
  /** Whether anything still runs for this Agent: a deadline, its channels, one of its Bookings. */
  isBusy: (agentKey: Key) => boolean
  /** Writes what the next replica has to learn from the status. @throws ApiError of kind `Conflict`. */
  report: (agentKey: Key) => Promise<void>
  /** Forgets what is remembered about the Agent. */
  forget: (agentKey: Key) => void
  /** Reconciles the Agent and its Bookings. */
  resume: (agentKey: Key) => void
}

/** Waits until nothing runs for the Agent, and then removes the labels in one patch: from then on it is another replica's. */
export const handOver =
  ({ cluster, sharding, isBusy, report, forget, resume }: HandOverDeps): Reconcile =>
  async (key) => {
    const leaving = (): Agent | undefined => {
      const agent = cluster.agents.get(key)
      return agent && sharding.isLeaving(agent) ? agent : undefined
    }
    if (!leaving()) return done(AGAIN_MS)
    if (isBusy(key)) return wait('work for this Agent still runs', AGAIN_MS)
    try {
      await report(key)
      // The version that the report has written, or somebody else meanwhile.
      const agent = leaving()
      if (!agent) return done(AGAIN_MS)
      forget(key)
      const left = await cluster.patch(agent, { metadata: { labels: sharding.handOverLabels } })
      // The sharder's webhook assigns it in the same request: again to this replica, if the one that it was meant for has gone.
      if (sharding.isOwn(left)) resume(key)
      return done()
    } catch (error) {
      if (isConflict(error)) return wait('somebody else wrote it', AGAIN_MS)
      throw error
    }
  }
