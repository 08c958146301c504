/** Promises about replicas that share the Agents, in the form of `promises.ts`. */
import type { BrokenPromise } from './promises.ts'

export const SHARDING_PROMISES: readonly BrokenPromise[] = [
  {
    promise: 'the labels of an Agent are asked before each reconcile, also for a key that has waited',
    file: 'src/sharding/intake.ts',
    find: 'if (this.ownsAgent(key)) return reconcile',
    replace: 'if (this.#since.has(key) || this.ownsAgent(key)) return reconcile',
    test: 'test/sharding/intake.test.ts',
  },
  {
    promise: 'an Agent that is to be handed over is not reconciled any more, although it is still assigned here',
    file: 'src/sharding/shard-ring.ts',
    find: 'isOwn: (agent) => isAssigned(agent) && !isDrained(agent)',
    replace: 'isOwn: (agent) => isAssigned(agent)',
    test: 'test/sharding/intake.test.ts',
  },
  {
    promise: 'an Agent is not handed over while anything runs for it',
    file: 'src/sharding/hand-over.ts',
    find: 'if (isBusy(key)) return',
    replace: 'if (isBusy(key) && key === "") return',
    test: 'test/sharding/intake.test.ts',
  },
  {
    promise: 'a hand-over removes both labels in one patch',
    file: 'src/sharding/shard-ring.ts',
    find: 'handOverLabels: { [assigned]: null, [drain]: null }',
    replace: 'handOverLabels: { [assigned]: null }',
    test: 'test/sharding/intake.test.ts',
  },
  {
    promise: 'a hand-over names the version in which the labels were seen, as each patch does',
    file: 'src/kubernetes/writer.ts',
    find: '...(patch.metadata as object | undefined), resourceVersion }',
    replace: '...(patch.metadata as object | undefined), ...(resourceVersion === "" && { resourceVersion }) }',
    test: 'test/kubernetes/cluster.test.ts',
  },
  {
    promise: 'the first member of a ring does not begin beside a leader that is in no ring',
    file: 'src/sharding/ring-leadership.ts',
    find: 'await Promise.race([stopped, keeping, members.anySeen])',
    replace: 'await Promise.race([stopped, keeping, members.anySeen, undefined])',
    test: 'test/sharding/ring-leadership.test.ts',
  },
  {
    promise: "a member's Lease that somebody deletes is lost, and is not created again",
    file: 'src/kubernetes/lease.ts',
    find: "return this.#options.membership && this.#state === 'leader' ? false : this.#create(signal)",
    replace: 'return this.#create(signal)',
    test: 'test/kubernetes/lease-membership.test.ts',
  },
  {
    promise: 'labels that the sharder puts on a Lease are kept',
    file: 'src/kubernetes/lease.ts',
    find: 'const labels = { ...metadata.labels, ...membership.labels }',
    replace: 'const labels = { ...membership.labels }',
    test: 'test/kubernetes/lease-membership.test.ts',
  },
  {
    promise: 'an integration counts its Agents again when another replica has written the conditions of one',
    file: 'src/watches.ts',
    find: '|| isReportedAnew ? keys : []',
    replace: '|| isReportedAnew === undefined ? keys : []',
    test: 'test/watches.test.ts',
  },
]
