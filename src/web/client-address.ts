/** Determines the client's address from the socket and from the headers of trusted proxies. Pure. */
import { BlockList, isIP, isIPv6, SocketAddress } from 'node:net'

/** Parses a list of networks. @param cidrs addresses or networks, such as `10.0.0.0/8`. */
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

/** Removes what is not part of the address: brackets, a port, a zone, and the prefix of IPv4 addresses on an IPv6 socket. */
const normalize = (text: string): string =>
  text
    .trim()
    .replace(/^\[(.*)\](?::\d+)?$/, '$1')
    .replace(/^([\d.]+):\d+$/, '$1')
    .replace(/^::ffff:(?=[\d.]+$)/i, '')
    .replace(/%.*$/, '')

/**
 * The address of the client: the last address that is not a trusted proxy; or the last trusted proxy, if what precedes it is not an
 * address. What anybody else writes into the header is ignored.
 */
export function clientAddress(socket: string, forwardedFor: string | undefined, proxies: BlockList): string {
  const forwarded = (forwardedFor ?? '').split(',').map(normalize)
  let client = normalize(socket)
  while (isAmong(proxies, client)) {
    const before = forwarded.pop()
    if (before === undefined || isIP(before) === 0) break
    client = before
  }
  return client
}

/** The key by which clients are counted: an IPv4 address, or an IPv6 network of 64 bits, which usually belongs to one household. */
export function rateLimitKey(address: string): string {
  if (!isIPv6(address)) return address
  const [left = '', right = ''] = new SocketAddress({ address, family: 'ipv6' }).address.split('::')
  const groups = (text: string): string[] => text.split(':').filter(Boolean)
  const zeros = Array<string>(8).fill('0')
  return [...groups(left), ...zeros.slice(groups(left).length + groups(right).length), ...groups(right)]
    .slice(0, 4)
    .join(':')
}
