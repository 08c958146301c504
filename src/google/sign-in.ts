/** How people sign in with a client, by what is registered at Google (docs/google-behaviour.md#uri-rules). Pure. */
import { redirectURIOf } from '../resources/names.ts'
import type { ClientFile } from './client-file.ts'

/** How people sign in, and what has to be registered for it. */
export interface SignIn {
  /** `Popup`: Google's own window passes the code to our page. `Redirect`: Google sends the browser back to us. */
  mode: 'Redirect' | 'Popup'
  /** For `Redirect`: to be registered among the authorized redirect URIs. */
  redirectURI: string
  /** For `Popup`: to be registered among the authorized JavaScript origins. */
  javascriptOrigin: string
  /** Whether the file registers what its mode needs: `unknown` where there is only an id and a secret. */
  registered: 'yes' | 'no' | 'unknown'
}

/**
 * Chooses `Popup` where the file registers our origin and not our redirect URI, which is all that the usual guides ask for; else
 * `Redirect`. The file may be older than the settings at Google, so `registered: 'no'` is only a reason for advice.
 *
 * @param siteURI an origin, as in `spec.google.siteURI`.
 * @param prefix the path under which our pages are served there; `/google-calendar` if it is not set.
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
