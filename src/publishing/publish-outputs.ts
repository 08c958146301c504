/**
 * The publishing room: it keeps an Agent's outputs in the cluster up to date (its calendar and its access token), and removes what its
 * spec no longer names. It writes ConfigMaps and Secrets through the port of Kubernetes, only the Agent's own and only the version
 * that a decision was based on, and never sends requests to Google.
 */
import { knownCalendars } from '../calendars/query.ts'
import { nextReading } from '../calendars/schedule.ts'
import { isStepFailure, stepFailure, type StepFailure } from '../failures/step-failure.ts'
import { failureOf } from '../failures/thrown.ts'
import { isConflict } from '../kubernetes/port.ts'
import { whenKnown, type MaybePromise } from '../platform/maybe-promise.ts'
import { timestamp } from '../resources/conditions.ts'
import { contestedUntil } from './contention.ts'
import { removeFormerObjects, updateFormerObjects } from './former-objects.ts'
import { readData, readOwned, writeOwned, type Content } from './owned-object.ts'
import { OUR_KEYS, type Target } from './ownership.ts'
import { planCalendar, type CalendarPlan } from './plan-calendar.ts'
import type { PublishDeps, PublishInput, PublishResult } from './port.ts'
import { digestOf, digestsOf, sameDigests } from './published-object.ts'
import { notWanted, observed, written, type Output, type PublicationState } from './state.ts'

/**
 * Brings all outputs up to date. A failure of one output does not prevent the other; only a conflict ends the step early. While
 * nothing has to be read or written, the result is no promise.
 */
export function publishOutputs(
  deps: PublishDeps,
  input: PublishInput,
  state: PublicationState,
): MaybePromise<PublishResult> {
  const run = { deps, input }
  const publishedAt = deps.clock.now()
  return whenKnown(publishCalendar(run, state), (published) => {
    const calendar = withContention(run, 'calendar', published)
    if (calendar.conflict) return resultOf(run, publishedAt, calendar, calendar)
    return whenKnown(publishToken(run, calendar.state), (token) =>
      resultOf(run, publishedAt, calendar, withContention(run, 'accessToken', token)),
    )
  })
}

function resultOf({ input }: Run, publishedAt: number, calendar: PublishStep, last: PublishStep): PublishResult {
  const failures = [calendar.failure, last.failure].filter((one) => one !== undefined)
  const isComplete = failures.length === 0 && input.authorized && !input.isNarrowed
  return { state: last.state, failures, publishedAt, isComplete, conflict: last.conflict }
}

/**
 * Removes the objects under former names, but only after everything is published under the new names. Until then, it updates them
 * if the person has to consent first. A failure is retried by the next reconcile and not reported.
 *
 * @returns a conflict, if there was one.
 */
export function pruneOutputs(
  deps: PublishDeps,
  input: PublishInput,
  { state, isComplete }: Pick<PublishResult, 'state' | 'isComplete'>,
): MaybePromise<Error | undefined> {
  const step = attempt<PublishStep>({ deps, input }, state, () => {
    if (isComplete) return whenKnown(removeFormerObjects(deps, input.agent, state), () => ({ state }))
    return input.isNarrowed ? updateFormerObjects(deps, input.agent, state).then(() => ({ state })) : { state }
  })
  return whenKnown(step, ({ conflict }) => conflict)
}

interface Run {
  deps: PublishDeps
  input: PublishInput
}

/** The state after one step, and the failure of the step. */
interface PublishStep {
  state: PublicationState
  failure?: StepFailure
  /** Another client has written the same object. */
  conflict?: Error
}

function publishCalendar(run: Run, state: PublicationState): MaybePromise<PublishStep> {
  const wanted = run.input.agent.spec.publish.calendar
  if (!wanted) return { state: notWanted(state, 'calendar') }
  const target: Target = { kind: wanted.kind, name: wanted.name, role: 'calendar', keys: OUR_KEYS }
  return whenKnown(observe(run, 'calendar', target, state), (current) =>
    (current.failure ?? current.conflict) ? current : updateCalendar(run, target, current.state),
  )
}

/** @param state as it was observed. */
function updateCalendar(run: Run, target: Target, state: PublicationState): MaybePromise<PublishStep> {
  const { agent, calendars, account, sync } = run.input
  const known = knownCalendars(calendars, agent, account)
  const context = { ...run.deps, agent, calendars: known, nextReading: nextReading(calendars), sync, target }
  const plan = attempt(run, state, () => carriedOut(run, target, planCalendar(context, state)))
  return whenKnown(plan, (planned) => {
    if (!('data' in planned) || !planned.data) return planned
    const { data, keepsRest } = planned
    const put = write(run, 'calendar', { ...target, data, keepsRest }, planned.state)
    return put.then((result) => ({ ...result, failure: result.failure ?? planned.failure }))
  })
}

