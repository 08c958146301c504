/** Until when readers can trust what an Agent has published, whatever was written by whom, and with whatever clock. */
import { describe, expect, test } from 'vitest'
import { publishedObject, type PublishedObject } from '../../src/publishing/published-object.ts'
import type { PublicationState } from '../../src/publishing/state.ts'
import { outputStates, trustedUntil } from '../../src/publishing/trust.ts'
import { timestamp } from '../../src/resources/conditions.ts'
import { anAgent } from '../support/resources.ts'

const MINUTE = 60_000
const NOW = Date.parse('2026-11-23T10:00:00Z')
const STALE_AFTER = 15 * MINUTE

const calendarAndToken = anAgent({
  publish: { ...anAgent().spec.publish, accessToken: { name: 'alice-token' } },
})
const tokenAlone = anAgent({ publish: { staleAfter: '15m', whenStale: 'KeepLast', accessToken: { name: 't' } } })
const nothing = anAgent({ publish: { staleAfter: '15m', whenStale: 'KeepLast' } })

function calendarUntil(freshUntil: number): PublishedObject {
  const document = {
    ...{ version: 1, agent: 'booking/alice', timeZone: 'UTC', complete: true, busy: [] },
    window: { start: timestamp(NOW - 60 * MINUTE), end: timestamp(NOW + 60 * MINUTE) },
    ...{ syncedAt: timestamp(freshUntil - STALE_AFTER), freshUntil: timestamp(freshUntil) },
  }
  return publishedObject(
    { kind: 'ConfigMap', name: 'alice-calendar', resourceVersion: '1' },
    { 'busy.json': JSON.stringify(document) },
  )
}

const tokenUntil = (expiresAt: number): PublishedObject =>
  publishedObject(
    { kind: 'Secret', name: 'alice-token', resourceVersion: '1' },
    { access_token: 'ya29', expires_at: timestamp(expiresAt), token_type: 'Bearer' },
  )

const readingEnds = NOW + 9 * MINUTE

const until = (
  state: PublicationState,
  agent = anAgent(),
  more: Partial<Parameters<typeof trustedUntil>[1]> = {},
): number | undefined => trustedUntil(state, { agent, now: NOW, staleAfter: STALE_AFTER, readingEnds, ...more })

describe('what is published is trusted', () => {
  test('until the end that stands in the calendar', () => {
    expect(until({ calendar: calendarUntil(NOW + 7 * MINUTE) })).toBe(NOW + 7 * MINUTE)
  })

  test('until the first of the ends of all outputs', () => {
    const calendar = calendarUntil(NOW + 7 * MINUTE)
    expect(until({ calendar, accessToken: tokenUntil(NOW + 5 * MINUTE) }, calendarAndToken)).toBe(NOW + 5 * MINUTE)
    expect(until({ calendar, accessToken: tokenUntil(NOW + 8 * MINUTE) }, calendarAndToken)).toBe(NOW + 7 * MINUTE)
  })

  test('not longer than the token in use, as the published time may be that of a wrong clock', () => {
    const accessToken = tokenUntil(NOW + 600 * MINUTE)
    expect(until({ accessToken }, tokenAlone, { tokenEnds: NOW + 30 * MINUTE })).toBe(NOW + 30 * MINUTE)
  })

  test('not longer than the last reading if its time was written with a clock that was ahead', () => {
    expect(until({ calendar: calendarUntil(NOW + STALE_AFTER + MINUTE) })).toBe(readingEnds)
    expect(until({ calendar: calendarUntil(NOW + STALE_AFTER) })).toBe(NOW + STALE_AFTER)
  })

  test('as long as the last reading if nothing is to be published', () => {
    expect(until({}, nothing)).toBe(readingEnds)
  })
})

describe('what is published is not trusted at all', () => {
  const calendar = calendarUntil(NOW + 7 * MINUTE)

  test.each<[string, PublicationState]>([
    ['if it does not exist', { calendar: null }],
    ['if somebody has changed it', { calendar: { ...calendar, isEdited: true } }],
    [
      'if its text is invalid',
      { calendar: publishedObject({ kind: 'ConfigMap', name: 'c', resourceVersion: '1' }, { 'busy.json': 'theirs' }) },
    ],
  ])('%s', (_, state) => {
    expect(until(state)).toBe(-Infinity)
  })

  test('if the token says no time', () => {
    const accessToken = publishedObject({ kind: 'Secret', name: 't', resourceVersion: '1' }, { access_token: 'ya29' })
    expect(until({ accessToken }, tokenAlone)).toBe(-Infinity)
  })

  test('as far as it has not been looked at yet, nothing is said', () => {
    expect(until({})).toBe(readingEnds)
    expect(until({ calendar }, calendarAndToken)).toBe(NOW + 7 * MINUTE)
  })
})

describe('the metric of an output', () => {
  test('is its end, and 0 if none of ours exists', () => {
    const state = { calendar: calendarUntil(NOW + 7 * MINUTE), accessToken: null }
    expect(outputStates(state, calendarAndToken)).toEqual([
      { namespace: 'booking', agent: 'alice', output: 'calendar', goodUntil: NOW + 7 * MINUTE },
      { namespace: 'booking', agent: 'alice', output: 'access_token', goodUntil: 0 },
    ])
  })

  test('stands for each output that the spec names and that was looked at', () => {
    const accessToken = tokenUntil(NOW + 5 * MINUTE)
    expect(outputStates({ accessToken }, calendarAndToken)).toMatchObject([
      { output: 'access_token', goodUntil: NOW + 5 * MINUTE },
    ])
    expect(outputStates({ accessToken, calendar: null }, nothing)).toEqual([])
  })
})
