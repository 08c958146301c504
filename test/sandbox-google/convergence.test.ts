import fc from 'fast-check'
import { expect, it } from 'vitest'
import { type Answer, meeting, startHarness, type Harness } from './harness.ts'
import { runs } from '../support/runs.ts'

const alice = 'alice@example.com'
const NAMES = ['event0', 'event1', 'event2']
const RULES = [undefined, ['RRULE:FREQ=DAILY;COUNT=4'], ['RRULE:FREQ=DAILY;INTERVAL=2;COUNT=3'], ['RRULE:FREQ=WEEKLY']]

interface Change {
  what: 'put' | 'move' | 'delete' | 'patch' | 'sync'
  name: number
  day: number
  hour: number
  rule: number
  /** Picks an instance of the series, if it has that many. */
  instance: number | undefined
}

const changes: fc.Arbitrary<Change> = fc.record({
  what: fc.constantFrom('put', 'move', 'delete', 'delete', 'patch', 'sync'),
  name: fc.nat(NAMES.length - 1),
  day: fc.nat(5),
  hour: fc.nat(5),
  rule: fc.nat(RULES.length - 1),
  instance: fc.option(fc.nat(3), { nil: undefined }),
})

const WINDOW = { timeMin: '2026-11-01T00:00:00Z', timeMax: '2027-01-01T00:00:00Z' }

it.each(['true', 'false'])(
  'a client that applies every delta holds what a full sync shows, with singleEvents=%s',
  async (singleEvents) => {
    await fc.assert(
      fc.asyncProperty(fc.array(changes, { maxLength: 14 }), fc.integer({ min: 1, max: 5 }), async (list, pageSize) => {
        const harness = await startHarness()
        try {
          harness.google.switches({ pageSizeCap: pageSize, emptyPages: pageSize % 2 === 0 })
          const client = new Client(harness, singleEvents)
          await client.sync()
          for (const change of list) {
            if (change.what === 'sync') await client.sync()
            else await play(harness, change)
          }
          await client.sync()
          const fresh = new Client(harness, singleEvents)
          await fresh.sync()
          expect(client.shown(fresh)).toEqual(fresh.shown())
        } finally {
          await harness.close()
        }
      }),
      { seed: 2026, numRuns: runs(80) },
    )
  },
  180_000,
)

async function play(harness: Harness, { what, name, day, hour, rule, instance }: Change): Promise<void> {
  const { google } = harness
  const id = NAMES[name]!
  const from = `2026-11-${23 + day}T${String(9 + hour).padStart(2, '0')}:00:00`
  const event = meeting(from, from.replace(':00:00', ':30:00'))
  const recurrence = RULES[rule]
  const calendar = alice
  if (!google.events({ calendar }).some((found) => found.id === id)) {
    google.addEvent({ calendar, event: { id, ...event, ...(recurrence ? { recurrence } : {}) } })
    return
  }
  const target = await instanceOr(harness, id, instance)
  const series = { ...event, recurrence: recurrence ?? null, status: 'confirmed' }
  if (what === 'put') google.changeEvent({ calendar, id, changes: series })
  else if (what === 'move') google.changeEvent({ calendar, id: target, changes: event })
  else if (what === 'delete') google.deleteEvent({ calendar, id: target })
  else google.changeEvent({ calendar, id: target, changes: { summary: `${day} ${hour}` } })
}

/** The id of the n-th instance of a series, including exceptions and cancelled ones; of a plain event its own. */
async function instanceOr(harness: Harness, id: string, instance: number | undefined): Promise<string> {
  if (instance === undefined) return id
  const { body } = await harness.list({ singleEvents: 'true', showDeleted: 'true' })
  return body.items?.filter((item) => item.recurringEventId === id)[instance]?.id ?? id
}

/** Does what a correct client does: applies pages once all of them have arrived, and drops what is cancelled. */
class Client {
  readonly #events = new Map<string, unknown>()
  readonly #harness: Harness
  readonly #singleEvents: string
  #syncToken: string | undefined

  constructor(harness: Harness, singleEvents: string) {
    this.#harness = harness
    this.#singleEvents = singleEvents
  }

  async sync(): Promise<void> {
    const start = this.#syncToken === undefined ? WINDOW : { syncToken: this.#syncToken }
    const query = { singleEvents: this.#singleEvents, ...start }
    const pages: Answer[] = [await this.#harness.list(query)]
    for (let token = pages[0]!.body.nextPageToken; token !== undefined; token = pages.at(-1)!.body.nextPageToken) {
      pages.push(await this.#harness.list({ ...query, pageToken: token }))
    }
    for (const item of pages.flatMap(({ body }) => body.items ?? [])) this.#apply(item)
    this.#syncToken = pages.at(-1)!.body.nextSyncToken
    expect(this.#syncToken).toBeDefined()
  }

  #apply(item: Record<string, unknown> & { id: string; status?: string }): void {
    // A cancelled instance of an unexpanded series is kept.
    const keep = this.#singleEvents === 'false' && item.recurringEventId !== undefined
    if (item.status === 'cancelled' && !keep) this.#events.delete(item.id)
    else this.#events.set(item.id, item.status === 'cancelled' ? 'cancelled' : [item.start, item.end, item.summary])
  }

  /** What the client holds, without cancelled instances of series that are gone: a full sync does not show them. */
  shown(other: Client = this): [string, unknown][] {
    return [...this.#events]
      .filter(([id, event]) => event !== 'cancelled' || other.#events.has(id))
      .sort(([a], [b]) => a.localeCompare(b))
  }
}
