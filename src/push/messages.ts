/** What Google's messages prove and announce, and which of them were missed. Pure. */
import { announcementsOf, withAnnouncements, withChannels, type AgentPush } from './agent-push.ts'
import { announced, judged, MISSED_LIMIT, REMEMBERED_CHANNELS, synced } from './announcements.ts'
import { calendarTag, channelCheck } from './channel-token.ts'
import type { Notification } from './port.ts'
import { proved } from './state.ts'

/** A message for one calendar. */
interface Message extends Pick<Notification, 'kind' | 'checks'> {
  /** When it arrived, by the monotonic clock. */
  at: number
}

/** The last messages of each kind for an Agent that was not observed yet, by the tags of its calendars. */
export type EarlyMessages = ReadonlyMap<string, Readonly<Partial<Record<Notification['kind'], Message>>>>

/** Messages for an Agent that was not observed yet have arrived. */
export function withEarly(
  before: EarlyMessages | undefined,
  { kind, tags, checks }: Notification,
  at: number,
): EarlyMessages {
  const early = new Map(before)
  for (const tag of tags) {
    const known = early.get(tag)
    const all = [...new Set([...checks, ...(known?.[kind]?.checks ?? [])])].slice(0, REMEMBERED_CHANNELS)
    early.set(tag, { ...known, [kind]: { kind, checks: all, at } })
  }
  return early
}

/** Applies the messages that came before the Agent was observed. A change that has been read since then announces nothing. */
export function withEarlyMessages(before: AgentPush, early: EarlyMessages): AgentPush {
  let push = before
  for (const { id, lastRead = Infinity } of before.calendars) {
    const { sync, change } = early.get(calendarTag(before.uid, id)) ?? {}
    if (sync) push = withMessage(push, id, sync)
    if (change && change.at > lastRead) push = withMessage(push, id, change)
  }
  return push
}

/** The ids of the Agent's calendars that these tags stand for. */
export const calendarsOf = ({ uid, calendars }: AgentPush, tags: readonly string[]): string[] =>
  calendars.map(({ id }) => id).filter((id) => tags.includes(calendarTag(uid, id)))

/** A message for a calendar has arrived: it proves the channel that it arrived on, or announces a change. */
export function withMessage(before: AgentPush, id: string, { kind, checks, at }: Message): AgentPush {
  const known = announcementsOf(before, id)
  const push = withAnnouncements(before, id, kind === 'sync' ? synced(known, checks) : announced(known, at))
  // Messages also arrive on the channel that is being replaced, and on one of a former site.
  const unproved = push.state.byCalendar.get(id)?.unproved
  const isProof = unproved !== undefined && checks.includes(channelCheck(unproved.id))
  const state = isProof ? proved(push.state, id, at) : push.state
  return { ...push, state, changed: kind === 'change' ? new Set(push.changed).add(id) : push.changed }
}

/** Judges which messages were missed by now, and how many. After three in a row, the channel is to be replaced. */
export function withMissed(before: AgentPush, now: number): { push: AgentPush; newlyMissed: number } {
  let push = before
  let count = 0
  for (const [id, one] of before.announcements) {
    const { announcements, newlyMissed } = judged(one, now)
    if (newlyMissed === 0) continue
    count += newlyMissed
    const isSilent = announcements.missed >= MISSED_LIMIT
    push = withAnnouncements(push, id, isSilent ? { ...announcements, missed: 0 } : announcements)
    const calendar = push.state.byCalendar.get(id)
    if (isSilent && calendar) push = withChannels(push, id, { ...calendar, isSilent })
  }
  return { push, newlyMissed: count }
}
