/** Changes events at the simulated Google, and measures until the cluster has what the operator made of that. */
import { setTimeout as pause } from 'node:timers/promises'
import type { SimulatedGoogle } from '../sandbox/google/google.ts'
import type { Body, Client, Watch } from '../test/contract/client.ts'
import type { Changed } from './messages.ts'

/** How many changes, for how long. */
interface Rate {
  seconds: number
  perSecond: number
}

interface ChangesDeps {
  google: SimulatedGoogle
  api: Client
  namespace: string
}

/** Beyond the events that the accounts were seeded with, and within the window that is published. */
const FIRST_DAY_MS = 75 * 86_400_000
const HOUR_MS = 3_600_000
const SLOT_MS = 600_000
/** Changes that are not published within this time after the last one count as missing. */
const PATIENCE_MS = 30_000
const POLL_MS = 100

/** A change that was not published yet. */
interface Waiting {
  calendar: string
  /** The start of the interval that the change adds. */
  start: string
  /** When the change was made, by `performance.now`. */
  at: number
}

/** Makes the changes of one bench. */
export class Changes {
  /** The accounts of the Agents, in the order of their names. */
  accounts: readonly string[] = []
  readonly #deps: ChangesDeps
  readonly #origin = Math.floor((Date.now() + FIRST_DAY_MS) / HOUR_MS) * HOUR_MS
  /** How many events each account has got. */
  readonly #made = new Map<string, number>()
  #last = -1

  constructor(deps: ChangesDeps) {
    this.#deps = deps
  }

  /** New events, each in another calendar than the one before. */
  async spread({ seconds, perSecond }: Rate): Promise<Changed> {
    return this.#measured(seconds * perSecond, perSecond, () => this.#add(++this.#last % this.accounts.length))
  }

  /** Changes of one event, which all but the last leave its time as it is. */
  async flood({ seconds, perSecond }: Rate): Promise<Changed> {
    const calendar = this.accounts[0] ?? ''
    const { id } = this.#deps.google.addEvent({ calendar, event: { summary: 'Flood', ...this.#slot(calendar) } })
    const total = seconds * perSecond
    return this.#measured(total, perSecond, (index) => {
      if (index === total - 1) return this.#add(0)
      this.#deps.google.changeEvent({ calendar, id, changes: { summary: `Flood ${index}` } })
      return undefined
    })
  }

  async #measured(total: number, perSecond: number, change: (index: number) => Waiting | undefined): Promise<Changed> {
    const { google } = this.#deps
    google.resetRequests()
    google.resetBusiestMinutes()
    google.resetDeliveries()
    const watch = await this.#watch()
    const waiting: Waiting[] = []
    const latencies: number[] = []
    void follow(watch, (map) => settle(map, waiting, latencies))
    const began = performance.now()
    for (let index = 0; index < total; index++) {
      await pause(Math.max(0, began + (index * 1000) / perSecond - performance.now()))
      const one = change(index)
      if (one) waiting.push(one)
    }
    const end = performance.now() + PATIENCE_MS
    while (waiting.length > 0 && performance.now() < end) await pause(POLL_MS)
    watch.close()
    return { latencies, missing: waiting.length, ...this.#traffic() }
  }

  #traffic(): Pick<Changed, 'google' | 'busiest' | 'notifications'> {
    const { google } = this.#deps
    const [client] = google.busiestMinutes().clients
    const [account] = client?.accounts ?? []
    return {
      google: google.requests({ last: 1 }).byKind,
      busiest: { client: client?.requests ?? 0, account: account?.requests ?? 0 },
      notifications: google.deliveries({ last: 1 }).total,
    }
  }

  #add(agent: number): Waiting {
    const calendar = this.accounts[agent] ?? ''
    const slot = this.#slot(calendar)
    this.#deps.google.addEvent({ calendar, event: { summary: 'Change', ...slot } })
    return { calendar: `agent${agent}-calendar`, start: slot.start.dateTime, at: performance.now() }
  }

  /** A time that no other event of this calendar has, and that touches none. */
  #slot(calendar: string): { start: { dateTime: string }; end: { dateTime: string } } {
    const made = this.#made.get(calendar) ?? 0
    this.#made.set(calendar, made + 1)
    const start = this.#origin + made * 2 * SLOT_MS
    return { start: { dateTime: timestamp(start) }, end: { dateTime: timestamp(start + SLOT_MS) } }
  }

  async #watch(): Promise<Watch> {
    const { api, namespace } = this.#deps
    const path = `/api/v1/namespaces/${namespace}/configmaps`
    const { body } = await api.request('GET', `${path}?limit=1`)
    return api.watch(`${path}?watch=1&timeoutSeconds=600&resourceVersion=${body.metadata.resourceVersion}`)
  }
}

async function follow(watch: Watch, onChange: (map: Body) => void): Promise<void> {
  try {
    for (let event = await watch.next(); event; event = await watch.next()) onChange(event.object)
  } catch {
    // The watch was closed.
  }
}

/** Moves the changes that this published calendar contains from `waiting` to `latencies`. */
function settle({ metadata, data }: Body, waiting: Waiting[], latencies: number[]): void {
  const now = performance.now()
  const mine = waiting.filter(({ calendar }) => calendar === metadata.name)
  if (mine.length === 0) return
  const { busy } = JSON.parse(data?.['busy.json'] ?? '{"busy":[]}') as { busy: { start: string }[] }
  const starts = new Set(busy.map(({ start }) => start))
  for (const one of mine.filter(({ start }) => starts.has(start))) {
    waiting.splice(waiting.indexOf(one), 1)
    latencies.push(now - one.at)
  }
}

const timestamp = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z')
