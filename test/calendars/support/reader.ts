/** Reads the calendars of one Agent from a Google that a test scripts, and shows what was asked and kept. */
import { computeBusyTime } from '../../../src/calendar/busy.ts'
import { publishedWindow } from '../../../src/calendar/window.ts'
import { createZones } from '../../../src/calendar/zones.ts'
import { MemoryBudget } from '../../../src/calendars/memory-budget.ts'
import type { ReadInput } from '../../../src/calendars/port.ts'
import { readCalendars } from '../../../src/calendars/read-calendars.ts'
import { newCalendarsState, type CalendarState } from '../../../src/calendars/state.ts'
import { WrittenEvents } from '../../../src/calendars/written-events.ts'
import type { StepFailure } from '../../../src/failures/step-failure.ts'
import {
  GoogleError,
  type EventsPage,
  type EventsRequest,
  type GoogleClient,
  type GoogleFailure,
  type ListingEnd,
} from '../../../src/google/port.ts'
import { createLog } from '../../../src/platform/log.ts'
import { ManualClock } from '../../support/clock.ts'
import { anAgent, anIntegration } from '../../support/resources.ts'

export const MINUTE = 60_000
export const ALICE = 'alice@example.com'

/** Google's answer to one request, page by page; a failure instead of a page ends it. */
export interface Answer {
  pages?: (unknown[] | GoogleFailure | Error)[]
  nextSyncToken?: string
  timeZone?: string
}

export const meeting = (special: object = {}): object => ({
  id: 'meeting',
  status: 'confirmed',
  summary: 'Viewing',
  start: { dateTime: '2026-11-24T10:00:00Z' },
  end: { dateTime: '2026-11-24T11:00:00Z' },
  ...special,
})

export class Reader {
  readonly clock = new ManualClock()
  readonly zones = createZones()
  readonly written = new WrittenEvents(this.zones)
  readonly lines: string[] = []
  readonly asked: EventsRequest[] = []
  /** The access token of each request. */
  readonly tokens: string[] = []
  state = newCalendarsState()
  agent = anAgent()
  integration = anIntegration()
  answers: Answer[] = []
  budget = new MemoryBudget()
  /** How often the work was seen to go on. */
  progress = 0
  isTokenProven = true
  renew: ReadInput['renew'] = async () => ({ accessToken: 'ya29.new' })
  /** Whether the Calendar API was found to be switched off, by the last round. */
  apiDisabled = false
  #turn = 0

  async #events(token: string, request: EventsRequest, onPage: (page: EventsPage) => void): Promise<ListingEnd> {
    await Promise.resolve()
    this.asked.push(request)
    this.tokens.push(token)
    const { pages = [[]], nextSyncToken = `S${++this.#turn}`, timeZone = 'Europe/Paris' } = this.answers.shift() ?? {}
    for (const page of pages) {
      if (page instanceof Error) throw page
      if (typeof page === 'string') throw new GoogleError(page, `403 ${page}`, { status: 403 })
      onPage({ events: page, timeZone })
    }
    return { nextSyncToken, timeZone, truncated: false }
  }

  async sync(force = false, changed: ReadonlySet<string> = new Set()): Promise<StepFailure[]> {
    const { clock, zones, budget } = this
    const log = createLog({ level: 'debug', clock, write: (line) => void this.lines.push(line) })
    const deps = {
      clock,
      random: () => 0.5,
      zones,
      progress: () => {
        this.progress++
      },
      log,
      budget,
      written: this.written,
    }
    const input: ReadInput = {
      agent: this.agent,
      integration: this.integration,
      client: { events: this.#events.bind(this) } as unknown as GoogleClient,
      account: ALICE,
      accessToken: 'ya29',
      isTokenProven: this.isTokenProven,
      renew: this.renew,
      advice: 'sign in again',
      changed,
      force,
      keep: (known) => void (this.state = known),
    }
    const result = await readCalendars(deps, input, this.state)
    this.state = result.state
    this.apiDisabled = result.apiDisabled
    return result.failures
  }

  /** The next round in which the calendar is due. */
  async nextRound(): Promise<StepFailure[]> {
    await this.clock.advance(Math.max((this.calendar()?.dueAt ?? 0) - this.clock.monotonic(), 0))
    return this.sync()
  }

  calendar(id = ALICE): CalendarState | undefined {
    return this.state.byId.get(id)
  }

  kindsAsked(): string[] {
    return this.asked.map(({ from }) => ('syncToken' in from ? from.syncToken : 'all'))
  }

  /** The busy time of the account's own calendar. */
  busy(): { intervals: number; complete: boolean } {
    const window = publishedWindow(this.clock.now(), this.integration.spec.sync.window)
    const snapshot = this.calendar()?.snapshot
    const rules = { tentative: 'Busy', allDay: 'Busy' } as const
    const found = computeBusyTime(snapshot ? [snapshot] : [], rules, window, this.zones)
    return { intervals: found.busy.length, complete: found.complete }
  }
}
