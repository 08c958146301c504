/** What all pages share: the document, the heading with its icon, and the format of times. */
import { assetPath } from './assets.ts'
import type { Language } from './languages/language.ts'
import { isolated, type Html, markup } from './markup.ts'

/** What a page is rendered for. */
export interface PageContext {
  language: Language
  /** The path under which the pages are served. */
  pathPrefix: string
}

/** The parts of one page. */
export interface Document {
  title: string
  /** The host shown above the page; omitted if the page must not depend on it. */
  siteHost?: string
  main: Html
  /** Script elements, each with a `src`. */
  scripts?: Html
}

/** Renders a whole HTML document. The doctype comes first, because without it browsers switch to quirks mode. */
export function documentOf({ title, siteHost, main, scripts }: Document, context: PageContext): string {
  const { language, pathPrefix } = context
  return markup`<!doctype html>
<html lang="${language.tag}" dir="${language.direction}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex, nofollow">
<title>${siteHost === undefined ? title : `${title} – ${siteHost}`}</title>
<link rel="icon" type="image/svg+xml" href="${assetPath('calendar', pathPrefix)}">
<link rel="stylesheet" href="${assetPath('style', pathPrefix)}">
${scripts}</head>
<body>
${siteHost === undefined ? '' : siteHead(siteHost, pathPrefix)}<main>
${main}
</main>
</body>
</html>
`.toString()
}

const siteHead = (siteHost: string, pathPrefix: string): Html =>
  markup`<header class="site"><img src="${assetPath('calendar', pathPrefix)}" alt="">${isolated(siteHost)}</header>\n`

/** The icon next to a heading. */
export type Tone = 'good' | 'bad' | 'paused'

/** Renders the heading of an outcome with an icon that repeats it. */
export const headOf = (title: string, tone: Tone, { pathPrefix }: PageContext): Html =>
  markup`<div class="head"><img src="${assetPath(tone, pathPrefix)}" alt=""><h1>${title}</h1></div>`

/** Renders a time in the page's language, in UTC and marked as such; text that is not a time is returned unchanged. */
export function timeOf(instant: string, { tag }: Language): Html {
  const time = new Date(instant)
  if (Number.isNaN(time.getTime())) return markup`${instant}`
  const text = new Intl.DateTimeFormat(tag, { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' }).format(time)
  return markup`<time datetime="${time.toISOString()}">${text} UTC</time>`
}
