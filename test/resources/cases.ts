/**
 * Manifests that must be refused, and in which words. The same list is tried on a real API server.
 */
import { refusedBookings } from './booking-cases.ts'
import { agent, integration, type Json } from './manifests.ts'

export interface Refused {
  name: string
  object: Json
  /** Each line of the API server's message, in this order. */
  lines: string[]
}

export const google = (patch: Json): Json => integration({ google: patch })
export const site = (siteURI: string): Json => google({ siteURI })
export const selector = (expression: Json): Json =>
  integration({ allowedNamespaces: { from: 'Selector', selector: { matchExpressions: [expression] } } })

const SITE = 'spec.google.siteURI: Invalid value: "string": must'
const NO_SCHEME = `${SITE} begin with https:// (http:// is for localhost and loopback addresses only), for example https://booking.example.com`
const NO_ORIGIN = `${SITE} be an origin, without path, query, fragment or trailing slash, for example https://booking.example.com`
const NO_HOST = `${SITE} name a host in lower case, and a port where it is not the usual one, for example https://booking.example.com or https://booking.example.com:8443`
const USUAL_PORT = `${SITE} not state the usual port, browsers leave it out of an origin; write https://booking.example.com, not https://booking.example.com:443`
const NO_ADDRESS = `${SITE} not be an IP address other than a loopback one, because Google registers none; write the host name of the site`
const WILDCARD = `${SITE} not contain a wildcard, because Google registers none; write the host of the site, for example https://booking.example.com`
const USER = `${SITE} not contain a user name or a password; write the origin alone, for example https://booking.example.com`

const duration = (path: string, words: string): string =>
  `${path}: Invalid value: "string": must be a duration ${words}`
const INTERVAL = duration('spec.sync.interval', 'from 10s to 24h in the units h, m and s, for example 5m or 1h30m')
const FULL = duration('spec.sync.fullSyncInterval', 'from 30s to 168h in the units h, m and s, for example 24h')
const STALE = duration('spec.publish.staleAfter', 'of at least 30s in the units h, m and s, for example 15m or 1h30m')
const named = (path: string, what: string, example: string): string =>
  `${path}: Invalid value: "string": must be the name of a ${what}, of lower case letters, digits, '-' and '.', such as ${example}`
const ACCOUNT =
  'spec.account: Invalid value: "string": must be the e-mail address of one Google account, for example alice@example.com'
const OWN_GRANT = 'must not be NAME-google-grant, the Secret in which the operator keeps the grant;'
const RESERVED =
  'must not be calendar-operator-keys or end in -google-grant, names that are reserved for what the operator stores; publish to another name'
const SUPPLIED =
  'must not be the Secret named by grantSecretRef, which is read and never written; publish to another name'

const sites: Refused[] = [
  ['a site without a scheme', 'booking.example.com', [NO_SCHEME]],
  ['a site on plain http', 'http://booking.example.com', [NO_SCHEME]],
  ['a host that only begins like localhost', 'http://localhost.example.com', [NO_SCHEME]],
  ['a scheme in capitals', 'HTTPS://booking.example.com', [NO_SCHEME]],
  ['a trailing slash', 'https://booking.example.com/', [NO_ORIGIN]],
  ['a path', 'https://booking.example.com/calendar', [NO_ORIGIN]],
  ['a query', 'https://booking.example.com?a=b', [NO_ORIGIN]],
  ['a fragment', 'https://booking.example.com#top', [NO_ORIGIN]],
  ['a wildcard', 'https://*.example.com', [WILDCARD]],
  ['a user', 'https://alice@booking.example.com', [USER]],
  ['a user and a password', 'https://alice:secret@booking.example.com', [USER]],
  ['a host in capitals', 'https://Booking.example.com', [NO_HOST]],
  ['a host with a space', 'https://booking example.com', [NO_HOST]],
  ['a host that is missing', 'https://', [NO_HOST]],
  ['a host that ends in a hyphen', 'https://booking-.example.com', [NO_HOST]],
  ['a port that is no number', 'https://booking.example.com:http', [NO_HOST]],
  ['a port that is missing', 'https://booking.example.com:', [NO_HOST]],
  ['the usual port of https', 'https://booking.example.com:443', [USUAL_PORT]],
  ['the usual port of http', 'http://localhost:80', [USUAL_PORT]],
  ['an IPv4 address', 'https://10.0.0.1:8443', [NO_ADDRESS]],
  ['an IPv6 address', 'https://[2001:db8::1]', [NO_ADDRESS]],
  ['an invalid loopback address', 'https://127.0.0.256', [NO_ADDRESS]],
  ['a loopback address in short', 'http://127.1', [NO_SCHEME, NO_ADDRESS]],
  ['an address in hexadecimal', 'https://0x7f.0x1', [NO_ADDRESS]],
  ['a port beyond the last', 'https://booking.example.com:65536', [NO_HOST]],
  ['everything at once', 'http://u@Booking.*:80/', [NO_SCHEME, USER, WILDCARD, NO_ORIGIN, USUAL_PORT]],
].map(([name, uri, lines]) => ({ name: name as string, object: site(uri as string), lines: lines as string[] }))

