/**
 * The page of a sign-in link. What a person needs in order to decide comes first and fits on the first screen of a phone: who
 * asks, for which Google account, what is new since the last consent, and the button. The details follow.
 */
import { assetPath } from './assets.ts'
import { addedNotes, addedSection, detailsList, scopeList } from './details.ts'
import type { Texts } from './languages/texts.ts'
import { documentOf, headOf, type PageContext, timeOf, type Tone } from './layout.ts'
import { fill, type Html, isolated, markup } from './markup.ts'
import { shortened } from './shorten.ts'
import { FINAL_OUTCOMES, type Outcome, type SignInView } from './view.ts'

/** Where people see and remove what they allowed; Google maintains this address for links from other sites. */
const PERMISSIONS = 'https://myaccount.google.com/permissions'

const TONES: Partial<Record<Outcome, Tone>> = { connected: 'good', 'not-needed': 'good', suspended: 'paused' }

/** Renders the request and the button, or the outcome. */
export function signInPage(view: SignInView, context: PageContext): string {
  const { texts } = context.language
  const final = view.outcome !== undefined && FINAL_OUTCOMES.includes(view.outcome)
  const { title } = view.outcome === undefined ? texts.ask : texts.outcomes[view.outcome]
  const asking = [
    accountBox(view, texts),
    addedSection(view, texts),
    signInControl(view, context),
    addedNotes(view, texts),
  ]
  const parts = final ? [] : asking
  const details = final ? '' : detailsList(view, context.language)
  const main = markup`${message(view, context)}${parts}${grantEnd(view, context)}${details}\n${storageNotes(view, texts)}`
  const scripts = view.mode === 'Popup' && !final ? { scripts: popupScripts(view, context) } : {}
  return documentOf({ title, siteHost: view.siteHost, main, ...scripts }, context)
}

/** What is requested; after an attempt, its outcome and what to do about it. */
function message(view: SignInView, context: PageContext): Html {
  const { texts } = context.language
  if (view.outcome === undefined) {
    const asks = requests(view, texts).map((text) => markup`<p>${filled(text, view, texts)}</p>\n`)
    return markup`<h1>${texts.ask.title}</h1>\n${asks}`
  }
  const { title, text } = texts.outcomes[view.outcome]
  const boxes = view.outcome === 'scope-missing' ? scopeList(view.scopes, texts) : ''
  return markup`${headOf(title, TONES[view.outcome] ?? 'bad', context)}
<p>${filled(text, view, texts)}</p>
${boxes}`
}

/** Writing and an access token go beyond reading, so they are named before the button. */
function requests({ publishes, writes, added }: SignInView, { ask, added: news }: Texts): string[] {
  const calendar = publishes.detail === undefined ? ask.other : publishes.detail === 'Full' ? ask.full : ask.busy
  const asked = [...(writes ? (['write'] as const) : []), ...(publishes.accessToken ? (['accessToken'] as const) : [])]
  return [calendar, ...asked.filter((one) => !added.includes(one)).map((one) => news[one])]
}

/** When the current grant ends, if it has an end. */
function grantEnd({ expiresAt, outcome }: SignInView, { language }: PageContext): Html | '' {
  if (expiresAt === undefined || outcome === 'suspended') return ''
  const isConnected = outcome === 'connected' || outcome === 'not-needed'
  const text = isConnected ? language.texts.lastsUntil : language.texts.renewBefore
  return markup`<p>${fill(text, { date: timeOf(expiresAt, language) })}</p>\n`
}

/** Somebody who has agreed before knows the account: the note about it then follows the button, so that what is new leaves room. */
function accountBox({ account, outcome, added }: SignInView, { details }: Texts): Html {
  const note = outcome === undefined && added.length === 0 ? markup`\n<p class="quiet">${details.accountNote}</p>` : ''
  return markup`<div class="account"><p class="quiet">${details.account}</p>
<p><strong>${isolated(shortened(account))}</strong></p>${note}</div>\n`
}

function signInControl(view: SignInView, { language: { texts }, pathPrefix }: PageContext): Html {
  const logo = assetPath('google', pathPrefix)
  const face = markup`<img src="${logo}" alt="" width="20" height="20"><span>${texts.button}</span>`
  const caution =
    view.outcome === undefined ? markup`\n<p class="quiet">${filled(texts.onlyIfExpected, view, texts)}</p>` : ''
  const notes = markup`<p class="quiet">${texts.next[view.mode]}</p>${caution}`
  if (view.mode === 'Popup') return popupControl(view, texts, { face, notes })
  return markup`<form class="sign-in" method="post" action="${view.action}">
<input type="hidden" name="csrf" value="${view.csrf ?? ''}">
<button class="google" type="submit">${face}</button>
${notes}
</form>
`
}

/** Hidden until the script shows it: without JavaScript the button would do nothing. */
function popupControl(view: SignInView, { popup }: Texts, { face, notes }: Record<'face' | 'notes', Html>): Html {
  return markup`<noscript><p><strong>${popup.noScript}</strong></p></noscript>
<div class="sign-in" id="popup" hidden data-action="${view.action}" data-csrf="${view.csrf ?? ''}"
  data-working="${popup.working}" data-blocked="${popup.blocked}" data-closed="${popup.closed}"
  data-not-loaded="${popup.notLoaded}" data-failed="${popup.failed}">
<button class="google" type="button">${face}</button>
<p role="status"></p>
${notes}
</div>
`
}

/** The operator's script does not wait for Google's, which may be slow. */
const popupScripts = ({ clientScript }: SignInView, { pathPrefix }: PageContext): Html =>
  markup`<script defer src="${assetPath('popup', pathPrefix)}"></script>
<script async src="${clientScript?.accountsOrigin ?? 'https://accounts.google.com'}/gsi/client"></script>
`

/** What is stored, and how to withdraw it. */
function storageNotes(view: SignInView, texts: Texts): Html {
  const { stored, withdraw } = texts
  const writing = view.writes ? { ...stored, text: `${stored.text} ${stored.writing}` } : stored
  const notes = [writing, withdraw].map(
    ({ title, text }) => markup`<section><h2>${title}</h2><p>${filled(text, view, texts)}</p></section>\n`,
  )
  return markup`<div class="notes">\n${notes}</div>`
}

const filled = (text: string, view: SignInView, texts: Texts): Html =>
  fill(text, {
    site: markup`<strong>${isolated(view.siteHost)}</strong>`,
    account: markup`<strong>${isolated(shortened(view.account))}</strong>`,
    link: markup`<a href="${PERMISSIONS}" rel="noopener noreferrer">${texts.withdraw.link}</a>`,
  })
