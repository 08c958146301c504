/**
 * A real Kubernetes API for tests: etcd and kube-apiserver on loopback, and kube-controller-manager where a test asks for
 * it (garbage collection, deletion of namespaces). No kubelet: pods stay pending. Each cluster has its own data directory
 * and certificates, is ready in seconds, and is thrown away whole.
 */
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { stringify } from 'yaml'
import { connect } from '../contract/client.ts'
import type { Client } from '../contract/client.ts'
import { findPrograms } from './assets.ts'
import type { Programs } from './assets/programs.ts'
import { apiServerArguments, controllerManagerArguments, etcdArguments, writeFiles } from './cluster/arguments.ts'
import type { Ports } from './cluster/arguments.ts'
import { createAuthority } from './cluster/certificates.ts'
import type { Authority } from './cluster/certificates.ts'
import { installDefinitions } from './cluster/definitions.ts'
import { freePorts, removeWithUs, start } from './cluster/processes.ts'
import type { Running } from './cluster/processes.ts'

/** Who a certificate says that its bearer is. */
export interface User {
  name: string
  groups?: readonly string[]
}

/** What the audit log says of one answered request; of a watch, one entry when it opens and one when it ends. */
export interface AuditEvent {
  stage: 'ResponseStarted' | 'ResponseComplete' | 'Panic'
  verb: string
  user: { username: string; groups?: string[] }
  objectRef?: { resource?: string; subresource?: string; namespace?: string; name?: string; apiGroup?: string }
  responseStatus?: { code: number; reason?: string }
  /** Among them `authorization.k8s.io/decision`: `allow` or `forbid`. */
  annotations?: Record<string, string>
  requestURI: string
  userAgent?: string
  requestReceivedTimestamp: string
}

export interface RealKubernetes {
  readonly url: string
  /** The path of a kubeconfig file; without a user, the administrator's. A user may do what RBAC gives to the name and groups. */
  kubeconfig(user?: User): Promise<string>
  client(user?: User): Promise<Client>
  /** The standard output. As the administrator; another user by `--kubeconfig`. @throws Error with `stderr` and `code`. */
  kubectl(...args: string[]): Promise<string>
  /** `kubectl apply` of objects, or of YAML text. */
  apply(...manifests: (object | string)[]): Promise<void>
  /** Every request answered so far, oldest first. */
  auditEvents(): AuditEvent[]
  /** At once, as a crash. The port stays the same when it comes back. */
  killApiServer(): Promise<void>
  /** Makes etcd forget all versions but the newest. @throws Error with its answer if it refuses. */
  compact(): Promise<void>
  /** Kills it if it runs, and waits until it says that it is ready. It may still answer 429 to what is not cached yet. */
  restartApiServer(): Promise<void>
  stop(): Promise<void>
}

export interface ClusterOptions {
  /** Also start kube-controller-manager: garbage collection, deletion of namespaces, ServiceAccounts, ReplicaSets. */
  controllerManager?: boolean
  /** Install `crds/`; true by default. */
  definitions?: boolean
  /** False: etcd itself serves watches, which therefore end with 410 once their version is compacted. */
  watchCache?: boolean
  /** Where to write the audit log; by default it is removed with the cluster. */
  auditLog?: string
}

const ADMINISTRATOR: User = { name: 'admin', groups: ['system:masters'] }
const TRIES = 3

/** @throws Error with the end of the program's log when one does not come up. */
export async function startRealKubernetes(options: ClusterOptions = {}): Promise<RealKubernetes> {
  const programs = await findPrograms()
  for (let attempt = 1; ; attempt++) {
    const cluster = new Cluster(programs, await freePorts(3), await createAuthority(Date.now()))
    try {
      await cluster.start(options)
      return cluster
    } catch (error) {
      await cluster.stop()
      // Another program can take a free port before ours does.
      if (attempt === TRIES || !String(error).includes('address already in use')) throw error
    }
  }
}

class Cluster implements RealKubernetes {
  readonly url: string
  readonly #programs: Programs
  readonly #ports: Ports
  readonly #directory: string
  readonly #authority: Authority
  readonly #forget: () => void
  readonly #clients: Client[] = []
  #etcd: Running | undefined
  #apiServer: Running | undefined
  #controllerManager: Running | undefined
  #serviceAccounts = false
  #watchCache = true
  #auditLog: string
  #files = 0

  constructor(programs: Programs, [etcd = 0, etcdPeer = 0, apiServer = 0]: number[], authority: Authority) {
    this.#programs = programs
    this.#ports = { etcd, etcdPeer, apiServer }
    this.url = `https://127.0.0.1:${apiServer}`
    this.#directory = mkdtempSync(join(tmpdir(), 'kubernetes-'))
    this.#auditLog = join(this.#directory, 'audit.log')
    this.#forget = removeWithUs(this.#directory)
    this.#authority = authority
  }