const integrations: Refused[] = [
  {
    name: 'a publishing status of an Internal app',
    object: google({ userType: 'Internal', publishingStatus: 'Testing' }),
    lines: [
      'spec.google.publishingStatus: Forbidden: only an External app has a publishing status; leave it out, or set userType to External',
    ],
  },
  {
    name: 'a user type that does not exist',
    object: google({ userType: 'external' }),
    lines: ['spec.google.userType: Unsupported value: "external": supported values: "External", "Internal"'],
  },
  {
    name: 'a Secret name in capitals',
    object: google({ clientSecretRef: { name: 'Google' } }),
    lines: [named('spec.google.clientSecretRef.name', 'Secret', 'google-oauth-client')],
  },
  {
    name: 'a key with a slash',
    object: google({ clientSecretRef: { key: 'a/b.json' } }),
    lines: [
      `spec.google.clientSecretRef.key: Invalid value: "string": must be a key of a Secret, of letters, digits, '-', '_' and '.', such as client_secret.json`,
    ],
  },
  {
    name: 'no client Secret at all',
    object: google({ clientSecretRef: undefined }),
    lines: ['spec.google.clientSecretRef: Required value'],
  },
  {
    name: 'a scope in short',
    object: google({ scopes: ['https://www.googleapis.com/auth/calendar', 'calendar.events'] }),
    lines: [
      'spec.google.scopes[1]: Invalid value: "string": must be one of Google\'s scopes, written out, for example https://www.googleapis.com/auth/calendar',
    ],
  },
  {
    name: 'scopes without a calendar',
    object: google({ scopes: ['https://www.googleapis.com/auth/drive'] }),
    lines: [
      'spec.google.scopes: Invalid value: "array": must contain a calendar scope, for example https://www.googleapis.com/auth/calendar',
    ],
  },
  {
    name: 'a scope twice',
    object: google({
      scopes: ['https://www.googleapis.com/auth/calendar', 'https://www.googleapis.com/auth/calendar'],
    }),
    lines: ['spec.google.scopes[1]: Duplicate value: "https://www.googleapis.com/auth/calendar"'],
  },
  { name: 'an interval in words', object: integration({ sync: { interval: '5 minutes' } }), lines: [INTERVAL] },
  { name: 'an interval without a unit', object: integration({ sync: { interval: '300' } }), lines: [INTERVAL] },
  { name: 'an interval in fractions', object: integration({ sync: { interval: '1.5h' } }), lines: [INTERVAL] },
  { name: 'an interval in days', object: integration({ sync: { interval: '1d' } }), lines: [INTERVAL] },
  {
    name: 'an interval with its units astray',
    object: integration({ sync: { interval: '30m1h' } }),
    lines: [INTERVAL],
  },
  { name: 'an interval that is too short', object: integration({ sync: { interval: '9s' } }), lines: [INTERVAL] },
  { name: 'an interval that is too long', object: integration({ sync: { interval: '24h1s' } }), lines: [INTERVAL] },
  { name: 'an interval below zero', object: integration({ sync: { interval: '-5m' } }), lines: [INTERVAL] },
  {
    name: 'an interval beyond counting',
    object: integration({ sync: { interval: '99999999999999h' } }),
    lines: [INTERVAL],
  },
  { name: 'a full sync that is too often', object: integration({ sync: { fullSyncInterval: '29s' } }), lines: [FULL] },
  { name: 'a full sync that is too rare', object: integration({ sync: { fullSyncInterval: '169h' } }), lines: [FULL] },
  {
    name: 'a window that is too wide',
    object: integration({ sync: { window: { pastDays: 31, futureDays: 366 } } }),
    lines: [
      'spec.sync.window.pastDays: Invalid value: 31: spec.sync.window.pastDays in body should be less than or equal to 30',
      'spec.sync.window.futureDays: Invalid value: 366: spec.sync.window.futureDays in body should be less than or equal to 365',
    ],
  },
  {
    name: 'a window without a future',
    object: integration({ sync: { window: { futureDays: 0 } } }),
    lines: [
      'spec.sync.window.futureDays: Invalid value: 0: spec.sync.window.futureDays in body should be greater than or equal to 1',
    ],
  },
  {
    name: 'a quota without requests',
    object: integration({ quota: { requestsPerMinute: 0, requestsPerMinutePerAgent: 1_000_001 } }),
    lines: [
      'spec.quota.requestsPerMinute: Invalid value: 0: spec.quota.requestsPerMinute in body should be greater than or equal to 1',
      'spec.quota.requestsPerMinutePerAgent: Invalid value: 1000001: spec.quota.requestsPerMinutePerAgent in body should be less than or equal to 1000000',
    ],
  },
  {
    name: 'a selector that is missing',
    object: integration({ allowedNamespaces: { from: 'Selector' } }),
    lines: [
      'spec.allowedNamespaces.selector: Required value: needed where from is Selector, for example {matchLabels: {calendars: allowed}}',
    ],
  },
  {
    name: 'a selector that nobody asked for',
    object: integration({ allowedNamespaces: { from: 'All', selector: {} } }),
    lines: [
      'spec.allowedNamespaces.selector: Forbidden: has no meaning unless from is Selector; set from to Selector, or leave it out',
    ],
  },
  {
    name: 'In without values',
    object: selector({ key: 'team', operator: 'In' }),
    lines: [
      'spec.allowedNamespaces.selector.matchExpressions[0].values: Required value: needed with the operators In and NotIn, for example [booking]',
    ],
  },
  {
    name: 'Exists with values',
    object: selector({ key: 'team', operator: 'Exists', values: ['a'] }),
    lines: [
      'spec.allowedNamespaces.selector.matchExpressions[0].values: Forbidden: has no meaning with the operators Exists and DoesNotExist; leave it out',
    ],
  },
  {
    name: 'a label key that is none',
    object: selector({ key: 'a key', operator: 'Exists' }),
    lines: [
      'spec.allowedNamespaces.selector.matchExpressions[0].key: Invalid value: "string": must be the key of a label, for example kubernetes.io/metadata.name',
    ],
  },
  {
    name: 'suspend as a text',
    object: integration({ suspend: 'yes' }),
    lines: ['spec.suspend: Invalid value: "string": spec.suspend in body must be of type boolean: "string"'],
  },
]

