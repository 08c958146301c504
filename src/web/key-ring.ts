/**
 * The keys for links, states, forms and channels. They are stored in the Secret `calendar-operator-keys`, so that all replicas
 * share them, and rotated every thirty days; the previous keys stay valid for another thirty. Deleting the Secret invalidates every link at once.
 */
import { hkdfSync } from 'node:crypto'
import { ApiError, type Cluster, type Secret } from '../kubernetes/port.ts'
import type { Clock } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../platform/time-units.ts'
import { timestamp } from '../resources/conditions.ts'
import { decode, encode, fromTimestamp } from '../resources/secret-encoding.ts'
import { isManaged, KEYS_SECRET, labelsOf, ROLE_LABEL } from '../resources/names.ts'
import { controllerOf } from '../resources/ownership.ts'
import type { ChannelKey } from '../push/channel-token.ts'
import type { NotifiedKey } from '../push/notified-annotation.ts'

/** The keys that are derived from one secret, by purpose. */
export interface Key extends ChannelKey, NotifiedKey {
  /** Identifies the key in what was created with it; reveals nothing about it. */
  id: string
  link: Uint8Array
  state: Uint8Array
  form: Uint8Array
}

interface KeyRingDeps {
  cluster: Pick<Cluster, 'readSecret' | 'create' | 'patch' | 'watchSecret'>
  clock: Clock
  log: Pick<Log, 'warn'>
  /** Cryptographically secure. */
  randomBytes: (count: number) => Uint8Array
  /** The namespace of the Secret. */
  namespace: string
}

const ROTATION_INTERVAL_MS = 30 * DAY_MS
const RELOAD_INTERVAL_MS = 6 * HOUR_MS
const RETRY_INTERVAL_MS = MINUTE_MS
/**
 * A clock that jumps makes the keys look old, and then new again. A process rotates them, or corrects their date, at most this
 * often, because links survive one rotation and not two.
 */
const MIN_REPAIR_INTERVAL_MS = DAY_MS
/** By how much the clocks of replicas may differ. */
const MAX_CLOCK_SKEW_MS = HOUR_MS
const KEY_BYTES = 32

/** The current and the previous keys, kept up to date with the Secret. */
export class KeyRing {
  readonly #deps: KeyRingDeps
  readonly #listeners: (() => void)[] = []
  /** The current one first. */
  #keys: readonly Key[] = []
  /** The resource version of the Secret that the keys were read from. */
  #resourceVersion: string | undefined
  /** By the monotonic clock, as is `#repairedAt`. */
  #loadedAt = -Infinity
  #repairedAt = -Infinity
  #reloading: Promise<void> | undefined
  /** Why the Secret could not be used last time. */
  #problem: string | undefined
  #cancelTimer: () => void = () => undefined
  #stopped = false

  constructor(deps: KeyRingDeps) {
    this.#deps = deps
  }

  /** The key for new links, states and forms; undefined while the Secret cannot be used. */
  get current(): Key | undefined {
    return this.#keys[0]
  }

  /** The keys that are accepted. */
  get all(): readonly Key[] {
    return this.#keys
  }

  /** Calls the listener whenever the current key has changed, so that statuses with a link are out of date. */
  subscribe(listener: () => void): void {
    this.#listeners.push(listener)
  }

  /** Reads or creates the keys, and keeps them up to date. Never fails: without keys there are no links. */
  async start(): Promise<void> {
    await this.reload()
    const { cluster, namespace } = this.#deps
    cluster.watchSecret(
      namespace,
      KEYS_SECRET,
      ({ after }) => void this.#onSecretChanged(after?.metadata.resourceVersion),
    )
  }

  /** A reload that is running may have read the Secret before the change. */
  async #onSecretChanged(version: string | undefined): Promise<void> {
    await this.#reloading
    if (version === undefined || version !== this.#resourceVersion) await this.reload()
  }

  /** Stops reloading. */
  stop(): void {
    this.#stopped = true
    this.#cancelTimer()
  }

  /** Reloads the keys, at most once a minute, for a token from an unknown key: another replica may have rotated them. */
  async reloadIfDue(): Promise<void> {
    if (this.#deps.clock.monotonic() - this.#loadedAt >= RETRY_INTERVAL_MS) await this.reload()
  }

  /** Reads the Secret, and creates or rotates the keys if necessary. */
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
      // Tried every minute, but logged once.
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

  /** The data to write if the keys are missing, old or dated in the future; undefined if they are fine. */
  #repairData({ data }: Secret): Record<string, string | null> | undefined {
    const { clock } = this.#deps
    const { current, rotated_at: rotatedAt } = decode(data)
    if (!isKey(current)) return this.#rotatedData(undefined)
    const ageMs = clock.now() - (fromTimestamp(rotatedAt) ?? 0)
    const isOld = ageMs >= ROTATION_INTERVAL_MS
    // Dated in the future by a wrong clock: they would never be rotated.
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

  /** After a conflict, the keys that another replica wrote. */
  async #readWinner(error: unknown): Promise<Secret> {
    const conflict = error instanceof ApiError && ['AlreadyExists', 'Conflict'].includes(error.failure)
    const { cluster, namespace } = this.#deps
    const theirs = conflict ? await cluster.readSecret(namespace, KEYS_SECRET) : undefined
    if (!theirs) throw error
    assertOurs(theirs)
    return theirs
  }

  #use({ data, metadata }: Secret): void {
    this.#resourceVersion = metadata.resourceVersion
    const { current, previous } = decode(data)
    const before = this.current?.id
    this.#keys = [current, previous].filter(isKey).map(deriveKey)
    if (before !== this.current?.id) for (const listener of this.#listeners) listener()
  }
}

const hasKeysRole = (secret: Secret): boolean => isManaged(secret) && secret.metadata.labels?.[ROLE_LABEL] === 'keys'

/**
 * The operator's Secret has no controller, and the role `keys`. A Secret of 0.1.0 has no role yet, and gets it.
 *
 * @throws Error for any other Secret, with the reason: it is never used or written.
 */
function assertOurs(secret: Secret): void {
  const role = secret.metadata.labels?.[ROLE_LABEL]
  const controller = controllerOf(secret)
  const advice = 'it is left unchanged; delete it, and the operator creates its own'
  if (controller) throw new Error(`it belongs to ${controller.kind} ${controller.name}: ${advice}`)
  if (!isManaged(secret)) throw new Error(`it lacks the label of objects that the operator creates: ${advice}`)
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
    channel: part('channel'),
    notified: part('notified'),
  }
}
