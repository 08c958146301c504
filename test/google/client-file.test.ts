import { describe, expect, it } from 'vitest'
import { parseClientSecret, type ClientFile, type UnusableClient } from '../../src/google/client-file.ts'

const ID = '123-abc.apps.googleusercontent.com'
const SECRET = 'GOCSPX-do-not-show-me'
const WEB = {
  client_id: ID,
  project_id: 'booking-1',
  auth_uri: 'https://accounts.google.com/o/oauth2/auth',
  token_uri: 'https://evil.example.com/token',
  auth_provider_x509_cert_url: 'https://www.googleapis.com/oauth2/v1/certs',
  client_secret: SECRET,
}
const FILE = JSON.stringify({ web: WEB })

const parse = (data: Record<string, string>, key?: string): ClientFile | UnusableClient =>
  parseClientSecret(data, { secretName: 'google', key })
const fromFile = (text: string): ClientFile | UnusableClient => parse({ 'client_secret.json': text })

const usable = (parsed: ClientFile | UnusableClient): ClientFile => {
  if ('reason' in parsed) throw new Error(`${parsed.reason}: ${parsed.message}`)
  return parsed
}
const unusable = (parsed: ClientFile | UnusableClient): UnusableClient => {
  if (!('reason' in parsed)) throw new Error('it was taken')
  expect(parsed.message).not.toContain('do-not-show-me')
  return parsed
}

describe('where the client is found', () => {
  it('reads the file under the key that is named', () => {
    const other = JSON.stringify({ web: { ...WEB, client_id: 'other' } })
    expect(usable(parse({ 'my.json': FILE, 'client_secret.json': other }, 'my.json')).clientId).toBe(ID)
  })

  it('reads client_secret.json if no key is named', () => {
    const data = { 'client_secret.json': FILE, client_id: 'other', client_secret: 'other' }
    expect(usable(parse(data)).clientId).toBe(ID)
  })

  it('takes client_id and client_secret if there is no file', () => {
    expect(usable(parse({ client_id: ID, client_secret: SECRET, 'tls.key': 'x' }))).toMatchObject({
      clientId: ID,
      clientSecret: SECRET,
      stripped: [],
    })
  })

  it('does not fall back on other keys when the one that is named is missing', () => {
    const found = unusable(parse({ client_id: ID, client_secret: SECRET }, 'my.json'))
    expect(found.reason).toBe('SecretKeyMissing')
    expect(found.message).toMatch(/^Secret google has no key my\.json.*\(it has client_id, client_secret\)/)
  })

  it.each(['constructor', '__proto__', 'toString'])('takes no key %s for there', (key) => {
    expect(unusable(parse({ a: 'b' }, key)).reason).toBe('SecretKeyMissing')
  })

  it.each([
    ['an empty Secret', {}, 'it is empty'],
    ['an id alone', { client_id: ID }, 'it has client_id'],
    ['a secret alone', { client_secret: SECRET }, 'it has client_secret'],
    ['another application’s keys', { username: 'x', password: 'do-not-show-me' }, 'it has username, password'],
  ])('says what %s has instead', (_, data, words) => {
    const { reason, message } = unusable(parse(data))
    expect(reason).toBe('SecretKeyMissing')
    expect(message).toContain('has neither client_secret.json nor both client_id and client_secret')
    expect(message).toContain(words)
  })

  it('points to the key that kubectl made of the downloaded file’s name', () => {
    const key = `client_secret_${ID}.json`
    expect(unusable(parse({ [key]: FILE })).message).toContain(`Set spec.google.clientSecretRef.key to ${key}.`)
  })
})

