import { describe, expect, test } from 'vitest'
import { readRefreshToken } from '../../src/google/refresh-token.ts'

const TOKEN = '1//0gAbc-DEF_ghi012345678901234567890'
const base64 = (text: string): string => Buffer.from(text).toString('base64')
const answer = JSON.stringify({ access_token: 'ya29.x', expires_in: 3599, refresh_token: TOKEN }, null, 2)

describe('a refresh token', () => {
  test('as Google gives it is taken as it is', () => {
    expect(readRefreshToken(TOKEN)).toEqual({ token: TOKEN, stripped: [] })
  })

  test.each([
    ['a line end', `${TOKEN}\n`, ['white space']],
    ['spaces and tabs', ` \t${TOKEN}  `, ['white space']],
    ['space of no width', `\u200b${TOKEN}\u2060`, ['white space']],
    ['a byte order mark', `\uFEFF${TOKEN}`, ['a byte order mark']],
    ['quotes', `"${TOKEN}"`, ['quotes']],
    ['a copied line', `"refresh_token": "${TOKEN}",\n`, ['white space', 'quotes', 'the name refresh_token before it']],
    ['the form of a shell', `refresh_token='${TOKEN}'`, ['quotes', 'the name refresh_token before it']],
    ['typographic quotes', `“${TOKEN}”`, ['quotes']],
    ['URL-encoding', encodeURIComponent(TOKEN), ['URL-encoding']],
    ['URL-encoding, twice', encodeURIComponent(encodeURIComponent(TOKEN)), ['URL-encoding']],
    ['a second base64', base64(TOKEN), ['a second base64 encoding']],
    [
      'a second base64, in lines',
      `${base64(TOKEN).slice(0, 20)}\n${base64(TOKEN).slice(20)}`,
      ['a second base64 encoding'],
    ],
    ['a second base64 of a line', `${base64(`${TOKEN}\n`)}\n`, ['white space', 'a second base64 encoding']],
    ['the whole answer', answer, ['the JSON around it']],
    ['the whole answer, in base64', base64(answer), ['a second base64 encoding', 'the JSON around it']],
  ])('is found in %s, which is said', (_, text, stripped) => {
    expect(readRefreshToken(text)).toEqual({ token: TOKEN, stripped })
  })

  test.each([
    ['', 'is empty'],
    ['  "" ', 'is empty'],
    ['ya29.a0AfB_byC', 'is an access token'],
    ['4/0AX4XfWh-abc', 'is an authorization code'],
    ['GOCSPX-abcdef', 'is the secret of an OAuth client'],
    ['1234-abc.apps.googleusercontent.com', 'is the id of an OAuth client'],
    ['AIzaSyA-123', 'is an API key'],
    ['eyJhbGciOi.eyJzdWIi.c2ln', 'JWT'],
    ['-----BEGIN PRIVATE KEY-----\nMII', 'is a private key'],
    ['<your token>', 'is a placeholder'],
    ['${REFRESH_TOKEN}', 'is a placeholder'],
    ['null', 'is a placeholder'],
    ['alice@example.com', 'is an e-mail address'],
    ['1//0gAbc 1//0gDef', 'has white space in it'],
    ['1//0gÄbc', 'characters that no refresh token has'],
    ['1\0/\0/\0' + '0\0', 'UTF-16'],
    ['{"refresh_token": "1//0g', 'JSON that is not whole'],
    ['{"access_token": "ya29.x"}', 'access_type=offline'],
    ['{"web": {"client_id": "x"}}', 'the file of an OAuth client'],
    ['{"type": "service_account"}', 'service account'],
    [`1//${'x'.repeat(3_000)}`, 'longer'],
    [' '.repeat(100_000), 'longer'],
  ])('is not %j, and what it is instead is said without repeating it', (text, words) => {
    const found = readRefreshToken(text)
    const invalid = 'invalid' in found ? found.invalid : undefined
    expect(invalid).toContain(words)
    if (text.length > 30) expect(invalid).not.toContain(text)
  })
})