  async start(options: ClusterOptions): Promise<void> {
    this.#serviceAccounts = options.controllerManager ?? false
    this.#auditLog = options.auditLog ?? this.#auditLog
    this.#watchCache = options.watchCache ?? true
    await writeFiles(this.#directory, this.#authority)
    this.#etcd = this.#run('etcd', etcdArguments(this.#directory, this.#ports))
    // Otherwise an etcd that could not start, because its port was taken, would only be missed by the API server.
    await this.#etcd.until('/health', async () => (await fetch(`http://127.0.0.1:${this.#ports.etcd}/health`)).ok)
    await this.#startApiServer()
    const client = await this.client()
    // After the API server is ready it makes its own namespaces.
    await this.#apiServer?.until('namespace default', () => found(client, '/api/v1/namespaces/default'))
    if (options.definitions ?? true) await installDefinitions(client)
    // After the definitions: the garbage collector looks for new resources only every 30 seconds.
    if (options.controllerManager) await this.#startControllerManager(client)
  }

  async kubeconfig(user: User = ADMINISTRATOR): Promise<string> {
    const { certificate, key } = await this.#authority.client(user.name, user.groups)
    const base64 = (text: string) => Buffer.from(text).toString('base64')
    const cluster = { server: this.url, 'certificate-authority-data': base64(this.#authority.certificate) }
    const credentials = { 'client-certificate-data': base64(certificate), 'client-key-data': base64(key) }
    return this.#file('kubeconfig', {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'test', cluster }],
      users: [{ name: user.name, user: credentials }],
      contexts: [{ name: 'test', context: { cluster: 'test', user: user.name } }],
      'current-context': 'test',
    })
  }

  async client(user?: User): Promise<Client> {
    const client = await connect(await this.kubeconfig(user))
    this.#clients.push(client)
    return client
  }

  async kubectl(...args: string[]): Promise<string> {
    // A home of its own: neither the user's cache nor the user's preferences reach in.
    const env = { PATH: process.env.PATH, HOME: this.#directory, KUBECONFIG: await this.kubeconfig() }
    const { stdout } = await promisify(execFile)(this.#programs.kubectl, args, { env, maxBuffer: 64 * 1024 * 1024 })
    return stdout
  }

  async apply(...manifests: (object | string)[]): Promise<void> {
    await this.kubectl('apply', ...manifests.flatMap((manifest) => ['-f', this.#file('manifest', manifest)]))
  }

  auditEvents(): AuditEvent[] {
    return readAuditLog(this.#auditLog)
  }

  async killApiServer(): Promise<void> {
    await this.#apiServer?.end('SIGKILL')
  }

  async compact(): Promise<void> {
    const ask = async (path: string, body: object): Promise<{ header: { revision: string } }> => {
      const url = `http://127.0.0.1:${this.#ports.etcd}/v3/kv/${path}`
      const answer = await fetch(url, { method: 'POST', body: JSON.stringify(body) })
      if (!answer.ok) throw new Error(`etcd answered ${answer.status}: ${await answer.text()}`)
      return (await answer.json()) as { header: { revision: string } }
    }
    // Any key will do: the answer's header says how far etcd is.
    const { header } = await ask('range', { key: Buffer.from('/registry').toString('base64') })
    await ask('compaction', { revision: header.revision, physical: true })
  }

  async restartApiServer(): Promise<void> {
    await this.killApiServer()
    await this.#startApiServer()
  }

  /** Nothing is kept, so nothing needs to end in order; the API server first, so that it does not complain of etcd. */
  async stop(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close()))
    for (const running of [this.#controllerManager, this.#apiServer, this.#etcd]) await running?.end('SIGKILL')
    rmSync(this.#directory, { recursive: true, force: true })
    this.#forget()
  }

  async #startApiServer(): Promise<void> {
    const options = {
      auditLog: this.#auditLog,
      serviceAccounts: this.#serviceAccounts,
      watchCache: this.#watchCache,
    }
    const args = apiServerArguments(this.#directory, this.#ports, options)
    this.#apiServer = this.#run('kube-apiserver', args)
    const client = await this.client()
    await this.#apiServer.until('/readyz', () => found(client, '/readyz'))
  }

  async #startControllerManager(client: Client): Promise<void> {
    const args = controllerManagerArguments(this.#directory, await this.kubeconfig())
    this.#controllerManager = this.#run('kube-controller-manager', args)
    const account = '/api/v1/namespaces/default/serviceaccounts/default'
    await this.#controllerManager.until('ServiceAccount default', () => found(client, account))
  }

  #run(program: keyof Programs, args: string[]): Running {
    return start(this.#programs[program], args, join(this.#directory, `${program}.log`))
  }

  #file(kind: string, content: object | string): string {
    const path = join(this.#directory, `${kind}-${this.#files++}.yaml`)
    writeFileSync(path, typeof content === 'string' ? content : stringify(content), { mode: 0o600 })
    return path
  }
}

export function readAuditLog(path: string): AuditEvent[] {
  const lines = readFileSync(path, 'utf8').split('\n')
  // The last line may be half written.
  return lines.slice(0, -1).map((line) => JSON.parse(line) as AuditEvent)
}

async function found(client: Client, path: string): Promise<boolean> {
  return (await client.request('GET', path)).status === 200
}
