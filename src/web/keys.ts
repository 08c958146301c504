/**
 * The keys of links, states and forms, in the Secret `calendar-operator-keys`, so that every replica has the same ones. They
 * change every thirty days; the ones before are good for as long again. Whoever deletes the Secret ends every link at once.
 */
import { hkdfSync } from 'node:crypto'
import { ApiError, type Secret } from '../kubernetes/port.ts'
import { timestamp } from '../resources/conditions.ts'
import { decode, encode, fromTimestamp } from '../resources/encoding.ts'
import { isManaged, KEYS_SECRET, MANAGED_BY } from '../resources/names.ts'
import type { WebDeps } from './port.ts'

/** What is derived from one secret, by purpose. */
export interface Key {
  /** Names it in what it sealed; tells nothing of it. */
  id: string
  link: Uint8Array
  state: Uint8Array
  form: Uint8Array
}

type Deps = Pick<WebDeps, 'cluster' | 'clock' | 'log' | 'randomBytes' | 'namespace' | 'linksChanged'>

const ROTATED_AFTER_MS = 30 * 24 * 60 * 60_000
const LOOKED_AT_EVERY_MS = 6 * 60 * 60_000
const AGAIN_AFTER_MS = 60_000
const KEY_BYTES = 32

export class Keys {
  readonly #deps: Deps
  /** The current one first. */
  #ring: readonly Key[] = []
  /** Of the Secret that the keys were read from. */
  #version: string | undefined
  #lookedAt = -Infinity
  #looking: Promise<void> | undefined
  #cancel: () => void = () => undefined
  #stopped = false

  constructor(deps: Deps) {
    this.#deps = deps
  }

  /** What new things are made with; undefined while the Secret could not be had. */
  get current(): Key | undefined {
    return this.#ring[0]
  }

  /** What things may have been made with. */
  get all(): readonly Key[] {
    return this.#ring
  }

  /** Reads or makes the keys, and looks after them from then on. Never fails: without keys there are no links. */
  async start(): Promise<void> {
    await this.look()
    const { cluster, namespace } = this.#deps
    cluster.watchSecret(namespace, KEYS_SECRET, ({ after }) => void this.#changed(after?.metadata.resourceVersion))
  }

  /** What is being looked at may be older than the change. */
  async #changed(version: string | undefined): Promise<void> {
    await this.#looking
    if (version === undefined || version !== this.#version) await this.look()
  }

  stop(): void {
    this.#stopped = true
    this.#cancel()
  }

  /** Something came that no key of ours opens: another replica may have newer ones. At most once a minute. */
  async lookAgain(): Promise<void> {
    if (this.#deps.clock.now() - this.#lookedAt >= AGAIN_AFTER_MS) await this.look()
  }

  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => (this.#looking = undefined))
    return this.#looking
  }

  async #look(): Promise<void> {
    const { clock, log } = this.#deps
    this.#lookedAt = clock.now()
    this.#cancel()
    let again = LOOKED_AT_EVERY_MS
    try {
      this.#take(await this.#ensure())
    } catch (error) {
      again = AGAIN_AFTER_MS
      log.warn({ error }, `Secret ${KEYS_SECRET} can't be used, so there are no sign-in links`)
    }
    if (!this.#stopped) this.#cancel = clock.setTimer(again, () => void this.look())
  }

  async #ensure(): Promise<Secret> {
    const { cluster, namespace, clock } = this.#deps
    const known = await cluster.readSecret(namespace, KEYS_SECRET)
    if (known && !isManaged(known)) throw new Error(`it is not ours: it lacks the label of what the operator creates`)
    const { current, rotated_at: rotatedAt } = decode(known?.data)
    const isFresh = clock.now() - (fromTimestamp(rotatedAt) ?? 0) < ROTATED_AFTER_MS
    if (known && isKey(current) && isFresh) return known
    return this.#write(known, isKey(current) ? current : undefined).catch((error: unknown) => this.#theirs(error))
  }

  /** Another replica was quicker: its keys are as good. */
  async #theirs(error: unknown): Promise<Secret> {
    const beaten = error instanceof ApiError && ['AlreadyExists', 'Conflict'].includes(error.failure)
    const { cluster, namespace } = this.#deps
    const theirs = beaten ? await cluster.readSecret(namespace, KEYS_SECRET) : undefined
    if (theirs) return theirs
    throw error
  }

  #write(known: Secret | undefined, previous: string | undefined): Promise<Secret> {
    const { cluster, namespace, clock, randomBytes } = this.#deps
    const current = Buffer.from(randomBytes(KEY_BYTES)).toString('base64url')
    const data = encode({ current, previous, rotated_at: timestamp(clock.now()) })
    if (known) return cluster.patch(known, { data })
    const metadata = { namespace, name: KEYS_SECRET, labels: MANAGED_BY }
    const present = Object.fromEntries(Object.entries(data).filter((one): one is [string, string] => one[1] !== null))
    return cluster.create<Secret>({ apiVersion: 'v1', kind: 'Secret', metadata, type: 'Opaque', data: present })
  }

  #take({ data, metadata }: Secret): void {
    this.#version = metadata.resourceVersion
    const { current, previous } = decode(data)
    const before = this.current?.id
    this.#ring = [current, previous].filter(isKey).map(derived)
    if (before !== this.current?.id) this.#deps.linksChanged()
  }
}

const isKey = (text: string | undefined): text is string => /^[\w-]{43}$/.test(text ?? '')

function derived(text: string): Key {
  const secret = Buffer.from(text, 'base64url')
  const part = (purpose: string, bytes = KEY_BYTES): Uint8Array =>
    new Uint8Array(hkdfSync('sha256', secret, '', `calendar-operator ${purpose}`, bytes))
  return {
    id: Buffer.from(part('id', 6)).toString('base64url'),
    link: part('link'),
    state: part('state'),
    form: part('form'),
  }
}
