/** The command lines, and the files that they name. */
import { generateKeyPairSync } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Authority } from './certificates.ts'

export interface Ports {
  etcd: number
  etcdPeer: number
  apiServer: number
}

/** The directory of one cluster; everything of it lies there. */
export async function writeFiles(directory: string, authority: Authority): Promise<void> {
  const serving = await authority.server(['127.0.0.1', 'localhost'])
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const policy = {
    apiVersion: 'audit.k8s.io/v1',
    kind: 'Policy',
    omitStages: ['RequestReceived'],
    rules: [{ level: 'Metadata' }],
  }
  const files = {
    'authority.crt': authority.certificate,
    'serving.crt': serving.certificate,
    'serving.key': serving.key,
    // Read for its public half too, which the API server does of this format only.
    'service-accounts.key': privateKey.export({ type: 'sec1', format: 'pem' }).toString(),
    'audit-policy.yaml': JSON.stringify(policy),
  }
  for (const [name, content] of Object.entries(files)) writeFileSync(join(directory, name), content, { mode: 0o600 })
}

export function etcdArguments(directory: string, ports: Ports): string[] {
  const client = `http://127.0.0.1:${ports.etcd}`
  const peer = `http://127.0.0.1:${ports.etcdPeer}`
  return [
    `--data-dir=${join(directory, 'etcd')}`,
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=default=${peer}`,
    // The data is thrown away: nothing is gained by waiting for the disk.
    '--unsafe-no-fsync',
  ]
}

interface APIServerOptions {
  /** The path of a file. */
  auditLog: string
  /** Whether a controller manager makes each namespace's `default` ServiceAccount: without one, no pod could be created. */
  serviceAccounts: boolean
  /** Whether watches are served from memory. */
  watchCache: boolean
}

export function apiServerArguments(directory: string, ports: Ports, options: APIServerOptions): string[] {
  const file = (name: string) => join(directory, name)
  return [
    `--etcd-servers=http://127.0.0.1:${ports.etcd}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    '--endpoint-reconciler-type=none',
    `--secure-port=${ports.apiServer}`,
    `--tls-cert-file=${file('serving.crt')}`,
    `--tls-private-key-file=${file('serving.key')}`,
    `--client-ca-file=${file('authority.crt')}`,
    '--authorization-mode=RBAC',
    '--allow-privileged=true',
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${file('service-accounts.key')}`,
    `--service-account-signing-key-file=${file('service-accounts.key')}`,
    '--service-cluster-ip-range=10.0.0.0/24',
    `--audit-policy-file=${file('audit-policy.yaml')}`,
    `--audit-log-path=${options.auditLog}`,
    // One file, however long the run: what was rotated away would not be read.
    '--audit-log-maxsize=4096',
    `--watch-cache=${options.watchCache}`,
    ...(options.serviceAccounts ? [] : ['--disable-admission-plugins=ServiceAccount']),
  ]
}

export function controllerManagerArguments(directory: string, kubeconfig: string): string[] {
  return [
    `--kubeconfig=${kubeconfig}`,
    `--authentication-kubeconfig=${kubeconfig}`,
    `--authorization-kubeconfig=${kubeconfig}`,
    '--leader-elect=false',
    // It serves nothing that a test reads.
    '--secure-port=0',
    `--root-ca-file=${join(directory, 'authority.crt')}`,
    `--service-account-private-key-file=${join(directory, 'service-accounts.key')}`,
    '--use-service-account-credentials=false',
  ]
}
