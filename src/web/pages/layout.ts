/** What all pages share: the document, the head of a message with its sign, and times. */
import { assetsByName } from './assets.ts'
import type { Language } from './languages/language.ts'
import { isolated, type Html, markup } from './markup.ts'

export interface Document {
  title: string
  /** Host that stands above the page; left out where the page must not depend on it. */
  siteHost?: string
  main: Html
  /** Script elements, all of them with an address. */
  scripts?: Html
}

/** A whole document. The doctype stands first: without it browsers fall back to the rules of the nineties. */
export function documentOf({ title, siteHost, main, scripts }: Document, language: Language): string {
  return markup`<!doctype html>
<html lang="${language.tag}" dir="${language.direction}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex, nofollow">
<title>${siteHost === undefined ? title : `${title} – ${siteHost}`}</title>
<link rel="icon" type="image/svg+xml" href="${assetsByName.calendar.path}">
<link rel="stylesheet" href="${assetsByName.style.path}">
${scripts}</head>
<body>
${siteHost === undefined ? '' : siteHead(siteHost)}<main>
${main}
</main>
</body>
</html>
`.toString()
}

const siteHead = (siteHost: string): Html =>
  markup`<header class="site"><img src="${assetsByName.calendar.path}" alt="">${isolated(siteHost)}</header>\n`

export type Tone = 'good' | 'bad' | 'paused'

/** The heading of what happened, with a sign that repeats it. */
export const headOf = (title: string, tone: Tone): Html =>
  markup`<div class="head"><img src="${assetsByName[tone].path}" alt=""><h1>${title}</h1></div>`

/** A time in the page's language, in UTC and saying so; anything that is no time stays as it is. */
export function timeOf(instant: string, { tag }: Language): Html {
  const time = new Date(instant)
  if (Number.isNaN(time.getTime())) return markup`${instant}`
  const text = new Intl.DateTimeFormat(tag, { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' }).format(time)
  return markup`<time datetime="${time.toISOString()}">${text} UTC</time>`
}
