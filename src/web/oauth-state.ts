/**
 * The `state` that travels to Google and back: encrypted and authenticated (a JWE, RFC 7516), so it can hold the verifier of
 * PKCE and any replica can go on where another began. It is good for ten minutes, for one browser, once.
 */
import { createHash } from 'node:crypto'
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { CompactEncrypt, compactDecrypt } from 'jose'
import type { Key } from './key-ring.ts'
import type { SignInMode } from './pages/pages.ts'
import type { ShownConsent } from './shown-consent.ts'

export interface OAuthState {
  /** Of this attempt. */
  id: string
  /** The Agent's. */
  uid: string
  mode: SignInMode
  /** Hash of the browser's cookie. */
  browser: string
  /** The OAuth client that the code will be of. */
  clientId: string
  /** Of PKCE; the popup has none. */
  verifier?: string
  /** What the page showed. A state of 0.1.0 lacks it, and is refused: its page named less than is noted now. */
  shown: ShownConsent
  /** Ms since the epoch. */
  expiresAt: number
}

export const STATE_LIFETIME_MS = 10 * 60_000
/**
 * By how much the clocks of replicas may differ. A state that ends later than that allows was sealed by a clock that has
 * been put right since: it would live for too long, and is over.
 */
export const CLOCK_SKEW_MS = 60_000
const MAX_STATE_LENGTH = 4_096

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('base64url')

/** Compressed, since ids of calendars are long and alike. */
export function sealState(state: OAuthState, key: Key): Promise<string> {
  const header = { alg: 'dir', enc: 'A256GCM', kid: key.id, cty: DEFLATED } as const
  return new CompactEncrypt(deflateRawSync(JSON.stringify(state))).setProtectedHeader(header).encrypt(key.state)
}

const DEFLATED = 'deflated'

/** Undefined for everything that we did not make, that was changed, or that is too old. */
export async function openState(text: string, keys: readonly Key[], now: number): Promise<OAuthState | undefined> {
  if (text.length > MAX_STATE_LENGTH) return undefined
  for (const key of keys) {
    const plain = await decrypt(text, key)
    if (plain) return isCurrent(plain, now) ? plain : undefined
  }
  return undefined
}

const isCurrent = ({ expiresAt }: OAuthState, now: number): boolean =>
  expiresAt > now && expiresAt <= now + STATE_LIFETIME_MS + CLOCK_SKEW_MS

async function decrypt(text: string, key: Key): Promise<OAuthState | undefined> {
  try {
    const options = { keyManagementAlgorithms: ['dir'], contentEncryptionAlgorithms: ['A256GCM'] }
    const { plaintext, protectedHeader } = await compactDecrypt(text, key.state, options)
    if (protectedHeader.cty !== DEFLATED) return undefined
    return JSON.parse(inflateRawSync(plaintext).toString()) as OAuthState
  } catch {
    return undefined
  }
}
