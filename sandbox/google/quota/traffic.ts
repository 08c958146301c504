/**
 * The requests to the Calendar API as they arrive, also those that are refused or hit by a fault: a test proves with their
 * busiest minute that a client kept to its budget.
 */
import type { Arrivals, BusiestMinute, Traffic } from '../state/quota-records.ts'
import { addRequest, lastMinute, newMinute } from './sliding-minute.ts'

/** Makes a record of traffic without requests. */
export const newTraffic = (): Traffic => ({ projects: new Map(), clients: new Map() })

/** Whose request arrived. */
interface Arrival {
  project: string
  client: string
  account: string
}

/** Notes a request. */
export function noteArrival(traffic: Traffic, { project, client, account }: Arrival, now: number): void {
  noteIn(traffic.projects, project, { account, now })
  noteIn(traffic.clients, client, { account, now })
}

function noteIn(groups: Map<string, Arrivals>, name: string, { account, now }: { account: string; now: number }): void {
  const group = ensure(groups, name, () => ({ all: newBusiest(), accounts: new Map<string, BusiestMinute>() }))
  note(group.all, now)
  note(ensure(group.accounts, account, newBusiest), now)
}

function ensure<T>(map: Map<string, T>, name: string, make: () => T): T {
  const found = map.get(name) ?? make()
  map.set(name, found)
  return found
}

const newBusiest = (): BusiestMinute => ({ present: newMinute(), requests: 0, endedAt: 0 })

function note(busiest: BusiestMinute, now: number): void {
  addRequest(busiest.present, now)
  const requests = lastMinute(busiest.present, now)
  if (requests > busiest.requests) Object.assign(busiest, { requests, endedAt: now })
}

/** Forgets the busiest minutes. The requests of the last minute still count for the next ones. */
export function resetBusiest({ projects, clients }: Traffic): void {
  for (const { all, accounts } of [...projects.values(), ...clients.values()]) {
    for (const one of [all, ...accounts.values()]) Object.assign(one, { requests: 0, endedAt: 0 })
  }
}

/** The most requests that any sliding minute held. */
interface Busiest {
  /** The id of a project or client, or an account. */
  name: string
  requests: number
  /** The time of the last request of that minute, as RFC 3339. */
  endedAt: string
}

/** The busiest minute of a project or client, and of each of its accounts, the busiest account first. */
interface BusiestReport extends Busiest {
  accounts: Busiest[]
}

/** Returns the busiest minute of each project and each client. */
export function reportBusiest({ projects, clients }: Traffic): { projects: BusiestReport[]; clients: BusiestReport[] } {
  return { projects: reportOf(projects), clients: reportOf(clients) }
}

function reportOf(groups: Map<string, Arrivals>): BusiestReport[] {
  return [...groups].map(([name, { all, accounts }]) => ({
    ...shown(name, all),
    accounts: [...accounts].map(([account, one]) => shown(account, one)).sort((a, b) => b.requests - a.requests),
  }))
}

const shown = (name: string, { requests, endedAt }: BusiestMinute): Busiest => ({
  name,
  requests,
  endedAt: new Date(endedAt).toISOString(),
})
