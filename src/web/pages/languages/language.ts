/**
 * The languages of the pages, and which one a browser gets. A further language is one more catalogue and one more line
 * here (docs/translations.md).
 */
import { de } from './de.ts'
import { en } from './en.ts'
import { es } from './es.ts'
import { fr } from './fr.ts'
import type { Texts } from './texts.ts'

export interface Language {
  /** BCP 47, as in `<html lang>` and for dates. */
  tag: string
  direction: 'ltr' | 'rtl'
  texts: Texts
}

const ENGLISH: Language = { tag: 'en', direction: 'ltr', texts: en }

/** The first is what a browser gets that asks for none of them. */
export const languages: readonly Language[] = [
  ENGLISH,
  { tag: 'de', direction: 'ltr', texts: de },
  { tag: 'es', direction: 'ltr', texts: es },
  { tag: 'fr', direction: 'ltr', texts: fr },
]

/** What a browser sends in a header is short; the rest of a longer one is not looked at. */
const LONGEST = 1000

interface Wish {
  language: string
  quality: number
}

/** The language that an `Accept-Language` header likes best; regions don't matter (`de-AT` gets `de`). */
export function negotiate(acceptLanguage: string | undefined): Language {
  const wishes = (acceptLanguage ?? '').slice(0, LONGEST).split(',').map(wishOf)
  const liked = wishes.filter(({ quality }) => quality > 0).sort((one, other) => other.quality - one.quality)
  for (const { language } of liked) {
    const found = language === '*' ? unnamed(wishes) : languages.find(({ tag }) => tag === language)
    if (found) return found
  }
  return ENGLISH
}

/** `*` stands for the languages that the header doesn't name. */
const unnamed = (wishes: readonly Wish[]): Language | undefined =>
  languages.find(({ tag }) => !wishes.some(({ language }) => language === tag))

function wishOf(range: string): Wish {
  const [name = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase())
  const weight = parameters.find((parameter) => /^q\s*=/.test(parameter))?.replace(/^q\s*=\s*/, '')
  const quality = weight === undefined ? 1 : /^(0(\.\d{0,3})?|1(\.0{0,3})?)$/.test(weight) ? Number(weight) : 0
  return { language: name.split('-')[0] ?? '', quality }
}
