/**
 * Provides the credentials for the API server as client-go does: read from files, a plugin or a provider each time that they are
 * requested. Over plain HTTP, no credentials are sent, only the impersonation headers.
 */
import { readFile } from 'node:fs/promises'
import { errorCode } from '../platform/errors.ts'
import type { Clock } from '../platform/clock.ts'
import { CredentialsError, ExecPlugin } from './exec-plugin.ts'
import type { UserEntry } from './kubeconfig-file.ts'
import type { ClusterConfig } from './kubeconfig.ts'

export { CredentialsError } from './exec-plugin.ts'

/** HTTP headers by name. */
export type Headers = Record<string, string | string[]>

/** The TLS options of a connection to the API server. */
export interface TlsOptions {
  ca?: string
  cert?: string
  key?: string
  servername?: string
  rejectUnauthorized?: boolean
}

/** The credentials for one request. */
interface RequestCredentials {
  headers: Headers
  tls: TlsOptions
  /** When they expire, in ms since the epoch; undefined if that is unknown. */
  expiresAt?: number
}

/** Supplies the credentials for each request. */
interface CredentialsSource {
  /** Reads the current credentials. @throws CredentialsError */
  read(): Promise<RequestCredentials>
  /** Must be called if the server rejected the credentials that were read last. */
  refused(): void
}

/** Creates the source of the credentials that a cluster configuration describes. */
export function createCredentials(config: ClusterConfig, clock: Clock): CredentialsSource {
  const { user } = config
  const bearer = bearerOf(config, clock)
  return {
    async read() {
      const impersonation = impersonationOf(user)
      if (config.server.protocol === 'http:') return { headers: impersonation, tls: {} }
      const tls = await tlsOf(config)
      const given = await bearer?.read(tls.ca)
      const headers: Headers = { ...impersonation, ...given?.headers }
      return { headers, tls: { ...tls, ...given?.tls }, expiresAt: given?.expiresAt }
    },
    refused: () => bearer?.refused(),
  }
}

interface Bearer {
  read(ca: string | undefined): Promise<RequestCredentials>
  refused(): void
}

/** A token has priority over a user name with a password; both, and a certificate, have priority over a plugin. */
function bearerOf(config: ClusterConfig, clock: Clock): Bearer | undefined {
  const { user } = config
  if (user.token + user.tokenFile !== '') return fixed(() => tokenOf(user))
  if (user.username + user.password !== '') {
    const basic = Buffer.from(`${user.username}:${user.password}`).toString('base64')
    return fixed(async () => `Basic ${basic}`)
  }
  if (user.exec)
    return user.clientCertificate + user.clientCertificateData === '' ? fromPlugin(config, clock) : undefined
  return user.authProvider && fixed(() => fromProvider(user))
}

const authorizationOf = (value: string | undefined): Headers => (value === undefined ? {} : { authorization: value })

const fixed = (authorization: () => Promise<string | undefined>): Bearer => ({
  async read() {
    const value = await authorization()
    return { headers: authorizationOf(value), tls: {} }
  },
  refused: () => undefined,
})

/** The token file has priority while it can be read, since it is the one that is renewed. */
async function tokenOf({ token, tokenFile }: UserEntry): Promise<string> {
  if (tokenFile === '') return `Bearer ${token}`
  const read = await readText(tokenFile, 'token').catch((error: unknown) => {
    if (token !== '') return token
    throw error
  })
  const found = read.trim() || token
  if (found === '') throw new CredentialsError('the token file is empty')
  return `Bearer ${found}`
}

function fromPlugin(config: ClusterConfig, clock: Clock): Bearer | undefined {
  const plugin = config.user.exec && new ExecPlugin(config.user.exec, config, clock)
  return (
    plugin && {
      async read(ca) {
        const { token, certificate, key, expiresAt } = await plugin.credential(ca)
        const headers = authorizationOf(token === '' ? undefined : `Bearer ${token}`)
        return { headers, tls: certificate === '' ? {} : { cert: certificate, key }, expiresAt }
      },
      refused: () => plugin.refused(),
    }
  )
}

/** OpenID Connect is the only auth provider that is left. It is loaded only where it is used: see `oidc.ts`. */
async function fromProvider({ authProvider }: UserEntry): Promise<string | undefined> {
  if (authProvider?.name !== 'oidc')
    throw new CredentialsError('its auth-provider is not known: Kubernetes has only oidc left, use exec')
  const { oidcAuthorization } = await import('./oidc.ts')
  try {
    return await oidcAuthorization(authProvider)
  } catch (error) {
    throw new CredentialsError('the OpenID Connect provider gave no token', { cause: error })
  }
}

async function tlsOf({ cluster, user, caIsOptional = false }: ClusterConfig): Promise<TlsOptions> {
  const [ca, cert, key] = await Promise.all([
    inlineOrFile(cluster.certificateAuthorityData, cluster.certificateAuthority, 'certificate authority').catch(
      (error: unknown) => {
        if (caIsOptional) return undefined
        throw error
      },
    ),
    inlineOrFile(user.clientCertificateData, user.clientCertificate, 'client certificate'),
    inlineOrFile(user.clientKeyData, user.clientKey, 'client key'),
  ])
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined || key === undefined ? {} : { cert, key }),
    ...(cluster.tlsServerName === '' ? {} : { servername: cluster.tlsServerName }),
    ...(cluster.insecureSkipTlsVerify ? { rejectUnauthorized: false } : {}),
  }
}

async function inlineOrFile(data: string, path: string, what: string): Promise<string | undefined> {
  if (data !== '') return data
  return path === '' ? undefined : readText(path, what)
}

async function readText(path: string, what: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    const code = errorCode(error) ?? 'unknown error'
    throw new CredentialsError(`the kubeconfig's ${what} file cannot be read (${code})`, { cause: error })
  }
}

function impersonationOf({ as, asUid, asGroups, asUserExtra }: UserEntry): Headers {
  if (as === '') return {}
  const extra = Object.entries(asUserExtra).map(
    ([key, values]) => [`impersonate-extra-${escaped(key)}`, values] as const,
  )
  return {
    'impersonate-user': as,
    ...(asUid === '' ? {} : { 'impersonate-uid': asUid }),
    ...(asGroups.length === 0 ? {} : { 'impersonate-group': asGroups }),
    ...Object.fromEntries(extra),
  }
}

/** Encodes a key as part of a header name as client-go does: bytes that are not allowed there, and `%`, are percent-encoded. */
const escaped = (key: string): string =>
  [...Buffer.from(key)]
    .map((byte) => String.fromCharCode(byte))
    .map((char) =>
      /[!#$&'*+\-.^_`|~0-9A-Za-z]/.test(char)
        ? char
        : `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
    )
    .join('')
