import { beforeEach, describe, expect, test } from 'vitest'
import { bodyOf, Buckets, clientAddress, Gate, holderOf, networksOf } from '../../src/web/limits.ts'
import { ManualClock, settle } from '../support/clock.ts'

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

describe('a body', () => {
  const post = (body: string, headers = {}): Request =>
    new Request('http://localhost/', { method: 'POST', body, headers })

  test('is read up to a limit', async () => {
    expect(await bodyOf(post('äb'), 3)).toBe('äb')
    expect(await bodyOf(post('äb'), 2)).toBeUndefined()
  })

  test('is not read where it says that it is too long', async () => {
    expect(await bodyOf(post('a', { 'content-length': '100' }), 3)).toBeUndefined()
  })
})

describe('an address that is none', () => {
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
    expect(holderOf(clientAddress(address, undefined, proxies))).toBe(holder)
  })
})

describe('a bucket', () => {
  const allowance = { burst: 3, refillMs: 1_000 }
  let clock: ManualClock
  let buckets: Buckets

  beforeEach(() => {
    clock = new ManualClock()
    buckets = new Buckets(clock, allowance)
  })

  const times = (count: number, key = 'a'): boolean[] => Array.from({ length: count }, () => buckets.tooMany(key))

  test('gives so many at once, and then one at a time', () => {
    expect(times(5)).toEqual([false, false, false, true, true])
    clock.jump(999)
    expect(times(1)).toEqual([true])
    clock.jump(1_000)
    expect(times(2)).toEqual([false, true])
  })

  test('never holds more than at the beginning, however long it was left alone', () => {
    times(3)
    clock.jump(1_000_000)
    expect(times(4)).toEqual([false, false, false, true])
  })

  test('is one’s own', () => {
    times(4)
    expect(times(1, 'b')).toEqual([false])
  })

  test('there are never more than ten thousand, and who goes on being wrong is not forgotten', () => {
    times(4, 'wrong')
    for (let other = 0; other < 30_000; other++) {
      buckets.tooMany(String(other))
      if (other % 5_000 === 0) expect(buckets.tooMany('wrong')).toBe(true)
    }
    expect(buckets.size).toBe(10_000)
  })
})

describe('a gate', () => {
  const opened = () => {
    const gate = new Gate(2)
    const running = new Map<string, { end: () => void; fail: () => void }>()
    const order: string[] = []
    const come = (name: string): Promise<string> =>
      gate.through(
        () =>
          new Promise((resolve, reject) => {
            order.push(name)
            running.set(name, { end: () => resolve(name), fail: () => reject(new Error(name)) })
          }),
      )
    return { come, order, running }
  }

  test('lets so many through at a time, in the order in which they came', async () => {
    const { come, order, running } = opened()
    const all = ['a', 'b', 'c', 'd'].map(come)
    expect(order).toEqual(['a', 'b'])
    running.get('b')?.end()
    await all[1]
    const late = come('e')
    await settle()
    expect(order).toEqual(['a', 'b', 'c'])
    for (const name of ['a', 'c', 'd', 'e']) {
      await settle()
      running.get(name)?.end()
    }
    expect(await Promise.all([...all, late])).toEqual(['a', 'b', 'c', 'd', 'e'])
  })

  test('is as wide as before after a failure', async () => {
    const { come, order, running } = opened()
    const [one, two] = [come('a'), come('b')]
    running.get('a')?.fail()
    await expect(one).rejects.toThrow('a')
    void come('c')
    void come('d')
    await settle()
    expect(order).toEqual(['a', 'b', 'c'])
    running.get('b')?.end()
    await two
    await settle()
    expect(order).toEqual(['a', 'b', 'c', 'd'])
  })
})
