/**
 * Finds the API server and the credentials exactly as `kubectl` does: in the files that `KUBECONFIG` lists (the first file that
 * names something wins; a missing or empty file is skipped), otherwise in `~/.kube/config`; if no file has a current context, in
 * the pod's service account.
 */
import { readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { errorCode } from '../platform/errors.ts'
import { parseURL } from '../platform/url.ts'
import { parseKubeconfig, type ClusterEntry, type KubeconfigFile, type UserEntry } from './kubeconfig-file.ts'
import { isProxy, proxyFromEnvironment, type Environment } from './proxy.ts'

/** The current context, resolved except for the content of the files that it names. */
export interface ClusterConfig {
  /** Includes the path under which the API is served. */
  server: URL
  namespace: string | undefined
  proxy: string | undefined
  cluster: ClusterEntry
  user: UserEntry
  /** The CA file may be missing: then the system's certificate authorities are used. */
  caIsOptional?: boolean
  /** The environment that an exec plugin inherits. */
  env: Environment
  /** Whether standard input is a terminal, on which an exec plugin may ask a person. */
  isTerminal: boolean
}

/** Where a kubeconfig is looked for. */
export interface KubeconfigSources {
  env: Environment
  isTerminal?: boolean
  /** The folder of the pod's service account. */
  serviceAccount?: string
}

const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount'

const WHAT_TO_SET = 'set KUBECONFIG to a file with a current context, or run inside a cluster.'

/** Finds the current cluster. @throws Error with a message for people that names the file and the field. */
export function findKubeconfig(sources: KubeconfigSources): ClusterConfig {
  const { env } = sources
  // An empty variable counts as not set.
  const paths = env.KUBECONFIG ? env.KUBECONFIG.split(delimiter) : env.HOME ? [join(env.HOME, '.kube', 'config')] : []
  return loadKubeconfig([...new Set(paths)].filter(Boolean), sources)
}

/** Reads these files; the first one that names something wins. @throws Error as `findKubeconfig` does. */
export function loadKubeconfig(paths: readonly string[], sources: KubeconfigSources): ClusterConfig {
  const read = paths.map((path) => ({ path, file: readFile(path) }))
  const files = read.flatMap(({ file }) => file ?? [])
  const searched = read.map(({ path, file }) => (file ? `${path} has no current context` : `${path} does not exist`))
  return resolveKubeconfig(files, sources, searched)
}

/**
 * Merges these files and resolves the current context. `searched` says in the error why no file has one.
 * @throws Error as `findKubeconfig` does.
 */
export function resolveKubeconfig(
  files: readonly KubeconfigFile[],
  sources: KubeconfigSources,
  searched: readonly string[] = [],
): ClusterConfig {
  const merged = merge(files)
  const found = merged.currentContext === '' ? inCluster(sources) : fromContext(merged, sources)
  if (found) return found
  const why = searched.length === 0 ? '' : ` (${searched.join(', ')})`
  throw new Error(`No Kubernetes cluster is configured${why}: ${WHAT_TO_SET}`)
}

function readFile(path: string): KubeconfigFile | undefined {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    const code = errorCode(error) ?? 'unknown error'
    if (code === 'ENOENT') return undefined
    throw new Error(`The kubeconfig ${path} cannot be read (${code}): look at the file that KUBECONFIG names.`, {
      cause: error,
    })
  }
  try {
    return parseKubeconfig(text, path)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new Error(`The kubeconfig cannot be used: ${reason}.`, { cause: error })
  }
}

/** An entry that two files have is taken as a whole from the first. */
function merge(files: readonly KubeconfigFile[]): KubeconfigFile {
  const last = [...files].reverse()
  const all = <T>(of: (file: KubeconfigFile) => Map<string, T>): Map<string, T> =>
    new Map(last.flatMap((file) => [...of(file)]))
  return {
    currentContext: files.find(({ currentContext }) => currentContext !== '')?.currentContext ?? '',
    clusters: all(({ clusters }) => clusters),
    users: all(({ users }) => users),
    contexts: all(({ contexts }) => contexts),
  }
}

function fromContext(file: KubeconfigFile, { env, isTerminal = false }: KubeconfigSources): ClusterConfig {
  const name = file.currentContext
  const context = file.contexts.get(name)
  if (!context) throw new Error(`The kubeconfig's current context ${quoted(name)} does not exist.`)
  const cluster = file.clusters.get(context.cluster)
  if (!cluster)
    throw new Error(
      `The kubeconfig's context ${quoted(name)} names the cluster ${quoted(context.cluster)}, which does not exist.`,
    )
  // A context without a user sends no credentials; kubectl would ask for some at the terminal.
  const user = context.user === '' ? NOBODY : file.users.get(context.user)
  if (!user)
    throw new Error(
      `The kubeconfig's context ${quoted(name)} names the user ${quoted(context.user)}, who does not exist.`,
    )
  const problem = problemOf(cluster, user)
  if (problem) throw new Error(`The kubeconfig's context ${quoted(name)} cannot be used: ${problem}.`)
  const server = serverOf(cluster.server)
  const proxy = cluster.proxyUrl || proxyFromEnvironment(server, env)
  return { server, namespace: context.namespace || undefined, proxy, cluster, user, env, isTerminal }
}

