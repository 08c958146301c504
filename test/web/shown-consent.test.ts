import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { Consent } from '../../src/resources/consent.ts'
import type { Key } from '../../src/web/key-ring.ts'
import { consentDigest, toRecordedConsent, toShownConsent } from '../../src/web/shown-consent.ts'
import { openState, sealState, STATE_LIFETIME_MS, type OAuthState } from '../../src/web/oauth-state.ts'

const hash = (seed: number): string => createHash('sha256').update(String(seed)).digest('hex')
const calendars = Array.from({ length: 50 }, (_, index) => `c_${hash(index)}@group.calendar.google.com`)
const consent: Consent = { detail: 'Full', accessToken: true, write: true, calendars: ['primary', ...calendars] }
const less: Consent = { detail: 'Busy', accessToken: false, write: false, calendars: ['primary'] }

const bytes = (value: number): Uint8Array => Buffer.alloc(32, value)
const key: Key = { id: '1', link: bytes(1), state: bytes(2), form: bytes(3), channel: bytes(4), notified: bytes(5) }
const sealed = (shown: OAuthState['shown']): Promise<string> =>
  sealState(
    {
      id: 'i'.repeat(22),
      uid: 'u'.repeat(36),
      mode: 'Redirect',
      browser: hash(1).slice(0, 43),
      verifier: hash(2).slice(0, 43),
      clientId: `${hash(3)}.apps.googleusercontent.com`,
      expiresAt: STATE_LIFETIME_MS,
      shown,
    },
    key,
  )

describe('what the page showed', () => {
  test('is noted, whatever the spec says by then', () => {
    expect(toRecordedConsent(toShownConsent(consent), less)).toEqual(consent)
    expect(toRecordedConsent(toShownConsent(less), consent)).toEqual(less)
  })

  test('is noted with all of fifty calendars, from a state that fits into an address', async () => {
    const state = await sealed(toShownConsent(consent))
    expect(state.length).toBeLessThan(4_096)
    const opened = await openState(state, [key], 0)
    expect(opened && toRecordedConsent(opened.shown, less)).toEqual(consent)
  })

  test('is recorded as digests if the ids have the greatest length', async () => {
    const long = { ...consent, calendars: calendars.map((id) => `${hash(id.length)}${id.repeat(5)}`.slice(0, 512)) }
    const random = {
      ...consent,
      calendars: calendars.map((_, at) => [0, 1, 2, 3, 4, 5, 6, 7].map((n) => hash(at * 8 + n)).join('')),
    }
    for (const one of [long, random]) {
      const state = await sealed(toShownConsent(one))
      expect(state.length).toBeLessThan(4_096)
      const opened = await openState(state, [key], 0)
      expect(opened && toRecordedConsent(opened.shown, one)).toEqual(one)
    }
    const changed = { ...random, detail: 'Busy' as const, calendars: [...random.calendars.slice(1), 'new@example.com'] }
    expect(toRecordedConsent(toShownConsent(random), changed)).toEqual({
      ...random,
      calendars: random.calendars.slice(1),
    })
  })

  test('is named by a digest of all of it', () => {
    const others = [
      { ...consent, detail: 'Busy' as const },
      { ...consent, accessToken: false },
      { ...consent, write: false },
      { ...consent, calendars: calendars.slice(1) },
    ]
    expect(new Set([consent, ...others].map(consentDigest)).size).toBe(5)
    expect(consentDigest({ ...consent })).toBe(consentDigest(consent))
  })
})
