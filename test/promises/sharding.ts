/** Promises of `src/sharding/`. */
import type { BrokenPromise } from './promise.ts'

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
    promise: 'the first member of a ring does not begin beside a leader that is in no ring',
    file: 'src/sharding/ring-leadership.ts',
    find: 'await Promise.race([stopped, keeping, members.anySeen])',
    replace: 'await Promise.race([stopped, keeping, members.anySeen, undefined])',
    test: 'test/sharding/ring-leadership.test.ts',
  },
  {
    promise: 'an Agent that the sharder assigns here again, in the request of the hand-over, is reconciled again',
    file: 'src/sharding/hand-over.ts',
    find: 'if (sharding.isOwn(left)) resume(key)',
    replace: 'if (sharding.isLeaving(left)) resume(key)',
    test: 'test/sharding/intake.test.ts',
  },
  {
    promise: 'the status of an Agent that has moved to another replica is not written',
    file: 'src/sharding/status-guard.ts',
    find: "object.kind === 'Agent' && !isHere(object)",
    replace: "object.kind === 'Agent' && isHere(object) === undefined",
    test: 'test/sharding/status-guard.test.ts',
  },
  {
    promise: 'a member that gave its Lease up keeps its part of the budgets for a minute',
    file: 'src/sharding/ring-members.ts',
    find: '    if (!after || !isHeld) return\n',
    replace: '    if (!after || !isHeld) return void (after && this.#seenAt.delete(after.metadata.name))\n',
    test: 'test/sharding/shard-ring.test.ts',
  },
  {
    promise: 'a channel that was made while its Agent was to be handed over is named in the status, and not made again',
    file: 'src/sharding/hand-over.ts',
    find: 'await report(key)',
    replace: "if (key === '') await report(key)",
    test: 'test/journeys/shard-hand-over.test.ts',
  },
]
