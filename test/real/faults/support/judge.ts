/** Checks every state of an Agent or CalendarIntegration that the API server shows by the rules of kstatus. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Body, Client, Watch } from '../../../contract/client.ts'
import { statusProblems } from '../../../support/kstatus.ts'

export class Judge {
  /** The problems, as sentences; empty if there are none. */
  readonly problems: string[] = []
  /** How many states were checked. */
  count = 0
  #stopped = false
  readonly #api: Client
  readonly #watches = new Set<Watch>()

  constructor(api: Client) {
    this.#api = api
    for (const plural of ['agents', 'calendarintegrations']) void this.#follow(plural)
  }

  stop(): void {
    this.#stopped = true
    for (const watch of this.#watches) watch.close()
  }

  /** Goes on over restarts of the API server. What it misses meanwhile, it checks with the next list. */
  async #follow(plural: string): Promise<void> {
    const path = `/apis/calendar-operator.io/v1alpha1/${plural}`
    while (!this.#stopped) {
      await this.#round(path).catch(() => undefined)
      await sleep(100, undefined, { ref: false })
    }
  }

  async #round(path: string): Promise<void> {
    const { body } = await this.#api.request('GET', path)
    for (const object of body.items ?? []) this.#judge(object)
    const watch = await this.#api.watch(`${path}?watch=true&resourceVersion=${body.metadata.resourceVersion}`)
    this.#watches.add(watch)
    try {
      for (let event = await watch.next(); event && event.type !== 'ERROR'; event = await watch.next()) {
        if (event.type !== 'BOOKMARK') this.#judge(event.object)
      }
    } finally {
      this.#watches.delete(watch)
      watch.close()
    }
  }

  #judge(object: Body): void {
    this.count += 1
    const name = `${object.kind ?? ''} ${object.metadata.namespace ?? ''}/${object.metadata.name}`
    this.problems.push(...statusProblems(object as never).map((problem) => `${name}: ${problem}`))
  }
}
