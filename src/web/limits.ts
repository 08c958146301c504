/** What strangers may cost us: how much is read of a body, and how often one address may be wrong. */
import { BlockList, isIP, isIPv6, SocketAddress } from 'node:net'
import type { Clock } from '../platform/clock.ts'

/**
 * The whole text of a body; undefined where it is longer than `most` bytes (then no more of it is read), or where whoever
 * sent it went away.
 */
export async function bodyOf(request: Request, most: number): Promise<string | undefined> {
  if (Number(request.headers.get('content-length') ?? 0) > most) return undefined
  const chunks: Uint8Array[] = []
  let bytes = 0
  try {
    for await (const chunk of (request.body ?? []) as AsyncIterable<Uint8Array>) {
      bytes += chunk.length
      if (bytes > most) return undefined
      chunks.push(chunk)
    }
  } catch {
    return undefined
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** @param cidrs addresses or networks, such as `10.0.0.0/8`. */
export function networksOf(cidrs: readonly string[]): BlockList {
  const list = new BlockList()
  for (const cidr of cidrs) {
    const [address = '', prefix] = cidr.split('/')
    const family = isIPv6(address) ? 'ipv6' : 'ipv4'
    if (prefix === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(prefix), family)
  }
  return list
}

const isAmong = (list: BlockList, address: string): boolean =>
  isIP(address) !== 0 && list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')

/** Some proxies write a port, too; and IPv4 comes to a socket of IPv6 in the latter's spelling. */
const plain = (text: string): string =>
  text
    .trim()
    .replace(/^\[(.*)\](?::\d+)?$/, '$1')
    .replace(/^([\d.]+):\d+$/, '$1')
    .replace(/^::ffff:(?=[\d.]+$)/i, '')
    .replace(/%.*$/, '')

/**
 * Whoever speaks to us: the last address that isn't a proxy of ours, or the last proxy, where what stands before it is no
 * address. What others write into the header counts for nothing.
 */
export function clientAddress(socket: string, forwardedFor: string | undefined, proxies: BlockList): string {
  const told = (forwardedFor ?? '').split(',').map(plain)
  let client = plain(socket)
  while (isAmong(proxies, client)) {
    const before = told.pop()
    if (before === undefined || isIP(before) === 0) break
    client = before
  }
  return client
}

/** Who counts as one: an address of IPv4, or a network of IPv6 (64 bits), of which a household has all addresses. */
export function holderOf(address: string): string {
  if (!isIPv6(address)) return address
  const [left = '', right = ''] = new SocketAddress({ address, family: 'ipv6' }).address.split('::')
  const groups = (text: string): string[] => text.split(':').filter(Boolean)
  const zeros = Array<string>(8).fill('0')
  return [...groups(left), ...zeros.slice(groups(left).length + groups(right).length), ...groups(right)]
    .slice(0, 4)
    .join(':')
}

export interface Allowance {
  /** So many at once, */
  burst: number
  /** and then one in so many ms. */
  refillMs: number
}

/** Good requests are not counted: many people may share an address. */
export const MISTAKES: Allowance = { burst: 60, refillMs: 1_000 }
/** Codes that go to Google, an address and Agent: a person needs one, and whoever has a link could send any number of made-up ones. */
export const EXCHANGES: Allowance = { burst: 30, refillMs: 10_000 }

const MOST_KEYS = 10_000

/** Counts by key, and forgets the key that was quiet for longest where there are too many. */
export class Buckets {
  readonly #clock: Pick<Clock, 'now'>
  readonly #allowance: Allowance
  readonly #byKey = new Map<string, { left: number; at: number }>()

  constructor(clock: Pick<Clock, 'now'>, allowance: Allowance) {
    this.#clock = clock
    this.#allowance = allowance
  }

  /** Counts one. Answers whether it was one too many. */
  tooMany(key: string): boolean {
    const { burst, refillMs } = this.#allowance
    const now = this.#clock.now()
    const known = this.#byKey.get(key)
    const left = known ? Math.min(burst, known.left + (now - known.at) / refillMs) : burst
    this.#byKey.delete(key)
    this.#byKey.set(key, { left: Math.max(left - 1, 0), at: now })
    const quietest = this.#byKey.keys().next()
    if (this.#byKey.size > MOST_KEYS && !quietest.done) this.#byKey.delete(quietest.value)
    return left < 1
  }

  get size(): number {
    return this.#byKey.size
  }
}

/**
 * So many sign-ins come to their end at once; the others wait in the order in which they came. A thousand at once would take
 * a thousand connections to the API server, behind which the Lease of the leader is renewed too late.
 */
export const MOST_AT_ONCE = 16

/** Lets only so many through at a time. */
export class Gate {
  readonly #waiting: (() => void)[] = []
  #free: number

  constructor(most: number) {
    this.#free = most
  }

  /** Runs it when its turn has come, and answers or fails as it does. */
  async through<T>(run: () => Promise<T>): Promise<T> {
    if (this.#free === 0) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    else this.#free--
    try {
      return await run()
    } finally {
      // A turn is handed on: nobody who comes now gets before those who wait.
      const next = this.#waiting.shift()
      if (next) next()
      else this.#free++
    }
  }
}
