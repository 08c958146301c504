/**
 * The pages that a person sees on the way to Google and back: pure functions from what is known and a language to a whole
 * HTML document. They know nothing of HTTP, Kubernetes or Google's answers; `view.ts` is all that they are told. No page
 * holds a script, a style or a handler of its own (the content security policy allows none), and every text of others is
 * escaped by `markup`. All but the popup works without a script.
 */
import { assetsByName } from './assets.ts'
import { addedTo, factsOf, scopeList } from './facts.ts'
import type { Language } from './languages/language.ts'
import type { Texts } from './languages/texts.ts'
import { documentOf, headOf, timeOf, type Tone } from './layout.ts'
import { fill, isolated, type Html, markup } from './markup.ts'
import { shortened } from './shorten.ts'
import { FINAL_OUTCOMES, type Outcome, type SignInView } from './view.ts'

export { assets, assetsUnder, underPrefix } from './assets.ts'
export { type Language, languages, negotiate } from './languages/language.ts'
export { shortened } from './shorten.ts'
export type * from './view.ts'

/** Where people see and remove what they allowed; Google keeps this address for links from elsewhere. */
const PERMISSIONS = 'https://myaccount.google.com/permissions'

const TONES: Partial<Record<Outcome, Tone>> = { connected: 'good', 'not-needed': 'good', suspended: 'paused' }

/** The page of a sign-in link: what is asked and the button, or what became of it. */
export function signInPage(view: SignInView, language: Language): string {
  const { texts } = language
  const final = view.outcome !== undefined && FINAL_OUTCOMES.includes(view.outcome)
  const main = final ? messageOf(view, language) : askAgain(view, language)
  const { title } = view.outcome === undefined ? texts.ask : texts.outcomes[view.outcome]
  const popup = view.mode === 'Popup' && !final
  return documentOf(
    { title, siteHost: view.siteHost, main, ...(popup ? { scripts: popupScripts(view) } : {}) },
    language,
  )
}

/** What became of it, and what to do about it. */
function messageOf(view: SignInView, language: Language): Html {
  const { texts } = language
  if (view.outcome === undefined) {
    return markup`<h1>${texts.ask.title}</h1>\n<p>${filled(askOf(view, texts), view, texts)}</p>\n${endOf(view, language)}`
  }
  const { title, text } = texts.outcomes[view.outcome]
  const boxes = view.outcome === 'scope-missing' ? scopeList(view.scopes, texts) : ''
  return markup`${headOf(title, TONES[view.outcome] ?? 'bad')}
<p>${filled(text, view, texts)}</p>
${boxes}${endOf(view, language)}${FINAL_OUTCOMES.includes(view.outcome) ? notesOf(view, texts) : ''}`
}

function askOf({ publishes }: SignInView, { ask }: Texts): string {
  if (publishes.detail === undefined) return ask.other
  return publishes.detail === 'Full' ? ask.full : ask.busy
}

/** The button comes first where somebody has read the rest a moment ago. */
function askAgain(view: SignInView, language: Language): Html {
  const parts = [factsOf(view, language), buttonOf(view, language)]
  const ordered = view.outcome === undefined ? parts : parts.reverse()
  return markup`${messageOf(view, language)}\n${addedTo(view, language.texts)}${ordered}\n${notesOf(view, language.texts)}`
}

/** When the grant ends, where there is one that does. */
function endOf({ expiresAt, outcome }: SignInView, language: Language): Html | '' {
  if (expiresAt === undefined || outcome === 'suspended') return ''
  const standing = outcome === 'connected' || outcome === 'not-needed'
  const text = standing ? language.texts.lastsUntil : language.texts.renewBefore
  return markup`<p>${fill(text, { date: timeOf(expiresAt, language) })}</p>\n`
}

function buttonOf(view: SignInView, { texts }: Language): Html {
  const face = markup`<img src="${assetsByName.google.path}" alt="" width="20" height="20"><span>${texts.button}</span>`
  const caution =
    view.outcome === undefined ? markup`\n<p class="quiet">${filled(texts.onlyIfExpected, view, texts)}</p>` : ''
  const notes = markup`<p class="quiet">${texts.next[view.mode]}</p>${caution}`
  if (view.mode === 'Popup') return popupButton(view, texts, { face, notes })
  return markup`<form class="sign-in" method="post" action="${view.action}">
<input type="hidden" name="csrf" value="${view.csrf ?? ''}">
<button class="google" type="submit">${face}</button>
${notes}
</form>`
}

/** Hidden until the script shows it: without one the button could do nothing. */
function popupButton(view: SignInView, texts: Texts, { face, notes }: Record<'face' | 'notes', Html>): Html {
  const { popup } = texts
  return markup`<noscript><p><strong>${popup.noScript}</strong></p></noscript>
<div class="sign-in" id="popup" hidden data-action="${view.action}" data-csrf="${view.csrf ?? ''}"
  data-working="${popup.working}" data-blocked="${popup.blocked}" data-closed="${popup.closed}"
  data-not-loaded="${popup.notLoaded}" data-failed="${popup.failed}">
<button class="google" type="button">${face}</button>
<p role="status"></p>
${notes}
</div>`
}

/** Ours need not wait for Google's, which may take its time. */
const popupScripts = ({ clientScript }: SignInView): Html =>
  markup`<script defer src="${assetsByName.popup.path}"></script>
<script async src="${clientScript?.accountsOrigin ?? 'https://accounts.google.com'}/gsi/client"></script>
`
/** What is stored, and how to withdraw: true before and after. */
function notesOf(view: SignInView, texts: Texts): Html {
  const notes = [texts.stored, texts.withdraw].map(
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

function plainPage(which: keyof Texts['pages'], tone: Tone, language: Language): string {
  const { title, text } = language.texts.pages[which]
  return documentOf({ title, main: markup`${headOf(title, tone)}\n<p>${text}</p>` }, language)
}

/** The one answer to every address and link that isn't valid (404). */
export const notFoundPage = (language: Language): string => plainPage('notFound', 'bad', language)

/** The one answer to every attempt that is forged, replayed, foreign or over (4xx). */
export const refusedPage = (language: Language): string => plainPage('refused', 'bad', language)

/** For status 429. */
export const tooManyRequestsPage = (language: Language): string => plainPage('tooManyRequests', 'paused', language)

/** For status 5xx: the fault is on our side. */
export const failedPage = (language: Language): string => plainPage('failed', 'bad', language)
