/**
 * Publishing what is known: a pure function of the pictures, the spec and the clock, written only when it says something
 * new, or as a heartbeat when half of its time of trust has passed. It runs in good and in bad times alike, because a
 * published calendar is repaired, and blocked where so asked, also while Google can't be read.
 */
import { windowAt } from '../calendar/window.ts'
import { timeOfDay } from '../platform/clock.ts'
import { timestamp } from '../resources/conditions.ts'
import { durationMs } from '../resources/durations.ts'
import type { Agent } from '../resources/types.ts'
import type { OpenGate } from './gate.ts'
import type { AgentMemory, CalendarMemory, Published } from './memory.ts'
import { readOwned, sameData, writeOwned, type Target } from './owned-object.ts'
import type { AgentDeps } from './port.ts'
import { dataOf } from './published.ts'
import { render, renderBlocked, saidBy, type Rendering, type Stamps } from './render.ts'
import { isSetback, type Setback } from './setback.ts'
import { nextReading, wantedCalendars } from './sync.ts'

const CALENDAR_KEYS = ['busy.json', 'busy.ics', 'events.json', 'events.ics'] as const
/** What is stamped this much later than now was stamped by a clock that was wrong. */
const CLOCKS_DIFFER_MS = 5_000
const TOKEN_KEYS = ['access_token', 'expires_at', 'token_type'] as const

export interface PublishContext {
  deps: AgentDeps
  agent: Agent
  memory: AgentMemory
  sync: OpenGate['integration']['spec']['sync']
}

/** How old a reading may grow before nobody should trust it: never less than two intervals, or it would always be late. */
export const staleAfterMs = (agent: Agent, sync: PublishContext['sync']): number =>
  Math.max(durationMs(agent.spec.publish.staleAfter), 2 * durationMs(sync.interval))

/** Brings the published calendar up to date; answers a setback where that can't be done. */
export async function publishCalendar(context: PublishContext): Promise<Setback | undefined> {
  const { deps, agent, memory } = context
  const wanted = agent.spec.publish.calendar
  if (!wanted) {
    memory.published = undefined
    return undefined
  }
  const target: Target = { kind: wanted.kind, name: wanted.name, role: 'calendar', keys: CALENDAR_KEYS }
  const standing = await readOwned(deps, agent, target, memory.published)
  if (isSetback(standing)) return standing
  memory.published = standing
  const data = whatToPublish(context, standing)
  if (!data) return undefined
  const written = await writeOwned(deps, agent, { ...target, data }, standing)
  if (isSetback(written)) return written
  memory.published = written
  return undefined
}

/** The data to publish; what stands there already, if that still says it; undefined where nothing may be said yet. */
function whatToPublish(context: PublishContext, standing: Published | undefined): Record<string, string> | undefined {
  const last = saidBy(standing).stamps
  const fresh = freshStamps(context, last)
  if (!fresh) return standing && blockUnread(context, standing, last)
  const rendering = renderingOf(context, fresh)
  if (!standing || !last || !sameFrame(last, fresh) || heartbeatDue(context, last, fresh))
    return render(rendering, fresh)
  const { agent, memory } = context
  const pictures = rendering.calendars.map(([, { picture }]) => picture)
  const inputs = [agent.metadata.generation, standing.resourceVersion, rendering.block, fresh.complete, ...pictures]
  if (isShallowEqual(inputs, memory.compared)) return dataOf(standing)
  // Says the same as what stands there, but for the clock? Then let it stand.
  const same = render(rendering, { ...last, complete: fresh.complete })
  if (!sameData(same, dataOf(standing))) return render(rendering, fresh)
  // Only now: what differs is compared again until a write of it has succeeded.
  memory.compared = inputs
  return same
}

/** What the spec or the calendar says of the frame has not changed, whatever the time. */
const sameFrame = (a: Stamps, b: Stamps): boolean =>
  a.timeZone === b.timeZone &&
  a.window.end - a.window.start === b.window.end - b.window.start &&
  wholeSeconds(a.freshUntil - a.syncedAt) === wholeSeconds(b.freshUntil - b.syncedAt)

const wholeSeconds = (ms: number): number => Math.round(ms / 1000)

