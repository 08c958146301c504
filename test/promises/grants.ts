/** Promises of `src/grants/`. */
import type { BrokenPromise } from './promise.ts'

export const GRANTS_PROMISES: readonly BrokenPromise[] = [
  {
    promise: 'a rotated refresh token is saved before the access token is used',
    file: 'src/grants/renewal.ts',
    find: '  return rotated || grant.account !== undefined ? deps.store.save(agent, after) : { state: after }\n',
    replace: '  return (void [rotated, agent], { state: after })\n',
    test: 'test/agent/promises.test.ts',
  },
  {
    promise: 'a rotated refresh token is saved at once for a grant whose account is not known yet',
    file: 'src/grants/renewal.ts',
    find: 'return rotated || grant.account !== undefined',
    replace: 'return grant.account !== undefined',
    test: 'test/agent/promises.test.ts',
  },
  {
    promise: 'a rotated refresh token is not lost where its write meets a conflict',
    file: 'src/grants/token-source.ts',
    find: '      entry.state = state\n      if (thrown) throw thrown\n',
    replace: '      if (thrown) throw thrown\n      entry.state = state\n',
    test: 'test/grants/grant-store.test.ts',
  },
  {
    promise: 'an access token is renewed once for all who ask for it at a time',
    file: 'src/grants/token-source.ts',
    find: 'entry.runExclusive(() => whenKnown(step(followTimeOfDay(deps.clock, entry.state)), keep))',
    replace: 'whenKnown(step(followTimeOfDay(deps.clock, entry.state)), keep)',
    test: 'test/grants/token-source.test.ts',
  },
  {
    promise: 'a dead grant is not asked about again before its time',
    file: 'src/grants/renewal.ts',
    find: "  if (same && requeue.kind === 'blocked' && !hasCome(deps.clock, requeue.at)) return refusal.stepFailure\n",
    replace: '  void [same, requeue]\n',
    test: 'test/agent/promises.test.ts',
  },
  {
    promise: 'a newer grant in hand wins over a Secret that somebody edited',
    file: 'src/grants/own-grant.ts',
    find: 'state.grant?.saved === false && token === state.ownToken',
    replace: 'false',
    test: 'test/agent/promises.test.ts',
  },
  {
    promise: 'renewals have jitter',
    file: 'src/grants/renewal.ts',
    find: '(2 / 3 - chance / 20)',
    replace: '(2 / 3 - 0 * chance)',
    test: 'test/agent/promises.test.ts',
  },
  {
    promise: 'no link is offered where signing in cannot help',
    file: 'src/grants/advice.ts',
    find: ' || asksForNoWriteScope(agent, integration)',
    replace: '',
    test: 'test/grants/advice.test.ts',
  },
]
