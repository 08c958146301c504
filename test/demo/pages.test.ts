/** README.md and docs/demo.md show a real run of the demo: the steps that its source has, in their order. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { excerptOf, outputIn, withOutput } from '../../demo/pages.ts'

const read = (path: string): string => readFileSync(path, 'utf8')
const whole = outputIn(read('docs/demo.md'))
const sources = readdirSync('demo')
  .filter((name) => name.endsWith('.ts'))
  .map((name) => read(join('demo', name)))
  .join('\n')

/** Texts of the source that a step shows as they are, without values filled in. */
const shownBy = (method: string): string[] =>
  [...sources.matchAll(new RegExp(`narrator\\.${method}\\(\\s*(['"])([^]*?)\\1[,)\\s]`, 'g'))].map(([, , text = '']) =>
    text.replaceAll('\\\\', '\\'),
  )

/** Without the line breaks and the indent that the demo adds. */
const unwrapped = (text: string): string => text.replace(/ \\?\n +/g, ' ').replace(/\s+/g, ' ')

describe('the page with the whole run', () => {
  test('has the headings of the source, numbered in order', () => {
    const headings = [...whole.matchAll(/^(\d+)\. (.*)$/gm)].map(([, number, title]) => ({ number, title }))
    expect(headings.map(({ number }) => number)).toEqual(headings.map((_, index) => `${index + 1}`))
    expect(headings.map(({ title }) => title).sort()).toEqual(shownBy('heading').sort())
  })

  test.each(['act', 'happened'])('has every sentence of the source (%s)', (method) => {
    const missing = shownBy(method).filter((text) => !unwrapped(whole).includes(text))
    expect(shownBy(method).length).toBeGreaterThan(2)
    expect(missing).toEqual([])
  })

  test('ends with success', () => expect(whole).toMatch(/\nAll steps succeeded, in \d+ seconds\.$/))
})

describe('the README', () => {
  test('has an excerpt of the same run', () => {
    expect(outputIn(read('README.md'))).toBe(excerptOf(whole))
  })

  test('is short', () => expect(outputIn(read('README.md')).split('\n').length).toBeLessThanOrEqual(40))
})

describe('an excerpt', () => {
  test('has the first step in full and the headings of the others', () => {
    const run =
      'title\n\nintroduction\n\n1. One\n  a\n\n2. Two\n  b\n\n3. Three\n  c\n\n4. Four\n  d\n\n5. Five\n  e\n\nthe end\n'
    expect(excerptOf(run)).toBe('title\n\n1. One\n  a\n\n2. Two …\n3. Three …\n4. Four …\n5. Five …\n\nthe end')
  })
})

describe('a page', () => {
  test('has the output between its markers, however often it is written', () => {
    const page = 'before\n<!-- demo:start -->\nold\n<!-- demo:end -->\nafter\n'
    const once = withOutput(page, 'new\n')
    expect(once).toBe('before\n<!-- demo:start -->\n```text\nnew\n```\n<!-- demo:end -->\nafter\n')
    expect(withOutput(once, 'new\n')).toBe(once)
    expect(outputIn(once)).toBe('new')
  })

  test('without markers is refused', () => {
    expect(() => withOutput('nothing', 'new')).toThrow('demo:start')
  })
})
