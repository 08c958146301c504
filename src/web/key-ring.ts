/**
 * The keys of links, states and forms, in the Secret `calendar-operator-keys`, so that every replica has the same ones. They
 * change every thirty days; the ones before are good for as long again. Whoever deletes the Secret ends every link at once.
 */
import { hkdfSync } from 'node:crypto'
import { ApiError, type Secret } from '../kubernetes/port.ts'
import { timestamp } from '../resources/conditions.ts'
import { decode, encode, fromTimestamp } from '../resources/encoding.ts'
import { isManaged, KEYS_SECRET, labelsOf, ROLE_LABEL } from '../resources/names.ts'
import { controllerOf } from '../resources/ownership.ts'
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
/**
 * A clock that leaps makes the keys look old, and then new again. Each process changes them, or puts their date right, at
 * most so often: links outlive one change and not two.
 */
const REPAIRED_AT_MOST_EVERY_MS = 24 * 60 * 60_000
/** By how much the clocks of replicas may differ. */
const SKEW_MS = 60 * 60_000
const KEY_BYTES = 32

export class Keys {
  readonly #deps: Deps
  /** The current one first. */
  #ring: readonly Key[] = []
  /** Of the Secret that the keys were read from. */
  #version: string | undefined
  /** On the monotonic clock. */
  #lookedAt = -Infinity
  #repairedAt = -Infinity
  #looking: Promise<void> | undefined
  /** Why the Secret could not be used the last time. */
  #problem: string | undefined
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
    if (this.#deps.clock.monotonic() - this.#lookedAt >= AGAIN_AFTER_MS) await this.look()
  }

  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => (this.#looking = undefined))
    return this.#looking
  }

  async #look(): Promise<void> {
    const { clock, log } = this.#deps
    this.#lookedAt = clock.monotonic()
    this.#cancel()
    let again = LOOKED_AT_EVERY_MS
    try {
      this.#take(await this.#ensure())
      this.#problem = undefined
    } catch (error) {
      again = AGAIN_AFTER_MS
      const problem = error instanceof Error ? error.message : String(error)
      // Looked at every minute, and told once.
      if (problem !== this.#problem)
        log.warn({ error }, `Secret ${KEYS_SECRET} can't be used, so there are no new sign-in links`)
      this.#problem = problem
    }
    if (!this.#stopped) this.#cancel = clock.setTimer(again, () => void this.look())
  }

  async #ensure(): Promise<Secret> {
    const { cluster, namespace } = this.#deps
    const known = await cluster.readSecret(namespace, KEYS_SECRET)
    if (!known) return this.#create().catch((error: unknown) => this.#theirs(error))
    assertOurs(known)
    const data = this.#repairOf(known)
    const labels = isMarked(known) ? undefined : labelsOf('keys')
    if (!data && !labels) return known
    const patch = { ...(labels && { metadata: { labels } }), ...(data && { data }) }
    return cluster.patch(known, patch).catch((error: unknown) => this.#theirs(error))
  }

  /** What of the keys has to be written anew; undefined where they are as they should be. */
  #repairOf({ data }: Secret): Record<string, string | null> | undefined {
    const { clock } = this.#deps
    const { current, rotated_at: rotatedAt } = decode(data)
    if (!isKey(current)) return this.#fresh(undefined)
    const ageMs = clock.now() - (fromTimestamp(rotatedAt) ?? 0)
    const isOld = ageMs >= ROTATED_AFTER_MS
    // Dated ahead by a clock that was wrong: they would never grow old.
    const isAhead = ageMs < -SKEW_MS
    if (!isOld && !isAhead) return undefined
    if (clock.monotonic() - this.#repairedAt < REPAIRED_AT_MOST_EVERY_MS) return undefined
    this.#repairedAt = clock.monotonic()
    return isOld ? this.#fresh(current) : encode({ rotated_at: timestamp(clock.now()) })
  }

  #fresh(previous: string | undefined): Record<string, string | null> {
    const { clock, randomBytes } = this.#deps
    const current = Buffer.from(randomBytes(KEY_BYTES)).toString('base64url')
    return encode({ current, previous, rotated_at: timestamp(clock.now()) })
  }

  #create(): Promise<Secret> {
    const { cluster, namespace } = this.#deps
    const metadata = { namespace, name: KEYS_SECRET, labels: labelsOf('keys') }
    const present = Object.entries(this.#fresh(undefined)).filter((one): one is [string, string] => one[1] !== null)
    const data = Object.fromEntries(present)
    return cluster.create<Secret>({ apiVersion: 'v1', kind: 'Secret', metadata, type: 'Opaque', data })
  }

  /** Another replica was quicker: its keys are as good. */
  async #theirs(error: unknown): Promise<Secret> {
    const beaten = error instanceof ApiError && ['AlreadyExists', 'Conflict'].includes(error.failure)
    const { cluster, namespace } = this.#deps
    const theirs = beaten ? await cluster.readSecret(namespace, KEYS_SECRET) : undefined
    if (!theirs) throw error
    assertOurs(theirs)
    return theirs
  }

  #take({ data, metadata }: Secret): void {
    this.#version = metadata.resourceVersion
    const { current, previous } = decode(data)
    const before = this.current?.id
    this.#ring = [current, previous].filter(isKey).map(derived)
    if (before !== this.current?.id) this.#deps.linksChanged()
  }
}

const isMarked = (secret: Secret): boolean => isManaged(secret) && secret.metadata.labels?.[ROLE_LABEL] === 'keys'

/**
 * Our own Secret has no controller, and the role of keys; one of 0.1.0 has no role yet, and gets it.
 *
 * @throws Error, which says what speaks against it, for every other one: it is never used nor written.
 */
function assertOurs(secret: Secret): void {
  const role = secret.metadata.labels?.[ROLE_LABEL]
  const controller = controllerOf(secret)
  const advice = 'it is left as it is; delete it, and the operator makes its own'
  if (controller) throw new Error(`it belongs to ${controller.kind} ${controller.name}: ${advice}`)
  if (!isManaged(secret)) throw new Error(`it is not ours: it lacks the label of what the operator creates; ${advice}`)
  if (role !== undefined && role !== 'keys') throw new Error(`its label ${ROLE_LABEL} is not "keys": ${advice}`)
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
