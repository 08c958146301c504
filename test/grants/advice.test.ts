/** Where a person is sent: to the sign-in page if one is served for this Agent, else to a Secret. */
import { expect, test } from 'vitest'
import { consentAdvice, firstAdvice, renewalAdvice } from '../../src/grants/advice.ts'
import { anAgent, anIntegration } from '../support/resources.ts'

const PAGE = 'https://booking.example.com/google-calendar/sign-in/tag'
const alice = anAgent({ grantSecretRef: undefined })
const served = { signInURL: () => PAGE }
const notServed = { signInURL: () => undefined }

test.each([firstAdvice, renewalAdvice, consentAdvice])('%o names the page if there is one', (advice) => {
  expect(advice(served, alice, anIntegration())).toContain(`have the person open ${PAGE}`)
})

test.each([firstAdvice, renewalAdvice, consentAdvice])('%o names no page if none is served', (advice) => {
  expect(advice(notServed, alice, anIntegration())).not.toMatch(/open |undefined/)
})

test('A spec that asks for too much can be narrowed in any case', () => {
  expect(consentAdvice(served, alice, anIntegration())).toContain('or take it out of the spec again')
  expect(consentAdvice(notServed, alice, anIntegration())).toMatch(/^take it out of the spec again/)
})

test('A supplied grant is replaced in the Secret that the spec names, whatever page is served', () => {
  expect(renewalAdvice(served, anAgent(), anIntegration())).toContain('into Secret alice-grant')
})

test('An Agent that is to write gets no page where the integration asks for no scope that allows it', () => {
  const writing = anAgent({ grantSecretRef: undefined, calendars: { read: ['primary'], write: 'primary' } })
  const readonly = anIntegration({ scopes: ['https://www.googleapis.com/auth/calendar.readonly'] })
  for (const advice of [firstAdvice, renewalAdvice, consentAdvice]) {
    expect(advice(served, writing, readonly)).not.toContain(PAGE)
    expect(advice(served, alice, readonly)).toContain(PAGE)
    expect(advice(served, writing, anIntegration())).toContain(PAGE)
  }
})
