import { describe, expect, test } from 'vitest'
import { clientAddress, networksOf, rateLimitKey } from '../../src/web/client-address.ts'

const proxies = networksOf(['10.0.0.0/8', '::1'])

describe('the address of a client', () => {
  test.each([
    ['is the socket’s, whatever a stranger says', '203.0.113.7', '198.51.100.1', '203.0.113.7'],
    ['is what a proxy of ours says', '10.1.2.3', '198.51.100.1', '198.51.100.1'],
    ['is not what a stranger told the proxy', '10.1.2.3', '192.0.2.9, 198.51.100.1', '198.51.100.1'],
    ['passes over several proxies of ours', '::1', '198.51.100.1, 10.9.9.9', '198.51.100.1'],
    ['is found where IPv4 comes in IPv6', '::ffff:10.1.2.3', '198.51.100.1', '198.51.100.1'],
    ['is the proxy’s where it says nothing', '10.1.2.3', undefined, '10.1.2.3'],
  ])('%s', (_, socket, forwarded, client) => {
    expect(clientAddress(socket, forwarded, proxies)).toBe(client)
  })
})

describe('a text that is not an address', () => {
  test.each([
    ['a name', 'unknown'],
    ['a text of any length', 'x'.repeat(10_000)],
    ['nothing', ''],
  ])('such as %s counts as the proxy that passed it on', (_, forwarded) => {
    expect(clientAddress('10.1.2.3', forwarded, proxies)).toBe('10.1.2.3')
    expect(clientAddress('10.1.2.3', `${forwarded}, 10.7.7.7`, proxies)).toBe('10.7.7.7')
  })

  test.each([
    ['198.51.100.1:5678', '198.51.100.1'],
    ['[2001:db8::1]:5678', '2001:db8::1'],
    ['[2001:db8::1]', '2001:db8::1'],
    ['::FFFF:198.51.100.1', '198.51.100.1'],
  ])('is not %s, which some proxies write', (forwarded, client) => {
    expect(clientAddress('10.1.2.3', forwarded, proxies)).toBe(client)
  })
})

describe('who counts as one', () => {
  test.each([
    ['198.51.100.1', '198.51.100.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:DB8:1:2::9', '2001:db8:1:2'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['::1', '0:0:0:0'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
    ['', ''],
  ])('is, of %s, %s', (address, holder) => {
    expect(rateLimitKey(clientAddress(address, undefined, proxies))).toBe(holder)
  })
})
