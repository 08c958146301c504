/**
 * The pages that a person sees on the way to Google and back: pure functions from a view and a language to a whole HTML
 * document. They know nothing of HTTP, Kubernetes or Google's responses; `view.ts` is their only input. The content security
 * policy allows no inline script, style or event handler, so no page contains one, and `markup` escapes every text that
 * somebody else wrote. Only the popup needs JavaScript.
 */
import { assetsUnder } from './assets.ts'
import type { Language } from './languages/language.ts'
import type { Texts } from './languages/texts.ts'
import { documentOf, headOf, type PageContext, type Tone } from './layout.ts'
import { markup } from './markup.ts'
import { signInPage } from './sign-in-page.ts'
import type { Asset, SignInView } from './view.ts'

export { type Language, languages, negotiate } from './languages/language.ts'
export { shortened } from './shorten.ts'
export type * from './view.ts'

/** The pages and their files, made for one path prefix. */
export interface Pages {
  /** The files that the pages refer to. */
  readonly assets: readonly Asset[]
  /** The page of a sign-in link: the request and the button, or the outcome. */
  signIn(view: SignInView, language: Language): string
  /** The response to every address and link that is not valid (404). */
  notFound(language: Language): string
  /** The response to every attempt that is forged, replayed, expired or belongs to another browser (400). */
  refused(language: Language): string
  /** The page for status 429. */
  tooManyRequests(language: Language): string
  /** The page for status 5xx: the operator is at fault. */
  failed(language: Language): string
}

/** Creates the pages. @param pathPrefix the path under which the pages are served, such as `/google-calendar`. */
export function createPages(pathPrefix: string): Pages {
  return {
    assets: assetsUnder(pathPrefix),
    signIn: (view, language) => signInPage(view, { language, pathPrefix }),
    notFound: (language) => plainPage('notFound', 'bad', { language, pathPrefix }),
    refused: (language) => plainPage('refused', 'bad', { language, pathPrefix }),
    tooManyRequests: (language) => plainPage('tooManyRequests', 'paused', { language, pathPrefix }),
    failed: (language) => plainPage('failed', 'bad', { language, pathPrefix }),
  }
}

function plainPage(name: keyof Texts['pages'], tone: Tone, context: PageContext): string {
  const { title, text } = context.language.texts.pages[name]
  return documentOf({ title, main: markup`${headOf(title, tone, context)}\n<p>${text}</p>` }, context)
}
