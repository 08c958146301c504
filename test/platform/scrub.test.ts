import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { scrub } from '../../src/platform/scrub.ts'

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
  test.each(SECRETS)('%s, wherever it stands', (_, secret) => {
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
  // Patterns that look for their end from each beginning anew would take hours for one of these.
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
