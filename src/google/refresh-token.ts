/**
 * Finds the refresh token in what people put into a Secret: with quotes, white space or a byte order mark around it, URL-encoded,
 * encoded in base64 twice, or as the whole answer of Google's token endpoint. Any other value is described by what it looks like,
 * and never repeated. Pure.
 */
import { parseRecord } from '../platform/json.ts'

/** A token, and descriptions of what was removed around it. */
interface FoundToken {
  token: string
  stripped: string[]
}

/** What the value is instead of a refresh token, as the end of a sentence that begins with its location. */
interface NoToken {
  invalid: string
}

/** In characters. Google's tokens are shorter. */
const MAX_TOKEN_LENGTH = 2_048
/** In characters. A whole answer of the token endpoint contains further tokens. */
const MAX_TEXT_LENGTH = 32_768
/** More than the realistic worst case, JSON in base64 in quotes. */
const MAX_LAYERS = 5

/** Finds the token in a Secret's value. @param text the value, decoded once. */
export function readRefreshToken(text: string): FoundToken | NoToken {
  if (text.length > MAX_TEXT_LENGTH) return { invalid: 'is far longer than any refresh token' }
  const stripped: string[] = []
  let token = text
  for (let layers = 0; layers < MAX_LAYERS; layers++) {
    const found = unwrapped(token)
    if (!found) return judged(token, stripped)
    if ('invalid' in found) return found
    if (!stripped.includes(found.what)) stripped.push(found.what)
    token = found.text
  }
  return { invalid: 'is wrapped too often to be read' }
}

interface Unwrapped {
  text: string
  what: string
}

/** Removes one layer; undefined if there is none left. */
function unwrapped(text: string): Unwrapped | NoToken | undefined {
  const bare = withoutSpace(text)
  if (bare !== text) return { text: bare, what: /[^\uFEFF]/.test(edgesOf(text)) ? 'white space' : 'a byte order mark' }
  if (text.startsWith('{')) return fromJSON(text)
  const unquoted = text.replace(QUOTED, '')
  if (unquoted !== text) return { text: unquoted, what: 'quotes' }
  const named = NAMED.exec(text)?.[1]
  if (named !== undefined) return { text: named, what: 'the name refresh_token before it' }
  const plain = /^1(?:%2F|%252F)/i.test(text) ? urlDecoded(text) : undefined
  if (plain !== undefined) return { text: plain, what: 'URL-encoding' }
  const decoded = fromBase64(text)
  return decoded === undefined ? undefined : { text: decoded, what: 'a second base64 encoding' }
}

const SPACE = '\\s\\u200B-\\u200D\\u2060\\uFEFF'
const EDGES = new RegExp(`^[${SPACE}]+|[${SPACE}]+$`, 'g')
/** Quotes around the value, and a comma or semicolon at the end of the line that it was copied from. */
const QUOTED = /^["'`\u201c\u201d\u2018\u2019]+|["'`\u201c\u201d\u2018\u2019,;]+$/g
const NAMED = /^["']?refresh_token["']?\s*[:=]\s*(\S[^]*)$/i

const withoutSpace = (text: string): string => text.replace(EDGES, '')

const edgesOf = (text: string): string => (text.match(EDGES) ?? []).join('')

function urlDecoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

/** Decodes only if the result looks like a token, because a token itself may be valid base64. */
function fromBase64(text: string): string | undefined {
  const joined = text.replace(/\s/g, '')
  if (joined.length < 12 || !/^[\w+/-]+={0,2}$/.test(joined)) return undefined
  const decoded = Buffer.from(joined, 'base64').toString('utf8')
  return /^["'\s\uFEFF]*(?:1\/[\w/-]|1%2F|\{\s*")/i.test(decoded) ? decoded : undefined
}

function fromJSON(text: string): Unwrapped | NoToken {
  const fields = parseRecord(text)
  if (!fields) return { invalid: 'looks like JSON that is not whole' }
  if (typeof fields.refresh_token === 'string') {
    return { text: fields.refresh_token, what: 'the JSON around it' }
  }
  if ('web' in fields || 'installed' in fields) return { invalid: 'is the file of an OAuth client' }
  if (fields.type === 'service_account')
    return { invalid: 'is the key of a service account, which can’t act for people' }
  const advice = 'Google gives one only where consent is asked for with access_type=offline and prompt=consent'
  return { invalid: `is JSON without a refresh_token (${advice})` }
}

function judged(token: string, stripped: string[]): FoundToken | NoToken {
  const wrong = MISTAKEN.find(([pattern]) => pattern.test(token))
  if (wrong) return { invalid: wrong[1] }
  return token.length > MAX_TOKEN_LENGTH ? { invalid: 'is far longer than any refresh token' } : { token, stripped }
}

/** What people put there by mistake, recognized by its format. */
const MISTAKEN: readonly [RegExp, string][] = [
  [/^$/, 'is empty'],
  [/\0/, 'is not UTF-8 but probably UTF-16'],
  [/^ya29[.%]/, 'is an access token, which ends after an hour'],
  [/^4(?:\/|%2F)/i, 'is an authorization code, which is good once and for minutes'],
  [/^GOCSPX-/, 'is the secret of an OAuth client'],
  [/[.]apps[.]googleusercontent[.]com$/, 'is the id of an OAuth client'],
  [/^AIza/, 'is an API key, which can’t act for people'],
  [/^eyJ/, 'is an ID token, or another JWT'],
  [/^-----BEGIN /, 'is a private key'],
  [/^<[^]*>$|^\$\{|^\{\{|^\$\(|^(?:null|undefined|none|changeme|change-me|todo)$/i, 'is a placeholder'],
  [/@/, 'is an e-mail address'],
  [/\s/, 'has white space in it'],
  [/[^\w\-./~+=]/, 'holds characters that no refresh token has'],
]