const isShallowEqual = (a: readonly unknown[], b: readonly unknown[] = []): boolean =>
  a.length === b.length && a.every((one, index) => one === b[index])

/** The calendars that the spec wants, under their real ids and in its order, as far as they are known. */
const wantedMemories = ({ agent, memory }: PublishContext): [string, CalendarMemory | undefined][] =>
  [...wantedCalendars(agent, memory.grant).keys()].map((id) => [id, memory.calendars.get(id)])

/** The stamps of what would be published now; undefined until each wanted calendar was read, or refused for good. */
function freshStamps(context: PublishContext, last: Stamps | undefined): Stamps | undefined {
  const { deps, agent, sync } = context
  const wanted = wantedMemories(context).map(([, calendar]) => calendar)
  if (wanted.some((calendar) => !calendar || (calendar.lastRead === undefined && !calendar.trouble?.refused)))
    return undefined
  const readable = wanted.filter((calendar) => calendar?.lastRead !== undefined && !calendar.trouble?.refused)
  const oldest = Math.min(...readable.map((one) => one?.lastRead ?? -Infinity))
  const syncedAt = readable.length > 0 ? timeOfDay(deps.clock, oldest) : last?.syncedAt
  if (syncedAt === undefined) return undefined
  return {
    window: windowAt(deps.clock.now(), sync.window),
    syncedAt,
    freshUntil: syncedAt + staleAfterMs(agent, sync),
    complete: readable.length === wanted.length,
    timeZone: wanted.find((calendar) => calendar?.lastRead !== undefined)?.timeZone ?? last?.timeZone ?? 'UTC',
  }
}

function renderingOf(context: PublishContext, { freshUntil }: Stamps): Rendering {
  const { agent, deps } = context
  const known = wantedMemories(context).filter((entry): entry is [string, CalendarMemory] => entry[1] !== undefined)
  const stale = deps.clock.now() >= freshUntil
  return {
    agent,
    calendars: known.filter(([, { lastRead }]) => lastRead !== undefined),
    block: stale && agent.spec.publish.whenStale === 'Block',
    zones: deps.zones,
  }
}

/** Half of its time of trust has passed, or the next reading will come too late to renew it. */
function heartbeatDue({ deps, agent, memory, sync }: PublishContext, last: Stamps, fresh: Stamps): boolean {
  // Written while the time of day was wrong: nobody can have read anything later than now.
  if (last.syncedAt > deps.clock.now() + CLOCKS_DIFFER_MS) return true
  if (fresh.syncedAt <= last.syncedAt) return false
  const half = staleAfterMs(agent, sync) / 2
  const next = timeOfDay(deps.clock, nextReading(memory) ?? -Infinity) + durationMs(sync.interval) / 4
  return fresh.syncedAt - last.syncedAt >= half || next >= last.freshUntil
}

/** Nothing was read since a restart: what stands there may only be blocked, once its time of trust is over. */
function blockUnread(
  { deps, agent }: PublishContext,
  standing: Published,
  last: Stamps | undefined,
): Record<string, string> | undefined {
  const stale = last !== undefined && deps.clock.now() >= last.freshUntil
  return stale && agent.spec.publish.whenStale === 'Block' ? renderBlocked(dataOf(standing)) : undefined
}

/** The instant until which the published calendar can be trusted, as it stands in the cluster. */
export const trustedUntil = (memory: AgentMemory): number | undefined => saidBy(memory.published).stamps?.freshUntil

/** Publishes the access token, for programs that call Google themselves. */
export async function publishToken({ deps, agent, memory }: PublishContext): Promise<Setback | undefined> {
  const wanted = agent.spec.publish.accessToken
  const { accessToken, expiresAt } = memory.grant ?? {}
  if (!wanted || !accessToken || expiresAt === undefined) return undefined
  const target: Target = { kind: 'Secret', name: wanted.name, role: 'access-token', keys: TOKEN_KEYS }
  const standing = await readOwned(deps, agent, target, memory.publishedToken)
  if (isSetback(standing)) return standing
  const data = { access_token: accessToken, expires_at: timestamp(expiresAt), token_type: 'Bearer' }
  const written = await writeOwned(deps, agent, { ...target, data }, standing)
  if (isSetback(written)) return written
  memory.publishedToken = written
  return undefined
}