const agents: Refused[] = [
  {
    name: 'an agent without anything',
    object: agent({ integrationRef: undefined, account: undefined }),
    lines: ['spec.account: Required value', 'spec.integrationRef: Required value'],
  },
  { name: 'an account that is a name', object: agent({ account: 'alice' }), lines: [ACCOUNT] },
  { name: 'an account without a domain', object: agent({ account: 'alice@localhost' }), lines: [ACCOUNT] },
  { name: 'two accounts', object: agent({ account: 'a@example.com,b@example.com' }), lines: [ACCOUNT] },
  { name: 'an account with a name', object: agent({ account: 'Alice <a@example.com>' }), lines: [ACCOUNT] },
  { name: 'an account with a line break', object: agent({ account: 'alice@example.com\n' }), lines: [ACCOUNT] },
  {
    name: 'an integration whose name is a path',
    object: agent({ integrationRef: { name: 'booking/google' } }),
    lines: [named('spec.integrationRef.name', 'CalendarIntegration', 'google')],
  },
  {
    name: 'a namespace with a dot',
    object: agent({ integrationRef: { namespace: 'a.b' } }),
    lines: [
      `spec.integrationRef.namespace: Invalid value: "string": must be the name of a namespace, of lower case letters, digits and '-', such as booking`,
    ],
  },
  {
    name: 'a calendar by its name',
    object: agent({ calendars: { read: ['Team calendar'] } }),
    lines: [
      `spec.calendars.read[0]: Invalid value: "string": must be a calendar's id, not its name, for example primary or team@group.calendar.google.com`,
    ],
  },
  ...[
    ['a calendar that is a step in a path', '.'],
    ['a calendar that is a step up in a path', '..'],
    ['a calendar that gives orders to a terminal', 'team\u001b[2J@group.calendar.google.com'],
    ['a calendar with a null character', 'team\u0000'],
    ['a calendar with a control character beyond ASCII', 'team\u009b2J'],
    ['a calendar written from right to left', 'team\u202e@group.calendar.google.com'],
  ].map(([name = '', id]) => ({
    name,
    object: agent({ calendars: { read: ['primary', id] } }),
    lines: [
      `spec.calendars.read[1]: Invalid value: "string": must be a calendar's id, without control characters, and neither . nor .., for example primary or team@group.calendar.google.com`,
    ],
  })),
  {
    name: 'no calendar',
    object: agent({ calendars: { read: [] } }),
    lines: ['spec.calendars.read: Invalid value: 0: spec.calendars.read in body should have at least 1 items'],
  },
  {
    name: 'more calendars than can be',
    object: agent({ calendars: { read: Array.from({ length: 51 }, (_, index) => `c${index}`) } }),
    lines: ['spec.calendars.read: Too many: 51: must have at most 50 items'],
  },
  {
    name: 'a calendar twice',
    object: agent({ calendars: { read: ['primary', 'primary'] } }),
    lines: ['spec.calendars.read[1]: Duplicate value: "primary"'],
  },
  {
    name: 'full detail in a ConfigMap',
    object: agent({ publish: { calendar: { name: 'c', detail: 'Full' } } }),
    lines: [
      'spec.publish.calendar.detail: Forbidden: detail Full is allowed only where kind is Secret; set kind to Secret, or detail to Busy',
    ],
  },
  {
    name: 'a calendar that has no name',
    object: agent({ publish: { calendar: { kind: 'Secret' } } }),
    lines: ['spec.publish.calendar.name: Required value'],
  },
  {
    name: 'a calendar whose name is too long',
    object: agent({ publish: { calendar: { name: 'a'.repeat(254) } } }),
    lines: ['spec.publish.calendar.name: Too long: may not be more than 253 bytes'],
  },
  {
    name: 'a calendar whose name has an underscore',
    object: agent({ publish: { calendar: { name: 'a_b' } } }),
    lines: [named('spec.publish.calendar.name', 'ConfigMap or Secret', 'alice-calendar')],
  },
  {
    name: 'no format',
    object: agent({ publish: { calendar: { name: 'c', formats: [] } } }),
    lines: [
      'spec.publish.calendar.formats: Invalid value: 0: spec.publish.calendar.formats in body should have at least 1 items',
    ],
  },
  {
    name: 'a format that does not exist',
    object: agent({ publish: { calendar: { name: 'c', formats: ['ICS'] } } }),
    lines: ['spec.publish.calendar.formats[0]: Unsupported value: "ICS": supported values: "JSON", "ICalendar"'],
  },
  {
    name: 'an access token Secret whose name ends in a hyphen',
    object: agent({ publish: { accessToken: { name: 'token-' } } }),
    lines: [named('spec.publish.accessToken.name', 'Secret', 'alice-google-token')],
  },
  {
    name: 'a calendar and an access token in one Secret',
    object: agent({ publish: { calendar: { kind: 'Secret', name: 'one' }, accessToken: { name: 'one' } } }),
    lines: [
      'spec.publish.accessToken.name: Invalid value: "object": must not be the Secret that the calendar is published to; give the access token a Secret of its own',
    ],
  },
  {
    name: 'a staleness that is too short',
    object: agent({ publish: { staleAfter: '29s' } }),
    lines: [STALE],
  },
  {
    name: 'a supplied grant whose Secret has no legal name',
    object: agent({ grantSecretRef: { name: '.' } }),
    lines: [named('spec.grantSecretRef.name', 'Secret', 'alice-grant')],
  },
  {
    name: 'a calendar in the supplied grant',
    object: agent({ grantSecretRef: { name: 'g' }, publish: { calendar: { kind: 'Secret', name: 'g' } } }),
    lines: [`spec.publish.calendar.name: Invalid value: "object": ${SUPPLIED}`],
  },
  {
    name: 'an access token in the supplied grant',
    object: agent({ grantSecretRef: { name: 'g' }, publish: { accessToken: { name: 'g' } } }),
    lines: [`spec.publish.accessToken.name: Invalid value: "object": ${SUPPLIED}`],
  },
  {
    name: "a supplied grant in the operator's own Secret",
    object: agent({ grantSecretRef: { name: 'alice-google-grant' } }),
    lines: [
      `spec.grantSecretRef.name: Invalid value: "object": ${OWN_GRANT} give the Secret that you bring another name`,
    ],
  },
  ...['alice-google-grant', 'bob-google-grant', 'calendar-operator-keys'].flatMap((name) => [
    {
      name: `a calendar in Secret ${name}, which is kept for the operator`,
      object: agent({ publish: { calendar: { kind: 'Secret', name } } }),
      lines: [`spec.publish.calendar.name: Invalid value: "string": ${RESERVED}`],
    },
    {
      name: `a calendar in ConfigMap ${name}, a name that is kept for the operator`,
      object: agent({ publish: { calendar: { name } } }),
      lines: [`spec.publish.calendar.name: Invalid value: "string": ${RESERVED}`],
    },
    {
      name: `an access token in Secret ${name}, which is kept for the operator`,
      object: agent({ publish: { accessToken: { name } } }),
      lines: [`spec.publish.accessToken.name: Invalid value: "string": ${RESERVED}`],
    },
  ]),
  {
    name: 'an agent whose name leaves no room',
    object: agent({}, { name: 'a'.repeat(241) }),
    lines: [
      '<nil>: Invalid value: "object": metadata.name must have at most 240 characters, so that NAME-google-grant is the legal name of a Secret',
    ],
  },
]

export const refused: Refused[] = [...sites, ...integrations, ...agents, ...refusedBookings]
