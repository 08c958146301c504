/**
 * Publishing what is known: a pure function of the snapshots, the spec and the clock, written only when it says something
 * new, or as a heartbeat when half of its time of trust has passed. It runs in good and in bad times alike, because a
 * published calendar is repaired, and blocked where so asked, also while Google can't be read.
 */
import { publishedWindow } from '../calendar/window.ts'
import { asOf, knownCalendars, type KnownCalendar } from '../calendars/query.ts'
import { nextReading } from '../calendars/schedule.ts'
import type { CalendarsState } from '../calendars/state.ts'
import { isStepFailure, stepFailure, type StepFailure } from '../failures/step-failure.ts'
import type { Grant } from '../grants/grant.ts'
import { timeOfDay } from '../platform/clock.ts'
import { timestamp } from '../resources/conditions.ts'
import { durationMs } from '../resources/durations.ts'
import type { Agent, CalendarIntegration } from '../resources/types.ts'
import { readOwned, sameData, writeOwned, type Target } from './owned-object.ts'
import type { PublishDeps } from './port.ts'
import { dataOf, type Data } from './published.ts'
import {
  bytesOf,
  render,
  renderBlocked,
  renderIncomplete,
  renderStamped,
  readHeader,
  type Rendering,
} from './render.ts'
import type { PublicationState, Published, Stamps } from './state.ts'

const CALENDAR_KEYS = ['busy.json', 'busy.ics', 'events.json', 'events.ics'] as const
/** What is stamped this much later than now was stamped by a clock that was wrong. */
const CLOCKS_DIFFER_MS = 5_000
/** Kubernetes refuses objects past 1 MiB, all in; below this there is room for other people's metadata. */
const LARGEST_BYTES = 900_000
const FIVE_MINUTES = 5 * 60_000
const TOKEN_KEYS = ['access_token', 'expires_at', 'token_type'] as const
/** An object may have had the other role before, when the spec had its names the other way round: nothing of that is left in it. */
const OUR_KEYS = [...CALENDAR_KEYS, ...TOKEN_KEYS]

export interface PublishContext {
  deps: PublishDeps
  agent: Agent
  /** What was read. */
  calendars: CalendarsState
  grant: Grant | undefined
  state: PublicationState
  /** Undefined where nothing new may be said: the integration is gone or suspended. */
  sync: Sync | undefined
}

type Sync = CalendarIntegration['spec']['sync']

/** How old a reading may grow before nobody should trust it: never less than two intervals, or it would always be late. */
export const staleAfterMs = (agent: Agent, sync: Sync): number =>
  Math.max(durationMs(agent.spec.publish.staleAfter), 2 * durationMs(sync.interval))

/** Brings the published calendar up to date; answers a setback where that can't be done, or not with all of it. */
export async function publishCalendar(context: PublishContext): Promise<StepFailure | undefined> {
  const { agent, state } = context
  const wanted = agent.spec.publish.calendar
  if (!wanted) {
    state.published = undefined
    return undefined
  }
  const target: Target = { kind: wanted.kind, name: wanted.name, role: 'calendar', keys: OUR_KEYS }
  const standing = await look(context, target, 'published')
  if (isStepFailure(standing)) return standing
  const plan = planOf(context, target, standing)
  if (!plan?.data) return plan?.tooLarge
  return (await put(context, { ...target, data: plan.data }, 'published')) ?? plan.tooLarge
}

/** What is remembered of each output. */
type Slot = 'published' | 'publishedToken'

/** What stands under the name now; what isn't there, or isn't ours, is remembered as missing. */
async function look(
  { deps, agent, state }: PublishContext,
  target: Target,
  slot: Slot,
): Promise<Published | undefined | StepFailure> {
  const known = state[slot] ?? undefined
  const standing = await readOwned(deps, agent, target, known)
  if (!standing || isStepFailure(standing)) state[slot] = null
  else state[slot] = Object.assign(standing, { isEdited: isEdited(known, standing) })
  return standing
}

/** Whether it holds what somebody else wrote into it. */
const isEdited = (known: Published | undefined, standing: Published): boolean =>
  known !== undefined && (known.isEdited === true || (known !== standing && !sameData(dataOf(known), dataOf(standing))))

async function put(
  { deps, agent, state }: PublishContext,
  target: Target & { data: Data },
  slot: Slot,
): Promise<StepFailure | undefined> {
  const written = await writeOwned(deps, agent, target, state[slot] ?? undefined)
  if (isStepFailure(written)) return written
  state[slot] = Object.assign(written, { isEdited: false })
  return undefined
}

interface Plan {
  /** What is to stand there; undefined where nothing may be said yet. */
  data?: Data
  tooLarge?: StepFailure
}

