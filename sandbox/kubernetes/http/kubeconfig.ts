/** Kubeconfigs for the sandbox, as text. */
import { stringify } from 'yaml'
import type { User } from './users.ts'

/** Which user, namespace and credentials a kubeconfig has. */
export interface KubeconfigOptions {
  /** One of the users that the sandbox was started with; the first by default. */
  user?: string
  /** The default namespace of commands. */
  namespace?: string
  /** How the user authenticates; with the token by default. */
  credential?: 'token' | 'certificate'
}

const inline = (pem: string): string => Buffer.from(pem).toString('base64')

/** Returns a kubeconfig as text, with all certificates and keys inline. */
export function kubeconfigText(
  url: string,
  authority: string,
  user: User,
  { namespace, credential }: KubeconfigOptions,
): string {
  const proof =
    credential === 'certificate'
      ? { 'client-certificate-data': inline(user.certificate), 'client-key-data': inline(user.key) }
      : { token: user.token }
  const cluster = { server: url, 'certificate-authority-data': inline(authority) }
  const context = { cluster: 'sandbox', user: user.name, ...(namespace === undefined ? {} : { namespace }) }
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'sandbox', cluster }],
    users: [{ name: user.name, user: proof }],
    contexts: [{ name: 'sandbox', context }],
    'current-context': 'sandbox',
  })
}
