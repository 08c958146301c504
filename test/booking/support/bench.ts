/**
 * The reconcile of Bookings over a world in memory: a cluster that keeps Bookings, a calendar at Google, and an Agent whose calendar
 * is read when somebody asks for it. A process can be halted at any call of a port, and another one started.
 */
import { expect } from 'vitest'
import { createBookingReconciler, type BookingReconciler } from '../../../src/booking/reconcile.ts'
import { CalendarTurns } from '../../../src/booking/turns.ts'
import { UnansweredWrites } from '../../../src/booking/unanswered-writes.ts'
import { createZones } from '../../../src/calendar/zones.ts'
import { listCalendar } from '../../../src/calendars/list-calendar.ts'
import {
  listed,
  newCalendar,
  newCalendarsState,
  withCalendar,
  type CalendarsState,
} from '../../../src/calendars/state.ts'
import { WrittenEvents } from '../../../src/calendars/written-events.ts'
import type { Outcome } from '../../../src/controller/outcome.ts'
import { GoogleError } from '../../../src/google/port.ts'
import type { TokenRefusal } from '../../../src/grants/port.ts'
import { ApiError, keyOf, type Cluster, type EventRecord, type Store } from '../../../src/kubernetes/port.ts'
import { createLog } from '../../../src/platform/log.ts'
import type { Agent, Booking, BookingSpec, Condition } from '../../../src/resources/types.ts'
import { ManualClock } from '../../support/clock.ts'
import { statusProblems } from '../../support/kstatus.ts'
import { aBooking, anAgent, anIntegration } from '../../support/resources.ts'
import { lost, MemoryCalendar } from './memory-google.ts'
import { at } from './times.ts'

export const ALICE = 'alice@example.com'
const DAY = 86_400_000
/** What is due later is not waited for. */
const LONGEST_PAUSE_MS = 600_000
const zones = createZones()

/** What happens at the n-th call of a port. */
export type Fault =
  /** The process ends before the call takes effect. */
  | 'killed before'
  /** The process ends after the effect, before it sees the answer. */
  | 'killed after'
  /** The effect happens, and the answer is lost. */
  | 'answer lost'
  /** Nothing happens, and the connection breaks. */
  | 'no connection'

export class BookingBench {
  readonly clock = new ManualClock()
  readonly google = new MemoryCalendar()
  readonly events: EventRecord[] = []
  readonly lines: string[] = []
  readonly booked: number[] = []
  /** Those that get a first status because they wait. */
  readonly shown: string[] = []
  readonly bookings = new Map<string, Booking>()
  agents: Agent[]
  /** The keys of Agents that another replica reconciles. */
  readonly foreign = new Set<string>()
  /** The calls of ports so far. */
  calls: string[] = []
  /** The call that fails next, and how. */
  fault: { at: number; how: Fault } | undefined
  isHalted = false
  /** How many reconciles there were. */
  reconciles = 0
  reading: 'works' | 'fails' = 'works'
  /** Why there is no access token. */
  refusal: TokenRefusal | undefined
  /** Whether the integration has been looked at since the start. */
  isIntegrationKnown = true
  /** The scopes of the grant; undefined if they are not known. */
  scopes: string[] | undefined
  #version = 100
  #created = 0
  #state: CalendarsState = newCalendarsState()
  #asked: number | undefined
  readonly #woken = new Set<string>()
  /** When keys are due, by the time of day. */
  readonly #due = new Map<string, number>()
  #written = new WrittenEvents(zones)
  #reconciler!: BookingReconciler

  constructor(agent: Partial<Agent['spec']> = {}) {
    this.agents = [anAgent({ calendars: { read: ['primary'], write: 'primary' }, ...agent })]
    this.google.intercept = (call, run) => this.#faulty(`google ${call}`, run)
    this.restart()
  }