describe('the downloaded file', () => {
  it('gives id, secret and project', () => {
    expect(usable(fromFile(FILE))).toMatchObject({ clientId: ID, clientSecret: SECRET, projectId: 'booking-1' })
    expect(usable(fromFile(FILE)).stripped).toEqual([])
  })

  it('gives the registered URIs, or nothing where none are', () => {
    const redirect_uris = ['https://booking.example.com/google-calendar/callback']
    const javascript_origins = ['https://booking.example.com']
    const file = usable(fromFile(JSON.stringify({ web: { ...WEB, redirect_uris, javascript_origins } })))
    expect(file.redirectUris).toEqual(redirect_uris)
    expect(file.javascriptOrigins).toEqual(javascript_origins)
    expect(usable(fromFile(FILE))).toMatchObject({ redirectUris: [], javascriptOrigins: [] })
  })

  it('has a token_uri that is ignored', () => {
    expect(JSON.stringify(usable(fromFile(FILE)))).not.toContain('evil')
  })

  it.each([
    ['CRLF and indentation', JSON.stringify({ web: WEB }, null, 4).replaceAll('\n', '\r\n') + '\r\n'],
    ['white space around it', `\n\n  ${FILE}\t\n`],
    ['a desktop client beside the web one', JSON.stringify({ installed: { client_id: 'x' }, web: WEB })],
    ['fields that nobody knows', JSON.stringify({ web: { ...WEB, more: { than: 1 } }, extra: null })],
  ])('may have %s', (_, text) => {
    expect(usable(fromFile(text))).toMatchObject({ clientId: ID, clientSecret: SECRET, stripped: [] })
  })

  it.each([
    ['single quotes', `'${FILE}'`],
    ['backticks', `\`${FILE}\`\n`],
    ['quotes of JSON', JSON.stringify(FILE)],
  ])('may stand in %s, which is said', (_, text) => {
    expect(usable(fromFile(text))).toMatchObject({
      clientId: ID,
      clientSecret: SECRET,
      stripped: ['quotes around the file'],
    })
  })

  it('may begin with a byte order mark, which is reported', () => {
    const expected = { clientId: ID, clientSecret: SECRET, stripped: ['a byte order mark before the file'] }
    expect(usable(fromFile(`\uFEFF${FILE}`))).toMatchObject(expected)
    expect(usable(fromFile(`\n\uFEFF${FILE}\n`))).toMatchObject(expected)
  })

  it('bears fields of a wrong type that it can do without', () => {
    const odd = { ...WEB, project_id: 7, redirect_uris: 'https://x', javascript_origins: [1, 'https://y'] }
    const file = usable(fromFile(JSON.stringify({ web: odd })))
    expect(file).toMatchObject({ clientId: ID, javascriptOrigins: ['https://y'] })
    expect([file.projectId, file.redirectUris]).toEqual([undefined, []])
  })
})

describe('what people paste around a value', () => {
  it.each([
    ['a newline', `${SECRET}\n`, ['white space around client_secret']],
    ['spaces', `  ${SECRET} `, ['white space around client_secret']],
    ['a space that does not break', `\u00A0${SECRET}`, ['white space around client_secret']],
    ['a space without width', `${SECRET}\u200B`, ['white space around client_secret']],
    ['quotes', `"${SECRET}"`, ['quotes around client_secret']],
    ['typographic quotes', `“${SECRET}”`, ['quotes around client_secret']],
    ['one quote', `${SECRET}'`, ['quotes around client_secret']],
    ['quotes and a newline', `"${SECRET}"\r\n`, ['white space around client_secret', 'quotes around client_secret']],
    ['nothing', SECRET, []],
  ])('is stripped and named: %s', (_, client_secret, stripped) => {
    expect(usable(parse({ client_id: ID, client_secret }))).toMatchObject({ clientSecret: SECRET, stripped })
  })

  it('is stripped inside a file too, and named by field, never by value', () => {
    const text = JSON.stringify({ web: { ...WEB, client_id: ` ${ID}`, client_secret: `'${SECRET}'` } })
    const { clientId, clientSecret, stripped } = usable(fromFile(text))
    expect([clientId, clientSecret]).toEqual([ID, SECRET])
    expect(stripped).toEqual(['white space around client_id', 'quotes around client_secret'])
  })
})

