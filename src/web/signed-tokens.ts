/**
 * Short tokens that are authenticated with the operator's keys: the tag in a link, the CSRF token of a form, and the token of an
 * outcome in a URL. Pure.
 *
 * A tag is the Agent's uid with an HMAC of it. It is unguessable, leads to its Agent without a table of tags, and becomes
 * invalid with the Agent.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Key } from './key-ring.ts'

const UID_BYTES = 16
const MAC_BYTES = 16

function mac(key: Uint8Array, ...parts: readonly string[]): Buffer {
  return createHmac('sha256', key).update(JSON.stringify(parts)).digest().subarray(0, MAC_BYTES)
}

const equalConstantTime = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && timingSafeEqual(a, b)

/** The tag in the link of the Agent with this uid; undefined if the text is not a UUID. */
export function linkTag(uid: string, key: Key): string | undefined {
  const bytes = Buffer.from(uid.replaceAll('-', ''), 'hex')
  if (bytes.length !== UID_BYTES) return undefined
  return Buffer.concat([bytes, mac(key.link, 'link', uid)]).toString('base64url')
}

/** The uid in a tag that `linkTag` created with one of these keys; undefined for any other text. */
export function uidFromTag(tag: string, keys: readonly Key[]): string | undefined {
  if (!/^[\w-]{43}$/.test(tag)) return undefined
  const bytes = Buffer.from(tag, 'base64url')
  // The last character has unused bits; only the canonical encoding is accepted.
  if (bytes.toString('base64url') !== tag) return undefined
  const hex = bytes.subarray(0, UID_BYTES).toString('hex')
  const uid = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
  return keys.some(({ link }) => equalConstantTime(bytes.subarray(UID_BYTES), mac(link, 'link', uid))) ? uid : undefined
}

/**
 * The CSRF token of the sign-in page.
 *
 * @param shown digest of the consent on the page; it is part of the token and not secret.
 */
export const csrfToken = (key: Key, browser: string, tag: string, shown: string): string =>
  `${mac(key.form, 'form', browser, tag, shown).toString('base64url')}.${shown}`

/** The digest in a token that `csrfToken` created for this browser and tag; undefined for any other value. */
export function verifyCsrfToken(text: unknown, keys: readonly Key[], browser: string, tag: string): string | undefined {
  if (typeof text !== 'string') return undefined
  const shown = text.slice(text.indexOf('.') + 1)
  const isOurs = keys.some((key) =>
    equalConstantTime(Buffer.from(text), Buffer.from(csrfToken(key, browser, tag, shown))),
  )
  return isOurs ? shown : undefined
}

/** The token of an outcome in a URL, so that nobody can be shown an invented outcome. @param at ms since the epoch. */
export const outcomeToken = (key: Key, ...[browser, tag, outcome, at]: [string, string, string, number]): string =>
  mac(key.form, 'outcome', browser, tag, outcome, String(at)).toString('base64url')

/** Whether `outcomeToken` created a token for exactly these values. */
export const verifyOutcomeToken = (
  text: string,
  keys: readonly Key[],
  ...what: [browser: string, tag: string, outcome: string, at: number]
): boolean => keys.some((key) => equalConstantTime(Buffer.from(text), Buffer.from(outcomeToken(key, ...what))))
