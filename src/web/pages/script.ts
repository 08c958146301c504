/**
 * The script of the popup flow; the redirect flow needs none. Browsers get it exactly as it is written here, without a build step
 * and without a library except Google's. Its messages come from the page's data attributes, in the page's language.
 *
 * Google's script may load before or after this one; a click waits briefly for it. An attempt is fetched when the page opens, so
 * that Google's window opens during the click: browsers block windows that open later. An attempt is valid for ten minutes; one
 * older than eight minutes is fetched again at the click. If the Agent's spec asks for something else by then (409), the page is
 * reloaded.
 */
export const SCRIPT = `(() => {
  'use strict'
  const FRESH = 8 * 60 * 1000
  const PATIENCE = 5 * 1000
  const box = document.getElementById('popup')
  const button = box.querySelector('button')
  const status = box.querySelector('[role=status]')
  const library = document.querySelector('script[src$="/gsi/client"]')
  let attempt
  let attemptedAt = 0
  let beginning
  let busy = false
  let outdated = false

  const say = (word) => { status.textContent = word ? box.dataset[word] : '' }
  const work = (on) => {
    busy = on
    if (on) button.setAttribute('aria-disabled', 'true')
    else button.removeAttribute('aria-disabled')
    if (on) say('working')
  }

  async function post(path, body) {
    const response = await fetch(box.dataset.action + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify(body),
      credentials: 'same-origin',
      redirect: 'error',
    })
    if (response.status === 409) outdated = true
    if (!response.ok) throw new Error('HTTP ' + response.status)
    return response.json()
  }

  /** One request at a time: a click during the first one waits for it. */
  function begin() {
    const began = Date.now()
    const keep = (made) => { attempt = made; attemptedAt = began }
    beginning ??= post('/attempt', { csrf: box.dataset.csrf }).then(keep).finally(() => { beginning = undefined })
    return beginning
  }

  async function finish(answer) {
    work(true)
    try {
      const { location: to } = await post('/code', answer)
      const target = new URL(to, location.href)
      if (target.origin !== location.origin) throw new Error('a page of another site')
      location.assign(target.href)
    } catch {
      attempt = undefined
      work(false)
      say('failed')
    }
  }

  function open() {
    const { clientID, scope, state, loginHint } = attempt
    google.accounts.oauth2.initCodeClient({
      client_id: clientID,
      scope,
      // The library's default is true.
      include_granted_scopes: false,
      ux_mode: 'popup',
      state,
      login_hint: loginHint,
      callback: (answer) => void finish(
        answer.code ? { code: answer.code, state: answer.state } : { error: answer.error || 'unknown', state: answer.state },
      ),
      error_callback: ({ type }) => say(type === 'popup_failed_to_open' ? 'blocked' : 'closed'),
    }).requestCode()
  }

  const loaded = () => Boolean(window.google?.accounts?.oauth2)

  const loading = () => new Promise((resolve) => {
    library?.addEventListener('load', resolve)
    library?.addEventListener('error', resolve)
    setTimeout(resolve, PATIENCE)
  })

  async function prepare() {
    if (!loaded()) await loading()
    if (!attempt || Date.now() - attemptedAt > FRESH) await begin()
  }

  async function press() {
    if (busy) return
    say()
    const ready = loaded() && attempt && Date.now() - attemptedAt <= FRESH
    if (!ready) {
      work(true)
      const prepared = await prepare().then(() => true, () => false)
      work(false)
      say()
      if (outdated) return location.reload()
      if (!prepared) return say('failed')
    }
    if (!loaded()) return say('notLoaded')
    open()
  }

  box.hidden = false
  button.addEventListener('click', () => void press())
  begin().catch(() => {})
})()
`
