import { describe, expect, test } from 'vitest'
import { languages, negotiate } from '../../src/web/pages/pages.ts'

/** Every text of a catalogue, by its path. */
function texts(value: unknown, path = ''): [path: string, text: string][] {
  if (typeof value === 'string') return [[path, value]]
  return Object.entries(value as object).flatMap(([key, inner]) => texts(inner, `${path}.${key}`))
}

const placeholders = (text: string): string[] => [...new Set(text.match(/\{\w+\}/g))].sort()

const english = new Map(texts(languages[0]?.texts))

describe.each(languages)('the catalogue $tag', (language) => {
  test('has the same texts as the English one, and no empty one', () => {
    const theirs = texts(language.texts)
    expect(theirs.map(([path]) => path).sort()).toEqual([...english.keys()].sort())
    expect(theirs.filter(([, text]) => text.trim() === '' || text !== text.trim())).toEqual([])
  })

  test('fills in the same things', () => {
    for (const [path, text] of texts(language.texts)) {
      expect(placeholders(text), path).toEqual(placeholders(english.get(path) ?? ''))
    }
  })

  test('is not English under another name', () => {
    const same = texts(language.texts).filter(([path, text]) => english.get(path) === text)
    expect(same.length).toBe(language.tag === 'en' ? english.size : 0)
  })

  test('knows the language by a tag that Intl knows', () => {
    expect(Intl.DateTimeFormat.supportedLocalesOf(language.tag)).toEqual([language.tag])
  })
})

describe('the language of a page', () => {
  test.each([
    [undefined, 'en'],
    ['', 'en'],
    ['de', 'de'],
    ['de-AT,de;q=0.9,en;q=0.8', 'de'],
    ['DE-at', 'de'],
    ['en;q=0.5, fr;q=0.7', 'fr'],
    ['es , fr', 'es'],
    ['ja, pt;q=0.9, es;q=0.1', 'es'],
    ['ja', 'en'],
    ['de;q=0, fr;q=0.1', 'fr'],
    ['*', 'en'],
    ['*;q=0.5, fr;q=0.4', 'en'],
    ['en;q=0.1, *;q=0.5', 'de'],
    ['de;q=2, fr;q=0.3', 'fr'],
    ['de;q=x, fr;q=0.3', 'fr'],
    [';;;,,,q=1', 'en'],
    ['x'.repeat(100_000) + ',de', 'en'],
  ])('for %s is %s', (header, tag) => expect(negotiate(header).tag).toBe(tag))
})
