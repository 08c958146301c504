/** Stands between replicas and the simulated Google: it records which replica has read which calendar, and when, and can hold requests. */
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { MINUTE_MS } from '../../../src/platform/time-units.ts'

/** One listing of a calendar. */
export interface Read {
  replica: string
  calendar: string
  /** By the clock of the test; `ended` is missing while Google has not answered. */
  began: number
  ended?: number
  /** Whether it began from the start, without a token of an earlier listing. */
  isFull: boolean
}

/** One request of a replica to the Calendar API. */
export interface Sent {
  replica: string
  /** When it arrived, by the clock of the test. */
  at: number
  method: string
  url: string
}

/** Whether a request lists the events of a calendar, writes a new one, or makes a push channel. */
export const isListing = ({ method, url }: Sent): boolean => method === 'GET' && EVENTS.test(url)
export const isInsert = ({ method, url }: Sent): boolean => method === 'POST' && EVENTS.test(url)
export const isWatch = ({ method, url }: Sent): boolean => method === 'POST' && /\/events\/watch(\?|$)/.test(url)

const EVENTS = /\/calendars\/([^/]+)\/events(?:\?|$)/

interface RecorderDeps {
  googleURL: string
  now: () => number
}

/** What one replica speaks to in place of Google. */
export interface RecordedGoogle {
  readonly url: string
  close(): Promise<void>
}

export class ReadRecorder {
  readonly reads: Read[] = []
  /** Every request of a replica to the Calendar API, also those that are held. */
  readonly requests: Sent[] = []
  /** Every event that was inserted. */
  readonly writes: Pick<Read, 'replica' | 'calendar'>[] = []
  readonly #deps: RecorderDeps
  readonly #holds = new Set<{ matches: (sent: Sent) => boolean; released: Promise<void> }>()

  constructor(deps: RecorderDeps) {
    this.#deps = deps
  }

  /** Starts to listen for a replica. */
  async listen(replica: string): Promise<RecordedGoogle> {
    const server = createServer((incoming, outgoing) => void this.#forward(replica, incoming, outgoing))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    return { url: `http://127.0.0.1:${port}`, close: () => closed(server) }
  }

  /** From now on, requests that match do not reach Google, until what comes back is called. By default, listings match. */
  hold(matches: (sent: Sent) => boolean = isListing): () => void {
    let release = (): void => undefined
    const hold = { matches, released: new Promise<void>((resolve) => (release = resolve)) }
    this.#holds.add(hold)
    return () => {
      this.#holds.delete(hold)
      release()
    }
  }

  /** The replicas that have read this calendar after the first `skipped` reads: a manual clock may stand still between two of them. */
  readersOf(calendar: string, skipped = 0): string[] {
    const reads = this.reads.slice(skipped).filter((read) => read.calendar === calendar)
    return [...new Set(reads.map(({ replica }) => replica))].sort()
  }

  /** The most requests of one replica to the Calendar API in any sliding minute, of those since `from`. */
  busiestMinute(replica: string, from = -Infinity): number {
    const times = this.requests.filter((one) => one.replica === replica && one.at >= from).map(({ at }) => at)
    return Math.max(0, ...times.map((end) => times.filter((at) => at <= end && at > end - MINUTE_MS).length))
  }

  /** Pairs of reads of one calendar by two replicas at the same time. */
  overlaps(): [Read, Read][] {
    return this.reads.flatMap((one, index) =>
      this.reads.slice(index + 1).flatMap((other): [Read, Read][] => {
        const isPair = one.calendar === other.calendar && one.replica !== other.replica
        return isPair && one.began < (other.ended ?? Infinity) && other.began < (one.ended ?? Infinity)
          ? [[one, other]]
          : []
      }),
    )
  }

  /** The longest time, in ms, between two reads of a calendar. */
  longestGap(calendar: string): number {
    const times = this.reads.filter((read) => read.calendar === calendar).map(({ began }) => began)
    return Math.max(0, ...times.slice(1).map((at, index) => at - (times[index] ?? at)))
  }

  async #forward(replica: string, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const { method = '', headers, url = '' } = incoming
    const sent = { replica, at: this.#deps.now(), method, url }
    this.requests.push(sent)
    const read = this.#note(sent)
    // Also when the replica gives up, or dies.
    if (read) outgoing.on('close', () => (read.ended = this.#deps.now()))
    for (const { matches, released } of [...this.#holds]) if (matches(sent)) await released
    if (outgoing.destroyed) return
    const onward = request(new URL(url, this.#deps.googleURL), { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(outgoing)
    })
    onward.on('error', () => outgoing.destroy())
    incoming.pipe(onward)
  }

  /** Notes a listing or an insert; returns a listing. */
  #note(sent: Sent): Read | undefined {
    const { replica, url, at: began } = sent
    const [, calendar = ''] = EVENTS.exec(url) ?? []
    const read = { replica, calendar: decodeURIComponent(calendar), began, isFull: !url.includes('syncToken=') }
    if (isInsert(sent)) this.writes.push(read)
    if (!isListing(sent)) return undefined
    this.reads.push(read)
    return read
  }
}

async function closed(server: Server): Promise<void> {
  server.closeAllConnections()
  if (server.listening) await new Promise((resolve) => server.close(resolve))
}
