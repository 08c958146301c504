/** A reflector of ConfigMaps before an API server that a test scripts. */
import { ApiHealth } from '../../../src/kubernetes/api-health.ts'
import { stripped } from '../../../src/kubernetes/kinds.ts'
import type { KubernetesObject, WatchEvent } from '../../../src/kubernetes/port.ts'
import { createReflector, type Reflector, type ReflectorOptions } from '../../../src/kubernetes/reflector.ts'
import { createRequest } from '../../../src/kubernetes/request.ts'
import { WatchStore } from '../../../src/kubernetes/store.ts'
import { ManualClock } from '../../support/clock.ts'
import { ScriptedApi, type Incoming, type Reply, type Script } from './api.ts'
import { thing } from './objects.ts'
import { LogBook, until } from './wait.ts'

const PATH = '/api/v1/configmaps'
/** When a watch that the server does not end is given up. */
export const WATCH_MS = 50_000

export const inVersion = (name: string, version: number, uid = `uid-${name}`): KubernetesObject =>
  thing(name, { resourceVersion: String(version), uid })
export const bookmark = (version: number): object => ({
  kind: 'ConfigMap',
  metadata: { resourceVersion: String(version) },
})
export const gone = {
  kind: 'Status',
  status: 'Failure',
  code: 410,
  reason: 'Expired',
  message: 'too old resource version',
}

export const listOf =
  (version: number, ...items: KubernetesObject[]): Script =>
  (_request, reply) =>
    reply.json({ kind: 'List', metadata: { resourceVersion: String(version) }, items })
export const holdOpen: Script = (_request, reply) => reply.begin()
export const ignore: Script = () => undefined

const tell = ({ before, after }: WatchEvent<KubernetesObject>): string => {
  const name = (after ?? before)?.metadata.name ?? ''
  return `${name} ${before?.metadata.resourceVersion ?? '-'} > ${after?.metadata.resourceVersion ?? '-'}`
}

type Kind = ReflectorOptions<KubernetesObject>['kind']

export class ReflectorFixture {
  readonly clock = new ManualClock()
  readonly log = new LogBook()
  readonly heard: string[] = []
  /** The watches that were opened, in order. */
  readonly watches: { from: string; reply: Reply }[] = []
  readonly lists: Incoming[] = []
  readonly store = new WatchStore<KubernetesObject>({
    strip: (object) => {
      this.#onItem?.()
      return stripped(object)
    },
    onError: () => undefined,
  })
  readonly api: ScriptedApi
  health!: ApiHealth
  reflector!: Reflector
  running: Promise<void> | undefined
  #onItem: (() => void) | undefined

  private constructor(api: ScriptedApi) {
    this.api = api
    this.store.subscribe((change) => this.heard.push(tell(change)))
  }

  static async create(): Promise<ReflectorFixture> {
    return new ReflectorFixture(await ScriptedApi.start((_request, reply) => reply.refuse(500, 'InternalError')))
  }

  async end(): Promise<void> {
    this.reflector.stop()
    await this.running
    await this.api.kill()
  }

  /** @param onItem is called for each item of a list before it is stored. */
  start(kind: Partial<Kind> = {}, { name, onItem }: { name?: string; onItem?: () => void } = {}): void {
    this.#onItem = onItem
    const { clock, log, store } = this
    this.health = new ApiHealth({ clock, random: () => 0.5, log })
    const deps = { connection: this.api.connect(clock), clock, random: () => 0.5, log, health: this.health }
    const watched = { apiVersion: 'v1', kind: 'ConfigMap', metadataOnly: false, ...kind }
    const options = { kind: watched, path: PATH, name, store, scope: () => true }
    this.reflector = createReflector({ ...deps, send: createRequest(deps) }, options)
    this.running = this.reflector.run()
  }

  /** What lists and watches are answered with, each in its own order. */
  serve(list: Script, watch: Script = holdOpen): void {
    this.api.script = (request, reply) => {
      if (request.query.get('watch') === 'true') {
        this.watches.push({ from: request.query.get('resourceVersion') ?? '', reply })
        watch(request, reply)
      } else {
        this.lists.push(request)
        list(request, reply)
      }
    }
  }

  async nthWatch(count: number): Promise<Reply> {
    await until(`watch ${count} is open`, () => this.watches.length >= count)
    return this.watches[count - 1]!.reply
  }

  /** Lets the pause end that the reflector makes after a failure. */
  async endPause(): Promise<number> {
    const { clock } = this
    const next = (): number => (clock.pending[0] ?? clock.now()) - clock.now()
    // A pause is neither the deadline of a list, nor that of a silent watch.
    await until('it pauses', () => ![0, 30_000, WATCH_MS].includes(next()))
    const pause = next()
    await clock.advance(pause)
    return pause
  }
}
