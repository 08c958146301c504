/**
 * Parses the OAuth client in a Secret: the file that the Google Cloud console offers for download, or only the id and the secret
 * (docs/google-behaviour.md#client-file). People paste quotes, white space and wrong files, so the parser accepts what it can
 * read and says what is wrong with anything else. The file's `token_uri` is ignored; the operator's settings name Google's
 * endpoints. Pure.
 */
import { isRecord, parseJSON } from '../platform/json.ts'
import { clean } from '../platform/scrub.ts'
import { isClientId, isProjectId } from './client-id.ts'
import type { OAuthClient } from './port.ts'

/** The OAuth client that a Secret contains. */
export interface ClientFile extends OAuthClient {
  projectId?: string
  /** What is registered at Google according to the file: empty if the file lists nothing, undefined if there is no file. */
  redirectUris?: string[]
  javascriptOrigins?: string[]
  /** What was removed while parsing, such as `white space around client_secret`. */
  stripped: string[]
}

/** Why a Secret contains no usable client, as a reason and a message of `CredentialsValid`. */
export interface UnusableClient {
  reason: 'SecretKeyMissing' | 'ClientFileInvalid' | 'WrongClientType'
  message: string
}

const FILE_KEY = 'client_secret.json'
const DOWNLOAD =
  'In the Google Cloud console, under Google Auth Platform, Clients, create a client of type Web application and download its JSON file.'

/**
 * Parses the client.
 *
 * @param data the Secret's values, decoded.
 * @param where the Secret's name and the key, as in `clientSecretRef`.
 */
export function parseClientSecret(
  data: Record<string, string>,
  where: { secretName: string; key?: string },
): ClientFile | UnusableClient {
  const { secretName } = where
  if (where.key !== undefined) {
    const text = Object.hasOwn(data, where.key) ? data[where.key] : undefined
    if (text !== undefined) return parseFile(text, `key ${where.key} of Secret ${secretName}`)
    return missing(`Secret ${secretName} has no key ${where.key}, which spec.google.clientSecretRef names`, data)
  }
  const file = data[FILE_KEY]
  if (file !== undefined) return parseFile(file, `key ${FILE_KEY} of Secret ${secretName}`)
  const { client_id: id, client_secret: secret } = data
  if (id !== undefined && secret !== undefined) {
    return clientFrom({ client_id: id, client_secret: secret }, `Secret ${secretName}`)
  }
  return missing(`Secret ${secretName} has neither ${FILE_KEY} nor both client_id and client_secret`, data)
}

function missing(what: string, data: Record<string, string>): UnusableClient {
  const keys = Object.keys(data)
  const found = keys.length > 0 ? `it has ${keys.slice(0, 5).map(shown).join(', ')}` : 'it is empty'
  // The console names the download after the client, and `kubectl create secret --from-file` the key after the file.
  const download = keys.find((key) => /^client_secret.+[.]json$/.test(key))
  const advice = download === undefined ? DOWNLOAD : `Set spec.google.clientSecretRef.key to ${shown(download)}.`
  return { reason: 'SecretKeyMissing', message: `${what} (${found}). ${advice}` }
}

/** Cleans the name of a key for a message. The Secret may belong to another product, with any keys. */
const shown = (key: string): string => clean(key, 100)

const invalid = (message: string): UnusableClient => ({
  reason: 'ClientFileInvalid',
  message: `${message} ${DOWNLOAD}`,
})

type Fields = Record<string, unknown>

