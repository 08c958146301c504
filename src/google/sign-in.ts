/** Chooses how people sign in with a client, by what is registered at Google (docs/google-behaviour.md#uri-rules). Pure. */
import { redirectURIOf } from '../resources/names.ts'
import type { ClientFile } from './client-file.ts'

/** How people sign in, and what has to be registered for it. */
export interface SignIn {
  /** `Popup`: Google's window passes the code to our page. `Redirect`: Google redirects the browser back to us. */
  mode: 'Redirect' | 'Popup'
  /** For `Redirect`: must be registered as an authorized redirect URI. */
  redirectURI: string
  /** For `Popup`: must be registered as an authorized JavaScript origin. */
  javascriptOrigin: string
  /** Whether the file lists what the mode needs; `unknown` if there is only an id and a secret. */
  registered: 'yes' | 'no' | 'unknown'
}

/**
 * Chooses `Popup` if the file lists our origin but not our redirect URI, which is what most guides lead to; otherwise `Redirect`.
 * The file may be older than the settings at Google, so `registered: 'no'` only leads to advice.
 *
 * @param siteURI an origin, as in `spec.google.siteURI`.
 * @param prefix the path under which our pages are served there; `/google-calendar` by default.
 */
export function signInOf(
  file: Pick<ClientFile, 'redirectUris' | 'javascriptOrigins'>,
  siteURI: string,
  prefix?: string,
): SignIn {
  const uris = { redirectURI: redirectURIOf(siteURI, prefix), javascriptOrigin: siteURI }
  const { redirectUris, javascriptOrigins } = file
  if (redirectUris?.includes(uris.redirectURI)) return { mode: 'Redirect', ...uris, registered: 'yes' }
  if (javascriptOrigins?.includes(uris.javascriptOrigin)) return { mode: 'Popup', ...uris, registered: 'yes' }
  const silent = redirectUris === undefined && javascriptOrigins === undefined
  return { mode: 'Redirect', ...uris, registered: silent ? 'unknown' : 'no' }
}
