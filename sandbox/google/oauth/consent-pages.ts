/** The pages that a person sees while signing in: consent, Google's error page, and the end of the popup. */
import type { Reply } from '../http/errors.ts'
import { escape, page } from '../http/html.ts'
import type { GoogleState } from '../state/state.ts'
import type { AuthorizationRequest } from '../state/oauth-records.ts'
import { optionalScopes } from './scopes.ts'

/** The consent page, with the accounts and the requested scopes. */
export function consentPage(state: GoogleState, { client, query, scopes }: AuthorizationRequest): Reply {
  const hint = (query.get('login_hint') ?? '').toLowerCase()
  const accounts = [...state.accounts.values()].filter((account) => !account.deleted).slice(0, 500)
  const options = accounts.map(({ email }) => `<option${email === hint ? ' selected' : ''}>${escape(email)}</option>`)
  const optional = new Set(optionalScopes(scopes))
  const boxes = scopes.map((scope) => scopeLine(scope, optional.has(scope)))
  return page(
    'Sign in – simulated Google',
    `<h1>Sign in with Google</h1>
<p class="quiet">Simulated: no real account is involved.</p>
<p><b>${escape(client.project)}</b> wants access to your Google account.</p>
<form method="post" action="/o/oauth2/v2/auth/decide">
<input type="hidden" name="request" value="${escape(query.toString())}">
<label>Account <select name="account">${options.join('')}</select></label>
${boxes.join('')}
<div class="row end"><button name="decision" value="deny">Cancel</button><button class="main" name="decision" value="allow">Allow</button></div>
</form>`,
    { narrow: true },
  )
}

function scopeLine(scope: string, optional: boolean): string {
  const text = escape(scope.replace('https://www.googleapis.com/auth/', ''))
  if (!optional) return `<p>✓ <span class="code">${text}</span></p>`
  return `<label><input type="checkbox" name="scope" value="${escape(scope)}" checked><span class="code">${text}</span></label>`
}

/** Google's own error page. */
export function errorPage(status: number, code: string, message: string): Reply {
  const main = `<h1>Access blocked</h1><p>${escape(message)}</p><p class="code">Error ${status}: ${escape(code)}</p>`
  return page(`Error ${status}`, main, { narrow: true, status })
}

/** The last page of the popup: it posts the decision to the page that opened it, and to no other origin. */
export function handBackPage(origin: string, params: URLSearchParams): Reply {
  const message = JSON.stringify({ type: 'simulated-google-code', ...Object.fromEntries(params) })
  const script = `window.opener?.postMessage(${inScript(message)}, ${inScript(JSON.stringify(origin))}); window.close()`
  return page('Signed in', `<h1>Done</h1><p>You may close this window.</p><script>${script}</script>`, { narrow: true })
}

const inScript = (json: string): string => json.replaceAll('<', '\\u003c')
