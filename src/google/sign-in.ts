/** How people sign in with a client, by what its file registers at Google. Pure. */
import { redirectURIOf } from '../resources/names.ts'
import type { ClientFile } from './client-file.ts'

export interface SignIn {
  /** `Popup`: Google's own window hands the code to our page. `Redirect`: Google sends the browser back to us. */
  mode: 'Redirect' | 'Popup'
  /** To be registered among the authorized redirect URIs, for `Redirect`. */
  redirectURI: string
  /** To be registered among the authorized JavaScript origins, for `Popup`. */
  javascriptOrigin: string
  /** Whether the file registers what its mode needs: `unknown` where there is no file but an id and a secret. */
  registered: 'yes' | 'no' | 'unknown'
}

/**
 * `Popup` where the file registers our origin and not our redirect URI, which is all that the usual guides ask for; else
 * `Redirect`. The file may be older than what is set at Google, so `no` is advice and nothing more.
 *
 * @param siteURI an origin, as `spec.google.siteURI` says it.
 * @param prefix the path under which our pages are there; the usual one where nothing is said.
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
