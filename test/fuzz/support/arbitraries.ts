/** Random cases: the objects in the cluster, the data at Google, and the order of the responses. */
import fc from 'fast-check'
import { HOWS } from '../../memory/mutate.ts'
import type { Truth, Twist } from '../../memory/google.ts'

export type Case = typeof CASE extends fc.Arbitrary<infer T> ? T : never
export type Step = Case['steps'][number]

const DAY_MINUTES = 24 * 60
const IDS = ['aaaaa', 'bbbbb', 'ccccc', 'series1_20261124T100000Z', 'series1_20261125T100000Z'] as const

const TRUTH: fc.Arbitrary<Omit<Truth, 'id'>> = fc
  .record({
    day: fc.integer({ min: 0, max: 5 }),
    hour: fc.integer({ min: 8, max: 15 }),
    minutes: fc.constantFrom(0, 15, 60, 90, 120),
    allDay: fc.boolean(),
    status: fc.constantFrom('confirmed', 'confirmed', 'tentative'),
    transparent: fc.constantFrom(false, false, false, true),
    kind: fc.constantFrom('default', 'default', 'default', 'outOfOffice', 'workingLocation', 'birthday'),
    own: fc.constantFrom(undefined, 'accepted', 'declined', 'tentative', 'needsAction'),
  })
  .map(({ day, hour, minutes, allDay, ...rest }) => ({
    ...rest,
    allDay,
    from: day * DAY_MINUTES + (allDay ? 0 : hour * 60),
    minutes: allDay ? DAY_MINUTES : minutes,
  }))

const backEnd = (code: number, reason: string): Twist => ({
  do: 'refuse',
  status: code,
  body: { error: { errors: [{ domain: 'global', reason, message: reason }], code, message: reason } },
})

const oauth = (status: number, error: unknown): Twist => ({ do: 'refuse', status, body: { error } })

const REFUSALS: Twist[] = [
  backEnd(500, 'backendError'),
  backEnd(503, 'backendError'),
  backEnd(429, 'rateLimitExceeded'),
  backEnd(403, 'rateLimitExceeded'),
  backEnd(403, 'accessNotConfigured'),
  backEnd(403, 'insufficientPermissions'),
  backEnd(403, 'forbidden'),
  backEnd(403, 'notACalendarUser'),
  backEnd(404, 'notFound'),
  backEnd(410, 'fullSyncRequired'),
  backEnd(401, 'authError'),
  backEnd(418, 'x'.repeat(5000)),
  oauth(400, 'invalid_grant'),
  oauth(401, 'invalid_client'),
  oauth(401, 'unauthorized_client'),
  oauth(400, { not: 'a word' }),
  oauth(400, 'e'.repeat(5000)),
  { do: 'refuse', status: 302, body: null },
  { do: 'refuse', status: 500, body: [null, 1, 'x'] },
]

const TWIST: fc.Arbitrary<Twist> = fc.oneof(
  { weight: 10, arbitrary: fc.constant<Twist>({ do: 'tell' }) },
  {
    weight: 8,
    arbitrary: fc
      .record({ place: fc.nat({ max: 400 }), near: fc.boolean(), how: fc.constantFrom(...HOWS) })
      .map((mutation): Twist => ({ do: 'mutate', mutation })),
  },
  { weight: 2, arbitrary: fc.constantFrom(...REFUSALS) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom('', 'null', '[]', '{}', '{"items":', '<html>', '"text"', '7', '{"items":[]}')
      .map((text): Twist => ({ do: 'replace', text })),
  },
  { weight: 1, arbitrary: fc.constant<Twist>({ do: 'cut' }) },
)

const STEP = fc.record({
  /** Of the truth: an event appears, changes, or goes. */
  changes: fc.array(
    fc.record({
      calendar: fc.constantFrom(0, 0, 1),
      id: fc.constantFrom(...IDS),
      truth: fc.option(TRUTH, { nil: undefined, freq: 5 }),
    }),
    { maxLength: 4 },
  ),
  twists: fc.array(TWIST, { maxLength: 6 }),
  advance: fc.constantFrom(0, 5_000, 11_000, 11_000, 60_000, 6 * 60_000, 16 * 60_000, 61 * 60_000),
  hand: fc.constantFrom(
    'none',
    'none',
    'none',
    'none',
    'restart',
    'requestedAt',
    'longRequestedAt',
    'suspend',
    'resume',
    'deletePublished',
    'editPublished',
    'editStatus',
    'rotateClientSecret',
    'clockAhead',
    'clockBack',
  ),
})

/** The values of client Secrets: right, pasted in odd ways, or wrong. */
const CLIENT_SECRET = fc.constantFrom(
  'file',
  'file',
  'file',
  'file',
  'file',
  'fields',
  'quoted',
  'swapped',
  'garbage',
  'missing',
  'another product',
)

const NAMES = [
  'alice-google-grant',
  'alice-calendar',
  'alice-grant',
  'google-oauth-client',
  'calendar-operator-keys',
] as const

/** An Agent whose owner means no good: it names what belongs to others. */
const HOSTILE = fc.record({
  calendarKind: fc.constantFrom('ConfigMap', 'Secret'),
  calendarName: fc.constantFrom('bob-calendar', ...NAMES),
  tokenName: fc.constantFrom(undefined, 'bob-token', ...NAMES),
  grantName: fc.constantFrom(undefined, 'bob-grant', ...NAMES),
  account: fc.constantFrom('alice@example.com', 'bob@example.com', 'a'.repeat(300)),
  revoke: fc.boolean(),
  calendars: fc.constantFrom(
    ['primary'],
    ['alice@example.com', 'primary'],
    ['\u001b[31m', 'x\u202ey'],
    ['..', 'primary'],
  ),
})

export const CASE = fc.record({
  zone: fc.constantFrom('UTC', 'Europe/Paris', 'America/Los_Angeles'),
  interval: fc.constantFrom('10s', '10s', '10s', '5m'),
  detail: fc.constantFrom('Busy', 'Full'),
  kind: fc.constantFrom('ConfigMap', 'Secret'),
  formats: fc.constantFrom(['JSON'], ['JSON', 'ICalendar']),
  whenStale: fc.constantFrom('KeepLast', 'Block'),
  staleAfter: fc.constantFrom('30s', '15m', '2h'),
  tentative: fc.constantFrom('Busy', 'Free'),
  allDay: fc.constantFrom('Busy', 'Free'),
  accessToken: fc.boolean(),
  calendars: fc.constantFrom(1, 2),
  rotates: fc.boolean(),
  pageSize: fc.constantFrom(1, 2, 5),
  clientSecret: CLIENT_SECRET,
  /** Objects that already exist under the names that we would publish under. */
  foreign: fc.constantFrom('none', 'none', 'none', 'calendar', 'grant', 'token'),
  hostile: fc.option(HOSTILE, { nil: undefined, freq: 3 }),
  events: fc.array(fc.record({ id: fc.constantFrom(...IDS), truth: TRUTH }), { maxLength: 4 }),
  steps: fc.array(STEP, { minLength: 1, maxLength: 4 }),
})
