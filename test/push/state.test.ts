import { describe, expect, test } from 'vitest'
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../src/platform/time-units.ts'
import {
  asked,
  lacksChannel,
  newCalendarPush,
  newPushState,
  notSupported,
  onlyWatched,
  pauseAfterTrial,
  proved,
  refused,
  renewalOf,
  stillStopping,
  takenStopping,
  timedOut,
  withCalendarPush,
  withoutInvalid,
  type CalendarPush,
  type PushState,
  type Validity,
} from '../../src/push/state.ts'

const NOW = Date.parse('2026-11-23T10:00:00Z')

const channel = (id: string) => ({
  id,
  resourceId: `r-${id}`,
  expiresAt: NOW + 7 * DAY_MS,
  renewAt: NOW + 5 * DAY_MS,
})
const unproved = (id: string, askedAt = 0): CalendarPush['unproved'] => ({ ...channel(id), askedAt })
const withProved = (id: string): CalendarPush => ({ ...newCalendarPush(), proved: { ...channel(id), provedAt: 0 } })
const stateOf = (calendar: CalendarPush): PushState => withCalendarPush(newPushState(), 'alice', calendar)
const alice = ({ byCalendar }: PushState): CalendarPush | undefined => byCalendar.get('alice')
const stopped = ({ stopping }: PushState): string[] => stopping.map(({ id }) => id)
const validity = (change: Partial<Validity> = {}): Validity => ({
  now: NOW,
  isAccepted: () => true,
  ...change,
})

describe('a channel that replaces another', () => {
  const both = stateOf(asked(withProved('old'), unproved('new')!))

  test('is in use from its first message on, and the old one is stopped then', () => {
    const after = proved(both, 'alice', 5)
    expect(alice(after)?.proved).toMatchObject({ id: 'new', provedAt: 5 })
    expect(alice(after)?.unproved).toBeUndefined()
    expect(stopped(after)).toEqual(['old'])
    expect(stopped(both)).toEqual([])
  })

  test('is stopped if no message comes within a minute, and the old one stays', () => {
    expect(timedOut(both, 'alice', MINUTE_MS - 1)).toBe(both)
    const after = timedOut(both, 'alice', MINUTE_MS)
    expect(alice(after)).toMatchObject({ proved: { id: 'old' }, failure: { reason: 'NotReachable' }, attempts: 1 })
    expect(alice(after)?.retryAt).toBe(6 * MINUTE_MS)
    expect(stopped(after)).toEqual(['new'])
  })

  test('takes the old one with it if that was silent, too', () => {
    const silent = stateOf(asked({ ...withProved('old'), isSilent: true }, unproved('new')!))
    const after = timedOut(silent, 'alice', MINUTE_MS)
    expect(alice(after)?.proved).toBeUndefined()
    expect(stopped(after)).toEqual(['new', 'old'])
  })
})

test('a trial without a message is repeated after five minutes, doubling to an hour', () => {
  const pauses = [1, 2, 3, 4, 5, 6].map((attempts) => pauseAfterTrial(attempts) / MINUTE_MS)
  expect(pauses).toEqual([5, 10, 20, 40, 60, 60])
})

test('a channel is renewed when about a quarter of its life is left, and never at once', () => {
  const expiresAt = NOW + 100 * HOUR_MS
  const at = [0, 0.5, 0.999].map((chance) => (renewalOf({ now: NOW, expiresAt }, chance) - NOW) / HOUR_MS)
  expect(at[1]).toBeCloseTo(75)
  expect(Math.min(...at)).toBeGreaterThan(72)
  expect(Math.max(...at)).toBeLessThan(78)
  expect(renewalOf({ now: NOW, expiresAt: NOW + 1_000 }, 0)).toBe(NOW + 10_000)
})

describe('a calendar lacks a channel', () => {
  test.each<[string, CalendarPush, Partial<Validity>, boolean]>([
    ['if it never had one', newCalendarPush(), {}, true],
    ['not while one is asked for', asked(newCalendarPush(), unproved('a')!), {}, false],
    ['not while it has one', withProved('a'), {}, false],
    ['when that is to be renewed', withProved('a'), { now: NOW + 5 * DAY_MS }, true],
    ['when its messages were missed', { ...withProved('a'), isSilent: true }, {}, true],
    ['when its key is not accepted, or the site has moved', withProved('a'), { isAccepted: () => false }, true],
  ])('%s', (_, calendar, change, lacks) => expect(lacksChannel(calendar, validity(change))).toBe(lacks))
})

