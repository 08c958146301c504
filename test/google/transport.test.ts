import { deflateSync, gzipSync } from 'node:zlib'
import { createServer, type Server, type ServerResponse } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { AnswerOwner } from '../../src/google/body-budget.ts'
import { createPool, createTransport, type Answer, type Transport } from '../../src/google/transport.ts'
import { failureOf, startHarness, type Reply, type Harness } from './support/harness.ts'

let harness: Harness
let transport: Transport
beforeEach(async () => {
  harness = await startHarness()
  transport = createTransport(harness.clock, createPool())
})
afterEach(async () => {
  await transport.close()
  await harness.close()
})

const get = (owner?: AnswerOwner): Promise<Answer> =>
  transport.send({ url: new URL('/a%40b?c=d', harness.url), method: 'GET', headers: {}, deadlineMs: 1_000, owner })

function answered(reply: Reply, owner?: AnswerOwner): Promise<Answer> {
  harness.next(reply)
  return get(owner)
}

const alice: AnswerOwner = { client: 'a', account: 'alice' }

const MEGABYTE = 1024 * 1024

describe('the transport', () => {
  test('answers status, headers and text, and keeps what is encoded in the address', async () => {
    const { status, headers, text } = await answered({ status: 418, text: 'Käse', headers: { 'x-a': 'b' } })
    expect({ status, text, a: headers['x-a'] }).toEqual({ status: 418, text: 'Käse', a: 'b' })
    expect(harness.asked[0]).toMatchObject({ path: '/a%40b', query: { c: 'd' } })
  })

  test('puts characters together that came in two pieces', async () => {
    const [head, tail] = [Buffer.from('K\u00e4se').subarray(0, 2), Buffer.from('K\u00e4se').subarray(2)]
    const { text } = await answered((response) => {
      response.write(head, () => setImmediate(() => response.end(tail)))
    })
    expect(text).toBe('Käse')
  })

  test.each<[string, (response: ServerResponse) => void]>([
    ['before its head', () => undefined],
    ['after its head', (response) => response.writeHead(200).flushHeaders()],
    ['in the middle', (response) => response.writeHead(200, { 'content-length': 100 }).write('half')],
  ])('gives up on an answer that hangs %s', async (_, hang) => {
    harness.next(hang)
    const failed = failureOf(get())
    await harness.came(1)
    await harness.clock.advance(1_000)
    expect(await failed).toMatchObject({ failure: 'Unreachable', message: 'no answer in time' })
  })

  test('is answered while a hundred other requests get no answer', async () => {
    const hanging = Array.from({ length: 100 }, async () => {
      harness.next(() => undefined)
      return failureOf(get())
    })
    await harness.came(100)
    expect((await answered({ text: 'here' })).text).toBe('here')
    await harness.clock.advance(1_000)
    expect((await Promise.all(hanging)).map(({ message }) => message)).toEqual(Array(100).fill('no answer in time'))
  })

  test('leaves no timer behind, whether it went well or not', async () => {
    await answered({ text: 'well' })
    await failureOf(answered((response) => response.socket?.destroy()))
    expect(harness.clock.pending).toEqual([])
  })

  test.each<[string, (response: ServerResponse) => void]>([
    ['of a promised length', (response) => response.writeHead(200, { 'content-length': 100 }).write('half')],
    ['in chunks', (response) => response.writeHead(200).write('half')],
  ])('takes no half of an answer %s for the whole', async (_, begin) => {
    const failed = failureOf(
      answered((response) => {
        begin(response)
        setImmediate(() => response.socket?.destroy())
      }),
    )
    expect((await failed).failure).toBe('Unreachable')
  })

  test('a port where nobody listens is unreachable, and its address is not told', async () => {
    const url = new URL('http://127.0.0.1:1/')
    const error = await failureOf(transport.send({ url, method: 'GET', headers: {}, deadlineMs: 1_000 }))
    expect(error.message).toBe('the connection failed (ECONNREFUSED)')
  })

  test('after its end nothing is sent', async () => {
    await transport.close()
    expect((await failureOf(get())).failure).toBe('Unreachable')
    expect(harness.asked).toHaveLength(0)
  })
})

describe('an answer without bounds', () => {
  test('is cut off, with its connection', async () => {
    let closed = false
    const flood: Reply = (response) => {
      response.on('close', () => (closed = true))
      const chunk = Buffer.alloc(MEGABYTE, 'x')
      const pour = (): void => {
        while (!closed && response.write(chunk)) continue
        if (!closed) response.once('drain', pour)
      }
      pour()
    }
    const { failure, message } = await failureOf(answered(flood, alice))
    expect({ failure, message }).toEqual({ failure: 'Unknown', message: 'the answer is larger than 8192 KiB' })
    await expect.poll(() => closed).toBe(true)
  })

  test('is recognised in its compressed form', async () => {
    const bomb = gzipSync(Buffer.alloc(17 * MEGABYTE))
    const failed = failureOf(answered((response) => response.setHeader('content-encoding', 'gzip').end(bomb), alice))
    expect((await failed).message).toBe('the answer is larger than 8192 KiB')
  })
})

