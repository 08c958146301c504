/**
 * The consent that a page showed. It travels in the form and in the encrypted state, so that exactly this is recorded with the
 * grant, whatever the spec says by then. Pure.
 */
import { createHash } from 'node:crypto'
import { deflateRawSync } from 'node:zlib'
import { renderConsent, type Consent } from '../resources/consent.ts'

/** A consent; if its calendars would make a URL too long, digests replace them. */
export type ShownConsent = Omit<Consent, 'calendars'> & ({ calendars: string[] } | { digests: string[] })

/** Enough for fifty typical ids. Encoding makes the state a third longer, and some proxies accept no URL above 8 kB. */
const MAX_CALENDAR_BYTES = 2_400
/** Long enough that nobody can find two meaningful ids with the same digest. */
const DIGEST_BYTES = 12

/** A digest that identifies a consent, to detect a form that was created for another one. */
export const consentDigest = (consent: Consent): string => digest(renderConsent(consent))

/** Shortens a consent so that it fits into a state. */
export function toShownConsent({ calendars, ...rest }: Consent): ShownConsent {
  const bytes = deflateRawSync(JSON.stringify(calendars)).length
  return bytes <= MAX_CALENDAR_BYTES ? { ...rest, calendars } : { ...rest, digests: calendars.map(digest) }
}

/**
 * The consent to record with the grant.
 *
 * @param current what the spec asks for now. It resolves the digests; a calendar that it no longer names is not recorded.
 */
export function toRecordedConsent(shown: ShownConsent, current: Consent): Consent {
  const { detail, accessToken, write } = shown
  if ('calendars' in shown) return { detail, accessToken, write, calendars: shown.calendars }
  const calendars = current.calendars.filter((id) => shown.digests.includes(digest(id)))
  return { detail, accessToken, write, calendars }
}

const digest = (text: string): string =>
  createHash('sha256').update(text).digest().subarray(0, DIGEST_BYTES).toString('base64url')
