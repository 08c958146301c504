/** What the pages refer to, each under a name that changes with its content, so that it can be cached for ever. */
import { createHash } from 'node:crypto'
import { SIGN_IN_PREFIX } from '../../resources/names.ts'
import { BAD, CALENDAR, GOOD, GOOGLE_G, PAUSED } from './images.ts'
import { SCRIPT } from './script.ts'
import { STYLE } from './style.ts'
import type { Asset } from './view.ts'

const FOLDER = `${SIGN_IN_PREFIX}/assets`

const TYPES = {
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml; charset=utf-8',
}

function asset(name: string, extension: keyof typeof TYPES, body: string): Asset {
  const hash = createHash('sha256').update(body).digest('hex').slice(0, 16)
  return { path: `${FOLDER}/${name}-${hash}.${extension}`, contentType: TYPES[extension], body }
}

export const assetsByName = {
  style: asset('style', 'css', STYLE),
  popup: asset('popup', 'js', SCRIPT),
  google: asset('google', 'svg', GOOGLE_G),
  calendar: asset('calendar', 'svg', CALENDAR),
  good: asset('good', 'svg', GOOD),
  bad: asset('bad', 'svg', BAD),
  paused: asset('paused', 'svg', PAUSED),
}

export const assets: readonly Asset[] = Object.values(assetsByName)

/** The same, where our pages are under another path. */
export const assetsUnder = (prefix: string): readonly Asset[] =>
  assets.map((one) => ({ ...one, path: one.path.replace(FOLDER, `${prefix}/assets`) }))

/** A page whose references lead there. Only we write such an attribute: in what others wrote, quotes are escaped. */
export const underPrefix = (page: string, prefix: string): string =>
  page.replaceAll(`="${FOLDER}/`, `="${prefix}/assets/`)
