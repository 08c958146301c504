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

const ROTATION_INTERVAL_MS = 30 * 24 * 60 * 60_000
const RELOAD_INTERVAL_MS = 6 * 60 * 60_000
const RETRY_INTERVAL_MS = 60_000
/**
 * A clock that leaps makes the keys look old, and then new again. Each process changes them, or puts their date right, at
 * most so often: links outlive one change and not two.
 */
const MIN_REPAIR_INTERVAL_MS = 24 * 60 * 60_000
/** By how much the clocks of replicas may differ. */
const MAX_CLOCK_SKEW_MS = 60 * 60_000
const KEY_BYTES = 32

export class KeyRing {
  readonly #deps: Deps
  /** The current one first. */
  #keys: readonly Key[] = []
  /** Of the Secret that the keys were read from. */
  #resourceVersion: string | undefined
  /** On the monotonic clock. */
  #loadedAt = -Infinity
  #repairedAt = -Infinity
  #reloading: Promise<void> | undefined
  /** Why the Secret could not be used the last time. */
  #problem: string | undefined
  #cancelTimer: () => void = () => undefined
  #stopped = false

  constructor(deps: Deps) {
    this.#deps = deps
  }

  /** What new things are made with; undefined while the Secret could not be had. */
  get current(): Key | undefined {
    return this.#keys[0]
  }

  /** What things may have been made with. */
  get all(): readonly Key[] {
    return this.#keys
  }

  /** Reads or makes the keys, and looks after them from then on. Never fails: without keys there are no links. */
  async start(): Promise<void> {
    await this.reload()
    const { cluster, namespace } = this.#deps
    cluster.watchSecret(
      namespace,
      KEYS_SECRET,
      ({ after }) => void this.#onSecretChanged(after?.metadata.resourceVersion),
    )
  }

  /** What is being looked at may be older than the change. */
  async #onSecretChanged(version: string | undefined): Promise<void> {
    await this.#reloading
    if (version === undefined || version !== this.#resourceVersion) await this.reload()
  }

  stop(): void {
    this.#stopped = true
    this.#cancelTimer()
  }

  /** Something came that no key of ours opens: another replica may have newer ones. At most once a minute. */
  async reloadIfDue(): Promise<void> {
    if (this.#deps.clock.monotonic() - this.#loadedAt >= RETRY_INTERVAL_MS) await this.reload()
  }

  reload(): Promise<void> {
    this.#reloading ??= this.#reload().finally(() => (this.#reloading = undefined))
    return this.#reloading
  }

  async #reload(): Promise<void> {
    const { clock, log } = this.#deps
    this.#loadedAt = clock.monotonic()
    this.#cancelTimer()
    let again = RELOAD_INTERVAL_MS
    try {
      this.#use(await this.#ensure())
      this.#problem = undefined
    } catch (error) {
      again = RETRY_INTERVAL_MS
      const problem = error instanceof Error ? error.message : String(error)
      // Looked at every minute, and told once.
      if (problem !== this.#problem)
        log.warn({ error }, `Secret ${KEYS_SECRET} can't be used, so there are no new sign-in links`)
      this.#problem = problem
    }
    if (!this.#stopped) this.#cancelTimer = clock.setTimer(again, () => void this.reload())
  }

  async #ensure(): Promise<Secret> {
    const { cluster, namespace } = this.#deps
    const known = await cluster.readSecret(namespace, KEYS_SECRET)
    if (!known) return this.#create().catch((error: unknown) => this.#readWinner(error))
    assertOurs(known)
    const data = this.#repairData(known)
    const labels = hasKeysRole(known) ? undefined : labelsOf('keys')
    if (!data && !labels) return known
    const patch = { ...(labels && { metadata: { labels } }), ...(data && { data }) }
    return cluster.patch(known, patch).catch((error: unknown) => this.#readWinner(error))
  }

  /** What of the keys has to be written anew; undefined where they are as they should be. */
  #repairData({ data }: Secret): Record<string, string | null> | undefined {
    const { clock } = this.#deps
    const { current, rotated_at: rotatedAt } = decode(data)
    if (!isKey(current)) return this.#rotatedData(undefined)
    const ageMs = clock.now() - (fromTimestamp(rotatedAt) ?? 0)
    const isOld = ageMs >= ROTATION_INTERVAL_MS
    // Dated ahead by a clock that was wrong: they would never grow old.
    const isAhead = ageMs < -MAX_CLOCK_SKEW_MS
    if (!isOld && !isAhead) return undefined
    if (clock.monotonic() - this.#repairedAt < MIN_REPAIR_INTERVAL_MS) return undefined
    this.#repairedAt = clock.monotonic()
    return isOld ? this.#rotatedData(current) : encode({ rotated_at: timestamp(clock.now()) })
  }

  #rotatedData(previous: string | undefined): Record<string, string | null> {
    const { clock, randomBytes } = this.#deps
    const current = Buffer.from(randomBytes(KEY_BYTES)).toString('base64url')
    return encode({ current, previous, rotated_at: timestamp(clock.now()) })
  }

  #create(): Promise<Secret> {
    const { cluster, namespace } = this.#deps
    const metadata = { namespace, name: KEYS_SECRET, labels: labelsOf('keys') }
    const present = Object.entries(this.#rotatedData(undefined)).filter(
      (one): one is [string, string] => one[1] !== null,
    )
    const data = Object.fromEntries(present)
    return cluster.create<Secret>({ apiVersion: 'v1', kind: 'Secret', metadata, type: 'Opaque', data })
  }

  /** Another replica was quicker: its keys are as good. */
  async #readWinner(error: unknown): Promise<Secret> {
    const beaten = error instanceof ApiError && ['AlreadyExists', 'Conflict'].includes(error.failure)
    const { cluster, namespace } = this.#deps
    const theirs = beaten ? await cluster.readSecret(namespace, KEYS_SECRET) : undefined
    if (!theirs) throw error
    assertOurs(theirs)
    return theirs
  }

  #use({ data, metadata }: Secret): void {
    this.#resourceVersion = metadata.resourceVersion
    const { current, previous } = decode(data)
    const before = this.current?.id
    this.#keys = [current, previous].filter(isKey).map(deriveKey)
    if (before !== this.current?.id) this.#deps.linksChanged()
  }
}

const hasKeysRole = (secret: Secret): boolean => isManaged(secret) && secret.metadata.labels?.[ROLE_LABEL] === 'keys'

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

function deriveKey(text: string): Key {
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
