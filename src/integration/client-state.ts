/** The OAuth client of an integration, as its Secret holds it. It is read again when the Secret has changed. */
import { createHash } from 'node:crypto'
import { parseClientSecret, type ClientFile } from '../google/client-file.ts'
import type { CalendarIntegration, ObjectMeta } from '../resources/types.ts'
import type { CredentialsFinding } from './findings.ts'
import type { IntegrationDeps } from './port.ts'

/** What is known about the client. `version` identifies the Secret, its version and the key that was read. */
export type ClientState =
  | { readonly kind: 'unread' }
  | { readonly kind: 'unusable'; readonly version: string | undefined; readonly finding: CredentialsFinding }
  | { readonly kind: 'usable'; readonly version: string; readonly file: ClientFile; readonly hash: string }

type Cached = { metadata: Pick<ObjectMeta, 'resourceVersion'> } | undefined

/** The client as it was read, or unread if its Secret has changed since. */
export function unlessChanged(client: ClientState, integration: CalendarIntegration, cached: Cached): ClientState {
  if (client.kind === 'unread' || !cached) return { kind: 'unread' }
  return client.version === versionOf(integration, cached) ? client : { kind: 'unread' }
}

/**
 * Reads the client from its Secret.
 *
 * @throws ApiError
 */
export async function readClient(
  { cluster }: Pick<IntegrationDeps, 'cluster'>,
  integration: CalendarIntegration,
): Promise<ClientState> {
  const { name, key } = integration.spec.google.clientSecretRef
  const namespace = integration.metadata.namespace ?? ''
  const cached = cluster.secrets.get(`${namespace}/${name}`)
  const secret = cached && (await cluster.readSecret(namespace, name))
  if (!secret) {
    const message = missingSecret(integration)
    return { kind: 'unusable', version: undefined, finding: { status: 'False', reason: 'SecretNotFound', message } }
  }
  const version = versionOf(integration, cached)
  const parsed = parseClientSecret(decodedValues(secret.data), { secretName: name, key })
  if ('reason' in parsed) return { kind: 'unusable', version, finding: { status: 'False', ...parsed } }
  return { kind: 'usable', version, file: parsed, hash: hashOf(parsed) }
}

function versionOf({ spec }: CalendarIntegration, { metadata }: NonNullable<Cached>): string {
  const { name, key } = spec.google.clientSecretRef
  return `${metadata.resourceVersion ?? ''}/${name}/${key ?? ''}`
}

function missingSecret({ metadata, spec }: CalendarIntegration): string {
  const { name, key = 'client_secret.json' } = spec.google.clientSecretRef
  return `There is no Secret ${name} in namespace ${metadata.namespace ?? ''}, which spec.google.clientSecretRef names: create it with the client file that the Google Cloud console offers for download, under the key ${key}.`
}

const decodedValues = (data: Record<string, string> = {}): Record<string, string> =>
  Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString('utf8')]))

/** Identifies the credentials without revealing them: a client secret is random, so it cannot be guessed from its hash. */
const hashOf = ({ clientId, clientSecret }: ClientFile): string =>
  createHash('sha256').update(`${clientId}\n${clientSecret}`).digest('hex').slice(0, 16)