describe('large answers', () => {
  const large = 'x'.repeat(MEGABYTE)
  const of = (client: string, account: string): AnswerOwner => ({ client, account })

  test.each([
    ['plain', false],
    ['packed', true],
  ])('are refused where small ones are expected: %s', async (_, gzip) => {
    const { failure, message } = await failureOf(answered({ text: large, gzip }))
    expect({ failure, message }).toEqual({ failure: 'Unknown', message: 'the answer is larger than 256 KiB' })
  })

  test.each([
    ['plain', false],
    ['packed', true],
  ])('come one at a time for each account, and the next once the last was used: %s', async (_, gzip) => {
    const first = await answered({ text: large, gzip }, alice)
    let arrived = false
    const second = answered({ text: large, gzip }, alice).then((answer) => {
      arrived = true
      return answer
    })
    await harness.came(2)
    const other = await answered({ text: large, gzip }, of('a', 'bob'))
    expect(arrived).toBe(false)
    first.release()
    expect((await second).text).toHaveLength(MEGABYTE)
    other.release()
  })

  test('come three at a time in all, two for each client, while small ones go by', async () => {
    const owners = [of('a', '1'), of('a', '2'), of('b', '3')]
    const places = await Promise.all(owners.map((owner) => answered({ text: large }, owner)))
    const late = [of('a', '5'), of('d', '6')].map((owner) => answered({ text: large }, owner))
    await harness.came(5)
    expect((await answered({ text: 'small' }, of('a', '7'))).text).toBe('small')
    // The client that has the fewest comes first, whatever the order of arrival.
    places[2]?.release()
    const next = await Promise.race(late.map((one, index) => one.then(() => index)))
    expect(next).toBe(1)
    places[0]?.release()
    await late[0]
  })

  test('have no deadline while they wait for a place, and all of it afterwards', async () => {
    const first = await answered({ text: large }, alice)
    const second = answered({ text: large }, alice)
    await harness.came(2)
    // Not the deadline of the request, which is pending before its answer comes.
    await expect.poll(() => harness.clock.pending.map((at) => at - harness.clock.now())).toEqual([60_000])
    await harness.clock.advance(30_000)
    first.release()
    expect((await second).status).toBe(200)
  })

  test('are given up if no slot becomes free within a minute', async () => {
    await answered({ text: large }, alice)
    const failed = failureOf(answered({ text: large }, alice))
    await harness.came(2)
    await expect.poll(() => harness.clock.pending.map((at) => at - harness.clock.now())).toEqual([60_000])
    await harness.clock.advance(60_000)
    expect(await failed).toMatchObject({ failure: 'Unknown' })
  })

  test('keep only their text while they are used', async () => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    const held = (): number => {
      collect()
      return process.memoryUsage().arrayBuffers
    }
    const before = held()
    const answer = await answered({ text: 'x'.repeat(6 * MEGABYTE) }, alice)
    await expect.poll(() => held() - before, { timeout: 5_000 }).toBeLessThan(3 * MEGABYTE)
    answer.release()
  })

  test('release their slot if they fail', async () => {
    for (let turn = 0; turn < 3; turn++) {
      const half = (response: ServerResponse): void => {
        response.writeHead(200, { 'content-length': 2 * MEGABYTE }).write(large)
        setTimeout(() => response.socket?.destroy(), 50)
      }
      expect((await failureOf(answered(half, alice))).failure).toBe('Unreachable')
    }
  })
})

describe('compression', () => {
  test.each([
    ['breaks off', 'gzip', gzipSync('x'.repeat(9_999)).subarray(0, 20)],
    ['is none', 'gzip', Buffer.from('plain text')],
    ['was not asked for', 'deflate', deflateSync('x')],
  ])('that %s makes no answer', async (_, encoding, body) => {
    const failed = failureOf(answered((response) => response.setHeader('content-encoding', encoding).end(body)))
    expect((await failed).failure).toBe('Unreachable')
  })

  test('of nothing is nothing', async () => {
    const { text } = await answered((response) => response.setHeader('content-encoding', 'gzip').end())
    expect(text).toBe('')
  })
})

describe('a proxy', () => {
  let proxy: Server
  let tunnels: string[]
  beforeEach(async () => {
    tunnels = []
    proxy = createServer((_, response) => response.writeHead(405).end())
    proxy.on('connect', ({ url = '' }, socket) => {
      tunnels.push(url)
      const target = connect(Number(url.split(':')[1]), '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n')
        target.pipe(socket).pipe(target)
      })
      for (const one of [socket, target]) one.on('error', () => target.destroy())
    })
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  })
  afterEach(() => {
    proxy.close()
    proxy.closeAllConnections()
  })

  const through = async (noProxy: string): Promise<Answer> => {
    const address = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
    const own = createTransport(harness.clock, createPool({ httpsProxy: '', httpProxy: address, noProxy }))
    harness.next({ text: 'well' })
    const url = new URL('/', harness.url)
    return own.send({ url, method: 'GET', headers: {}, deadlineMs: 1_000 }).finally(() => own.close())
  }

  test('is gone through', async () => {
    expect((await through('')).text).toBe('well')
    expect(tunnels).toEqual([new URL(harness.url).host])
  })

  test('is bypassed for an excluded host', async () => {
    expect((await through('127.0.0.1')).text).toBe('well')
    expect(tunnels).toEqual([])
  })
})
