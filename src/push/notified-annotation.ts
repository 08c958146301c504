/**
 * The annotation by which the replica that received notifications tells the one that owns the Agent. Its value is sealed
 * (AES-256-GCM under an operator key, bound to the uid of the Agent), because others may write annotations too. Pure.
 */
import { createCipheriv, createDecipheriv } from 'node:crypto'
import { parseRecord } from '../platform/json.ts'
import type { Notification } from './port.ts'

/** The part of an operator key that the annotation is sealed with. */
export interface NotifiedKey {
  notified: Uint8Array
}

/** What the annotation says. */
export interface Notified extends Omit<Notification, 'receivedAt'> {
  /** When it was written, in ms since the epoch. */
  at: number
}

/** What was read from an annotation. */
interface OpenedNotified extends Notified {
  /** Differs for each value that was sealed, however the value is spelled. */
  nonce: string
}

const ALGORITHM = 'aes-256-gcm'
const IV_BYTES = 12
const AUTH_TAG_BYTES = 16
/** Well above what 51 calendars need. */
const MAX_LENGTH = 4_096

/**
 * The value of the annotation for the Agent with this uid.
 *
 * @param randomBytes cryptographically secure.
 */
export function sealNotified(
  { at, kind, tags, checks }: Notified,
  uid: string,
  { notified: key }: NotifiedKey,
  randomBytes: (count: number) => Uint8Array,
): string {
  const iv = randomBytes(IV_BYTES)
  const cipher = createCipheriv(ALGORITHM, key, iv, { authTagLength: AUTH_TAG_BYTES }).setAAD(Buffer.from(uid))
  const plain = JSON.stringify({ at, kind, tags, checks })
  const encrypted = [cipher.update(plain, 'utf8'), cipher.final()]
  return Buffer.concat([iv, ...encrypted, cipher.getAuthTag()]).toString('base64url')
}

/** What `sealNotified` sealed with one of these keys for the Agent with this uid; undefined for any other text. */
export function openNotified(
  text: string | undefined,
  uid: string,
  keys: readonly NotifiedKey[],
): OpenedNotified | undefined {
  if (text === undefined || text.length > MAX_LENGTH) return undefined
  const bytes = Buffer.from(text, 'base64url')
  for (const key of keys) {
    const plain = decrypted(bytes, uid, key)
    const notified = plain === undefined ? undefined : parsed(plain)
    if (notified) return { ...notified, nonce: bytes.subarray(0, IV_BYTES).toString('base64url') }
  }
  return undefined
}

function decrypted(bytes: Buffer, uid: string, { notified: key }: NotifiedKey): string | undefined {
  try {
    const iv = bytes.subarray(0, IV_BYTES)
    const decipher = createDecipheriv(ALGORITHM, key, iv, { authTagLength: AUTH_TAG_BYTES })
      .setAAD(Buffer.from(uid))
      .setAuthTag(bytes.subarray(-AUTH_TAG_BYTES))
    const content = bytes.subarray(IV_BYTES, -AUTH_TAG_BYTES)
    return Buffer.concat([decipher.update(content), decipher.final()]).toString('utf8')
  } catch {
    return undefined
  }
}

/** Another version of the operator may have sealed something else. */
function parsed(plain: string): Notified | undefined {
  const { at, kind, tags, checks = [] } = parseRecord(plain) ?? {}
  if (typeof at !== 'number' || (kind !== 'sync' && kind !== 'change') || !isTexts(tags)) return undefined
  return isTexts(checks) ? { at, kind, tags, checks } : undefined
}

const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((one) => typeof one === 'string')
