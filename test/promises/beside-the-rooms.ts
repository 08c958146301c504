/** Promises of the files beside the rooms of `src/`, which connect them. */
import type { BrokenPromise } from './promise.ts'

export const BESIDE_THE_ROOMS_PROMISES: readonly BrokenPromise[] = [
  {
    promise: 'time: a start that is stopped begins no work',
    file: 'src/lifecycle.ts',
    find: 'for (const step of STEPS) if (!isStopping()) await step()',
    replace: 'for (const step of STEPS) await step()',
    test: 'test/lifecycle.test.ts',
  },
  {
    promise: 'what one replica tells another reconciles nothing',
    file: 'src/watches.ts',
    find: '{ ...metadata.annotations, [NOTIFIED]: undefined }',
    replace: '{ ...metadata.annotations, other: NOTIFIED }',
    test: 'test/watches.test.ts',
  },
  {
    promise: 'an integration counts its Agents again when another replica has written the conditions of one',
    file: 'src/watches.ts',
    find: '|| isReportedAnew ? keys : []',
    replace: '|| isReportedAnew === undefined ? keys : []',
    test: 'test/watches.test.ts',
  },
  {
    promise: 'a reconcile that has begun writes no status of an Agent that was assigned to another member meanwhile',
    file: 'src/workloads.ts',
    find: 'withStatusGuard(cluster, (agent) => isHere(sharding, agent))',
    replace: 'withStatusGuard(cluster, (agent) => isHere(sharding, agent) || true)',
    test: 'test/journeys/shard-hand-over.test.ts',
  },
  {
    promise: 'an Agent is not handed over while a Booking of it is written at Google, or a channel is made',
    file: 'src/workloads.ts',
    find: 'isBusy: (key: Key) => isBusy(cluster, controllers, key)',
    replace: "isBusy: (key: Key) => key === '' && isBusy(cluster, controllers, key)",
    test: 'test/journeys/shard-hand-over.test.ts',
  },
  {
    promise: 'an Agent that the webhook assigns to the same member again goes on there at once, with its Bookings',
    file: 'src/workloads.ts',
    find: 'resume: (key: Key) => reconcileWithBookings(cluster, controllers, key)',
    replace: "resume: (key: Key) => key === '' && reconcileWithBookings(cluster, controllers, key)",
    test: 'test/journeys/shard-hand-over.test.ts',
  },
  {
    promise: 'an Agent that comes back is read at once and from the start',
    file: 'src/workloads.ts',
    find: 'const forget = (key: Key): void => agents.release(key)',
    replace: "const forget = (key: Key): void => void (key === '' && agents.release(key))",
    test: 'test/journeys/shard-hand-over.test.ts',
  },
  {
    promise: "a member keeps only a part of other members' Agents in memory",
    file: 'src/operator.ts',
    find: 'createKubernetes(common, (agent) => isHere(sharding, agent))',
    replace: 'createKubernetes(common, (agent) => isHere(sharding, agent) || true)',
    test: 'test/process.test.ts',
  },
]
