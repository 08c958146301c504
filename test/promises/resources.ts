/** Promises of `src/resources/`. */
import type { BrokenPromise } from './promise.ts'

export const RESOURCES_PROMISES: readonly BrokenPromise[] = [
  {
    promise: 'time: an object gets one asked-for look in ten seconds',
    file: 'src/resources/reconcile-request.ts',
    find: 'const MIN_INTERVAL_MS = 10_000',
    replace: 'const MIN_INTERVAL_MS = 0',
    test: 'test/resources/reconcile-request.test.ts',
  },
  {
    promise: 'a namespace that replaces its integration keeps its site',
    file: 'src/resources/sites.ts',
    find: '  if (heldBy !== undefined && claimants.some((one) => namespaceOf(one) === heldBy)) return { namespaces: [heldBy] }\n',
    replace: '  void heldBy\n',
    test: 'test/resources/sites.test.ts',
  },
  {
    promise: 'a site stays with whom it was given to, whoever is older',
    file: 'src/resources/sites.ts',
    find: '  if (holder) return { namespaces: [namespaceOf(holder)] }\n',
    replace: '  void holder\n',
    test: 'test/resources/sites.test.ts',
  },
  {
    promise: 'a Booking whose slot is taken wakes nobody',
    file: 'src/resources/reasons.ts',
    find: "kind === 'Booking' && ANSWERS.includes(reason)",
    replace: "false && (kind === 'Booking' || ANSWERS.includes(reason))",
    test: 'test/cli/status.test.ts',
  },
  {
    promise: 'fields that hold times are timestamps to the rules',
    file: 'src/resources/rules.ts',
    find: "schema.format === 'date-time' && typeof value === 'string' ? new Date(value) : value",
    replace: 'value',
    test: 'test/resources/refusals.test.ts',
  },
]
