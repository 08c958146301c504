/**
 * Parses one kubeconfig file as kubectl 1.34 does: unknown fields are ignored, a field of the wrong type is an error, and so is a
 * name that occurs twice in a list. Relative paths are resolved against the folder of the file. Pure.
 */
import { dirname, isAbsolute, join, resolve, sep } from 'node:path'
import { parseAllDocuments } from 'yaml'

/** A cluster of a kubeconfig. */
export interface ClusterEntry {
  server: string
  tlsServerName: string
  insecureSkipTlsVerify: boolean
  /** A path. */
  certificateAuthority: string
  /** PEM. */
  certificateAuthorityData: string
  proxyUrl: string
  disableCompression: boolean
  /** The configuration that is passed to an exec plugin. */
  execConfig: unknown
}

/** A user of a kubeconfig. */
export interface UserEntry {
  clientCertificate: string
  clientCertificateData: string
  clientKey: string
  clientKeyData: string
  token: string
  tokenFile: string
  username: string
  password: string
  as: string
  asUid: string
  asGroups: string[]
  asUserExtra: Record<string, string[]>
  authProvider: { name: string; config: Record<string, string> } | undefined
  exec: ExecEntry | undefined
}

/** The credential plugin of a user of a kubeconfig. */
export interface ExecEntry {
  apiVersion: string
  command: string
  args: string[]
  env: { name: string; value: string }[]
  installHint: string
  provideClusterInfo: boolean
  interactiveMode: string
}

/** A context of a kubeconfig. */
interface ContextEntry {
  cluster: string
  user: string
  namespace: string
}

/** A parsed kubeconfig. */
export interface KubeconfigFile {
  currentContext: string
  clusters: Map<string, ClusterEntry>
  users: Map<string, UserEntry>
  contexts: Map<string, ContextEntry>
}

/** The name of the cluster extension that is passed to an exec plugin. */
const EXEC_EXTENSION = 'client.authentication.k8s.io/exec'

/**
 * Parses the text of a kubeconfig file.
 *
 * @param path the path of the file: relative paths are resolved against its folder, and errors name it.
 * @throws Error that names the field but not its value.
 */
export function parseKubeconfig(text: string, path: string): KubeconfigFile {
  const file = new Fields(parseYaml(text, path), path, dirname(resolve(path)))
  for (const [field, expected] of [
    ['kind', 'Config'],
    ['apiVersion', 'v1'],
  ] as const) {
    if (![expected, ''].includes(file.text(field))) throw new Error(`${path}: ${field} is not ${expected}`)
  }
  return {
    currentContext: file.text('current-context'),
    clusters: file.named('clusters', 'cluster', clusterFrom),
    users: file.named('users', 'user', userFrom),
    contexts: file.named('contexts', 'context', contextFrom),
  }
}

function parseYaml(text: string, path: string): unknown {
  const [document] = parseAllDocuments(text, { uniqueKeys: false, merge: true, logLevel: 'error' })
  if (document === undefined || !('errors' in document)) return null
  const [error] = document.errors
  // The library's message repeats the line, which may contain a token.
  if (error) throw new Error(`${path}: line ${error.linePos?.[0].line ?? 1} is not YAML (${error.code})`)
  return document.toJS() as unknown
}

const clusterFrom = (cluster: Fields): ClusterEntry => ({
  server: cluster.text('server'),
  tlsServerName: cluster.text('tls-server-name'),
  insecureSkipTlsVerify: cluster.flag('insecure-skip-tls-verify'),
  certificateAuthority: cluster.path('certificate-authority'),
  certificateAuthorityData: cluster.bytes('certificate-authority-data'),
  proxyUrl: cluster.text('proxy-url'),
  disableCompression: cluster.flag('disable-compression'),
  execConfig: cluster
    .list('extensions')
    .find((extension) => extension.text('name') === EXEC_EXTENSION)
    ?.raw('extension'),
})

const userFrom = (user: Fields): UserEntry => ({
  clientCertificate: user.path('client-certificate'),
  clientCertificateData: user.bytes('client-certificate-data'),
  clientKey: user.path('client-key'),
  clientKeyData: user.bytes('client-key-data'),
  token: user.text('token'),
  tokenFile: user.path('tokenFile'),
  username: user.text('username'),
  password: user.text('password'),
  as: user.text('as'),
  asUid: user.text('as-uid'),
  asGroups: user.texts('as-groups'),
  asUserExtra: user.fields('as-user-extra')?.entries((extra, name) => extra.texts(name)) ?? {},
  authProvider: providerFrom(user.fields('auth-provider')),
  exec: execFrom(user.fields('exec')),
})

