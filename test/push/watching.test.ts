/** What the condition `Watching` says, and why. */
import { describe, expect, test } from 'vitest'
import { newCalendarPush, notSupported, type CalendarPush } from '../../src/push/state.ts'
import { channelStatus, decideWatching, type WatchedCalendar, type WatchingFacts } from '../../src/push/watching.ts'

const ADDRESS = 'https://booking.example.com/google-calendar/notifications'
const channel = { resourceId: 'r', expiresAt: Date.parse('2026-11-30T10:00:00Z'), renewAt: 0 }
const proved: CalendarPush = { ...newCalendarPush(), proved: { ...channel, id: 'in use', provedAt: 0 } }
const unproved: CalendarPush = { ...newCalendarPush(), unproved: { ...channel, id: 'new', askedAt: 0 } }
const silent: CalendarPush = { ...newCalendarPush(), failure: { reason: 'NotReachable' } }
const refused: CalendarPush = { ...newCalendarPush(), failure: { reason: 'WatchFailed', error: '403 forbidden' } }
const unsupported = notSupported(0)

/** The condition for calendars with these channels, named a, b, c; undefined: nothing is known of that one. */
function condition(pushes: (CalendarPush | undefined)[], change: Partial<WatchingFacts> = {}, refusedAtGoogle = '') {
  const names = pushes.map((_, index) => 'abc'[index] ?? '')
  const calendars = names.map((id): WatchedCalendar => ({
    ...{ id, name: id, lastRead: 0, changedAt: undefined, hasFailed: false },
    isRefused: id === refusedAtGoogle,
  }))
  const byCalendar = new Map(pushes.flatMap((push, index) => (push ? [[names[index] ?? '', push] as const] : [])))
  return decideWatching({
    ...{ mode: { kind: 'enabled', address: ADDRESS }, calendars, state: { byCalendar, stopping: [] } },
    ...{ isValid: (push) => push.proved !== undefined, waitsForOther: false, ...change },
  })
}

describe('the condition is True', () => {
  test.each<[string, (CalendarPush | undefined)[], string]>([
    ['if every calendar has a proved channel', [proved, proved], '2 calendars.'],
    [
      'if the others are not announced by Google',
      [proved, unsupported],
      'the other 1, which are read at every interval',
    ],
    ['while another channel is to replace a proved one', [{ ...proved, unproved: unproved.unproved }], 'the calendar.'],
  ])('%s', (_, pushes, words) => {
    const found = condition(pushes)
    expect(found).toMatchObject({ status: 'True', reason: 'Watching' })
    expect(found).toMatchObject({ message: expect.stringContaining(words) as string })
  })

  test('whatever the calendars that Google refuses to read', () => {
    expect(condition([proved, undefined], {}, 'b')).toMatchObject({ status: 'True' })
  })
})

describe('the condition is NotYetWatching', () => {
  test.each<[string, (CalendarPush | undefined)[]]>([
    ['while a channel is not proved', [proved, unproved]],
    ['before a channel was asked for', [undefined]],
    ['beside a calendar that Google does not announce', [unproved, unsupported]],
  ])('%s', (_, pushes) => expect(condition(pushes)).toMatchObject({ status: 'Unknown', reason: 'NotYetWatching' }))

  test('and says whether another Agent tries', () => {
    const words = { message: expect.stringContaining('Another Agent') as string }
    expect(condition([undefined], { waitsForOther: true })).toMatchObject(words)
    expect(condition([undefined])).not.toMatchObject(words)
  })

  test('while no calendar can be read', () => {
    expect(condition([undefined], {}, 'a')).toMatchObject({ reason: 'NotYetWatching' })
  })
})

describe('the condition is False', () => {
  test('NotSupported only if Google announces none of the calendars', () => {
    expect(condition([unsupported, unsupported])).toMatchObject({ status: 'False', reason: 'NotSupported' })
  })

  test('NotReachable, naming the URL, before WatchFailed', () => {
    const found = condition([refused, silent, proved])
    expect(found).toMatchObject({ status: 'False', reason: 'NotReachable' })
    expect(found).toMatchObject({ message: expect.stringContaining(ADDRESS) as string })
  })

  test('WatchFailed, naming the calendar and what Google answered', () => {
    const found = condition([proved, refused])
    expect(found).toMatchObject({ status: 'False', reason: 'WatchFailed' })
    expect(found).toMatchObject({ message: expect.stringMatching(/calendar b .*403 forbidden/) as string })
  })

  test('NotReachable for the reason that there is, where Google cannot reach the pages', () => {
    const mode = { kind: 'unreachable', message: 'no pages' } as const
    expect(condition([proved], { mode })).toEqual({ status: 'False', reason: 'NotReachable', message: 'no pages' })
  })

  test('not because the channel that is to replace a proved one failed', () => {
    expect(condition([{ ...proved, failure: { reason: 'NotReachable' } }])).toMatchObject({ status: 'True' })
  })
})

test('without push there is no condition, and it stays while nothing is known about the integration', () => {
  expect(condition([proved], { mode: { kind: 'disabled' } })).toBe('absent')
  expect(condition([undefined], { mode: { kind: 'unknown' } })).toBe('unknown')
})

test('the status shows the channel that is in use until another one has replaced it', () => {
  const shown = { id: 'in use', resourceID: 'r', expiresAt: '2026-11-30T10:00:00Z' }
  expect(channelStatus({ ...proved, unproved: unproved.unproved })).toEqual(shown)
  expect(channelStatus(unproved)).toEqual({ ...shown, id: 'new' })
  expect(channelStatus(newCalendarPush())).toBeUndefined()
})