/** The data to publish; what stands there already, if that still says it. */
function planOf(context: PublishContext, target: Target, standing: Published | undefined): Plan | undefined {
  const last = readHeader(standing).stamps
  const fresh = freshStamps(context, last)
  if (!standing || !last) return fresh && planned(context, target, fresh)
  if (!fresh) return { data: whileUnread(context, standing, last) }
  if (isAllRefused(context)) return { data: whileRefused(context, standing, last) }
  const anew = !sameFrame(last, fresh) || heartbeatDue(context, last, fresh)
  return anew ? planned(context, target, fresh) : planBeside(context, target, { standing, last, fresh })
}

const planned = (context: PublishContext, target: Target, stamps: Stamps): Plan =>
  withinSize(context, target, render(renderingOf(context, stamps), stamps))

/** Where what stands there says the same, but for the clock, it is left as it is. */
function planBeside(
  context: PublishContext,
  target: Target,
  { standing, last, fresh }: { standing: Published; last: Stamps; fresh: Stamps },
): Plan {
  const { deps, agent, state } = context
  const { calendars, block } = renderingOf(context, last)
  const snapshots = calendars.map(({ snapshot }) => snapshot)
  const inputs = [agent.metadata.generation, standing.resourceVersion, block, fresh.complete, ...snapshots]
  if (isShallowEqual(inputs, state.compared)) return { data: dataOf(standing), tooLarge: tooLarge(deps, state) }
  const plan = planned(context, target, { ...last, complete: fresh.complete })
  if (!plan.data || !sameData(plan.data, dataOf(standing))) {
    return planned(context, target, isLater(fresh, last) ? fresh : { ...fresh, ...asStamped(last) })
  }
  // Only now: what differs is compared again until a write of it has succeeded.
  state.compared = inputs
  return plan
}

/** Where the events are too much, the busy time alone is published: programs that only need that go on. */
function withinSize({ deps, state }: PublishContext, target: Target, data: Data): Plan {
  const busy = Object.fromEntries(Object.entries(data).filter(([key]) => key.startsWith('busy.')))
  const alone = excess(busy) === 0 && Object.keys(busy).length > 0
  state.tooLarge = excess(data) > 0 ? sizeMessage(target, data, alone) : undefined
  const fits = state.tooLarge === undefined ? data : alone ? busy : undefined
  return { data: fits, tooLarge: tooLarge(deps, state) }
}

const tooLarge = ({ clock }: PublishDeps, state: PublicationState): StepFailure | undefined =>
  state.tooLarge === undefined
    ? undefined
    : stepFailure('Synced', 'PublishTooLarge', state.tooLarge, {
        kind: 'blocked',
        at: clock.monotonic() + FIVE_MINUTES,
      })

function sizeMessage({ kind, name }: Target, data: Data, alone: boolean): string {
  const over = Math.ceil(excess(data) / 1000)
  // `events.ics` is not even made where `events.json` is too much.
  const leftOut = 'busy.ics' in data && 'events.json' in data && !('events.ics' in data)
  const what = `${kind} ${name} would hold ${leftOut ? 'at least ' : ''}${Math.ceil(bytesOf(data) / 1000)} kB, ${over} kB more than fits`
  const left = alone ? '; its busy time is published without the events' : ''
  return `${what}${left}: shorten the integration's spec.sync.window, read fewer calendars, list fewer spec.publish.calendar.formats, or use detail Busy.`
}

/** By how many bytes it is more than an object may hold. */
const excess = (data: Data): number => Math.max(bytesOf(data) - LARGEST_BYTES, 0)

/** What the spec or the calendar says of the frame has not changed, whatever the time. */
const sameFrame = (a: Stamps, b: Stamps): boolean =>
  a.timeZone === b.timeZone &&
  a.window.end - a.window.start === b.window.end - b.window.start &&
  wholeSeconds(a.freshUntil - a.syncedAt) === wholeSeconds(b.freshUntil - b.syncedAt)

/** Whether something was read since: what is told of one reading twice may differ by the second that it falls into. */
const isLater = (fresh: Stamps, last: Stamps): boolean => fresh.syncedAt - last.syncedAt > 1_000

const asStamped = ({ syncedAt, freshUntil }: Stamps): Pick<Stamps, 'syncedAt' | 'freshUntil'> => ({
  syncedAt,
  freshUntil,
})

const wholeSeconds = (ms: number): number => Math.round(ms / 1000)

const isShallowEqual = (a: readonly unknown[], b: readonly unknown[] = []): boolean =>
  a.length === b.length && a.every((one, index) => one === b[index])

const wantedCalendars = ({ agent, grant, calendars }: PublishContext): KnownCalendar[] =>
  knownCalendars(calendars, agent, grant?.account)

