import { createHash } from 'node:crypto'
import { Script } from 'node:vm'
import { describe, expect, test } from 'vitest'
import { languages, shortened } from '../../src/web/pages/pages.ts'
import { withoutAddresses } from '../../src/web/pages/shorten.ts'
import { PAGES } from './views.ts'

const { assets } = PAGES

describe('what the pages refer to', () => {
  test.each(assets)('$path is named by its content', ({ path, body }) => {
    const hash = createHash('sha256').update(body).digest('hex').slice(0, 16)
    expect(path).toMatch(/^\/google-calendar\/assets\/[a-z]+-[0-9a-f]{16}\.(css|js|svg)$/)
    expect(path).toContain(hash)
  })

  test.each(assets.filter(({ path }) => path.endsWith('.js')))('$path is a script that parses', ({ body }) => {
    expect(() => new Script(body)).not.toThrow()
    expect(body).not.toMatch(/innerHTML|document\.write|eval\(/)
  })

  test.each(assets.filter(({ path }) => path.endsWith('.css')))('$path knows no left and right', ({ body }) => {
    expect(body).not.toMatch(/\b(margin|padding|border)-(left|right)\b|\b(left|right):|text-align: (left|right)/)
    expect(body.split('{').length).toBe(body.split('}').length)
    expect(body).not.toMatch(/url\(|@import/)
  })

  test('says only what every language has', () => {
    const script = assets.find(({ path }) => path.endsWith('.js'))?.body ?? ''
    const said = new Set(
      [...script.matchAll(/say\('(\w+)'\)|'(blocked|closed)'/g)].map((match) => match[1] ?? match[2]),
    )
    expect([...said].sort()).toEqual(['blocked', 'closed', 'failed', 'notLoaded', 'working'])
    for (const { texts } of languages) expect(Object.keys(texts.popup)).toEqual(expect.arrayContaining([...said]))
  })
})

describe('an address', () => {
  test.each([
    ['alice@example.com', 'a…e@example.com'],
    ['bob@example.com', 'b…b@example.com'],
    ['ab@example.com', 'a…@example.com'],
    ['a@example.com', '…@example.com'],
    ['a…e@example.com', 'a…e@example.com'],
    ['a…@example.com', 'a…@example.com'],
    ['…@example.com', '…@example.com'],
    ['"odd@local"@example.com', '"…"@example.com'],
    ['𝒜lice😀@example.com', '𝒜…😀@example.com'],
    ['en.usa#holiday', 'e…y'],
    ['', '…'],
  ])('%s is shown as %s', (address, shown) => expect(shortened(address)).toBe(shown))

  test('is shortened inside other text', () => {
    expect(withoutAddresses('Alice (alice@example.com), bob@example.org')).toBe(
      'Alice (a…e@example.com), b…b@example.org',
    )
    expect(withoutAddresses('Alice @ work')).toBe('Alice @ work')
  })
})
