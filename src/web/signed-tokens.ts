/**
 * Small things that only we can have made: the tag of a link, the token of a form, the proof of an outcome. Pure.
 *
 * A tag is the Agent's uid and a keyed hash of it, so it is as good as random to everybody else, finds its Agent without a
 * list of tags, and ends with the Agent.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Key } from './key-ring.ts'

const UID_BYTES = 16
const MAC_BYTES = 16

function mac(key: Uint8Array, ...parts: readonly string[]): Buffer {
  return createHmac('sha256', key).update(JSON.stringify(parts)).digest().subarray(0, MAC_BYTES)
}

const equalConstantTime = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && timingSafeEqual(a, b)

/** The tag of an object with this uid; undefined where the uid is none of Kubernetes'. */
export function linkTag(uid: string, key: Key): string | undefined {
  const bytes = Buffer.from(uid.replaceAll('-', ''), 'hex')
  if (bytes.length !== UID_BYTES) return undefined
  return Buffer.concat([bytes, mac(key.link, 'link', uid)]).toString('base64url')
}

/** The uid that a tag of ours speaks of; undefined for every other text. */
export function uidFromTag(tag: string, keys: readonly Key[]): string | undefined {
  if (!/^[\w-]{43}$/.test(tag)) return undefined
  const bytes = Buffer.from(tag, 'base64url')
  // The last character has bits to spare: one link has one spelling.
  if (bytes.toString('base64url') !== tag) return undefined
  const hex = bytes.subarray(0, UID_BYTES).toString('hex')
  const uid = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
  return keys.some(({ link }) => equalConstantTime(bytes.subarray(UID_BYTES), mac(link, 'link', uid))) ? uid : undefined
}

/**
 * Goes along with what a browser sends from a page of ours.
 *
 * @param shown names what the page said; it stands in the token, and is not secret.
 */
export const csrfToken = (key: Key, browser: string, tag: string, shown: string): string =>
  `${mac(key.form, 'form', browser, tag, shown).toString('base64url')}.${shown}`

/** What the page said that gave this token to that browser; undefined for everything that is no token of ours. */
export function verifyCsrfToken(text: unknown, keys: readonly Key[], browser: string, tag: string): string | undefined {
  if (typeof text !== 'string') return undefined
  const shown = text.slice(text.indexOf('.') + 1)
  const isOurs = keys.some((key) =>
    equalConstantTime(Buffer.from(text), Buffer.from(csrfToken(key, browser, tag, shown))),
  )
  return isOurs ? shown : undefined
}

/** Goes along with an outcome in a URL, so that nobody is told one that did not happen. @param at ms since the epoch. */
export const outcomeToken = (key: Key, ...[browser, tag, outcome, at]: [string, string, string, number]): string =>
  mac(key.form, 'outcome', browser, tag, outcome, String(at)).toString('base64url')

export const verifyOutcomeToken = (
  text: string,
  keys: readonly Key[],
  ...what: [browser: string, tag: string, outcome: string, at: number]
): boolean => keys.some((key) => equalConstantTime(Buffer.from(text), Buffer.from(outcomeToken(key, ...what))))
