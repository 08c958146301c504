import { describe, expect, test } from 'vitest'
import type { Grant } from '../../src/grants/grant.ts'
import { diagnoseInvalidGrant, grantEnd } from '../../src/grants/grant-diagnosis.ts'
import type { CalendarIntegration } from '../../src/resources/types.ts'
import { anIntegration } from '../support/resources.ts'

const HOUR = 60 * 60_000
const DAY = 24 * HOUR
const consent = Date.parse('2026-11-16T10:00:00Z')
const inTesting = anIntegration()
const inProduction = anIntegration({ publishingStatus: 'InProduction' })
const internal = anIntegration({ userType: 'Internal', publishingStatus: undefined })

const grant = (more: Partial<Grant> = {}): Grant => ({
  refreshToken: '1//r',
  grantedAt: consent,
  grantedAtIsGuess: false,
  obtainedAt: 0,
  expiresAt: 0,
  renewAt: 0,
  saved: true,
  checked: true,
  ...more,
})

interface Circumstances {
  of?: Grant
  by?: CalendarIntegration
  failure?: 'InvalidGrant' | 'SessionExpired'
}

const diedAfter = (
  days: number,
  { of = grant(), by = inTesting, failure = 'InvalidGrant' }: Circumstances = {},
): { reason: string; likelyCause: string; message: string } =>
  diagnoseInvalidGrant(of, by, { failure, now: consent + days * DAY, advice: 'sign in again' })

describe('the end of a grant', () => {
  test('is seven days after consent in Testing, and unknown in production and inside an organisation', () => {
    expect(grantEnd(grant(), inTesting)).toBe(consent + 7 * DAY)
    expect(grantEnd(grant(), inProduction)).toBeUndefined()
    expect(grantEnd(grant(), internal)).toBeUndefined()
  })

  test('is what Google named, if it named one', () => {
    expect(grantEnd(grant({ grantExpiresAt: consent + DAY }), inTesting)).toBe(consent + DAY)
  })

  test.each([
    ['seven days after consent', grant(), 7],
    ['named by Google', grant({ grantExpiresAt: consent + 2 * DAY }), 2],
  ])('%s is not known any more once Google has accepted the grant an hour after it', (_, of, days) => {
    const end = consent + days * DAY
    expect(grantEnd({ ...of, lastUsedAt: end + HOUR - 1 }, inTesting)).toBe(end)
    expect(grantEnd({ ...of, lastUsedAt: end + HOUR }, inTesting)).toBeUndefined()
  })

  test('that Google named does not give way to an earlier one, computed, once it is disproved', () => {
    const of = grant({ grantExpiresAt: consent + 9 * DAY, lastUsedAt: consent + 8 * DAY })
    expect(grantEnd(of, inTesting)).toBe(consent + 9 * DAY)
  })

  test('counts as Testing if an External integration does not say its publishing status', () => {
    expect(grantEnd(grant(), anIntegration({ publishingStatus: undefined }))).toBe(consent + 7 * DAY)
  })
})

describe('a grant that Google no longer accepts', () => {
  test('is not diagnosed as ended after seven days if it ended earlier, or was unused and ended later', () => {
    const seven = 'died at seven days'
    expect(diedAfter(3, { by: inProduction, of: grant({ lastUsedAt: consent + 2 * DAY }) }).likelyCause).not.toContain(
      seven,
    )
    expect(diedAfter(9, { by: inProduction }).likelyCause).not.toContain(seven)
    expect(diedAfter(9, { by: inProduction, of: grant({ lastUsedAt: consent + 8 * DAY }) }).likelyCause).not.toContain(
      seven,
    )
    expect(diedAfter(9, { by: inProduction, of: grant({ lastUsedAt: consent + 6 * DAY }) }).likelyCause).toContain(
      seven,
    )
  })

  test('was not supplied if nothing says so, even if it never worked', () => {
    expect(diedAfter(0, { of: grant({ checked: false }) }).likelyCause).not.toContain('pasted')
  })

  test('has a message of its own if it was supplied and never worked', () => {
    const supplied = grant({ suppliedHash: 'abc', checked: false })
    const diagnosis = diedAfter(0, { of: supplied })
    expect(diagnosis.reason).toBe('GrantRevoked')
    expect(diagnosis.likelyCause).toContain('was it pasted whole, and was it made by this client?')
    expect(diagnosis.message).toMatch(/^Google does not accept the supplied refresh token: /)
    const worked = diedAfter(0, { of: { ...supplied, lastUsedAt: consent } })
    expect(worked.likelyCause).toContain('took the access back')
  })

  test.each([
    ['before its end', 3, 'GrantRevoked', 'took the access back'],
    ['an hour before its seventh day is over', 7 - 1 / 24, 'GrantExpired', 'in Testing'],
    ['a little earlier than that', 7 - 1.1 / 24, 'GrantRevoked', 'took the access back'],
    ['long after its end', 20, 'GrantExpired', 'in Testing'],
  ])('%s', (_, days, reason, cause) => {
    const diagnosis = diedAfter(days)
    expect(diagnosis.reason).toBe(reason)
    expect(diagnosis.likelyCause).toContain(cause)
    expect(diagnosis.message).toContain('sign in again')
  })

  test('at seven days although InProduction was declared points to an app in Testing', () => {
    const diagnosis = diedAfter(7, { by: inProduction })
    expect(diagnosis.reason).toBe('GrantRevoked')
    expect(diagnosis.likelyCause).toContain('publishingStatus says InProduction')
  })

  test('long after the seventh day points there, too, if it last worked before that day', () => {
    const of = grant({ lastUsedAt: consent + 6.9 * DAY })
    expect(diedAfter(12, { by: inProduction, of }).likelyCause).toContain('still in Testing')
  })

  test('long after the seventh day, having worked since, was revoked', () => {
    const of = grant({ lastUsedAt: consent + 11 * DAY })
    expect(diedAfter(12, { by: inProduction, of }).likelyCause).toContain('took the access back')
  })

  test('of an organisation is never blamed on Testing', () => {
    expect(diedAfter(7, { by: internal }).likelyCause).toContain('took the access back')
  })

  test('unused for six months ended because of that', () => {
    const of = grant({ lastUsedAt: consent + 20 * DAY })
    expect(diedAfter(201, { by: inProduction, of }).likelyCause).toContain('six months')
  })

  test('ended by a session policy has expired', () => {
    const diagnosis = diedAfter(1, { by: internal, failure: 'SessionExpired' })
    expect([diagnosis.reason, diagnosis.likelyCause]).toEqual([
      'GrantExpired',
      expect.stringContaining('session policy'),
    ])
  })

  test('at the end that Google announced has expired', () => {
    const of = grant({ grantExpiresAt: consent + 2 * DAY })
    expect(diedAfter(2, { of, by: inProduction }).reason).toBe('GrantExpired')
  })

  test('says if Google accepted it after the end that the recorded consent gives', () => {
    const of = grant({ lastUsedAt: consent + 19 * DAY })
    const { reason, likelyCause } = diedAfter(20, { of })
    expect(reason).toBe('GrantExpired')
    expect(likelyCause).toContain(
      'recorded as given 2026-11-16T10:00:00Z, though Google still accepted it 2026-12-05T10:00:00Z',
    )
  })

  test('says if the date of consent is only a guess', () => {
    expect(diedAfter(8, { of: grant({ grantedAtIsGuess: true }) }).likelyCause).toContain('at the latest')
  })
})
