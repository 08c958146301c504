/**
 * What a page showed, as it travels in the form and in the sealed state, so that it is noted with the grant whatever the
 * spec says by then. Pure.
 */
import { createHash } from 'node:crypto'
import { deflateRawSync } from 'node:zlib'
import { renderConsent, type Consent } from '../resources/consent.ts'

/** A consent; where its calendars would make an address too long, their digests stand for them. */
export type ShownConsent = Omit<Consent, 'calendars'> & ({ calendars: string[] } | { digests: string[] })

/** Fifty ids of the usual kind fit. A state is a third longer than that, and some proxies take addresses of 8 kB. */
const MAX_CALENDAR_BYTES = 2_400
/** Too many bits for anybody to find two ids of one digest that both mean something. */
const DIGEST_BYTES = 12

/** Names a consent: a form that was made for another one is out of date. */
export const consentDigest = (consent: Consent): string => digest(renderConsent(consent))

export function toShownConsent({ calendars, ...rest }: Consent): ShownConsent {
  const bytes = deflateRawSync(JSON.stringify(calendars)).length
  return bytes <= MAX_CALENDAR_BYTES ? { ...rest, calendars } : { ...rest, digests: calendars.map(digest) }
}

/**
 * What is noted of it.
 *
 * @param current what the spec asks for now: it knows the calendars whose digests were shown, but for those that it names no
 *   longer, and those are not noted.
 */
export function toRecordedConsent(shown: ShownConsent, current: Consent): Consent {
  const { detail, accessToken, write } = shown
  if ('calendars' in shown) return { detail, accessToken, write, calendars: shown.calendars }
  const calendars = current.calendars.filter((id) => shown.digests.includes(digest(id)))
  return { detail, accessToken, write, calendars }
}

const digest = (text: string): string =>
  createHash('sha256').update(text).digest().subarray(0, DIGEST_BYTES).toString('base64url')
