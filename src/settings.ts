/**
 * Every setting of `run`: a flag with a Kubernetes-style name that is also an environment variable. No other part of the program
 * knows the names of the variables, and they are read once. All mistakes are reported at once. The help of `run` and
 * docs/settings.md are made from the same table.
 */
import { isIP } from 'node:net'
import type { Level } from 'pino'
import { scrub } from './platform/scrub.ts'
import { parseURL } from './platform/url.ts'
import { parseLabelSelector, type LabelSelector } from './resources/label-selector.ts'
import { SIGN_IN_PREFIX } from './resources/names.ts'
import { siteHost, type Sites } from './resources/sites.ts'

/** The settings of the operator. */
export interface Settings {
  googleAccountsURL: string
  googleOAuthURL: string
  googleAPIURL: string
  /** Empty for all namespaces. */
  watchNamespaces: string[]
  webBindAddress: BindAddress | undefined
  /** The path of the sign-in pages on a site, without a trailing slash. */
  webPathPrefix: string
  /** Networks of proxies whose `X-Forwarded-For` is trusted. */
  webTrustedProxies: string[]
  /** The namespaces that each listed host belongs to; other hosts belong to the namespace that claims them first. */
  sites: Sites
  /** Selects the objects that this installation is responsible for; undefined for all objects. */
  watchLabelSelector: LabelSelector | undefined
  /** The name of the ring of replicas that share the Agents; undefined if this replica is in none. */
  shardRing: string | undefined
  metricsBindAddress: BindAddress | undefined
  leaderElect: boolean
  workers: number
  logLevel: Level
  /** The proxies for Google, from `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`, or the same in lower case; empty for none. */
  proxy: { httpsProxy: string; httpProxy: string; noProxy: string }
  /** The pod's namespace, from `POD_NAMESPACE`, which holds the Lease. */
  podNamespace: string | undefined
  /** The pod's name, from `POD_NAME` or `HOSTNAME`, for the Lease and for Events. */
  podName: string
}

/** An address to listen on. */
export interface BindAddress {
  host: string | undefined
  port: number
}

/** The description of a setting. */
interface SettingInfo {
  /** The name of the flag, without dashes. */
  name: string
  /** The placeholder for the value in the help; a flag without one is a switch. */
  value?: string
  default: string
  description: string
}

type Parse = (text: string) => { value: unknown } | { mistake: string }

interface Setting extends SettingInfo {
  key: keyof Settings
  parse: Parse
}

const LEVELS = ['debug', 'info', 'warn', 'error']
const ADDRESS = /^(?:\[([0-9a-f:.]+)\]|([^:[\]]*)):(\d{1,5})$/i
const NAMESPACE = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/

const origin: Parse = (text) => {
  const url = /^https?:\/\/[^/?#@]+\/?$/i.test(text) ? parseURL(text) : undefined
  return url ? { value: url.origin } : { mistake: 'an origin such as https://www.googleapis.com, with no path' }
}

const bindAddress: Parse = (text) => {
  if (text === '0') return { value: undefined }
  const [whole, ipv6, name, digits] = ADDRESS.exec(text) ?? []
  const port = Number(digits)
  if (!whole || port > 65_535) return { mistake: 'HOST:PORT such as :8081 or 127.0.0.1:8081, or 0 for nowhere' }
  return { value: { host: (ipv6 ?? name) || undefined, port } }
}

const namespaces: Parse = (text) => {
  const names = text.split(',').map((name) => name.trim())
  const given = names.filter(Boolean)
  const wrong = given.find((name) => !NAMESPACE.test(name))
  if (wrong === undefined) return { value: [...new Set(given)] }
  return { mistake: `names of namespaces, separated by commas (${JSON.stringify(wrong)} is not one)` }
}

const labelSelector: Parse = (text) => {
  if (text === '') return { value: undefined }
  const parsed = parseLabelSelector(text)
  if ('selector' in parsed) return { value: parsed.selector }
  return {
    mistake: `a label selector such as shard=a or !shard, as kubectl takes it (${JSON.stringify(parsed.wrong)} is not a requirement)`,
  }
}

/** A part of the key of a label, and the name of an object. */
const ringName: Parse = (text) =>
  text === '' || /^[a-z0-9]([-a-z0-9.]{0,61}[a-z0-9])?$/.test(text)
    ? { value: text || undefined }
    : { mistake: 'the name of a ControllerRing: at most 63 lower-case letters, digits, - and .' }

const networks: Parse = (text) => {
  const given = text
    .split(',')
    .map((one) => one.trim())
    .filter(Boolean)
  const wrong = given.find((one) => !isNetwork(one))
  if (wrong === undefined) return { value: given }
  return {
    mistake: `addresses or networks such as 10.0.0.0/8, separated by commas (${JSON.stringify(wrong)} is not one)`,
  }
}

function isNetwork(text: string): boolean {
  const [address = '', prefix, ...rest] = text.split('/')
  const bits = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1
  const fits = prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= bits)
  return bits > 0 && fits && rest.length === 0
}

