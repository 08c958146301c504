/** The script of accounts.google.com/gsi/client, with the code client only: `google.accounts.oauth2.initCodeClient` (docs/google-behaviour.md#popup). */
import type { Reply } from '../http/errors.ts'

const SCRIPT = `(() => {
  const base = new URL(document.currentScript.src).origin
  function initCodeClient(config) {
    function requestCode(overrides = {}) {
      const settings = { ...config, ...overrides }
      const popup = settings.ux_mode !== 'redirect'
      const query = new URLSearchParams({
        client_id: settings.client_id, scope: settings.scope, response_type: 'code', access_type: 'offline', prompt: 'consent',
        include_granted_scopes: String(settings.include_granted_scopes ?? true),
        redirect_uri: popup ? 'storagerelay://' + location.protocol.slice(0, -1) + '/' + location.host + '?id=auth' : settings.redirect_uri,
      })
      if (settings.state !== undefined) query.set('state', settings.state)
      if (settings.login_hint ?? settings.hint) query.set('login_hint', settings.login_hint ?? settings.hint)
      if (popup) query.set('origin', location.origin)
      const url = base + '/o/oauth2/v2/auth?' + query
      if (!popup) return location.assign(url)
      const opened = window.open(url, 'gsi', 'width=500,height=650')
      if (!opened) return settings.error_callback?.({ type: 'popup_failed_to_open' })
      let answered = false
      const listen = ({ origin, data }) => {
        if (origin !== base || data?.type !== 'simulated-google-code') return
        answered = true
        window.removeEventListener('message', listen)
        const { type, ...response } = data
        settings.callback?.(response)
      }
      window.addEventListener('message', listen)
      const watch = setInterval(() => {
        if (!opened.closed) return
        clearInterval(watch)
        setTimeout(() => {
          window.removeEventListener('message', listen)
          if (!answered) settings.error_callback?.({ type: 'popup_closed' })
        }, 500)
      }, 200)
    }
    return { requestCode }
  }
  const granted = (response, scopes) => scopes.map((scope) => (response.scope ?? '').split(' ').includes(scope))
  const oauth2 = {
    initCodeClient,
    hasGrantedAllScopes: (response, ...scopes) => granted(response, scopes).every(Boolean),
    hasGrantedAnyScope: (response, ...scopes) => granted(response, scopes).some(Boolean),
  }
  window.google = { ...window.google, accounts: { ...window.google?.accounts, oauth2 } }
  window.onGoogleLibraryLoad?.()
})()
`

/** Answers with the script that imitates `https://accounts.google.com/gsi/client`. */
export const gsiClient = (): Reply => ({
  status: 200,
  headers: { 'content-type': 'text/javascript; charset=utf-8' },
  body: SCRIPT,
})
