/**
 * The languages of the pages, and the choice between them. To add a language, add a file and a line here
 * (docs/translations.md).
 */
import { de } from './de.ts'
import { en } from './en.ts'
import { es } from './es.ts'
import { fr } from './fr.ts'
import type { Texts } from './texts.ts'

/** A language of the pages. */
export interface Language {
  /** BCP 47, as in `<html lang>` and for dates. */
  tag: string
  direction: 'ltr' | 'rtl'
  texts: Texts
}

const ENGLISH: Language = { tag: 'en', direction: 'ltr', texts: en }

/** All languages. The first one is the default. */
export const languages: readonly Language[] = [
  ENGLISH,
  { tag: 'de', direction: 'ltr', texts: de },
  { tag: 'es', direction: 'ltr', texts: es },
  { tag: 'fr', direction: 'ltr', texts: fr },
]

/** Browsers send short headers; the rest of a longer one is ignored. */
const MAX_HEADER_LENGTH = 1000

interface LanguageRange {
  language: string
  quality: number
}

/** The best language for an `Accept-Language` header (RFC 9110 §12.5.4); regions are ignored (`de-AT` gets `de`). */
export function negotiate(acceptLanguage: string | undefined): Language {
  const ranges = (acceptLanguage ?? '').slice(0, MAX_HEADER_LENGTH).split(',').map(parseRange)
  const accepted = ranges.filter(({ quality }) => quality > 0).sort((one, other) => other.quality - one.quality)
  for (const { language } of accepted) {
    const found = language === '*' ? unnamed(ranges) : languages.find(({ tag }) => tag === language)
    if (found) return found
  }
  return ENGLISH
}

/** `*` matches the languages that the header does not name. */
const unnamed = (ranges: readonly LanguageRange[]): Language | undefined =>
  languages.find(({ tag }) => !ranges.some(({ language }) => language === tag))

function parseRange(range: string): LanguageRange {
  const [name = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase())
  const weight = parameters.find((parameter) => /^q\s*=/.test(parameter))?.replace(/^q\s*=\s*/, '')
  const quality = weight === undefined ? 1 : /^(0(\.\d{0,3})?|1(\.0{0,3})?)$/.test(weight) ? Number(weight) : 0
  return { language: name.split('-')[0] ?? '', quality }
}
