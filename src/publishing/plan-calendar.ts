/**
 * Decides what the published calendar has to contain: a pure function of the snapshots, the spec, the clock and what is published. It
 * is written only if something has changed, or as a heartbeat. The decision is also made while Google cannot be read, so that a
 * damaged calendar is repaired, and blocked if the spec says so.
 */
import type { NamedSnapshot } from '../calendar/events-document.ts'
import type { Zones } from '../calendar/zones.ts'
import { stepFailure, type StepFailure } from '../failures/step-failure.ts'
import type { Clock } from '../platform/clock.ts'
import { MINUTE_MS } from '../platform/time-units.ts'
import { freshHeader, isAhead, isHeartbeatDue, isLater, isSameSetting, type CalendarInput } from './freshness.ts'
import { fit, MAX_OBJECT_BYTES } from './object-size.ts'
import { dataOf, sameData, type Data, type ObjectName, type PublishedHeader } from './published-object.ts'
import type { PublishedObject } from './published-object.ts'
import { render, type Rendering } from './render.ts'
import { rewriteBlocked, rewriteExpired, rewriteIncomplete } from './rewrite.ts'
import type { PublicationState } from './state.ts'

const RECHECK_MS = 5 * MINUTE_MS

/** How the published calendar has to change. */
export interface CalendarPlan {
  state: PublicationState
  /** The new content; undefined if the calendar is left as it is: nothing has changed, nothing is known yet, or nothing fits. */
  data?: Data
  /** Set if not everything fits into the object. */
  failure?: StepFailure
}

/** What the decision depends on besides the state. */
interface PlanContext extends CalendarInput {
  clock: Clock
  zones: Zones
  target: ObjectName
}

/** Decides what the calendar has to contain. @param state its `calendar` is what the cluster contains now. */
export function planCalendar(context: PlanContext, state: PublicationState): CalendarPlan {
  const published = state.calendar ?? undefined
  const last = published?.header
  const fresh = freshHeader(context, context, last)
  if (!published || !last) return fresh ? planned(context, state, fresh) : { state }
  if (!fresh) return { state, data: whileUnread(context, published, last) }
  if (isAllRefused(context)) return { state, data: whileRefused(context, published, last) }
  const isRenewed = !isSameSetting(last, fresh) || isHeartbeatDue(context.clock, context, { last, fresh })
  return isRenewed ? planned(context, state, fresh) : planChange(context, state, { published, last, fresh })
}

function planned(context: PlanContext, state: PublicationState, header: PublishedHeader): CalendarPlan {
  const { data, tooLarge } = fit(context.target, render(renderingOf(context, header), header))
  const next = { ...state, tooLarge }
  return { state: next, data, failure: sizeFailure(context, next) }
}

interface Headers {
  published: PublishedObject
  last: PublishedHeader
  fresh: PublishedHeader
}

/** Leaves the published calendar unchanged if it has the same content under its own header. */
function planChange(context: PlanContext, state: PublicationState, { published, last, fresh }: Headers): CalendarPlan {
  const { calendars, block } = renderingOf(context, last)
  const snapshots = calendars.map(({ snapshot }) => snapshot)
  const { generation } = context.agent.metadata
  const compared = [generation, published.resourceVersion, block, fresh.complete, ...snapshots]
  // Not even unpacked: most intervals end here.
  if (isShallowEqual(compared, state.compared)) {
    const data = published.isEdited ? dataOf(published) : undefined
    return { state, data, failure: sizeFailure(context, state) }
  }
  const current = dataOf(published)
  const plan = planned(context, state, { ...last, complete: fresh.complete })
  // Remembered only if nothing differs, so that a difference is found again until it has been written.
  if (plan.data && sameData(plan.data, current)) return { ...plan, state: { ...plan.state, compared } }
  const { syncedAt, freshUntil } = isLater(fresh, last) ? fresh : last
  return planned(context, state, { ...fresh, syncedAt, freshUntil })
}

const isShallowEqual = (a: readonly unknown[], b: readonly unknown[] = []): boolean =>
  a.length === b.length && a.every((one, index) => one === b[index])

const sizeFailure = ({ clock }: PlanContext, { tooLarge }: PublicationState): StepFailure | undefined =>
  tooLarge === undefined
    ? undefined
    : stepFailure('Synced', 'PublishTooLarge', tooLarge, { kind: 'blocked', at: clock.monotonic() + RECHECK_MS })

function renderingOf({ agent, calendars, clock, zones }: PlanContext, { freshUntil }: PublishedHeader): Rendering {
  const read = calendars.flatMap(({ id, snapshot }): NamedSnapshot[] => (snapshot ? [{ calendar: id, snapshot }] : []))
  const block = agent.spec.publish.whenStale === 'Block' && clock.now() >= freshUntil
  return { agent, calendars: read, block, zones, maxBytes: MAX_OBJECT_BYTES }
}

/**
 * The content while not every calendar has been read since a restart, or while there is no integration. What is published stays,
 * except for impossible instants, and except for its free time once it is no longer trusted and the spec says so.
 */
function whileUnread(
  { agent, clock }: PlanContext,
  published: PublishedObject,
  last: PublishedHeader,
): Data | undefined {
  const now = clock.now()
  const ahead = isAhead(last, now)
  const data = ahead ? rewriteExpired(dataOf(published), now) : dataOf(published)
  const blocks = agent.spec.publish.whenStale === 'Block' && (ahead || now >= last.freshUntil)
  return blocks ? rewriteBlocked(data) : data
}

/** Whether every calendar has been permanently refused since the start, so that nothing is known about any of them. */
const isAllRefused = ({ calendars }: PlanContext): boolean =>
  calendars.every(({ lastRead, failure }) => lastRead === undefined && failure?.refused)

/** Keeps the last known busy time, marked as incomplete; without it, unknown time would look free. */
function whileRefused(context: PlanContext, published: PublishedObject, last: PublishedHeader): Data | undefined {
  const unread = whileUnread(context, published, last)
  const incomplete = unread && rewriteIncomplete(unread)
  return incomplete && context.agent.spec.publish.whenStale === 'Block' ? rewriteBlocked(incomplete) : incomplete
}
