/** Promises of `src/integration/`. */
import type { BrokenPromise } from './promise.ts'

export const INTEGRATION_PROMISES: readonly BrokenPromise[] = [
  {
    promise: 'a good client is verified once a day',
    file: 'src/integration/verification.ts',
    find: 'notBefore: at + DAY',
    replace: 'notBefore: at + 2 * DAY',
    test: 'test/integration/verification.test.ts',
  },
  {
    promise: 'a client that Google refuses is not asked about again before its time',
    file: 'src/integration/verification.ts',
    find: 'notBefore: now + manualFixInterval(refusedSince, now)',
    replace: 'notBefore: now',
    test: 'test/integration/verification.test.ts',
  },
  {
    promise: 'agents that meet a refusal together have the client verified once',
    file: 'src/integration/verification.ts',
    find: 'hasCome(clock, known.at + SUSPECT_AGAIN_MS)',
    replace: 'SUSPECT_AGAIN_MS > 0',
    test: 'test/integration/verification.test.ts',
  },
  {
    promise: 'an older claim is heard before a younger one is given the site',
    file: 'src/integration/site-decision.ts',
    find: '  if (first && awaitsOlderClaim(first, integrations) && facts.waitedMs(first) < OLDER_CLAIM_PATIENCE_MS) {',
    replace: '  if (first === null && OLDER_CLAIM_PATIENCE_MS > 0) {',
    test: 'test/integration/site-registry.test.ts',
  },
]
