/**
 * Promises that stand in comments of the code, each with the change that breaks it and the test that must notice. `find` stands
 * in its file exactly once; `make promises` makes each change in a copy of the tree and sees that test turn red.
 */
export interface BrokenPromise {
  promise: string
  file: string
  find: string
  replace: string
  /** The test file that must fail. */
  test: string
}

const AGENT = 'test/agent/promises.test.ts'

export const PROMISES: readonly BrokenPromise[] = [
  {
    promise: 'a rotated refresh token is saved before the access token is used',
    file: 'src/agent/access.ts',
    find: '  if (rotated || grant.account !== undefined) await saveGrant(deps, agent, memory)\n',
    replace: '  void rotated\n',
    test: AGENT,
  },
  {
    promise: 'a rotated refresh token is saved at once for a grant whose account is not known yet',
    file: 'src/agent/access.ts',
    find: 'if (rotated || grant.account !== undefined)',
    replace: 'if (grant.account !== undefined)',
    test: AGENT,
  },
  {
    promise: 'a dead grant is not asked about again before its time',
    file: 'src/agent/access.ts',
    find: "  if (same && again.kind === 'slow' && !hasCome(deps.clock, again.at)) return refusal.setback\n",
    replace: '  void [same, again]\n',
    test: AGENT,
  },
  {
    promise: 'a newer grant in hand wins over a Secret that somebody edited',
    file: 'src/agent/grant.ts',
    find: 'memory.grant?.saved === false && token !== undefined && token === memory.ownToken',
    replace: 'false',
    test: AGENT,
  },
  {
    promise: 'a listing is anchored anew after 23 hours, whatever fullSyncInterval says',
    file: 'src/agent/sync.ts',
    find: 'const LONGEST_ANCHOR_MS = 23 * HOUR',
    replace: 'const LONGEST_ANCHOR_MS = 168 * HOUR',
    test: AGENT,
  },
  {
    promise: 'intervals have jitter',
    file: 'src/agent/sync.ts',
    find: 'interval * (0.9 + chance / 5)',
    replace: 'interval + 0 * chance',
    test: AGENT,
  },
  {
    promise: 'renewals have jitter',
    file: 'src/agent/access.ts',
    find: '(2 / 3 - chance / 20)',
    replace: '(2 / 3 - 0 * chance)',
    test: AGENT,
  },
  {
    promise: 'only once the new name holds everything does the old one go',
    file: 'src/agent/steps.ts',
    find: 'const whole = !calendar && !token && authorized',
    replace: 'const whole = authorized',
    test: AGENT,
  },
  {
    promise: 'only a leader creates',
    file: 'src/kubernetes/fence.ts',
    find: '      await assertLeading()\n      return cluster.create(object)',
    replace: '      return cluster.create(object)',
    test: 'test/kubernetes/fence.test.ts',
  },
  {
    promise: 'a reflector that fails again stays away twice as long',
    file: 'src/kubernetes/reflector.ts',
    find: 'this.#backoff = Math.min(this.#backoff * 2, LONGEST_BACKOFF_MS)',
    replace: 'void LONGEST_BACKOFF_MS',
    test: 'test/kubernetes/reflector.test.ts',
  },
  {
    promise: 'a reflector stays away for half a minute at most',
    file: 'src/kubernetes/reflector.ts',
    find: 'Math.min(this.#backoff * 2, LONGEST_BACKOFF_MS)',
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
    promise: 'after a limit there is no burst',
    file: 'src/google/door.ts',
    find: '      this.#pace.drain()\n',
    replace: '',
    test: 'test/google/limits.test.ts',
  },
  {
    promise: 'after a limit one request finds out for all',
    file: 'src/google/door.ts',
    find: '    if (this.#closed) this.#probe = request\n',
    replace: '',
    test: 'test/google/limits.test.ts',
  },
  {
    promise: 'what failed together does not come back together',
    file: 'src/loop/backoff.ts',
    find: 'grown * (0.75 + random() / 2)',
    replace: 'grown',
    test: 'test/loop/queue.test.ts',
  },
  {
    promise: 'what was not understood of a delta drops its sync token',
    file: 'src/agent/list-calendar.ts',
    find: 'doubtful && !full ? undefined : end.nextSyncToken',
    replace: 'end.nextSyncToken',
    test: 'test/fuzz/reconcilers.test.ts',
  },
]
