/** From which address a request came, by the socket and by what trusted proxies say. Pure. */
import { BlockList, isIP, isIPv6, SocketAddress } from 'node:net'

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
export function rateLimitKey(address: string): string {
  if (!isIPv6(address)) return address
  const [left = '', right = ''] = new SocketAddress({ address, family: 'ipv6' }).address.split('::')
  const groups = (text: string): string[] => text.split(':').filter(Boolean)
  const zeros = Array<string>(8).fill('0')
  return [...groups(left), ...zeros.slice(groups(left).length + groups(right).length), ...groups(right)]
    .slice(0, 4)
    .join(':')
}
