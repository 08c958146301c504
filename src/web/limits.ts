/** What strangers may cost us: how much is read of a body, and how often one address may be wrong. */
import { BlockList, isIP, isIPv6 } from 'node:net'
import type { Clock } from '../platform/clock.ts'

/** The whole text of a body; undefined where it is longer than `most` bytes: then no more of it is read. */
export async function bodyOf(request: Request, most: number): Promise<string | undefined> {
  if (Number(request.headers.get('content-length') ?? 0) > most) return undefined
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of (request.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.length
    if (bytes > most) return undefined
    chunks.push(chunk)
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

/** Whoever speaks to us: the last address that isn't a proxy of ours. What others write into the header counts for nothing. */
export function clientAddress(socket: string, forwardedFor: string | undefined, proxies: BlockList): string {
  const plain = (text: string): string => text.trim().replace(/^::ffff:/i, '')
  const chain = [...(forwardedFor ?? '').split(','), socket].map(plain).filter(Boolean)
  while (chain.length > 1 && isAmong(proxies, chain.at(-1) ?? '')) chain.pop()
  return chain.at(-1) ?? ''
}

const BURST = 60
const REFILL_MS = 1_000
const MOST_ADDRESSES = 10_000

/** So many mistakes an address at once, and then one a second. Good requests are not counted: many may share an address. */
export class Mistakes {
  readonly #clock: Pick<Clock, 'now'>
  readonly #byAddress = new Map<string, { left: number; at: number }>()

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock
  }

  /** Counts one. Answers whether it was one too many. */
  tooMany(address: string): boolean {
    const now = this.#clock.now()
    const known = this.#byAddress.get(address)
    const left = known ? Math.min(BURST, known.left + (now - known.at) / REFILL_MS) : BURST
    this.#byAddress.delete(address)
    this.#byAddress.set(address, { left: Math.max(left - 1, 0), at: now })
    const oldest = this.#byAddress.keys().next()
    if (this.#byAddress.size > MOST_ADDRESSES && !oldest.done) this.#byAddress.delete(oldest.value)
    return left < 1
  }
}
