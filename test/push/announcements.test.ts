import { describe, expect, test } from 'vitest'
import {
  announced,
  judged,
  judgementDue,
  newAnnouncements,
  noted,
  synced,
  type Announcements,
} from '../../src/push/announcements.ts'

const MINUTE = 60_000

/** A calendar that was read at 0, with a channel since then. */
const before = noted(newAnnouncements(), { lastRead: 0, changedAt: undefined, provedAt: 0 })
const found = (at: number, state: Announcements = before): Announcements =>
  noted(state, { lastRead: at, changedAt: at, provedAt: 0 })

describe('a change that a poll finds', () => {
  test('is missed if no message comes within a minute', () => {
    const state = found(5 * MINUTE)
    expect(judgementDue(state)).toBe(6 * MINUTE)
    expect(judged(state, 6 * MINUTE - 1).newlyMissed).toBe(0)
    const after = judged(state, 6 * MINUTE)
    expect(after.newlyMissed).toBe(1)
    expect(after.announcements).toMatchObject({ missed: 1, unannounced: [] })
  })

  test('is announced by a message in the minute before', () => {
    expect(judgementDue(found(5 * MINUTE, announced(before, 4 * MINUTE)))).toBeUndefined()
    expect(judgementDue(found(5 * MINUTE, announced(before, 4 * MINUTE - 1)))).toBe(6 * MINUTE)
  })

  test('is announced by a message in the minute after', () => {
    expect(judgementDue(announced(found(5 * MINUTE), 6 * MINUTE))).toBeUndefined()
  })

  test('is not announced by the first message of a channel', () => {
    expect(judgementDue(found(5 * MINUTE, synced(before, ['check1'])))).toBe(6 * MINUTE)
    expect(judgementDue(synced(found(5 * MINUTE), ['check1']))).toBe(6 * MINUTE)
  })

  test.each([
    ['the calendar had no channel', { lastRead: 5, changedAt: 5, provedAt: undefined }],
    ['the channel is newer than the read before', { lastRead: 5, changedAt: 5, provedAt: 1 }],
    ['nothing has changed', { lastRead: 5, changedAt: undefined, provedAt: 0 }],
    ['it was found by an earlier read', { lastRead: 5, changedAt: 0, provedAt: 0 }],
  ])('does not count where %s', (_, reading) => expect(judgementDue(noted(before, reading))).toBeUndefined())

  test('does not count after the first read', () => {
    expect(judgementDue(noted(newAnnouncements(), { lastRead: 5, changedAt: 5, provedAt: 0 }))).toBeUndefined()
  })

  test('counts once, however often the same read is noted', () => {
    expect(found(5, found(5)).unannounced).toEqual([5])
  })
})

test.each<[string, (before: Announcements) => Announcements]>([
  ['a message', (before) => announced(before, 4 * MINUTE)],
  ['the first message of another channel', (before) => synced(before, ['check1'])],
])('%s ends the row of missed changes', (_, arrived) => {
  const missed = judged(found(MINUTE), 3 * MINUTE).announcements
  expect(missed.missed).toBe(1)
  expect(arrived(missed).missed).toBe(0)
})
