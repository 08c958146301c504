/**
 * Decides what the published calendar has to contain: a pure function of the snapshots, the spec, the clock and what is published. It
 * is written only if something has changed, or as a heartbeat. The decision is also made while Google cannot be read, so that a
 * damaged calendar is repaired, and blocked if the spec says so.
 */
import type { NamedSnapshot } from '../calendar/events-document.ts'
import type { Zones } from '../calendar/zones.ts'
import { stepFailure, type StepFailure } from '../failures/step-failure.ts'
import { keyOf } from '../kubernetes/port.ts'
import type { Clock } from '../platform/clock.ts'
import { MINUTE_MS } from '../platform/time-units.ts'
import { freshHeader, isAhead, isHeartbeatDue, isLater, isSameSetting, type CalendarInput } from './freshness.ts'
import { fit, MAX_OBJECT_BYTES } from './object-size.ts'
import { digestsOf, sameDigests, type Data, type ObjectName, type PublishedHeader } from './published-object.ts'
import type { PublishedObject } from './published-object.ts'
import { render, type Rendering } from './render.ts'
import { blockedTexts, rewriteBlocked, rewriteExpired, rewriteIncomplete } from './rewrite.ts'
import { accepted, type PublicationState } from './state.ts'

const RECHECK_MS = 5 * MINUTE_MS

/** How the published calendar has to change. */
export interface CalendarPlan {
  state: PublicationState
  /** The new content; undefined if the calendar is left as it is: nothing has changed, nothing is known yet, or nothing fits. */
  data?: Data
  /** Whether `data` is only a part of the content, and other keys keep their values. */
  keepsRest?: boolean
  /** Set if the new content is made from what is published. `data` is then what is written if that can't be read. */
  rewriting?: Rewriting
  /** Set if not everything fits into the object. */
  failure?: StepFailure
}

/** How to make the new content from what is published. */
interface Rewriting {
  /** Undefined if the text is not valid. */
  rewrite: (published: Data) => Data | undefined
  /** For `PublicationState.compared`, if nothing changes. */
  compared: readonly unknown[]
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
  if (!fresh) return whileUnread(context, state, { published, last })
  if (isAllRefused(context)) return whileRefused(context, state, { published, last })
  const isRenewed = !isSameSetting(last, fresh) || isHeartbeatDue(context.clock, context, { last, fresh })
  return isRenewed ? planned(context, state, fresh) : planChange(context, state, { published, last, fresh })
}

function planned(context: PlanContext, state: PublicationState, header: PublishedHeader): CalendarPlan {
  const { data, tooLarge } = fit(context.target, render(renderingOf(context, header), header))
  const next = { ...state, tooLarge }
  return { state: next, data, failure: sizeFailure(context, next) }
}

interface Published {
  published: PublishedObject
  last: PublishedHeader
}

interface Headers extends Published {
  fresh: PublishedHeader
}

/** Leaves the published calendar unchanged if it has the same content under its own header. */
function planChange(context: PlanContext, state: PublicationState, { published, last, fresh }: Headers): CalendarPlan {
  const { calendars, block } = renderingOf(context, last)
  const snapshots = calendars.map(({ snapshot }) => snapshot)
  const { generation } = context.agent.metadata
  const setting: unknown[] = [generation, published.resourceVersion, block, fresh.complete]
  // Not with a spread, which leaves room for many more in a list that is kept for each Agent.
  const compared = setting.concat(snapshots)
  // Not even rendered: most intervals end here.
  if (isShallowEqual(compared, state.compared)) {
    return { state: accepted(state), failure: sizeFailure(context, state) }
  }
  const plan = planned(context, state, { ...last, complete: fresh.complete })
  // Remembered only if nothing differs, so that a difference is found again until it has been written.
  if (plan.data && sameDigests(digestsOf(plan.data), published.digests))
    return { ...plan, data: undefined, state: { ...accepted(plan.state), compared } }
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
 * The plan while not every calendar has been read since a restart, or while there is no integration. What is published stays,
 * except for impossible instants, and except for its free time once it is no longer trusted and the spec says so.
 */
function whileUnread(context: PlanContext, state: PublicationState, published: Published): CalendarPlan {
  const validity = validityOf(context, published.last)
  if (!validity.ahead && !validity.blocks) return { state: accepted(state) }
  return rewritten(context, state, published, { ...validity, incomplete: false })
}

/** How what is published has to be rewritten. */
interface Changes extends Validity {
  incomplete: boolean
}

interface Validity {
  now: number
  /** Whether it was written with a clock that was ahead. */
  ahead: boolean
  /** Whether no free time may be published any more. */
  blocks: boolean
}

function validityOf({ agent, clock }: PlanContext, last: PublishedHeader): Validity {
  const now = clock.now()
  const ahead = isAhead(last, now)
  return { now, ahead, blocks: agent.spec.publish.whenStale === 'Block' && (ahead || now >= last.freshUntil) }
}

/**
 * Only free time can be blocked without the text. Otherwise, the text is not read again if the same rewriting has already made no
 * difference to it, in whatever version: somebody may change only the metadata, again and again.
 */
function rewritten(
  { agent }: PlanContext,
  state: PublicationState,
  { published: { digests }, last }: Published,
  { now, ahead, blocks, incomplete }: Changes,
): CalendarPlan {
  const compared = [JSON.stringify(digests), ahead, blocks, incomplete]
  if (isShallowEqual(compared, state.compared)) return { state: accepted(state) }
  const header = { agent: keyOf(agent), ...last }
  const plan = blocks ? { state, data: blockedTexts(header, Object.keys(digests)), keepsRest: true } : { state }
  if (!ahead && !incomplete) return plan
  const rewrite = (text: Data): Data | undefined => {
    const dated = ahead ? rewriteExpired(text, now) : text
    const marked = incomplete ? rewriteIncomplete(dated) : dated
    return blocks ? rewriteBlocked(marked) : marked
  }
  return { ...plan, rewriting: { rewrite, compared } }
}

/** Whether every calendar has been permanently refused since the start, so that nothing is known about any of them. */
const isAllRefused = ({ calendars }: PlanContext): boolean =>
  calendars.every(({ lastRead, failure }) => lastRead === undefined && failure?.refused)

/** Keeps the last known busy time, marked as incomplete; without it, unknown time would look free. */
const whileRefused = (context: PlanContext, state: PublicationState, published: Published): CalendarPlan =>
  rewritten(context, state, published, {
    ...validityOf(context, published.last),
    blocks: context.agent.spec.publish.whenStale === 'Block',
    incomplete: true,
  })
