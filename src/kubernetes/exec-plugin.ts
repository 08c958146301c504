/**
 * Runs a credential plugin (`exec` in a kubeconfig) as client-go does: `KUBERNETES_EXEC_INFO` tells it about the cluster, and it
 * runs again when its credentials have expired or were rejected. Its output is never logged or shown.
 */
import { spawn } from 'node:child_process'
import { basename } from 'node:path'
import { parseRecord } from '../platform/json.ts'
import type { Clock } from '../platform/clock.ts'
import type { ExecEntry } from './kubeconfig-file.ts'
import type { ClusterConfig } from './kubeconfig.ts'

/** The files or the plugin of a kubeconfig gave no credentials. The message repeats none of their content. */
export class CredentialsError extends Error {
  override readonly name = 'CredentialsError'
  /** Whether credentials that were read before must not be used any longer. */
  readonly isFinal: boolean

  constructor(message: string, options: ErrorOptions & { isFinal?: boolean } = {}) {
    super(message, options)
    this.isFinal = options.isFinal ?? false
  }
}

/** The credentials that a plugin returned. */
interface PluginCredentials {
  token: string
  /** PEM; both or neither. */
  certificate: string
  key: string
  /** When they expire, in ms since the epoch. */
  expiresAt: number
  /** When the plugin was started, in ms of the monotonic clock. */
  startedAt: number
}

const MAX_RUN_MS = 60_000
/** An interactive plugin may wait for a person. */
const MAX_INTERACTIVE_RUN_MS = 5 * 60_000
const MAX_OUTPUT_LENGTH = 1_000_000
/** The shortest time between two runs: a server that rejects everything must not cause one run per request. */
const MIN_RUN_INTERVAL_MS = 5_000

/** Gets credentials from the credential plugin (`exec`) of a kubeconfig. */
export class ExecPlugin {
  readonly #exec: ExecEntry
  readonly #config: ClusterConfig
  readonly #clock: Clock
  #credentials: PluginCredentials | undefined
  #failed: { error: CredentialsError; startedAt: number } | undefined

  constructor(exec: ExecEntry, config: ClusterConfig, clock: Clock) {
    this.#exec = exec
    this.#config = config
    this.#clock = clock
  }