describe('what is no client file', () => {
  it.each<[string, string, UnusableClient['reason'], RegExp]>([
    ['nothing', '', 'ClientFileInvalid', /is empty/],
    ['white space', ' \n\uFEFF', 'ClientFileInvalid', /is empty/],
    ['a web page', '<!DOCTYPE html><html></html>', 'ClientFileInvalid', /a web page/],
    ['half a file', FILE.slice(0, -9), 'ClientFileInvalid', /is not JSON/],
    ['the secret itself', SECRET, 'ClientFileInvalid', /is not JSON/],
    ['YAML', `web:\n  client_secret: ${SECRET}`, 'ClientFileInvalid', /is not JSON/],
    ['a file encoded twice', Buffer.from(FILE).toString('base64'), 'ClientFileInvalid', /base64 twice over/],
    ['UTF-16', Buffer.from(FILE, 'utf16le').toString('utf8'), 'ClientFileInvalid', /UTF-16/],
    ['a list', `[${FILE}]`, 'ClientFileInvalid', /not an object/],
    ['null', 'null', 'ClientFileInvalid', /not an object/],
    ['a number', '17', 'ClientFileInvalid', /not an object/],
    ['something else in JSON', '{"a": 1}', 'ClientFileInvalid', /no "web" object/],
    ['web that is no object', JSON.stringify({ web: [WEB] }), 'ClientFileInvalid', /no "web" object/],
    ['the inner part alone', JSON.stringify(WEB), 'ClientFileInvalid', /no "web" object/],
    ['an API key', `AIza${'x'.repeat(35)}\n`, 'WrongClientType', /an API key/],
    ['a desktop client', JSON.stringify({ installed: WEB }), 'WrongClientType', /a desktop client/],
    [
      'a service account',
      JSON.stringify({ type: 'service_account', private_key: 'do-not-show-me', client_id: '1' }),
      'WrongClientType',
      /a service account/,
    ],
    [
      'default credentials',
      JSON.stringify({ type: 'authorized_user', client_secret: SECRET, refresh_token: 'x' }),
      'WrongClientType',
      /a signed-in user/,
    ],
  ])('is named for what it is: %s', (_, text, reason, words) => {
    const found = unusable(fromFile(text))
    expect(found.reason).toBe(reason)
    expect(found.message).toMatch(words)
    expect(found.message).toMatch(/Web application/)
    expect(found.message.toLowerCase()).toContain('key client_secret.json of secret google')
  })

  it.each<[string, Record<string, unknown>, RegExp]>([
    ['no id', { client_id: undefined }, /client_id in .* is missing or empty/],
    ['no secret', { client_secret: undefined }, /client_secret in .* is missing or empty/],
    ['an empty id', { client_id: '""' }, /client_id in .* is missing or empty/],
    ['a secret that is no text', { client_secret: 5 }, /client_secret in .* is missing or empty/],
    ['white space within the id', { client_id: `${ID} ${ID}` }, /client_id in .* has white space in it/],
    ['a line break within the secret', { client_secret: `${SECRET}\nx` }, /client_secret in .* has white space in it/],
    ['the two mixed up', { client_id: SECRET, client_secret: ID }, /are mixed up/],
    ['an old secret for the id', { client_id: 'do-not-show-me', client_secret: ID }, /are mixed up/],
    ['the id of another product', { client_id: 'do-not-show-me' }, /client_id in .* is not the id of an OAuth client/],
    ['an id with more behind it', { client_id: `${ID}.evil.example` }, /is not the id of an OAuth client/],
    ['an id with a bidi character', { client_id: `\u202e${ID}` }, /is not the id of an OAuth client/],
    ['an id of 100 kB', { client_id: `${'a'.repeat(100_000)}${ID}` }, /is not the id of an OAuth client/],
    ['the id for the secret, too', { client_secret: ID }, /client_secret in .* is a client id/],
    ['a secret with a control character', { client_secret: `${SECRET}\u0000` }, /client_secret in .* can't be one/],
    ['a secret of 100 kB', { client_secret: SECRET.repeat(5_000) }, /client_secret in .* can't be one/],
  ])('is refused with %s', (_, fields, words) => {
    const found = unusable(fromFile(JSON.stringify({ web: { ...WEB, ...fields } })))
    expect(found.reason).toBe('ClientFileInvalid')
    expect(found.message).toMatch(words)
  })

  it.each([
    'GOCSPX-do-not-show-me',
    'x',
    'A-Project',
    'has space in-it',
    'ends-with-',
    'a'.repeat(31),
    '\u202eevil-project',
    7,
  ])('says nothing of a project_id such as %j', (project_id) => {
    const { projectId } = usable(fromFile(JSON.stringify({ web: { ...WEB, project_id } })))
    expect(projectId).toBeUndefined()
  })

  it.each(['booking-1', 'example.com:booking-1'])('tells the project %s', (project_id) => {
    expect(usable(fromFile(JSON.stringify({ web: { ...WEB, project_id } }))).projectId).toBe(project_id)
  })

  it('shows of the keys that it does not know the names alone, cut', () => {
    const { message } = unusable(parse({ ['k'.repeat(253)]: 'do-not-show-me' }))
    expect(message).toContain(`it has ${'k'.repeat(99)}…`)
  })

  it('names the Secret if id and secret have keys of their own', () => {
    expect(unusable(parse({ client_id: ID, client_secret: ' ' })).message).toMatch(
      /^client_secret in Secret google is missing or empty/,
    )
  })
})