const sites: Parse = (text) => {
  const given = text
    .split(',')
    .map((one) => one.trim())
    .filter(Boolean)
  const found = new Map<string, string[]>()
  for (const entry of given) {
    const site = siteEntry(entry)
    if (!site) {
      const example = 'booking.example.com=booking,pages.example.com=sales'
      return {
        mistake: `HOST=NAMESPACE pairs such as ${example}, each host without scheme, port, path or wildcard (${JSON.stringify(entry)} is not one)`,
      }
    }
    const namespaces = found.get(site.host) ?? []
    found.set(site.host, [...new Set([...namespaces, site.namespace])])
  }
  return { value: found }
}

/** `HOST=NAMESPACE`; an IPv6 address may be in brackets. */
function siteEntry(entry: string): { host: string; namespace: string } | undefined {
  const [name = '', namespace = '', ...rest] = entry.split('=').map((one) => one.trim())
  const written = isIP(name) === 6 ? `[${name}]` : name
  const isBare = /^(\[[^\]/?#@\s]+\]|[^\s:/?#@*[\]\\%]+)$/.test(written)
  const host = isBare ? siteHost(`https://${written}`) : undefined
  return host !== undefined && NAMESPACE.test(namespace) && rest.length === 0 ? { host, namespace } : undefined
}

const pathPrefix: Parse = (text) =>
  /^(?:\/[\w~-][\w.~-]*)+$/.test(text) && text.length <= 200
    ? { value: text }
    : { mistake: 'a path such as /google-calendar: letters, digits and -._~, with no slash at its end' }

const flag: Parse = (text) =>
  /^(true|false)$/i.test(text) ? { value: text.toLowerCase() === 'true' } : { mistake: 'true or false' }

const count: Parse = (text) => {
  const number = /^\d{1,4}$/.test(text) ? Number(text) : 0
  return number >= 1 && number <= 1000 ? { value: number } : { mistake: 'a whole number from 1 to 1000' }
}

const level: Parse = (text) => (LEVELS.includes(text) ? { value: text } : { mistake: `one of ${LEVELS.join(', ')}` })

const SETTINGS: readonly Setting[] = [
  {
    key: 'googleAccountsURL',
    name: 'google-accounts-url',
    value: 'ORIGIN',
    default: 'https://accounts.google.com',
    description: 'Where Google asks people for consent.',
    parse: origin,
  },
  {
    key: 'googleOAuthURL',
    name: 'google-oauth-url',
    value: 'ORIGIN',
    default: 'https://oauth2.googleapis.com',
    description: "Google's token endpoint.",
    parse: origin,
  },
  {
    key: 'googleAPIURL',
    name: 'google-api-url',
    value: 'ORIGIN',
    default: 'https://www.googleapis.com',
    description: 'The Calendar API.',
    parse: origin,
  },
  {
    key: 'watchNamespaces',
    name: 'watch-namespaces',
    value: 'NAMES',
    default: '',
    description: 'The namespaces to serve, separated by commas; all namespaces if empty.',
    parse: namespaces,
  },
  {
    key: 'watchLabelSelector',
    name: 'watch-label-selector',
    value: 'SELECTOR',
    default: '',
    description:
      'Reconciles only Agents with these labels, with their Bookings, and writes the status only of CalendarIntegrations with these labels, so that several installations can share a cluster (docs/scaling.md); all objects if empty.',
    parse: labelSelector,
  },
  {
    key: 'shardRing',
    name: 'shard-ring',
    value: 'NAME',
    default: '',
    description:
      'Shares the Agents with the other replicas of the ControllerRing of this name, which the sharder of kubernetes-controller-sharding assigns (docs/scaling.md). Each replica holds a Lease of its own, and --leader-elect is not needed. Not with --watch-label-selector.',
    parse: ringName,
  },
  {
    key: 'webBindAddress',
    name: 'web-bind-address',
    value: 'ADDRESS',
    default: ':8080',
    description: 'The address on which the sign-in pages are served: HOST:PORT, or 0 to serve none.',
    parse: bindAddress,
  },
  {
    key: 'webPathPrefix',
    name: 'web-path-prefix',
    value: 'PATH',
    default: SIGN_IN_PREFIX,
    description: "The path of the sign-in pages on each site's host. Proxies must not remove it.",
    parse: pathPrefix,
  },
  {
    key: 'webTrustedProxies',
    name: 'web-trusted-proxies',
    value: 'NETWORKS',
    default: '',
    description:
      'Proxies in front of the sign-in pages whose X-Forwarded-For is trusted: addresses or networks, separated by commas.',
    parse: networks,
  },
  {
    key: 'sites',
    name: 'sites',
    value: 'PAIRS',
    default: '',
    description:
      'The namespaces that a host of siteURI belongs to: HOST=NAMESPACE pairs, separated by commas; a host may be listed more than once. A host that is not listed belongs to the namespace whose integration claims it first.',
    parse: sites,
  },
  {
    key: 'metricsBindAddress',
    name: 'metrics-bind-address',
    value: 'ADDRESS',
    default: ':8081',
    description: 'The address on which /metrics, /healthz and /readyz are served: HOST:PORT, or 0 to serve none.',
    parse: bindAddress,
  },
  {
    key: 'leaderElect',
    name: 'leader-elect',
    default: 'false',
    description:
      'Act only while holding the Lease calendar-operator; required with more than one replica. With --watch-label-selector, the name of the Lease ends in a hash of the selector.',
    parse: flag,
  },
  {
    key: 'workers',
    name: 'workers',
    value: 'NUMBER',
    default: '32',
    description: 'How many agents are reconciled at once. They mostly wait for Google.',
    parse: count,
  },
  {
    key: 'logLevel',
    name: 'log-level',
    value: 'LEVEL',
    default: 'info',
    description: `How much is logged: ${LEVELS.join(', ')}.`,
    parse: level,
  },
]

/** All settings, for the help and the documentation. */
export const settingsTable: readonly SettingInfo[] = SETTINGS

/** The environment variable of a setting. */
export const variableOf = ({ name }: SettingInfo): string =>
  `CALENDAR_OPERATOR_${name.toUpperCase().replaceAll('-', '_')}`

/** Everything that is wrong with the settings, one line each. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError'
}

/**
 * Reads the settings. A flag takes precedence over its variable, and an empty variable counts as not set. Unknown variables with the
 * prefix are not mistakes, because Kubernetes sets `CALENDAR_OPERATOR_SERVICE_HOST` and others for a Service of that name.
 *
 * @param flags the given flags, by name.
 * @throws SettingsError that lists all mistakes.
 */
export function readSettings(flags: Record<string, string>, env: Record<string, string | undefined>): Settings {
  const mistakes: string[] = []
  const values: Record<string, unknown> = {
    proxy: proxyFrom(env, mistakes),
    podNamespace: env.POD_NAMESPACE || undefined,
    podName: env.POD_NAME || env.HOSTNAME || 'calendar-operator',
  }
  for (const setting of SETTINGS) {
    const variable = variableOf(setting)
    const given = flags[setting.name]
    const text = given ?? (env[variable] || setting.default)
    const parsed = setting.parse(text.trim())
    if ('mistake' in parsed) {
      const where = given === undefined ? variable : `--${setting.name}`
      mistakes.push(`${where}: found ${scrub(JSON.stringify(text))}, expected ${parsed.mistake}`)
    } else values[setting.key] = parsed.value
  }
  mistakes.push(...conflictsIn(values))
  if (mistakes.length > 0) throw new SettingsError(mistakes.join('\n'))
  return values as unknown as Settings
}

/** Settings that exclude each other. */
function conflictsIn({ shardRing, watchLabelSelector }: Partial<Settings>): string[] {
  return shardRing !== undefined && watchLabelSelector !== undefined
    ? [
        '--shard-ring and --watch-label-selector: set one of them, because each decides which Agents this operator reconciles',
      ]
    : []
}

/** A proxy's address may contain a password, so the value is not repeated. */
function proxyFrom(env: Record<string, string | undefined>, mistakes: string[]): Settings['proxy'] {
  const find = (name: string): string => env[name.toLowerCase()] || env[name] || ''
  const address = (name: string): string => {
    const text = find(name)
    const url = asProxyURL(text)
    if (text !== '' && url === undefined)
      mistakes.push(`${name}: expected a proxy, such as http://proxy.example.com:3128`)
    return url ?? ''
  }
  return { httpsProxy: address('HTTPS_PROXY'), httpProxy: address('HTTP_PROXY'), noProxy: find('NO_PROXY') }
}

/** As other programs do: http if there is no scheme. The proxy resolves host names in any case. */
function asProxyURL(text: string): string | undefined {
  const full = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text.replace(/^socks5h:/i, 'socks5:') : `http://${text}`
  return /^(https?|socks5):$/.test(parseURL(full)?.protocol ?? '') ? full : undefined
}
