/**
 * The `state` parameter that travels to Google and back. It is encrypted and authenticated (JWE, RFC 7516), so it can contain the
 * PKCE verifier, and any replica can complete what another one started. It is valid for ten minutes, for one browser, once.
 */
import { createHash } from 'node:crypto'
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { CompactEncrypt, compactDecrypt } from 'jose'
import type { Key } from './key-ring.ts'
import type { SignInMode } from './pages/pages.ts'
import type { ShownConsent } from './shown-consent.ts'

/** One attempt to sign in. */
export interface OAuthState {
  /** The attempt's id. */
  id: string
  /** The Agent's uid. */
  uid: string
  mode: SignInMode
  /** Hash of the browser's cookie. */
  browser: string
  /** The OAuth client that the code will be issued to. */
  clientId: string
  /** The PKCE verifier; the popup flow has none. */
  verifier?: string
  /** What the page showed. A state of 0.1.0 lacks it and is refused: its page named less than is recorded now. */
  shown: ShownConsent
  /** In ms since the epoch. */
  expiresAt: number
}

/** How long a state is valid. */
export const STATE_LIFETIME_MS = 10 * 60_000
/**
 * By how much the clocks of replicas may differ. A state that expires later than this allows was created while a clock was wrong. It
 * would be valid for too long, so it counts as expired.
 */
export const CLOCK_SKEW_MS = 60_000
const MAX_STATE_LENGTH = 4_096

/** SHA-256 of a text, base64url. */
export const sha256 = (text: string): string => createHash('sha256').update(text).digest('base64url')

/** Encrypts a state. It is compressed first, because calendar ids are long and similar. */
export function sealState(state: OAuthState, key: Key): Promise<string> {
  const header = { alg: 'dir', enc: 'A256GCM', kid: key.id, cty: DEFLATED } as const
  return new CompactEncrypt(deflateRawSync(JSON.stringify(state))).setProtectedHeader(header).encrypt(key.state)
}

const DEFLATED = 'deflated'

/** Decrypts a state; undefined if it was not made with these keys, was changed, or has expired. */
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
