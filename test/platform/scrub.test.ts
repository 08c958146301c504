import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { clean, cleanLines, scrub } from '../../src/platform/scrub.ts'

const SECRETS: [string, string][] = [
  ['an access token', 'ya29.a0AfH6SMC_x-y.z'],
  ['a refresh token', '1//0gABCDEFGHIJKLMNOPQ-_rst'],
  ['an authorization code', '4/0AVMBsJi-abcdefghijklmnop'],
  ['a client secret', 'GOCSPX-abc_DEF-123'],
  ['a JWT', 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl'],
  ['an e-mail address', 'alice.o+x@mail.example.com'],
  ["a calendar's id", 'c_188abc@group.calendar.google.com'],
  ['an address beyond ASCII', 'josé@exämple.com'],
  ['a name with an apostrophe', "o'hara@example.com"],
]

describe('scrubbing takes out', () => {
  test.each(SECRETS)('%s, wherever it occurs', (_, secret) => {
    for (const frame of ['@', '"@"', '(@)', 'a: @, b', 'https://x.example/?q=@&r=1', '{"x":"@"}', '<@>', 'x=@;']) {
      const text = frame.replace('@', () => secret)
      expect(scrub(text)).not.toContain(secret)
      expect(scrub(text)).toContain('[')
    }
  })

  test.each(SECRETS)('%s, percent-encoded', (_, secret) => {
    const encoded = encodeURIComponent(secret)
    expect(scrub(`https://x.example/?q=${encoded}&r=1`)).not.toContain(encoded)
  })

  test.each([
    'Authorization: Bearer abc.DEF-123',
    'authorization: basic dXNlcjpwYXNz',
    'GET /callback?code=secret&state=secret',
    'https://x.example/?state=secret',
    'code=secret&client_secret=secret',
    '{"refresh_token": "secret", "client_secret":"secret"}',
    '{\\"access_token\\":\\"secret\\"}',
    'refresh_token: secret',
    'access_token = secret;',
    "id_token='secret'",
    'token=secret',
    'code_verifier=secret',
    'wrong password: secret',
  ])('the value in %s', (text) => {
    for (const word of ['secret', 'abc.DEF-123', 'dXNlcjpwYXNz']) expect(scrub(text)).not.toMatch(named(word))
  })

  test('a private key, whole or cut off', () => {
    const key = '-----BEGIN RSA PRIVATE KEY-----\nMIIEow\nIBAAKC\n-----END RSA PRIVATE KEY-----'
    expect(scrub(`a ${key} b`)).toBe('a [private key] b')
    expect(scrub(`a ${key.slice(0, 40)}`)).toBe('a [private key]')
  })

  test('every secret of a long text', () => {
    const text = SECRETS.map(([, secret]) => secret).join(' and ')
    for (const [, secret] of SECRETS) expect(scrub(text)).not.toContain(secret)
  })

  /** `secret` as a value, not as a part of a name such as client_secret. */
  const named = (word: string): RegExp => new RegExp(`(?<![_a-z])${word.replace('.', '\\.')}`)
})

describe('scrubbing leaves', () => {
  test.each([
    'events.list: 403 rateLimitExceeded',
    'status code: 500',
    'error code: ECONNREFUSED 127.0.0.1:443',
    'state: running',
    'the Secret booking/google-oauth-client has no key client_secret.json',
    'https://www.googleapis.com/calendar/v3/users/me/calendarList',
    'Agent booking/alice, resourceVersion 4/5, 10//2',
    'connect ECONNREFUSED 2001:db8::1:443',
    'expected a token, found none',
    'registry.example.com/calendar-operator@sha256:0123',
  ])('%s', (text) => expect(scrub(text)).toBe(text))

  test('what it has scrubbed already', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.string(), fc.constantFrom(...SECRETS.map(([, one]) => one)))), (parts) => {
        const once = scrub(parts.join(' '))
        expect(scrub(once)).toBe(once)
      }),
      { seed: 3 },
    )
  })
})

describe('scrubbing ends', () => {
  // Patterns that search for their end again from each beginning would take hours for one of these.
  test.each([
    'a',
    'a.',
    'eyJ-',
    '1//',
    'ya29',
    'x@',
    '-----BEGIN PRIVATE KEY-----',
    'token ',
    'Bearer',
    'client_secret',
  ])('for a long run of %s', (piece) => {
    expect(scrub(piece.repeat(200_000 / piece.length)).length).toBeGreaterThan(0)
  })
})

/** ESC and CSI, a bell, right-to-left override and isolates, zero-width space, BOM, half a pair. */
const HARMFUL = [
  '\u001b',
  '\u009b',
  '\u0007',
  '\u0000',
  '\u007f',
  '\u202e',
  '\u2066',
  '\u200b',
  '\ufeff',
  '\ud800',
  '\udc00',
]

describe('a cleaned value', () => {
  test.each(HARMFUL)('shows %j as a replacement character', (one) => {
    expect(clean(`a${one}b`, 10)).toBe('a\ufffdb')
  })

  test('is one line', () => {
    expect(clean('a\nb\r\nc\td\u2028e\u0085f', 20)).toBe('a b c d e f')
  })

  test('keeps what people write: accents, other scripts, emoji and what joins them', () => {
    for (const text of ['josé', 'יום הולדת', '誕生日', '👩\u200d👧 🎂', 'نمی\u200cخواهم'])
      expect(clean(text, 40)).toBe(text)
  })

  test('is cut to the length asked for, which counts the mark of the cut', () => {
    expect(clean('abcdef', 6)).toBe('abcdef')
    expect(clean('abcdefg', 6)).toBe('abcde…')
    expect(clean('abcdefg', 6, '')).toBe('abcdef')
    expect(clean('abc', 0)).toBe('')
  })

  test('is never cut through a character', () => {
    expect(clean('aa🎂', 3)).toBe('aa…')
    expect(clean('a🎂b', 2, '')).toBe('a')
    expect(clean('🎂🎂🎂', 4, '')).toBe('🎂🎂')
  })

  test('is within its length, well formed, harmless, and the same when cleaned again', () => {
    const texts = fc.array(fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom(...HARMFUL, '\r\n', 'word')))
    fc.assert(
      fc.property(texts, fc.nat({ max: 30 }), fc.constantFrom('…', ''), (parts, max, ellipsis) => {
        const once = clean(parts.join(''), max, ellipsis)
        expect(once.length).toBeLessThanOrEqual(max)
        expect(once).not.toMatch(/\p{Cs}/u)
        expect(once).not.toMatch(/[\p{Cc}\u202a-\u202e\u2066-\u2069\ufeff]/u)
        expect(clean(once, max, ellipsis)).toBe(once)
      }),
      { seed: 5 },
    )
  })

  test('is cut before it is read: it costs no more than what is kept of it', () => {
    const read: number[] = []
    const slice = (from: number, to: number): string => {
      read.push(to - from)
      return '\u001b'.repeat(to - from)
    }
    // A text of which nothing but pieces can be had.
    expect(clean({ length: 1_000_000, slice } as unknown as string, 64)).toHaveLength(64)
    expect(read).toEqual([65])
  })
})

test('a cleaned text of several lines keeps its lines and tabs', () => {
  expect(cleanLines('a\n\tb\u001b[2Jc\u202e\n')).toBe('a\n\tb\ufffd[2Jc\ufffd\n')
})
