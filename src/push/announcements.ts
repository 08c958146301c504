/**
 * Changes that Google should have announced: a poll that finds a change which no message announced within a minute before or
 * after it has found a missed message. Three in a row say that the channel is dead. Pure; instants are the monotonic clock's.
 */
import { MINUTE_MS } from '../platform/time-units.ts'

/** What is known about the messages for one calendar. */
export interface Announcements {
  /** When a message last arrived that announced a change. */
  readonly lastMessage?: number
  /** `channelCheck` of the channels whose first message arrived last: it may come before the answer to the request. */
  readonly synced: readonly string[]
  /** When the last reading began. */
  readonly lastRead?: number
  /** When the readings began that found a change that no message has announced yet. */
  readonly unannounced: readonly number[]
  /** How many changes in a row were missed. */
  readonly missed: number
}

/** The reading of a calendar. */
export interface Reading {
  /** When it began; undefined before the first. */
  lastRead: number | undefined
  /** When the last reading began that found a change since the one before. */
  changedAt: number | undefined
  /** Since when the calendar has a proved channel; undefined if it has none. */
  provedAt: number | undefined
}

const TOLERANCE_MS = MINUTE_MS
/** So many missed changes in a row mean that the channel is dead. */
export const MISSED_LIMIT = 3

/** More than the channels of one Agent whose first messages may arrive while Google answers. */
export const REMEMBERED_CHANNELS = 128

/** Before any message and any reading. */
export const newAnnouncements = (): Announcements => NOTHING

/** One for all: it never changes. */
const NOTHING: Announcements = { lastMessage: undefined, synced: [], lastRead: undefined, unannounced: [], missed: 0 }

/** A message has arrived that announces a change. */
export function announced(before: Announcements, now: number): Announcements {
  const unannounced = before.unannounced.filter((at) => now - at > TOLERANCE_MS)
  return { ...before, lastMessage: now, unannounced, missed: 0 }
}

/** The first message of these channels has arrived: it announces nothing, but messages arrive again. */
export const synced = (before: Announcements, checks: readonly string[]): Announcements => ({
  ...before,
  synced: [...new Set([...checks, ...before.synced])].slice(0, REMEMBERED_CHANNELS),
  missed: 0,
})

/** A calendar was read. What changed before it had a channel counts for nothing. */
export function noted(before: Announcements, { lastRead, changedAt, provedAt = Infinity }: Reading): Announcements {
  if (lastRead === undefined || lastRead === before.lastRead) return before
  const next = { ...before, lastRead }
  const hasChanged = changedAt === lastRead
  if (!hasChanged || before.lastRead === undefined || before.lastRead < provedAt) return next
  const isAnnounced = before.lastMessage !== undefined && before.lastMessage >= lastRead - TOLERANCE_MS
  return isAnnounced ? { ...next, missed: 0 } : { ...next, unannounced: [...next.unannounced, lastRead] }
}

/** What is missed as of now, and how much of it is new. */
export function judged(before: Announcements, now: number): { announcements: Announcements; newlyMissed: number } {
  const unannounced = before.unannounced.filter((at) => now < at + TOLERANCE_MS)
  const newlyMissed = before.unannounced.length - unannounced.length
  if (newlyMissed === 0) return { announcements: before, newlyMissed }
  return { announcements: { ...before, unannounced, missed: before.missed + newlyMissed }, newlyMissed }
}

/** When a change that no message has announced yet counts as missed; undefined if there is none. */
export const judgementDue = ({ unannounced }: Announcements): number | undefined =>
  unannounced.length > 0 ? Math.min(...unannounced) + TOLERANCE_MS : undefined