function parseFile(raw: string, where: string): ClientFile | UnusableClient {
  // `trim` removes a byte order mark, too.
  const text = raw.trim()
  if (text === '') return invalid(`The client file in ${where} is empty.`)
  const stripped = raw.slice(0, raw.indexOf(text)).includes(BOM) ? [`${A_BOM} before the file`] : []
  let file = parseJSON(text)
  // The whole file may have been pasted with quotes around it: those of JSON, or others.
  if (typeof file === 'string') file = parseJSON(file)
  else file ??= parseJSON(text.replace(/^(['"`])([^]*)\1$/, '$2'))
  if (file === undefined) return notJSON(text, where)
  if (!text.startsWith('{')) stripped.push('quotes around the file')
  if (!isRecord(file)) return invalid(`The client file in ${where} is JSON, but not an object.`)
  const wrong = wrongKind(file, where)
  if (wrong) return wrong
  const web = file.web
  if (!isRecord(web)) {
    return invalid(`The client file in ${where} has no "web" object: it is not the file of an OAuth client.`)
  }
  // The console leaves out empty lists.
  return clientFrom({ ...web, ...registeredBy(web) }, where, stripped)
}

const registeredBy = ({ redirect_uris: uris, javascript_origins: origins }: Fields): Fields => ({
  redirect_uris: strings(uris) ?? [],
  javascript_origins: strings(origins) ?? [],
})

function notJSON(text: string, where: string): UnusableClient {
  if (/^<(!doctype|html)/i.test(text)) return invalid(`${sentence(where)} holds a web page, not the client file.`)
  if (text.includes('\0'))
    return invalid(`${sentence(where)} is not UTF-8 but probably UTF-16: save the file as UTF-8.`)
  if (/^AIza[\w-]{20,}$/.test(text)) {
    return {
      reason: 'WrongClientType',
      message: `${sentence(where)} holds an API key, which can't act for people. ${DOWNLOAD}`,
    }
  }
  if (/^[\w+/=\s]+$/.test(text) && Buffer.from(text, 'base64').toString('latin1').trimStart().startsWith('{')) {
    return invalid(`The client file in ${where} is base64 twice over: encode it once, or put it under stringData.`)
  }
  return invalid(`The client file in ${where} is not JSON.`)
}

const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

function wrongKind(file: Fields, where: string): UnusableClient | undefined {
  const wrong = (kind: string): UnusableClient => ({
    reason: 'WrongClientType',
    message: `The file in ${where} is that of ${kind}; a client of type Web application is needed. ${DOWNLOAD}`,
  })
  if (file.type === 'service_account') return wrong('a service account')
  if (file.type === 'authorized_user') return wrong('a signed-in user (application default credentials)')
  if ('installed' in file && !('web' in file)) return wrong('a desktop client')
  return undefined
}

function clientFrom(fields: Fields, where: string, stripped: string[] = []): ClientFile | UnusableClient {
  const id = trimmed(fields.client_id, 'client_id', stripped)
  const secret = trimmed(fields.client_secret, 'client_secret', stripped)
  const wrong = wrongID(id, secret) ?? wrongSecret(secret)
  if (wrong !== undefined) return invalid(wrong.replace('%', where))
  return {
    clientId: id,
    clientSecret: secret,
    projectId: typeof fields.project_id === 'string' && isProjectId(fields.project_id) ? fields.project_id : undefined,
    redirectUris: strings(fields.redirect_uris),
    javascriptOrigins: strings(fields.javascript_origins),
    stripped,
  }
}

/**
 * Returns what is wrong with a client id; `%` stands for its location. The id is sent to Google and written into the status, which
 * many people may read, so a secret that was pasted in its place must be rejected.
 */
function wrongID(id: string, secret: string): string | undefined {
  if (id === '') return 'client_id in % is missing or empty.'
  if (/\s/.test(id)) return 'client_id in % has white space in it.'
  if (isClientId(id)) return undefined
  if (/^GOCSPX-/.test(id) || isClientId(secret)) {
    return 'client_id in % is not a client id, and client_secret may be: the two are mixed up.'
  }
  return 'client_id in % is not the id of an OAuth client of Google, which ends with .apps.googleusercontent.com.'
}

function wrongSecret(secret: string): string | undefined {
  if (secret === '') return 'client_secret in % is missing or empty.'
  if (/\s/.test(secret)) return 'client_secret in % has white space in it.'
  if (isClientId(secret)) return 'client_secret in % is a client id.'
  if (secret.length <= MAX_SECRET_LENGTH && /^[\x21-\x7e]+$/.test(secret)) return undefined
  return `client_secret in % can't be one: expected up to ${MAX_SECRET_LENGTH} letters, digits and signs.`
}

const MAX_SECRET_LENGTH = 512

const BOM = '\uFEFF'
const A_BOM = 'a byte order mark'
const SPACE = '\\s\\u200B-\\u200D\\u2060\\uFEFF'
const QUOTES = '"\'`“”‘’,'
const EDGES = new RegExp(`^[${SPACE}${QUOTES}]+|[${SPACE}${QUOTES}]+$`, 'g')

/** Removes white space, quotes and commas around a value, which are often copied with it. */
function trimmed(value: unknown, name: string, stripped: string[]): string {
  if (typeof value !== 'string') return ''
  const edges = (value.match(EDGES) ?? []).join('')
  if (edges.includes(BOM)) stripped.push(`${A_BOM} around ${name}`)
  if (new RegExp(`[${SPACE}]`).test(edges.replaceAll(BOM, ''))) stripped.push(`white space around ${name}`)
  if (new RegExp(`[${QUOTES}]`).test(edges)) stripped.push(`quotes around ${name}`)
  return value.replace(EDGES, '')
}

const strings = (value: unknown): string[] | undefined =>
  Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : undefined
