/** The files that the pages refer to. Each name contains a hash of the content, so browsers may cache the file forever. */
import { createHash } from 'node:crypto'
import { BAD, CALENDAR, GOOD, GOOGLE_G, PAUSED } from './images.ts'
import { SCRIPT } from './script.ts'
import { STYLE } from './style.ts'
import type { Asset } from './view.ts'

const TYPES = {
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml; charset=utf-8',
}

interface AssetFile extends Omit<Asset, 'path'> {
  fileName: string
}

function assetFile(name: string, extension: keyof typeof TYPES, body: string): AssetFile {
  const hash = createHash('sha256').update(body).digest('hex').slice(0, 16)
  return { fileName: `${name}-${hash}.${extension}`, contentType: TYPES[extension], body }
}

const FILES = {
  style: assetFile('style', 'css', STYLE),
  popup: assetFile('popup', 'js', SCRIPT),
  google: assetFile('google', 'svg', GOOGLE_G),
  calendar: assetFile('calendar', 'svg', CALENDAR),
  good: assetFile('good', 'svg', GOOD),
  bad: assetFile('bad', 'svg', BAD),
  paused: assetFile('paused', 'svg', PAUSED),
}

/** The name of a file that the pages refer to. */
type AssetName = keyof typeof FILES

/** The path of a file on a site whose pages are served under `pathPrefix`. */
export const assetPath = (name: AssetName, pathPrefix: string): string => `${pathPrefix}/assets/${FILES[name].fileName}`

/** Every file, with its path under `pathPrefix`. */
export const assetsUnder = (pathPrefix: string): readonly Asset[] =>
  (Object.keys(FILES) as AssetName[]).map((name) => {
    const { contentType, body } = FILES[name]
    return { path: assetPath(name, pathPrefix), contentType, body }
  })