const firstTimeZone = (calendars: KnownCalendar[]): string | undefined =>
  calendars.find(({ snapshot }) => snapshot)?.snapshot?.timeZone

/** The stamps of what would be published now; undefined until each wanted calendar was read, or refused for good. */
function freshStamps(context: PublishContext, last: Stamps | undefined): Stamps | undefined {
  const { deps, agent, sync } = context
  if (!sync) return undefined
  const wanted = wantedCalendars(context)
  if (wanted.some(({ lastRead, failure }) => lastRead === undefined && !failure?.refused)) return undefined
  const readable = wanted.filter(({ failure }) => !failure?.refused)
  const oldest = asOf(readable)
  const readAt = oldest === undefined ? last?.syncedAt : timeOfDay(deps.clock, oldest)
  if (readAt === undefined) return undefined
  // As it will stand in the cluster: nobody reckons with another instant than readers do.
  const syncedAt = Math.floor(readAt / 1000) * 1000
  return {
    window: publishedWindow(deps.clock.now(), sync.window),
    syncedAt,
    freshUntil: Math.floor((syncedAt + staleAfterMs(agent, sync)) / 1000) * 1000,
    complete: readable.length === wanted.length,
    timeZone: deps.zones.nameOf(firstTimeZone(wanted) ?? last?.timeZone ?? ''),
  }
}

function renderingOf(context: PublishContext, { freshUntil }: Stamps): Rendering {
  const { agent, deps } = context
  const stale = deps.clock.now() >= freshUntil
  return {
    agent,
    calendars: wantedCalendars(context).flatMap(({ id, snapshot }) => (snapshot ? [{ calendar: id, snapshot }] : [])),
    block: stale && agent.spec.publish.whenStale === 'Block',
    zones: deps.zones,
    most: LARGEST_BYTES,
  }
}

/** Half of its time of trust has passed, or all of it, or the next reading will come too late to renew it. */
function heartbeatDue({ deps, agent, calendars, sync }: PublishContext, last: Stamps, fresh: Stamps): boolean {
  const now = deps.clock.now()
  // Written while the time of day was wrong: nobody can have read anything later than now.
  if (isAhead(last, now)) return true
  if (!isLater(fresh, last) || !sync) return false
  const half = staleAfterMs(agent, sync) / 2
  const next = timeOfDay(deps.clock, nextReading(calendars) ?? -Infinity) + durationMs(sync.interval) / 4
  return fresh.syncedAt - last.syncedAt >= half || Math.max(next, now) >= last.freshUntil
}

const isAhead = ({ syncedAt }: Stamps, now: number): boolean => syncedAt > now + CLOCKS_DIFFER_MS

/**
 * Nothing new can be said: not everything was read since a restart, or there is nothing to read through. What stands there
 * stays, but for stamps that can't be true, and for its free time once it can no longer be trusted and the spec says so.
 */
function whileUnread({ deps, agent }: PublishContext, standing: Published, last: Stamps): Data | undefined {
  const now = deps.clock.now()
  const ahead = isAhead(last, now)
  const stamped = ahead ? renderStamped(dataOf(standing), now) : dataOf(standing)
  const blocks = agent.spec.publish.whenStale === 'Block' && (ahead || now >= last.freshUntil)
  return blocks ? renderBlocked(stamped) : stamped
}

/** Every calendar has been refused for good since the start, so that nothing at all is known of them any more. */
const isAllRefused = (context: PublishContext): boolean =>
  wantedCalendars(context).every(({ lastRead, failure }) => lastRead === undefined && failure?.refused)

/** The last known busy time stays, and is not complete: it would else turn into free time of which nobody knows anything. */
function whileRefused(context: PublishContext, standing: Published, last: Stamps): Data | undefined {
  const unread = whileUnread(context, standing, last)
  const incomplete = unread && renderIncomplete(unread)
  return incomplete && context.agent.spec.publish.whenStale === 'Block' ? renderBlocked(incomplete) : incomplete
}

/** Publishes the access token, for programs that call Google themselves; where there is none, it only looks what stands. */
export async function publishToken(context: PublishContext, authorized: boolean): Promise<StepFailure | undefined> {
  const { agent, state } = context
  const wanted = agent.spec.publish.accessToken
  if (!wanted) {
    state.publishedToken = undefined
    return undefined
  }
  const target: Target = { kind: 'Secret', name: wanted.name, role: 'access-token', keys: OUR_KEYS }
  const standing = await look(context, target, 'publishedToken')
  const { accessToken, expiresAt } = context.grant ?? {}
  if (isStepFailure(standing)) return standing
  if (!authorized || !accessToken || expiresAt === undefined) return undefined
  const data = { access_token: accessToken, expires_at: timestamp(expiresAt), token_type: 'Bearer' }
  return put(context, { ...target, data }, 'publishedToken')
}
