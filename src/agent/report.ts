/**
 * Writing the status: the whole of it at once, and only if it says something new. Times that move with every reading are
 * no news: they are written along with other changes, or as a heartbeat when half of the time of trust has passed.
 */
import { isDeepStrictEqual } from 'node:util'
import { conditionsFor, timestamp, type Findings } from '../resources/conditions.ts'
import { requestedAt } from '../resources/names.ts'
import type { Agent, AgentStatus, CalendarIntegration } from '../resources/types.ts'
import { announce } from '../kubernetes/announce.ts'
import { keyOf } from '../kubernetes/port.ts'
import { grantEnd } from './death.ts'
import { fromTimestamp } from './encoding.ts'
import type { AgentMemory } from './memory.ts'
import type { AgentDeps } from './port.ts'
import { publishedDocument } from './render.ts'
import { wantedCalendars } from './sync.ts'

export interface Report {
  agent: Agent
  memory: AgentMemory
  /** Undefined: the conditions stay as they are. */
  findings: Findings<'Agent'> | undefined
  integration: CalendarIntegration | undefined
  /** How long a reading is trusted, in ms: half of it is the pace of the heartbeat. */
  staleAfter: number | undefined
}

/** Writes the status if it says something new. Fails with an `ApiError`. */
export async function report(deps: AgentDeps, { agent: looked, ...what }: Report): Promise<void> {
  // The newest version: our own provisional status, or somebody's label, may have come since we looked.
  const agent = deps.cluster.agents.get(keyOf(looked))
  if (agent?.metadata.uid !== looked.metadata.uid || !agent) return
  const before = { conditions: agent.status?.conditions, generation: looked.metadata.generation, now: deps.clock.now() }
  const conditions = what.findings ? conditionsFor('Agent', what.findings, before) : before.conditions
  const status: AgentStatus = {
    observedGeneration: looked.metadata.generation,
    conditions,
    lastHandledReconcileAt: what.findings ? requestedAt(looked) : undefined,
    authorization: authorizationOf({ agent, ...what }),
    sync: syncOf({ agent, ...what }),
  }
  status.lastHandledReconcileAt ??= agent.status?.lastHandledReconcileAt
  if (!isNews({ agent, ...what }, status)) return
  await deps.cluster.writeStatus(agent, compact(status))
  announce(deps.cluster, { kind: 'Agent', object: agent, before: agent.status?.conditions, after: conditions })
  deps.reported(keyOf(agent))
}

/** Without the keys that have nothing to say: the API server has no undefined. */
const compact = (status: AgentStatus): AgentStatus => JSON.parse(JSON.stringify(status)) as AgentStatus

function authorizationOf({ agent, memory, integration }: Report): AgentStatus['authorization'] {
  const grant = memory.grant
  // Nothing was looked at, or the grant is gone: what was known of the last one still helps whoever has to act.
  if (!grant) return agent.status?.authorization
  const end = integration && grantEnd(grant, integration)
  return {
    account: grant.account,
    scopes: grant.scopes,
    grantedAt: timestamp(grant.grantedAt),
    expiresAt: end === undefined ? undefined : timestamp(end),
    accessTokenExpiresAt: grant.accessToken ? timestamp(grant.expiresAt) : undefined,
    likelyCause: memory.refusal?.likelyCause,
  }
}

function syncOf({ agent, memory }: Report): AgentStatus['sync'] {
  const wanted = [...wantedCalendars(agent, memory.grant)]
  const known = wanted.map(([id]) => memory.calendars.get(id))
  const read = known.flatMap((calendar) => (calendar?.lastRead !== undefined && !calendar.refused ? [calendar] : []))
  // After a restart, what the status says holds until it is known better.
  if (known.some((calendar) => calendar?.lastRead === undefined && !calendar?.refused)) return agent.status?.sync
  const oldest = (times: (number | undefined)[]): string | undefined => {
    const given = times.filter((time) => time !== undefined)
    return given.length > 0 ? timestamp(Math.min(...given)) : undefined
  }
  return {
    lastSyncTime: oldest(read.map((calendar) => calendar.lastRead)) ?? agent.status?.sync?.lastSyncTime,
    lastFullSyncTime: oldest(read.map((calendar) => calendar.lastFull)) ?? agent.status?.sync?.lastFullSyncTime,
    busyIntervals: publishedDocument(memory.published?.data)?.busy.length,
    calendars: wanted.map(([id, name]) => {
      const calendar = memory.calendars.get(id)
      const lastSyncTime = calendar?.lastRead === undefined ? undefined : timestamp(calendar.lastRead)
      return { id: name, events: calendar?.picture.events, lastSyncTime, error: calendar?.error }
    }),
  }
}

/** Anything but the passing of time; or time enough for a heartbeat. */
function isNews({ agent, staleAfter = Infinity }: Report, status: AgentStatus): boolean {
  const before = agent.status
  if (!isDeepStrictEqual(timeless(compact(status)), timeless(before))) return true
  const last = fromTimestamp(before?.sync?.lastSyncTime)
  const current = fromTimestamp(status.sync?.lastSyncTime)
  return current !== undefined && (last === undefined || current - last >= staleAfter / 2)
}

const timeless = (status: AgentStatus | undefined): unknown => {
  const { sync, ...rest } = status ?? {}
  return { ...rest, errors: sync?.calendars?.map(({ id, error }) => [id, error]), busy: sync?.busyIntervals }
}
