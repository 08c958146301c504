// Mutation testing, by `make mutation` (docs/testing.md): what is changed, and which tests have to notice. FILES names globs,
// such as src/controller/queue.ts,src/google/*.ts; left out: ROOM's, or those of all rooms below.
const JOURNEYS = 'test/journeys/{credentials,grants,lifecycle,publishing,restart}.test.ts'

const TESTS = {
  agent: ['test/agent/**/*.test.ts', JOURNEYS],
  clients: ['test/clients/**/*.test.ts', JOURNEYS],
  calendars: ['test/calendars/**/*.test.ts', 'test/agent/**/*.test.ts', JOURNEYS],
  google: ['test/google/**/*.test.ts'],
  grants: ['test/grants/**/*.test.ts'],
  integration: ['test/integration/**/*.test.ts', JOURNEYS],
  kubernetes: ['test/kubernetes/**/*.test.ts'],
  controller: ['test/controller/**/*.test.ts'],
  publishing: ['test/publishing/**/*.test.ts', 'test/agent/**/*.test.ts', JOURNEYS],
  'rate-limit': ['test/rate-limit/**/*.test.ts', 'test/google/**/*.test.ts'],
}

const { FILES, ROOM } = process.env
const rooms = Object.keys(TESTS).filter((room) => (FILES ? FILES.includes(`src/${room}/`) : !ROOM || room === ROOM))
if (rooms.length === 0) throw new Error(`FILES or ROOM names none of the rooms ${Object.keys(TESTS).join(', ')}`)

// For vitest.mutation.config.ts, in the processes that run the tests.
process.env.MUTATION_TESTS = [...new Set(rooms.flatMap((room) => TESTS[room]))].join(' ')

/** @type {import('@stryker-mutator/api/core').PartialStrykerOptions} */
export default {
  mutate: FILES ? FILES.split(',') : rooms.map((room) => `src/${room}/**/*.ts`),
  testRunner: 'vitest',
  plugins: ['@stryker-mutator/vitest-runner'],
  vitest: { configFile: 'vitest.mutation.config.ts' },
  coverageAnalysis: 'perTest',
  incremental: true,
  incrementalFile: `.stryker/${rooms.join('-')}.json`,
  tempDirName: '.stryker/sandbox',
  ignorePatterns: ['dist', '.stryker', '.screenshots', '.sandbox', 'test/real/go'],
  // Texts are for people, and read by them.
  mutator: { excludedMutations: ['StringLiteral'] },
  ignoreStatic: true,
  concurrency: 2,
  // A busy machine must not kill mutants by time.
  timeoutMS: 60_000,
  reporters: ['clear-text', 'progress-append-only', 'html'],
  clearTextReporter: { logTests: false, reportTests: false, allowColor: false },
  htmlReporter: { fileName: '.stryker/report.html' },
}
