/**
 * The sharder of kubernetes-controller-sharding as its documentation installs it. Its manifests are applied with their roles; nothing
 * runs pods here, so its program is a process of the test with the rights of its ServiceAccount. The API server can't reach its
 * Service either: its configuration names a URL and a certificate of the test, where cert-manager would issue one.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import type { RealKubernetes, User } from '../cluster.ts'
import { createAuthority } from '../cluster/certificates.ts'
import { freePorts, start, tail, type Running } from '../cluster/processes.ts'
import { findTool, manifestsOf } from '../tools.ts'

export const SHARDER: User = serviceAccount('sharding-system', 'sharder')

/** Who the pods of a ServiceAccount are at the API server. */
export function serviceAccount(namespace: string, name: string): User {
  return {
    name: `system:serviceaccount:${namespace}:${name}`,
    groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`],
  }
}

export class RealSharder {
  readonly #directory: string
  readonly #running: Running

  private constructor(directory: string, running: Running) {
    this.#directory = directory
    this.#running = running
  }

  static async start(kubernetes: RealKubernetes): Promise<RealSharder> {
    const program = await findTool('sharder')
    await kubernetes.apply(...CERT_MANAGER)
    await kubernetes.kubectl('wait', '--for=condition=Established', 'crd', '--all')
    await kubernetes.kubectl('apply', '--server-side', '-k', join(manifestsOf(program), 'default'))
    await kubernetes.kubectl('wait', '--for=condition=Established', 'crd', '--all')
    const directory = mkdtempSync(join(tmpdir(), 'sharder-'))
    const [port = 0] = await freePorts(1)
    const args = [`--config=${await writeConfiguration(directory, port)}`, '--zap-log-level=debug']
    const env = { PATH: process.env.PATH, KUBECONFIG: await kubernetes.kubeconfig(SHARDER), WEBHOOK_PORT: String(port) }
    return new RealSharder(directory, start(program, args, join(directory, 'log'), env))
  }

  /** Undefined while it runs. */
  get ended(): string | undefined {
    return this.#running.ended
  }

  /** The end of its log. */
  tail(lines?: number): string {
    return tail(join(this.#directory, 'log'), lines)
  }

  async stop(): Promise<void> {
    await this.#running.end('SIGKILL')
    rmSync(this.#directory, { recursive: true })
  }
}

/** Returns the path of its configuration. */
async function writeConfiguration(directory: string, port: number): Promise<string> {
  const authority = await createAuthority(Date.now())
  const { certificate, key } = await authority.server(['127.0.0.1'])
  const configuration = {
    apiVersion: 'config.sharding.timebertt.dev/v1alpha1',
    kind: 'SharderConfig',
    health: { bindAddress: '0' },
    // Any free port: for '0', it would take port 8080, which another test run may have.
    metrics: { bindAddress: '127.0.0.1:0' },
    webhook: {
      server: { certDir: directory },
      config: {
        clientConfig: {
          url: `https://127.0.0.1:${port}`,
          caBundle: Buffer.from(authority.certificate).toString('base64'),
        },
      },
    },
  }
  const path = join(directory, 'config.yaml')
  writeFileSync(path, stringify(configuration))
  writeFileSync(join(directory, 'tls.crt'), certificate)
  writeFileSync(join(directory, 'tls.key'), key, { mode: 0o600 })
  return path
}

/** The two kinds of cert-manager that the sharder's manifests have objects of. */
const CERT_MANAGER = ['Certificate', 'Issuer'].map((kind) => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `${kind.toLowerCase()}s.cert-manager.io` },
  spec: {
    group: 'cert-manager.io',
    names: { kind, plural: `${kind.toLowerCase()}s` },
    scope: 'Namespaced',
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
  },
}))
