import { describe, expect, test } from 'vitest'
import {
  consentedAgent,
  consentOf,
  inWords,
  parseConsent,
  renderConsent,
  widenings,
  type Consent,
} from '../../src/resources/consent.ts'
import type { AgentSpec } from '../../src/resources/types.ts'
import { anAgent } from '../support/resources.ts'

const least: Consent = { detail: 'Busy', accessToken: false, write: false, calendars: ['primary'] }

type Calendar = NonNullable<AgentSpec['publish']['calendar']>
const calendar: Calendar = { kind: 'Secret', name: 'alice-calendar', detail: 'Full', formats: ['JSON'] }
const publish = { staleAfter: '15m', whenStale: 'KeepLast' } as const
const widest = anAgent({
  calendars: { read: ['primary', 'team@group.calendar.google.com'] },
  publish: { ...publish, calendar, accessToken: { name: 'alice-token' } },
})

describe('a note of consent', () => {
  test('is JSON in the order that the contract names', () => {
    expect(renderConsent(least)).toBe('{"detail":"Busy","accessToken":false,"write":false,"calendars":["primary"]}')
    expect(parseConsent(renderConsent(consentOf(widest.spec)))).toEqual(consentOf(widest.spec))
  })

  test.each([
    '',
    'null',
    '[]',
    '{"detail":"Full"}',
    '{"detail":"Full","accessToken":true,"write":true,"calendars":[7]}',
  ])('that reads %s stands for the least that a page can have named', (text) =>
    expect(parseConsent(text)).toEqual(least),
  )

  test('names each calendar once, whatever the spec calls it', () => {
    const read = ['primary', 'Alice@Example.com', 'Team@x', 'team@x']
    expect(consentOf(anAgent({ calendars: { read } }).spec).calendars).toEqual(['primary', 'Team@x'])
  })

  test('names the calendar that is written, which counts as writing too', () => {
    const { spec } = anAgent()
    const writing = { ...spec, calendars: { read: ['primary'], write: 'team@x' } }
    expect(consentOf(writing)).toEqual({ ...least, write: true, calendars: ['primary', 'team@x'] })
    expect(widenings(least, writing)).toEqual([{ field: 'write' }, { field: 'calendar', id: 'team@x' }])
  })
})

describe('a spec', () => {
  test('that asks for more lists each addition', () => {
    const found = widenings(least, widest.spec)
    expect(found.map(({ field }) => field)).toEqual(['detail', 'accessToken', 'calendar'])
    expect(inWords(found)).toContain('spec.publish.calendar.detail')
    expect(inWords(found)).toContain('calendar team@group.calendar.google.com')
  })

  test('that asks for as much, or for less, asks for nothing new', () => {
    expect(widenings(consentOf(widest.spec), widest.spec)).toEqual([])
    expect(widenings(consentOf(widest.spec), anAgent().spec)).toEqual([])
  })

  test('that calls the primary calendar by its address asks for nothing new', () => {
    expect(widenings(least, anAgent({ calendars: { read: ['ALICE@example.com'] } }).spec)).toEqual([])
  })

  test('that names many new calendars names a few of them in words', () => {
    const read = ['a@x', 'b@x', 'c@x', 'd@x', 'e@x']
    expect(inWords(widenings(least, anAgent({ calendars: { read } }).spec))).toBe('calendars a@x, b@x, c@x and 2 more')
  })
})

describe('an Agent whose spec goes beyond its consent', () => {
  test('is served as far as the consent goes', () => {
    const { spec } = consentedAgent(widest, least)
    expect(spec.calendars.read).toEqual(['primary'])
    expect(spec.publish).toEqual({ ...publish, calendar: { ...calendar, detail: 'Busy' } })
  })

  test('keeps what it had consented to', () => {
    const consent = { ...consentOf(widest.spec), detail: 'Busy' as const }
    const { spec } = consentedAgent(widest, consent)
    expect(spec.calendars.read).toEqual(widest.spec.calendars.read)
    expect(spec.publish.accessToken).toEqual({ name: 'alice-token' })
    expect(spec.publish.calendar?.detail).toBe('Busy')
  })

  test('continues with its old calendars if the spec names none of them any more', () => {
    const agent = anAgent({ calendars: { read: ['team@x'] } })
    expect(consentedAgent(agent, least).spec.calendars.read).toEqual(['primary'])
  })

  test('is the same Agent if nothing goes beyond, or no page was shown', () => {
    expect(consentedAgent(widest, undefined)).toBe(widest)
    expect(consentedAgent(widest, consentOf(widest.spec))).toBe(widest)
  })
})
