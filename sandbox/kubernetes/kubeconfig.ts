import { stringify } from 'yaml'
import type { User } from './http/users.ts'

export interface KubeconfigOptions {
  /** One of the users that the sandbox was started with; the first where nothing is said. */
  user?: string
  /** The namespace of commands that name none. */
  namespace?: string
  /** What to prove oneself with; the token where nothing is said. */
  credential?: 'token' | 'certificate'
}

const inline = (pem: string): string => Buffer.from(pem).toString('base64')

/** A kubeconfig as text, with everything inline. */
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
