/**
 * A burst of Bookings while the operator is killed with SIGKILL again and again. It is killed after some of its requests to Google,
 * or while Google does not answer an insert, written or not. A seed decides which.
 */
import type { SimulatedGoogle } from '../../sandbox/google/google.ts'
import { GROUP_VERSION } from '../../src/resources/names.ts'
import type { Booking } from '../../src/resources/types.ts'
import type { NamespaceFixture } from '../../test/real/faults/support/namespace-fixture.ts'
import type { Replica } from '../../test/real/faults/support/replica.ts'
import { until } from '../../test/real/faults/support/until.ts'
import { problemsOf, reasonOf, type SeenEvent } from './verdict.ts'

/** Where a burst takes place. */
export interface BurstDeps {
  fixture: NamespaceFixture
  google: SimulatedGoogle
  replica: Replica
  /** Random numbers in [0, 1). */
  random: () => number
  /** How often the operator is killed. */
  kills: number
  /** Told of each kill. */
  say?: (line: string) => void
}

const AGENTS = ['anna', 'ben', 'cleo']
/** Each slot of an Agent is wanted by one Booking, the first ones by two. */
const SLOTS = 8
const RIVALS = 2
/** Enough for a start and for some Bookings. */
const MOST_REQUESTS = 12
/** Longer than it takes until the kill. */
const SLOW_MS = 20_000
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const POLL_MS = 5
/** Looking at all Bookings costs the API server something. */
const LOOKS_EACH = 100

interface Wanted {
  name: string
  agent: string
  slot: number
}

const wanted = (count: number, suffix: string, from = 0): Wanted[] =>
  AGENTS.flatMap((agent) =>
    Array.from({ length: count }, (_, n) => ({ name: `${agent}-${from + n}${suffix}`, agent, slot: from + n })),
  )

/** These are deleted in the middle. */
const LEAVING = wanted(1, '-leaves', SLOTS)

/** Runs a burst to its end. Returns what is wrong then, as sentences. */
export async function killDuringBurst(deps: BurstDeps): Promise<string[]> {
  const { fixture, replica } = deps
  for (const name of AGENTS) await fixture.addPerson(name, { calendars: { read: ['primary'], write: 'primary' } })
  await fixture.untilReady(...AGENTS)
  await killAgainAndAgain(deps)
  deps.google.clearFaults({})
  await until('all Bookings are decided', () => isQuiet(deps))
  const problems = await problemsIn(deps)
  if (problems.length > 0) return problems
  const before = JSON.stringify(eventsIn(deps))
  await replica.restart()
  await replica.untilAtWork()
  await fixture.untilStill()
  return JSON.stringify(eventsIn(deps)) === before ? [] : ['the last start changed events, with nothing to do']
}

async function killAgainAndAgain(deps: BurstDeps): Promise<void> {
  const { fixture, replica, kills, say } = deps
  const tomorrow = Math.ceil(Date.now() / HOUR_MS) * HOUR_MS + DAY_MS
  const left = [...LEAVING, ...shuffled([...wanted(SLOTS, ''), ...wanted(RIVALS, '-rival')], deps.random)]
  const each = Math.ceil(left.length / (kills - 1))
  for (let kill = 1; kill <= kills; kill++) {
    const { what, isReached } = killPoint(deps)
    const changes = left.splice(0, each).map((one) => book(deps, one, tomorrow))
    if (kill === Math.ceil(kills / 2))
      changes.push(...LEAVING.map(({ name }) => fixture.objects.delete('Booking', name)))
    let looks = 0
    const hasNothingToDo = async (): Promise<boolean> => ++looks % LOOKS_EACH === 0 && (await isQuiet(deps))
    await until(what, async () => isReached() || (await hasNothingToDo()), POLL_MS)
    const killed = isReached() ? what : 'with nothing left to do'
    await Promise.all([...changes, replica.restart()])
    say?.(`kill ${kill} of ${kills}, ${killed}: ${eventsIn(deps).length} events`)
  }
}

function shuffled<T>(all: readonly T[], random: () => number): T[] {
  const placed = all.map((one) => ({ one, place: random() }))
  return placed.sort((a, b) => a.place - b.place).map(({ one }) => one)
}

interface KillPoint {
  what: string
  isReached: () => boolean
}

function killPoint({ google, random }: BurstDeps): KillPoint {
  google.clearFaults({})
  const requests = 1 + Math.floor(random() * MOST_REQUESTS)
  const kind = random()
  if (kind < 0.5) {
    const end = google.requests({ last: 0 }).total + requests
    return { what: `after ${requests} requests`, isReached: () => google.requests({ last: 0 }).total >= end }
  }
  const [fault, what] = kind < 0.8 ? (['commitThenSlow', 'written'] as const) : (['hang', 'sent'] as const)
  google.addFault({ fault, kind: 'events.insert', times: 1, ms: SLOW_MS })
  const unanswered = (): number =>
    google.requests({ kind: 'events.insert' }).log.filter((one) => one.status === 0).length
  const before = unanswered()
  return { what: `while an insert is ${what} and not answered`, isReached: () => unanswered() > before }
}

async function book({ fixture }: BurstDeps, { name, agent, slot }: Wanted, origin: number): Promise<void> {
  const [start, end] = [0, 1].map((hours) => timestamp(origin + (slot + hours) * HOUR_MS))
  const spec = { agentRef: { name: agent }, title: name, start, end }
  await fixture.objects.apply({ apiVersion: GROUP_VERSION, kind: 'Booking', metadata: { name }, spec } as never)
}

const timestamp = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z')

const bookingsIn = ({ fixture }: BurstDeps): Promise<Booking[]> =>
  fixture.list('Booking') as Promise<unknown> as Promise<Booking[]>

const eventsIn = ({ fixture, google }: BurstDeps): SeenEvent[] =>
  AGENTS.flatMap((name) => google.events({ calendar: fixture.account(name) }))

async function isQuiet(deps: BurstDeps): Promise<boolean> {
  const bookings = await bookingsIn(deps)
  const isDecided = (one: Booking): boolean => ['Ready', 'SlotTaken'].includes(reasonOf(one) ?? '')
  return bookings.every((one) => isDecided(one) && one.metadata.deletionTimestamp === undefined)
}

const problemsIn = async (deps: BurstDeps): Promise<string[]> =>
  problemsOf({
    bookings: await bookingsIn(deps),
    events: eventsIn(deps),
    deleted: LEAVING.map(({ name }) => name),
  })
