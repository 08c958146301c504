/** OAuth clients of type Web application: up to two secrets, redirect URIs, JavaScript origins (docs/google-behaviour.md#client-file). */
import { ControlError, oauthError } from '../http/errors.ts'
import { freshName, type GoogleState } from '../state/state.ts'
import { setProject } from './projects.ts'
import type { Client } from '../state/oauth-records.ts'

/** What a client is made from. */
export interface ClientSettings {
  /** The id of the project, which is made with its defaults if it does not exist. */
  project?: string
  clientId?: string
  clientSecret?: string
  redirectUris?: string[]
  javascriptOrigins?: string[]
}

/** The id of the project of clients that name none. */
export const DEFAULT_PROJECT = 'sandbox-project'

/** Makes a client, and its project if needed. @throws ControlError if the client exists. */
export function addClient(state: GoogleState, settings: ClientSettings): Client {
  const project = setProject(state, settings.project ?? DEFAULT_PROJECT, {})
  const clientId =
    settings.clientId ?? `${project.number}-${freshName(state, '', 12).toLowerCase()}.apps.googleusercontent.com`
  if (state.clients.has(clientId)) throw new ControlError(`there is a client ${clientId} already`)
  const value = settings.clientSecret ?? freshName(state, 'GOCSPX-', 24)
  const client: Client = {
    clientId,
    project: project.id,
    secrets: [{ value, disabled: false }],
    redirectUris: [...(settings.redirectUris ?? [])],
    javascriptOrigins: [...(settings.javascriptOrigins ?? [])],
    state: 'active',
  }
  state.clients.set(clientId, client)
  return client
}

/** Finds a client. @throws ControlError if there is none. */
export function clientOf(state: GoogleState, clientId: string): Client {
  const client = state.clients.get(clientId)
  if (!client) throw new ControlError(`there is no client ${clientId}`)
  return client
}

/** Adds a client secret. @throws ControlError if there are two already. */
export function addSecret(state: GoogleState, client: Client): string {
  if (client.secrets.length >= 2) throw new ControlError(`client ${client.clientId} has two secrets: remove one first`)
  const value = freshName(state, 'GOCSPX-', 24)
  client.secrets.push({ value, disabled: false })
  return value
}

/** Makes the file that Google's console offers: with the newest secret, and without empty lists. */
export function clientFile(client: Client): object {
  const web: Record<string, unknown> = {
    client_id: client.clientId,
    project_id: client.project,
    auth_uri: 'https://accounts.google.com/o/oauth2/auth',
    token_uri: 'https://oauth2.googleapis.com/token',
    auth_provider_x509_cert_url: 'https://www.googleapis.com/oauth2/v1/certs',
    client_secret: client.secrets.at(-1)?.value ?? '',
  }
  if (client.redirectUris.length > 0) web.redirect_uris = client.redirectUris
  if (client.javascriptOrigins.length > 0) web.javascript_origins = client.javascriptOrigins
  return { web }
}

/** Authenticates a client at the token endpoint. @throws Refusal as in docs/google-behaviour.md#token-endpoint. */
export function authenticateClient(state: GoogleState, clientId: string | null, secret: string | null): Client {
  if (!clientId) throw oauthError(400, 'invalid_request', 'Could not determine client ID from request.')
  const client = state.clients.get(clientId)
  if (!client) throw oauthError(401, 'invalid_client', 'The OAuth client was not found.')
  if (client.state === 'deleted') throw oauthError(401, 'deleted_client', 'The OAuth client was deleted.')
  if (client.state === 'disabled') throw oauthError(401, 'disabled_client', 'The OAuth client was disabled.')
  if (!secret) throw oauthError(400, 'invalid_request', 'client_secret is missing.')
  const known = client.secrets.some((candidate) => candidate.value === secret && !candidate.disabled)
  if (!known) throw oauthError(401, 'invalid_client', 'Unauthorized')
  return client
}
