/** Promises of `src/kubernetes/`. */
import type { BrokenPromise } from './promise.ts'

export const KUBERNETES_PROMISES: readonly BrokenPromise[] = [
  {
    promise: 'only a leader creates',
    file: 'src/kubernetes/leader-guard.ts',
    find: '      await assertLeading()\n      return cluster.create(object)',
    replace: '      return cluster.create(object)',
    test: 'test/kubernetes/leader-guard.test.ts',
  },
  {
    promise: 'a reflector that fails again stays away twice as long',
    file: 'src/kubernetes/reflector.ts',
    find: 'this.#backoff = Math.min(this.#backoff * 2, MAX_BACKOFF_MS)',
    replace: 'void MAX_BACKOFF_MS',
    test: 'test/kubernetes/reflector.test.ts',
  },
  {
    promise: 'a reflector stays away for half a minute at most',
    file: 'src/kubernetes/reflector.ts',
    find: 'Math.min(this.#backoff * 2, MAX_BACKOFF_MS)',
    replace: 'this.#backoff * 2',
    test: 'test/kubernetes/reflector.test.ts',
  },
  {
    promise: 'reflectors that failed together do not come back together',
    file: 'src/kubernetes/reflector.ts',
    find: 'this.#backoff * (1 + this.#deps.random())',
    replace: 'this.#backoff',
    test: 'test/kubernetes/reflector.test.ts',
  },
  {
    promise: 'a hand-over names the version in which the labels were seen, as each patch does',
    file: 'src/kubernetes/writer.ts',
    find: '...(patch.metadata as object | undefined), resourceVersion }',
    replace: '...(patch.metadata as object | undefined), ...(resourceVersion === "" && { resourceVersion }) }',
    test: 'test/kubernetes/cluster.test.ts',
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
    promise: "what belongs to another replica's Agent is not read ahead",
    file: 'src/kubernetes/reader.ts',
    find: 'agents.byIndex(index, key).some(isOwn)',
    replace: 'agents.byIndex(index, key).some((agent) => isOwn(agent) || true)',
    test: 'test/kubernetes/cluster.test.ts',
  },
]