const providerFrom = (provider: Fields | undefined): UserEntry['authProvider'] =>
  provider && {
    name: provider.text('name'),
    config: provider.fields('config')?.entries((config, name) => config.text(name)) ?? {},
  }

/** Only v1 requires `interactiveMode`. */
const execFrom = (exec: Fields | undefined): ExecEntry | undefined =>
  exec && {
    apiVersion: exec.text('apiVersion'),
    command: exec.command('command'),
    args: exec.texts('args'),
    env: exec.list('env').map((one) => ({ name: one.text('name'), value: one.text('value') })),
    installHint: exec.text('installHint'),
    provideClusterInfo: exec.flag('provideClusterInfo'),
    interactiveMode:
      exec.text('interactiveMode') || (/\/v1(alpha|beta)1$/.test(exec.text('apiVersion')) ? 'IfAvailable' : ''),
  }

const contextFrom = (context: Fields): ContextEntry => ({
  cluster: context.text('cluster'),
  user: context.text('user'),
  namespace: context.text('namespace'),
})

/** An object in the file, whose fields are read by name and type. A field that is missing or null counts as empty. */
class Fields {
  readonly #values: Record<string, unknown>
  readonly #where: string
  readonly #folder: string

  constructor(value: unknown, where: string, folder: string) {
    if (typeof (value ?? {}) !== 'object' || Array.isArray(value)) throw new Error(`${where} is not an object`)
    this.#values = (value ?? {}) as Record<string, unknown>
    this.#where = where
    this.#folder = folder
  }

  raw(name: string): unknown {
    return this.#values[name] ?? undefined
  }

  text(name: string): string {
    const value = this.raw(name) ?? ''
    if (typeof value === 'string') return value
    throw new Error(`${this.#at(name)} is not text: put it into quotes`)
  }

  flag(name: string): boolean {
    const value = this.raw(name) ?? false
    if (typeof value === 'boolean') return value
    throw new Error(`${this.#at(name)} is neither true nor false`)
  }

  /** Decodes base64. */
  bytes(name: string): string {
    const encoded = this.text(name).replace(/[\r\n]/g, '')
    if (/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(encoded))
      return Buffer.from(encoded, 'base64').toString()
    throw new Error(`${this.#at(name)} is not base64`)
  }

  path(name: string): string {
    const value = this.text(name)
    return value === '' || isAbsolute(value) ? value : join(this.#folder, value)
  }

  /** A program, which is looked up in PATH unless it is a path. */
  command(name: string): string {
    return this.text(name).includes(sep) ? this.path(name) : this.text(name)
  }

  fields(name: string): Fields | undefined {
    const value = this.raw(name)
    return value === undefined ? undefined : new Fields(value, this.#at(name), this.#folder)
  }

  list(name: string): Fields[] {
    return this.#items(name).map((item, index) => new Fields(item, `${this.#at(name)}[${index}]`, this.#folder))
  }

  texts(name: string): string[] {
    const items = this.#items(name)
    if (items.every((item) => typeof item === 'string')) return items
    throw new Error(`${this.#at(name)} holds something that is not text: put it into quotes`)
  }

  entries<T>(read: (fields: Fields, name: string) => T): Record<string, T> {
    return Object.fromEntries(Object.keys(this.#values).map((name) => [name, read(this, name)]))
  }

  /** Reads a list of `{name, <inner>: {…}}` into a map by name. */
  named<T>(name: string, inner: string, read: (fields: Fields) => T): Map<string, T> {
    const found = new Map<string, T>()
    for (const item of this.list(name)) {
      const key = item.text('name')
      if (found.has(key)) throw new Error(`${this.#at(name)} names ${JSON.stringify(key)} twice`)
      found.set(key, read(item.fields(inner) ?? new Fields({}, this.#at(name), this.#folder)))
    }
    return found
  }

  #items(name: string): unknown[] {
    const value = this.raw(name) ?? []
    if (Array.isArray(value)) return value
    throw new Error(`${this.#at(name)} is not a list`)
  }

  #at(name: string): string {
    return `${this.#where}: ${name}`
  }
}
