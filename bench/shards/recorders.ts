/** Further addresses of the simulated Google, one for each replica, which record who reads which calendar and when. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { SimulatedGoogle } from '../../sandbox/google/google.ts'
import type { RecordedRead } from '../messages.ts'

/** All recorders, and what they have recorded. */
export class Recorders {
  readonly #google: SimulatedGoogle
  #reads: RecordedRead[] = []

  constructor(google: SimulatedGoogle) {
    this.#google = google
  }

  /** Opens an address for a replica, and returns its origin. It stays open until the process ends. */
  async open(replica: string): Promise<string> {
    const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
      this.#record(replica, request, response)
      this.#google.serve(request, response)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  /** The reads that have ended since the last call. */
  drain(): RecordedRead[] {
    const reads = this.#reads
    this.#reads = []
    return reads
  }

  #record(replica: string, { method, url = '' }: IncomingMessage, response: ServerResponse): void {
    const [, calendar] = /\/calendars\/([^/]+)\/events(?:\?|$)/.exec(url) ?? []
    if (calendar === undefined || method !== 'GET') return
    const began = Date.now()
    response.once('close', () => {
      const isAnswered = response.writableFinished && response.statusCode === 200
      this.#reads.push({ replica, calendar: decodeURIComponent(calendar), began, ended: Date.now(), isAnswered })
    })
  }
}
