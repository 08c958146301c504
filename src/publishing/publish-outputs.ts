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
import { timestamp } from '../resources/conditions.ts'
import { contestedUntil } from './contention.ts'
import { removeFormerObjects, updateFormerObjects } from './former-objects.ts'
import { readData, readOwned, writeOwned, type Content } from './owned-object.ts'
import { OUR_KEYS, type Target } from './ownership.ts'
import { planCalendar, type CalendarPlan } from './plan-calendar.ts'
import type { PublishDeps, PublishInput, PublishResult } from './port.ts'
import { digestOf, digestsOf, sameDigests } from './published-object.ts'
import { notWanted, observed, written, type Output, type PublicationState } from './state.ts'

/** Brings all outputs up to date. A failure of one output does not prevent the other; only a conflict ends the step early. */
export async function publishOutputs(
  deps: PublishDeps,
  input: PublishInput,
  state: PublicationState,
): Promise<PublishResult> {
  const run = { deps, input }
  const { authorized, isNarrowed } = input
  const publishedAt = deps.clock.now()
  const calendar = withContention(run, 'calendar', await publishCalendar(run, state))
  const token = calendar.conflict
    ? calendar
    : withContention(run, 'accessToken', await publishToken(run, calendar.state))
  const failures = [calendar.failure, token.failure].filter((one) => one !== undefined)
  const isComplete = !calendar.failure && !token.failure && authorized && !isNarrowed
  return { state: token.state, failures, publishedAt, isComplete, conflict: token.conflict }
}

/**
 * Removes the objects under former names, but only after everything is published under the new names. Until then, it updates them
 * if the person has to consent first. A failure is retried by the next reconcile and not reported.
 *
 * @returns a conflict, if there was one.
 */
export async function pruneOutputs(
  deps: PublishDeps,
  input: PublishInput,
  { state, isComplete }: Pick<PublishResult, 'state' | 'isComplete'>,
): Promise<Error | undefined> {
  const step = await attempt<PublishStep>({ deps, input }, state, async () => {
    if (isComplete) await removeFormerObjects(deps, input.agent, state)
    else if (input.isNarrowed) await updateFormerObjects(deps, input.agent, state)
    return { state }
  })
  return step.conflict
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

async function publishCalendar(run: Run, state: PublicationState): Promise<PublishStep> {
  const { agent, calendars, account, sync } = run.input
  const wanted = agent.spec.publish.calendar
  if (!wanted) return { state: notWanted(state, 'calendar') }
  const target: Target = { kind: wanted.kind, name: wanted.name, role: 'calendar', keys: OUR_KEYS }
  const current = await observe(run, 'calendar', target, state)
  if (current.failure ?? current.conflict) return current
  const known = knownCalendars(calendars, agent, account)
  const context = { ...run.deps, agent, calendars: known, nextReading: nextReading(calendars), sync, target }
  const plan = await attempt(run, current.state, () => carriedOut(run, target, planCalendar(context, current.state)))
  if (!('data' in plan) || !plan.data) return plan
  const { data, keepsRest } = plan
  const put = await write(run, 'calendar', { ...target, data, keepsRest }, plan.state)
  return { ...put, failure: put.failure ?? plan.failure }
}

/** The plan with the new content, if it is a change of what is published: then that is read first. */
function carriedOut(run: Run, target: Target, plan: CalendarPlan): CalendarPlan | Promise<CalendarPlan> {
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
async function publishToken(run: Run, state: PublicationState): Promise<PublishStep> {
  const { agent, authorized, token } = run.input
  const wanted = agent.spec.publish.accessToken
  if (!wanted) return { state: notWanted(state, 'accessToken') }
  const target: Target = { kind: 'Secret', name: wanted.name, role: 'access-token', keys: OUR_KEYS }
  const current = await observe(run, 'accessToken', target, state)
  if (current.failure ?? current.conflict ?? !token) return current
  const { accessToken, expiresAt } = token
  const published = current.state.accessToken
  if (!authorized && (!published || published.digests.access_token !== digestOf(accessToken))) return current
  const data = { access_token: accessToken, expires_at: timestamp(expiresAt), token_type: 'Bearer' }
  return write(run, 'accessToken', { ...target, data }, current.state)
}

/** Reads the object with the name of the output. */
const observe = (run: Run, output: Output, target: Target, state: PublicationState): Promise<PublishStep> =>
  attempt(run, state, async () => {
    const found = await readOwned(run.deps, run.input.agent, target, state[output] ?? undefined)
    const now = run.deps.clock.monotonic()
    if (isStepFailure(found))
      return { state: observed(state, output, { target, found: undefined, now }), failure: found }
    return { state: observed(state, output, { target, found, now }) }
  })

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
async function attempt<T extends PublishStep>(
  run: Run,
  state: PublicationState,
  step: () => T | Promise<T>,
): Promise<T | PublishStep> {
  try {
    return await step()
  } catch (error) {
    if (error instanceof Error && isConflict(error) && !run.input.reportsConflicts) return { state, conflict: error }
    return { state, failure: failureOf(error) }
  }
}