  /** Another process over the same world. */
  restart(): void {
    this.isHalted = false
    this.#state = newCalendarsState()
    this.#asked = undefined
    this.#woken.clear()
    this.#written = new WrittenEvents(zones)
    const wake = (key: string): void => void this.#woken.add(key)
    const { clock } = this
    this.#reconciler = createBookingReconciler({
      ...{ clock, zones, cluster: this.#cluster(), wake, showWaiting: (key) => void this.shown.push(key) },
      log: createLog({ level: 'debug', clock, write: (line) => void this.lines.push(line) }),
      integrations: {
        get: () =>
          this.isIntegrationKnown
            ? {
                client: this.google.client,
                credentialsHash: 'h',
                ready: true,
                apiDisabled: false,
                siteAccepted: true,
                message: '',
              }
            : undefined,
        canProbe: () => true,
        tryAcquireProbe: () => () => undefined,
        probeDueAt: () => undefined,
        report: () => undefined,
      },
      tokens: {
        load: async () => undefined,
        ensure: async () => this.refusal,
        verify: async () => undefined,
        renew: async () => undefined,
        confirm: async () => undefined,
        current: () =>
          ({
            generation: 1,
            grant: { account: ALICE, accessToken: 'ya29', isTokenProven: true, scopes: this.scopes },
          }) as never,
        forget: () => undefined,
      },
      calendars: {
        calendars: () => ({ state: this.#state, failures: this.#failures(), isAwaited: this.#asked !== undefined }),
        refresh: (_, olderThan) => void (this.#asked = Math.max(this.#asked ?? -Infinity, olderThan)),
        onWritten: (event) => {
          this.#written.add(event, clock.monotonic())
          this.#state = this.#written.applyTo(this.#state)
        },
      },
      turns: new CalendarTurns({ clock, random: () => 0.5, wake }),
      unanswered: new UnansweredWrites({ clock, wake }),
      ownedSince: (agent) => (this.foreign.has(agent) ? Infinity : -Infinity),
      metrics: { booked: (seconds) => void this.booked.push(seconds), bookingConflict: () => undefined },
    })
  }

  #failures(): never[] {
    return this.reading === 'fails' ? [{ message: 'Google is away.' } as never] : []
  }

  /** Creates a Booking, or changes its spec. */
  apply(spec: Partial<BookingSpec> = {}, name = 'viewing'): void {
    const known = this.bookings.get(`booking/${name}`)
    const made = aBooking(spec, name)
    made.metadata.uid = `0d9f2c1e-8a47-4f6b-9c3d-${String(++this.#created).padStart(12, '0')}`
    made.metadata.creationTimestamp = new Date(this.clock.now()).toISOString().replace(/\.\d+Z/, 'Z')
    const metadata = known
      ? {
          ...known.metadata,
          generation: (known.metadata.generation ?? 1) + 1,
          resourceVersion: String(++this.#version),
        }
      : made.metadata
    const changed = known ? { ...known, spec: { ...known.spec, ...spec }, metadata } : made
    this.bookings.set(`booking/${name}`, changed)
    this.#woken.add(`booking/${name}`)
  }

  /** A Booking is applied and booked. Returns the id of its event. */
  async book(spec: Partial<BookingSpec> = {}): Promise<string> {
    this.apply({ start: at(13), end: at(14), ...spec })
    await this.run()
    expect(this.ready).toBe('Ready')
    this.google.calls.length = 0
    return this.get().status?.event?.id ?? ''
  }

  /** As `kubectl delete` does. */
  delete(name = 'viewing'): void {
    const booking = this.get(name)
    if (!booking.metadata.finalizers?.length) return void this.bookings.delete(`booking/${name}`)
    const deletionTimestamp = new Date(this.clock.now()).toISOString()
    this.bookings.set(`booking/${name}`, { ...booking, metadata: { ...booking.metadata, deletionTimestamp } })
    this.#woken.add(`booking/${name}`)
  }

  get(name = 'viewing'): Booking {
    const booking = this.bookings.get(`booking/${name}`)
    if (!booking) throw new Error(`there is no Booking ${name}`)
    return booking
  }

  condition(type: string, name = 'viewing'): Condition | undefined {
    return this.get(name).status?.conditions?.find((condition) => condition.type === type)
  }

  get ready(): string | undefined {
    return this.condition('Ready')?.reason
  }

  /** Whether the fault has not happened. */
  get hasFault(): boolean {
    return this.fault !== undefined
  }

  /** Reconciles what is due until nothing is; after a halt another process goes on. */
  async run(rounds = 60): Promise<void> {
    this.#wakeAll()
    this.#due.clear()
    for (let round = 0; round < rounds; round++) {
      if (this.isHalted) this.#startAgain()
      const key = [...this.#woken][0] ?? this.#nextDue()
      if (key === undefined && this.#asked === undefined) return
      if (key !== undefined) await this.#reconcile(key)
      await this.#readIfAsked()
      for (const booking of this.bookings.values()) expect(statusProblems(booking)).toEqual([])
    }
  }

  async #readIfAsked(): Promise<void> {
    if (this.#asked !== undefined && !this.isHalted) await this.#untilHalted(this.read())
  }

  /** Reconciles what was woken, and nothing that is only due later. */
  async settle(): Promise<void> {
    for (let [key] = this.#woken; key !== undefined; [key] = this.#woken) await this.#reconcile(key)
  }

  #wakeAll(): void {
    for (const key of this.bookings.keys()) this.#woken.add(key)
  }

  #startAgain(): void {
    this.restart()
    this.#due.clear()
    this.#wakeAll()
  }

  async #reconcile(key: string): Promise<void> {
    this.#woken.delete(key)
    this.#due.delete(key)
    this.reconciles += 1
    const outcome = await this.#untilHalted(this.#reconciler.reconcile(key))
    const pause = outcome && pauseOf(outcome)
    if (pause !== undefined && pause <= LONGEST_PAUSE_MS) this.#due.set(key, this.clock.now() + pause)
  }

  /** The key that is due first; time goes on until then. */
  #nextDue(): string | undefined {
    const [first] = [...this.#due].sort(([, a], [, b]) => a - b)
    if (!first) return undefined
    void this.clock.advance(Math.max(first[1] - this.clock.now(), 0))
    return first[0]
  }

  /** The Agent's calendar is read, as its reconcile would do it. */
  async read(): Promise<void> {
    const startedAt = this.clock.monotonic()
    try {
      if (this.reading === 'works') await this.#list(startedAt)
    } catch (error) {
      if (!(error instanceof GoogleError)) throw error
    }
    this.#asked = undefined
    this.#reconciler.onCalendarsRead('booking/alice')
  }

  async #list(startedAt: number): Promise<void> {
    const before = this.#state.byId.get(ALICE)
    const now = this.clock.now()
    const from =
      before?.syncToken === undefined
        ? { window: { start: now - DAY, end: now + 91 * DAY } }
        : { syncToken: before.syncToken }
    const found = await listCalendar(this.google.client, zones, {
      ...{ accessToken: 'ya29', calendarId: ALICE, detail: 'Busy', from, onlyBookings: false, isAnnounced: false },
      before: before?.snapshot,
      booked: before?.booked ?? new Map(),
      countOwn: () => 0,
      onPage: () => undefined,
    })
    const full = 'window' in from ? { pastDays: 1, futureDays: 90, at: now } : undefined
    const calendar = listed(before ?? newCalendar(), {
      ...found,
      full,
      startedAt,
      interval: 300_000,
      dueAt: Infinity,
    })
    this.#state = this.#written.applyTo(withCalendar(this.#state, ALICE, calendar))
  }

  /** Reads the calendar as a poll does, and lets follow what follows. */
  async poll(): Promise<void> {
    await this.read()
    await this.run()
  }

  async #untilHalted<T>(running: Promise<T>): Promise<T | undefined> {
    let result: { value: T } | undefined
    void running.then(
      (value) => (result = { value }),
      (error: unknown) => {
        throw error
      },
    )
    for (let turn = 0; turn < 500 && !result && !this.isHalted; turn++)
      await new Promise((resolve) => setImmediate(resolve))
    if (!result && !this.isHalted) throw new Error('the reconcile never ends')
    return result?.value
  }