/** The plan with the new content, if it is a change of what is published: then that is read first. */
function carriedOut(run: Run, target: Target, plan: CalendarPlan): MaybePromise<CalendarPlan> {
  const { state, rewriting } = plan
  const published = state.calendar
  if (!rewriting || !published) return plan
  return readData(run.deps, run.input.agent, target, published).then(
    (text) => {
      const data = rewriting.rewrite(text)
      const isSame = data !== undefined && sameDigests(published.digests, digestsOf(data))
      return { state: isSame ? { ...state, compared: rewriting.compared } : state, data }
    },
    (error: unknown) => unreadable(plan, error),
  )
}

/** What can be written without the text is written: free time that nobody may rely on does not wait for it. @throws the error. */
function unreadable(plan: CalendarPlan, error: unknown): CalendarPlan {
  if (!plan.data || isConflict(error)) throw error
  return { ...plan, failure: failureOf(error) }
}

/**
 * Publishes the access token for programs that call Google themselves. Without a valid grant, no other token is published, and only
 * the expiry of the published one is corrected.
 */
function publishToken(run: Run, state: PublicationState): MaybePromise<PublishStep> {
  const wanted = run.input.agent.spec.publish.accessToken
  if (!wanted) return { state: notWanted(state, 'accessToken') }
  const target: Target = { kind: 'Secret', name: wanted.name, role: 'access-token', keys: OUR_KEYS }
  return whenKnown(observe(run, 'accessToken', target, state), (current) => updateToken(run, target, current))
}

function updateToken(run: Run, target: Target, current: PublishStep): MaybePromise<PublishStep> {
  const { authorized, token } = run.input
  if (current.failure ?? current.conflict ?? !token) return current
  const { accessToken, expiresAt } = token
  const published = current.state.accessToken
  if (!authorized && (!published || published.digests.access_token !== digestOf(accessToken))) return current
  const data = { access_token: accessToken, expires_at: timestamp(expiresAt), token_type: 'Bearer' }
  return write(run, 'accessToken', { ...target, data }, current.state)
}

/** Reads the object with the name of the output, unless it is known. */
const observe = (run: Run, output: Output, target: Target, state: PublicationState): MaybePromise<PublishStep> =>
  attempt(run, state, () =>
    whenKnown(readOwned(run.deps, run.input.agent, target, state[output] ?? undefined), (found) => {
      const now = run.deps.clock.monotonic()
      return isStepFailure(found)
        ? { state: observed(state, output, { target, found: undefined, now }), failure: found }
        : { state: observed(state, output, { target, found, now }) }
    }),
  )

const write = (run: Run, output: Output, target: Content, state: PublicationState): Promise<PublishStep> =>
  attempt(run, state, async () => {
    const object = await writeOwned(run.deps, run.input.agent, target, state[output] ?? undefined)
    if (isStepFailure(object)) return { state, failure: object }
    return { state: written(state, output, object), failure: object.isEdited ? changedOnTheWay(target) : undefined }
  })

/** Readers find wrong data between two repairs, so an Agent whose object is contested is not ready, although it was just repaired. */
function withContention({ deps, input: { agent } }: Run, output: Output, step: PublishStep): PublishStep {
  const { [output]: wanted } = agent.spec.publish
  const until = contestedUntil(step.state.contention?.[output], deps.clock.monotonic())
  if (!wanted || until === undefined || step.failure || step.conflict) return step
  const what = `${'kind' in wanted ? wanted.kind : 'Secret'} ${wanted.name}`
  const message = `${what} belongs to this Agent, and somebody else keeps changing or deleting it. The operator puts it right each time, but readers find wrong data in between. Its metadata.managedFields name who writes it (kubectl get -o yaml --show-managed-fields): stop that. The Agent is ready again once nobody has changed the object for five minutes.`
  return { ...step, failure: stepFailure('Synced', 'PublishConflict', message, { kind: 'blocked', at: until }) }
}

/** What readers find is not what was written, and would be taken for it. */
function changedOnTheWay({ kind, name }: Target): StepFailure {
  const message = `${kind} ${name} does not contain what the operator writes: a mutating admission webhook or policy changes it on the way. Exempt it there; the operator keeps trying.`
  return stepFailure('Synced', 'PublishFailed', message, { kind: 'retry', error: new Error(message) })
}

/** Runs a step. If it throws, the state is unchanged, and the exception becomes a failure or a conflict. */
function attempt<T extends PublishStep>(
  run: Run,
  state: PublicationState,
  step: () => Promise<T>,
): Promise<T | PublishStep>
function attempt<T extends PublishStep>(
  run: Run,
  state: PublicationState,
  step: () => MaybePromise<T>,
): MaybePromise<T | PublishStep>
function attempt<T extends PublishStep>(
  run: Run,
  state: PublicationState,
  step: () => MaybePromise<T>,
): MaybePromise<T | PublishStep> {
  const failed = (error: unknown): PublishStep =>
    error instanceof Error && isConflict(error) && !run.input.reportsConflicts
      ? { state, conflict: error }
      : { state, failure: failureOf(error) }
  try {
    const result = step()
    return result instanceof Promise ? result.catch(failed) : result
  } catch (error) {
    return failed(error)
  }
}
