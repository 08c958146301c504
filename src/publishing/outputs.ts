/**
 * The room of publishing: it keeps what an Agent publishes in the cluster up to date (its calendar and its access token) and
 * removes what its spec no longer names. It writes ConfigMaps and Secrets through the port of Kubernetes, never one that is
 * not the Agent's own, and never speaks to Google.
 */
import type { CalendarsState } from '../calendars/state.ts'
import type { StepFailure } from '../failures/step-failure.ts'
import { failureOf, isConflict } from '../failures/thrown.ts'
import type { Grant } from '../grants/grant.ts'
import type { Agent, CalendarIntegration } from '../resources/types.ts'
import { keepFormer } from './former-objects.ts'
import { removeOrphans } from './owned-object.ts'
import type { PublishDeps } from './port.ts'
import { publishCalendar, publishToken } from './publish.ts'
import type { PublicationState } from './state.ts'

/** What is published, and how far. */
export interface PublishInput {
  /** The Agent; its spec may name more than the person has consented to. */
  agent: Agent
  /** The same; its spec names only what the person has consented to, and is the very same object where that is all. */
  consented: Agent
  calendars: CalendarsState
  grant: Grant | undefined
  /** Undefined where nothing new may be said: the integration is gone or suspended. */
  sync: CalendarIntegration['spec']['sync'] | undefined
  /** The grant has proved itself in this reconcile: its access token may be published. */
  authorized: boolean
  /** Conflicts have gone on for so long that they are reported like any other failure. */
  reportsConflicts: boolean
}

/** What came of publishing. */
export interface PublishResult {
  state: PublicationState
  failures: StepFailure[]
  /** The time of day at which what is published was judged. */
  publishedAt: number
  /** Another client has written the same object: nothing more was tried. */
  conflict?: Error
}

/** Brings all outputs up to date. Each is tried, whatever the other fails with; nothing but a conflict ends it. */
export async function publishOutputs(
  deps: PublishDeps,
  input: PublishInput,
  state: PublicationState,
): Promise<PublishResult> {
  const { agent, consented, authorized } = input
  const result: PublishResult = { state, failures: [], publishedAt: deps.clock.now() }
  const context = { deps, agent: consented, calendars: input.calendars, grant: input.grant, state, sync: input.sync }
  const attempt = async (step: () => Promise<StepFailure | undefined>): Promise<StepFailure | undefined> => {
    if (result.conflict) return undefined
    try {
      return await step()
    } catch (error) {
      if (!(error instanceof Error && isConflict(error)) || input.reportsConflicts) return failureOf(error)
      result.conflict = error
      return undefined
    }
  }
  const calendar = await attempt(() => publishCalendar(context))
  const token = await attempt(() => publishToken(context, authorized))
  // Only once the new name holds everything is the old one removed.
  const whole = !calendar && !token && authorized && agent === consented
  if (whole) await attempt(() => removeOrphans(deps, agent, state).then(() => undefined))
  else if (agent !== consented) await attempt(() => keepFormer(deps, consented, state))
  result.failures = [calendar, token].filter((one) => one !== undefined)
  return result
}