  /**
   * Returns the current credentials, and runs the plugin if necessary.
   *
   * @param ca the cluster's certificate authority (PEM), for a plugin that needs the cluster information.
   * @throws CredentialsError
   */
  async credential(ca: string | undefined): Promise<PluginCredentials> {
    const startedAt = this.#clock.monotonic()
    if (this.#credentials && this.#isValid(this.#credentials, startedAt)) return this.#credentials
    if (this.#failed && startedAt - this.#failed.startedAt < MIN_RUN_INTERVAL_MS) throw this.#failed.error
    try {
      const answer = parseAnswer(await this.#run(ca), this.#exec.apiVersion, this.#name)
      this.#failed = undefined
      return (this.#credentials = { ...answer, startedAt })
    } catch (cause) {
      const reason = cause instanceof CredentialsError ? cause.message : `the plugin ${this.#name} could not be asked`
      const error = new CredentialsError(reason, { cause, isFinal: true })
      this.#failed = { error, startedAt }
      throw error
    }
  }

  /** Must be called if the server rejected the credentials. The plugin runs again for the next request, unless it ran recently. */
  refused(): void {
    if (this.#credentials && this.#clock.monotonic() - this.#credentials.startedAt >= MIN_RUN_INTERVAL_MS)
      this.#credentials = undefined
  }

  /** Our own clock may be wrong, but even then the plugin must not run for every request. */
  #isValid({ expiresAt, startedAt }: PluginCredentials, now: number): boolean {
    return this.#clock.now() < expiresAt || now - startedAt < MIN_RUN_INTERVAL_MS
  }

  get #name(): string {
    return basename(this.#exec.command)
  }

  #run(ca: string | undefined): Promise<string> {
    const { command, args, env, interactiveMode } = this.#exec
    const { isTerminal } = this.#config
    if (interactiveMode === 'Always' && !isTerminal)
      throw new CredentialsError(`the plugin ${this.#name} wants to ask a person, and standard input is not a terminal`)
    const interactive = interactiveMode !== 'Never' && isTerminal
    const own = Object.fromEntries(env.map(({ name, value }) => [name, value]))
    const info = {
      kind: 'ExecCredential',
      apiVersion: this.#exec.apiVersion,
      spec: { cluster: this.#exec.provideClusterInfo ? this.#clusterInfo(ca) : undefined, interactive },
    }
    return output(command, args, {
      env: { ...this.#config.env, ...own, KUBERNETES_EXEC_INFO: `${JSON.stringify(info)}\n` },
      interactive,
      clock: this.#clock,
      name: this.#name,
    })
  }

  #clusterInfo(ca: string | undefined): object {
    const { cluster, proxy } = this.#config
    return {
      server: cluster.server,
      'tls-server-name': cluster.tlsServerName || undefined,
      'insecure-skip-tls-verify': cluster.insecureSkipTlsVerify || undefined,
      'certificate-authority-data': ca ? Buffer.from(ca).toString('base64') : undefined,
      'proxy-url': cluster.proxyUrl ? proxy : undefined,
      'disable-compression': cluster.disableCompression || undefined,
      config: cluster.execConfig ?? null,
    }
  }
}

interface Run {
  env: NodeJS.ProcessEnv
  interactive: boolean
  clock: Clock
  name: string
}

/** Runs the plugin and resolves with its output. @throws CredentialsError unless it ends with exit code 0. */
function output(command: string, args: string[], { env, interactive, clock, name }: Run): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env, stdio: [interactive ? 'inherit' : 'ignore', 'pipe', 'ignore'] })
    let text = ''
    const fail = (reason: string): void => {
      cancel()
      child.kill('SIGKILL')
      reject(new CredentialsError(`the plugin ${name} ${reason}: run it by hand to see more`))
    }
    const cancel = clock.setTimer(interactive ? MAX_INTERACTIVE_RUN_MS : MAX_RUN_MS, () => fail('did not end in time'))
    child.on('error', (error: NodeJS.ErrnoException) => fail(`could not be run (${error.code ?? 'unknown error'})`))
    child.stdout.setEncoding('utf8').on('data', (piece: string) => {
      text += piece
      if (text.length > MAX_OUTPUT_LENGTH) fail('printed too much')
    })
    child.on('close', (code, signal) => {
      cancel()
      if (code === 0) resolve(text)
      else fail(`ended with ${code === null ? `signal ${signal ?? '?'}` : `exit code ${code}`}`)
    })
  })
}

function parseAnswer(text: string, apiVersion: string, name: string): Omit<PluginCredentials, 'startedAt'> {
  const refuse = (what: string): never => {
    throw new CredentialsError(`the plugin ${name} printed ${what}: expected an ExecCredential of ${apiVersion}`)
  }
  const answer = parseRecord(text) ?? refuse('no JSON')
  if (answer.kind !== 'ExecCredential') refuse('something else')
  if (answer.apiVersion !== apiVersion) refuse('another version')
  const status = (answer.status ?? refuse('no status')) as Record<string, unknown>
  const field = (key: string): string => (typeof status[key] === 'string' ? status[key] : '')
  const credential = {
    token: field('token'),
    certificate: field('clientCertificateData'),
    key: field('clientKeyData'),
  }
  if (credential.token + credential.certificate + credential.key === '') refuse('neither a token nor a certificate')
  if ((credential.certificate === '') !== (credential.key === '')) refuse('a certificate or a key alone')
  const expiresAt = Date.parse(field('expirationTimestamp'))
  return { ...credential, expiresAt: Number.isNaN(expiresAt) ? Infinity : expiresAt }
}