  async #faulty<T>(call: string, run: () => T): Promise<T> {
    await Promise.resolve()
    this.calls.push(call)
    const how = this.fault?.at === this.calls.length ? this.fault.how : undefined
    if (how === undefined) return run()
    this.fault = undefined
    const isGoogle = call.startsWith('google')
    if (how === 'killed after' || how === 'answer lost') run()
    if (how.startsWith('killed')) {
      this.isHalted = true
      return new Promise<T>(() => undefined)
    }
    if (isGoogle) throw lost()
    throw new ApiError('Unreachable', 'the connection broke')
  }

  #cluster(): Cluster {
    const write = <T>(
      name: string,
      booking: { metadata: Booking['metadata'] },
      run: (known: Booking) => T,
    ): Promise<T> =>
      this.#faulty(`kubernetes ${name}`, () => {
        const known = this.bookings.get(`booking/${booking.metadata.name}`)
        if (!known) throw new ApiError('NotFound', 'NotFound')
        if (known.metadata.resourceVersion !== booking.metadata.resourceVersion)
          throw new ApiError('Conflict', 'Conflict')
        return run(known)
      })
    const store = (booking: Booking): Booking => {
      const stored = { ...booking, metadata: { ...booking.metadata, resourceVersion: String(++this.#version) } }
      const isGone = stored.metadata.deletionTimestamp !== undefined && !stored.metadata.finalizers?.length
      if (isGone) this.bookings.delete(keyOf(stored))
      else this.bookings.set(keyOf(stored), stored)
      return stored
    }
    const integration = anIntegration()
    return {
      agents: storeOf(() => this.agents),
      bookings: storeOf(() => [...this.bookings.values()]),
      integrations: storeOf(() => [integration]),
      namespaces: undefined,
      patch: (booking: Booking, patch: { metadata: { finalizers: string[] } }) =>
        write('patch', booking, (known) =>
          store({ ...known, metadata: { ...known.metadata, finalizers: patch.metadata.finalizers } }),
        ),
      writeStatus: (booking: Booking, status: NonNullable<Booking['status']>) =>
        write(
          'status',
          booking,
          (known) => store({ ...known, status: JSON.parse(JSON.stringify(status)) as typeof status }).status,
        ),
      delete: (booking: Booking) => write('delete', booking, () => void this.bookings.delete(keyOf(booking))),
      recordEvent: (event: EventRecord) => void this.events.push(event),
    } as Partial<Record<keyof Cluster, unknown>> as unknown as Cluster
  }
}

function storeOf<T extends Agent | Booking | ReturnType<typeof anIntegration>>(list: () => T[]): Store<T> {
  return {
    get: (key) => list().find((object) => keyOf(object) === key),
    list,
    byIndex: () => list(),
    subscribe: () => undefined,
  }
}

function pauseOf(outcome: Outcome): number | undefined {
  if (outcome.kind === 'retry') return Math.max(outcome.notBefore ?? 0, 1_000)
  return outcome.kind === 'wait' ? outcome.for : outcome.checkAgainIn
}