/** Parses a server. Without a scheme it is HTTP, and then no credentials are sent. */
function serverOf(text: string): URL {
  const full = /^https?:\/\//i.test(text) ? text : `http://${text}`
  const url = parseURL(full)
  if (url) return url
  throw new Error(
    `The kubeconfig's cluster has a server that is not a URL: expected one such as https://10.0.0.1:6443.`,
  )
}

/** What is wrong with the context, as in kubectl, in one clause; undefined if nothing is. */
const problemOf = (cluster: ClusterEntry, user: UserEntry): string | undefined =>
  [...clusterProblems(cluster), ...userProblems(user)].find(([is]) => is)?.[1] ?? (user.exec && execProblem(user.exec))

type Problem = [boolean, string]

const clusterProblems = (cluster: ClusterEntry): Problem[] => [
  [cluster.server === '', 'its cluster has no server'],
  [cluster.proxyUrl !== '' && !isProxy(cluster.proxyUrl), 'proxy-url is not the URL of an http, https or socks5 proxy'],
  [
    both(cluster.certificateAuthority, cluster.certificateAuthorityData),
    'certificate-authority and certificate-authority-data are both given',
  ],
  [
    cluster.insecureSkipTlsVerify && cluster.certificateAuthority + cluster.certificateAuthorityData !== '',
    'insecure-skip-tls-verify is true beside a certificate authority',
  ],
]

const userProblems = (user: UserEntry): Problem[] => [
  [
    both(user.username + user.password, user.token + user.tokenFile),
    'its user has both a token and a user name or password',
  ],
  [
    both(user.clientCertificate, user.clientCertificateData),
    'client-certificate and client-certificate-data are both given',
  ],
  [both(user.clientKey, user.clientKeyData), 'client-key and client-key-data are both given'],
  [
    user.clientCertificate + user.clientCertificateData !== '' && user.clientKey + user.clientKeyData === '',
    'its user has a client certificate without a key',
  ],
  [
    user.as === '' && [user.asUid, ...user.asGroups, ...Object.keys(user.asUserExtra)].some((one) => one !== ''),
    'as-uid, as-groups or as-user-extra stands without as',
  ],
  [user.exec !== undefined && user.authProvider !== undefined, 'its user has both exec and auth-provider'],
]

const both = (one: string, other: string): boolean => one !== '' && other !== ''

function execProblem({
  command,
  apiVersion,
  env,
  interactiveMode,
}: NonNullable<UserEntry['exec']>): string | undefined {
  if (command === '') return 'exec has no command'
  if (!/^client\.authentication\.k8s\.io\/(v1|v1beta1)$/.test(apiVersion))
    return 'exec.apiVersion is neither client.authentication.k8s.io/v1 nor …/v1beta1'
  if (env.some(({ name }) => name === '')) return 'an entry of exec.env has no name'
  if (!['Never', 'IfAvailable', 'Always'].includes(interactiveMode))
    return 'exec.interactiveMode is neither Never, IfAvailable nor Always'
  return undefined
}

function inCluster({ serviceAccount = SERVICE_ACCOUNT, ...sources }: KubeconfigSources): ClusterConfig | undefined {
  const server = serviceOf(sources.env)
  const tokenFile = join(serviceAccount, 'token')
  if (!server || readOptional(tokenFile) === undefined) return undefined
  return {
    server,
    namespace: readOptional(join(serviceAccount, 'namespace'))?.trim() || undefined,
    proxy: proxyFromEnvironment(server, sources.env),
    cluster: { ...ANY_CLUSTER, server: server.href, certificateAuthority: join(serviceAccount, 'ca.crt') },
    user: { ...NOBODY, tokenFile },
    caIsOptional: true,
    env: sources.env,
    isTerminal: false,
  }
}

/** The address that Kubernetes sets in the environment of every pod. */
function serviceOf({ KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port }: Environment): URL | undefined {
  if (!host || !port) return undefined
  return new URL(`https://${host.includes(':') ? `[${host}]` : host}:${port}`)
}

function readOptional(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

const quoted = (name: string): string => JSON.stringify(name.slice(0, 100))

/** An entry without any field. */
const ANY_CLUSTER: ClusterEntry = {
  server: '',
  tlsServerName: '',
  insecureSkipTlsVerify: false,
  certificateAuthority: '',
  certificateAuthorityData: '',
  proxyUrl: '',
  disableCompression: false,
  execConfig: undefined,
}

const NOBODY: UserEntry = {
  clientCertificate: '',
  clientCertificateData: '',
  clientKey: '',
  clientKeyData: '',
  token: '',
  tokenFile: '',
  username: '',
  password: '',
  as: '',
  asUid: '',
  asGroups: [],
  asUserExtra: {},
  authProvider: undefined,
  exec: undefined,
}
