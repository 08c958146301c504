/** What Google's messages prove and announce, and which of them were missed. Pure. */
import { announcementsOf, withAnnouncements, withChannels, type AgentPush } from './agent-push.ts'
import { announced, judged, MISSED_LIMIT, synced } from './announcements.ts'
import { calendarTag } from './channel-token.ts'
import type { Notification } from './port.ts'
import { proved } from './state.ts'

/** When messages of each kind last arrived for an Agent that was not observed yet, by the tags of its calendars. */
export type EarlyMessages = ReadonlyMap<string, Readonly<Partial<Record<Notification['kind'], number>>>>

/** Messages for an Agent that was not observed yet have arrived. */
export const withEarly = (
  before: EarlyMessages | undefined,
  { kind, tags }: Notification,
  now: number,
): EarlyMessages =>
  new Map([...(before ?? []), ...tags.map((tag) => [tag, { ...before?.get(tag), [kind]: now }] as const)])

/** Applies the messages that came before the Agent was observed. A change that has been read since then announces nothing. */
export function withEarlyMessages(before: AgentPush, early: EarlyMessages): AgentPush {
  let push = before
  for (const { id, lastRead = Infinity } of before.calendars) {
    const { sync, change = -Infinity } = early.get(calendarTag(before.uid, id)) ?? {}
    if (sync !== undefined) push = withMessage(push, id, 'sync', sync)
    if (change > lastRead) push = withMessage(push, id, 'change', change)
  }
  return push
}

/** The ids of the Agent's calendars that these tags stand for. */
export const calendarsOf = ({ uid, calendars }: AgentPush, tags: readonly string[]): string[] =>
  calendars.map(({ id }) => id).filter((id) => tags.includes(calendarTag(uid, id)))

/** A message for a calendar has arrived: it proves a channel, or announces a change. */
export function withMessage(before: AgentPush, id: string, kind: Notification['kind'], now: number): AgentPush {
  const push = withAnnouncements(before, id, (kind === 'sync' ? synced : announced)(announcementsOf(before, id), now))
  // A change is announced by the channel that is being replaced, too.
  const isProof = kind === 'sync' || !push.state.byCalendar.get(id)?.proved
  const state = isProof ? proved(push.state, id, now) : push.state
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