describe('a channel that is not valid any more', () => {
  test('stays while it may still be replaced, unless it has expired', () => {
    const state = stateOf(withProved('a'))
    expect(alice(withoutInvalid(state, 'alice', validity({ isAccepted: () => false })))?.proved?.id).toBe('a')
    expect(alice(withoutInvalid(state, 'alice', validity({ now: NOW + 7 * DAY_MS })))?.proved).toBeUndefined()
    expect(withoutInvalid(state, 'alice', validity())).toBe(state)
  })

  test('is stopped if no message has arrived on the one that was to replace it either', () => {
    const failed: CalendarPush = { ...withProved('a'), failure: { reason: 'NotReachable' } }
    const after = withoutInvalid(stateOf(failed), 'alice', validity({ isAccepted: () => false }))
    expect(alice(after)?.proved).toBeUndefined()
    expect(stopped(after)).toEqual(['a'])
    expect(alice(withoutInvalid(stateOf(failed), 'alice', validity()))?.proved?.id).toBe('a')
  })

  test('is stopped at once if no message has proved it', () => {
    const after = withoutInvalid(
      stateOf(asked(newCalendarPush(), unproved('a')!)),
      'alice',
      validity({ isAccepted: () => false }),
    )
    expect(alice(after)?.unproved).toBeUndefined()
    expect(stopped(after)).toEqual(['a'])
  })
})

describe('a channel whose life is seconds only', () => {
  const short = { id: 'a', resourceId: 'r', expiresAt: NOW + 1_000, renewAt: NOW + 10_000 }

  test.each<[string, CalendarPush]>([
    ['not proved', asked(newCalendarPush(), { ...short, askedAt: 100 })],
    ['proved', { ...newCalendarPush(), proved: { ...short, provedAt: 100 } }],
  ])('is not replaced sooner than ten seconds after it was made (%s)', (_, calendar) => {
    const after = alice(withoutInvalid(stateOf(calendar), 'alice', validity({ now: NOW + 1_000 })))
    expect(after?.retryAt).toBe(10_100)
    expect(after?.unproved ?? after?.proved).toBeUndefined()
  })

  test('keeps no other from being replaced at once', () => {
    const refused = validity({ isAccepted: () => false })
    const state = stateOf(asked(newCalendarPush(), unproved('a', 100)!))
    expect(alice(withoutInvalid(state, 'alice', refused))?.retryAt).toBe(-Infinity)
  })
})

describe('a refusal', () => {
  test('is reported at once, and tried again after five minutes, if a person has to act', () => {
    const after = refused(newCalendarPush(), { error: '403 forbidden', isPassing: false }, 0)
    expect(after).toMatchObject({ failure: { reason: 'WatchFailed', error: '403 forbidden' }, retryAt: 5 * MINUTE_MS })
  })

  test('is reported when it repeats, and tried again soon, if it may pass', () => {
    const once = refused(newCalendarPush(), { error: '503', isPassing: true }, 0)
    expect(once.failure).toBeUndefined()
    expect(once.retryAt).toBe(5_000)
    expect(refused(once, { error: '503', isPassing: true }, 5_000).failure?.reason).toBe('WatchFailed')
  })

  test('waits as long as Google asks for', () => {
    expect(refused(newCalendarPush(), { error: '429', isPassing: true, retryAfterMs: 90_000 }, 0).retryAt).toBe(90_000)
  })
})

test('a calendar that Google does not announce is not asked for again for a day', () => {
  expect(notSupported(7)).toMatchObject({ notSupportedUntil: DAY_MS + 7, attempts: 0 })
})

test('the channels of calendars that are gone are stopped', () => {
  const after = onlyWatched(stateOf(asked(withProved('old'), unproved('new')!)), () => false)
  expect(after.byCalendar.size).toBe(0)
  expect(stopped(after)).toEqual(['old', 'new'])
})

describe('a channel that cannot be stopped', () => {
  const [left] = onlyWatched(stateOf(withProved('a')), () => false).stopping

  test('is left to end by itself after five attempts if Google refuses that', () => {
    let channelLeft = left
    let attempts = 0
    for (; channelLeft && attempts < 10; attempts++) channelLeft = stillStopping(channelLeft, { isPassing: false }, 0)
    expect(attempts).toBe(5)
  })

  test('is tried again less and less often, up to once an hour, while the failure may pass', () => {
    const pauses: number[] = []
    let channelLeft = left
    for (let count = 0; channelLeft && count < 12; count++) {
      channelLeft = stillStopping(channelLeft, { isPassing: true }, 0)
      pauses.push((channelLeft?.retryAt ?? NaN) / 1_000)
    }
    expect(pauses).toEqual([10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600, 3600])
  })

  test('waits as long as Google asks for', () => {
    expect(left && stillStopping(left, { isPassing: true, retryAfterMs: 90_000 }, 0)?.retryAt).toBe(90_000)
  })

  test('is forgotten when it has ended by itself', () => {
    const state = onlyWatched(stateOf(withProved('a')), () => false)
    expect(takenStopping(state, { monotonic: 0, now: NOW + 7 * DAY_MS - 1 }).due).toHaveLength(1)
    expect(takenStopping(state, { monotonic: 0, now: NOW + 7 * DAY_MS })).toMatchObject({
      due: [],
      state: { stopping: [] },
    })
  })
})
