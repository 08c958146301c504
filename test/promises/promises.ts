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
  {
    promise: 'time: what has fallen due by the time that everything is decided means now',
    file: 'src/agent/decide.ts',
    find: ': due.map((instant) => instant - at.monotonic)',
    replace: ': due.map((instant) => instant - at.monotonic).filter((left) => left > 0)',
    test: 'test/agent/decide.test.ts',
  },
  {
    promise: 'time: what has fallen due shortens no backoff',
    file: 'src/agent/decide.ts',
    find: 'timesLeft(facts).filter((left) => left > 0)',
    replace: 'timesLeft(facts)',
    test: 'test/agent/decide.test.ts',
  },
  {
    promise: 'time: what is due within a millisecond is due, since timers are that early',
    file: 'src/platform/clock.ts',
    find: 'at <= clock.monotonic() + TIMER_TOLERANCE_MS',
    replace: 'at <= clock.monotonic()',
    test: 'test/platform/leaps.test.ts',
  },
  {
    promise: 'time: nobody who sets the time of day delays a key',
    file: 'src/loop/queue.ts',
    find: 'const at = this.#options.clock.monotonic()',
    replace: 'const at = this.#options.clock.now()',
    test: 'test/loop/queue.test.ts',
  },
  {
    promise: 'time: after a leap forward what was read counts as older',
    file: 'src/agent/time-of-day.ts',
    find: 'calendar.lastRead -= ms',
    replace: 'void ms',
    test: 'test/agent/time-of-day.test.ts',
  },
  {
    promise: 'time: whatever wakes an agent while Google is away sends no request',
    file: 'src/agent/absence.ts',
    find: 'if (!absence || force || hasCome(deps.clock, absence.until)) return undefined',
    replace: 'if (absence || force || hasCome(deps.clock, 0)) return undefined',
    test: 'test/agent/absence.test.ts',
  },
  {
    promise: 'time: the backoff for Google does not outgrow the interval',
    file: 'src/agent/absence.ts',
    find: 'random: deps.random, longest, ',
    replace: 'random: deps.random, ',
    test: 'test/agent/absence.test.ts',
  },
  {
    promise: 'time: the first success after an outage wakes the others',
    file: 'src/agent/recovery.ts',
    find: 'const own = this.#waiting.get(integration)',
    replace: 'const own = undefined as Set<string> | undefined',
    test: 'test/agent/recovery.test.ts',
  },
  {
    promise: 'time: an object gets one asked-for look in ten seconds',
    file: 'src/resources/run-now.ts',
    find: 'const ONE_LOOK_IN_MS = 10_000',
    replace: 'const ONE_LOOK_IN_MS = 0',
    test: 'test/resources/run-now.test.ts',
  },
  {
    promise: 'time: a long reconcile that comes on is alive',
    file: 'src/loop/controller.ts',
    find: 'if (this.#signs.has(key)) this.#signs.set(key, this.#movedAt)',
    replace: 'void key',
    test: 'test/loop/controller.test.ts',
  },
  {
    promise: 'time: a start that is stopped begins no work',
    file: 'src/lifecycle.ts',
    find: 'for (const step of STEPS) if (!isStopping()) await step()',
    replace: 'for (const step of STEPS) await step()',
    test: 'test/lifecycle.test.ts',
  },
]
