/** The client of a SOCKS5 proxy, byte by byte, beside a proxy that answers what a test says. */
import { once } from 'node:events'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { socksConnector } from '../../src/kubernetes/socks.ts'

const [NO_AUTHENTICATION, PASSWORD, NONE_ACCEPTABLE] = [0, 2, 0xff]
const GRANTED = [5, 0, 0, 1, 127, 0, 0, 1, 0, 80]

let server: Server
/** What the proxy answers to each message in turn. */
let answers: number[][]
/** What it was sent, a message at a time, in hex. */
let received: string[]
/** Its side of the connection. */
let client: Socket | undefined

beforeEach(async () => {
  answers = []
  received = []
  server = createServer((socket) => {
    client = socket.on('error', () => socket.destroy())
    socket.on('data', (bytes) => {
      received.push(bytes.toString('hex'))
      const answer = answers.shift()
      if (answer) socket.write(Buffer.from(answer))
      else socket.end()
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
})

afterEach(() => {
  client?.destroy()
  server.close()
})

/** Connects through the proxy. @throws what the connector fails with. */
function connect(host: string, { port = '', protocol = 'http:', user = '' } = {}): Promise<Socket> {
  const proxy = new URL(`socks5://${user}127.0.0.1:${(server.address() as AddressInfo).port}`)
  const connector = socksConnector(proxy, {})
  return new Promise((resolve, reject) => {
    connector({ hostname: host, port, protocol }, (error, socket) => (error ? reject(error) : resolve(socket)))
  })
}

const hex = (text: string): string => Buffer.from(text).toString('hex')

describe('a SOCKS5 proxy that asks for nothing', () => {
  beforeEach(() => (answers = [[5, NO_AUTHENTICATION], GRANTED]))

  test.each([
    ['a name, which it resolves', 'api.example.com', `030f${hex('api.example.com')}`],
    ['an IPv4 address', '192.0.2.7', '01c0000207'],
  ])('is asked for %s', async (_, host, address) => {
    const socket = await connect(host, { port: '6443' })
    expect(received).toEqual(['050100', `050100${address}192b`])
    socket.destroy()
  })

  test.each([
    ['http:', '0050'],
    ['https:', '01bb'],
  ])('is asked for the usual port of %s', async (protocol, port) => {
    const connecting = connect('a', { protocol }).catch(() => undefined)
    await expect.poll(() => received[1]).toBe(`050100030161${port}`)
    client?.destroy()
    await connecting
  })

  test.each([
    ['an IPv4 address', GRANTED],
    ['an IPv6 address', [5, 0, 0, 4, ...Array.from({ length: 16 }, () => 0), 0, 80]],
    ['a name', [5, 0, 0, 3, 1, 97, 0, 80]],
  ])('may answer with %s: what follows belongs to the server', async (_, granted) => {
    answers[1] = [...granted, ...Buffer.from('hello')]
    const socket = await connect('a')
    const [first] = (await once(socket, 'data')) as [Buffer]
    expect(first.toString()).toBe('hello')
    socket.destroy()
  })

  test('may answer in pieces', async () => {
    answers = [[5]]
    const connecting = connect('a')
    await expect.poll(() => received).toHaveLength(1)
    answers = [[5, 0, 0]]
    client?.write(Buffer.from([NO_AUTHENTICATION]))
    await expect.poll(() => received).toHaveLength(2)
    client?.write(Buffer.from(GRANTED.slice(3)))
    const socket = await connecting
    socket.destroy()
  })
})

test('an answer in many pieces leaves no listeners behind', async () => {
  answers = [
    [5, NO_AUTHENTICATION],
    [5, 0, 0, 3, 32],
  ]
  const connecting = connect('a')
  await expect.poll(() => received).toHaveLength(2)
  for (const byte of [...Buffer.from('a'.repeat(32)), 0, 80]) {
    await new Promise((resolve) => client?.write(Buffer.from([byte]), resolve))
    await new Promise((resolve) => setImmediate(resolve))
  }
  const socket = await connecting
  expect(['readable', 'error'].map((name) => socket.listenerCount(name))).toEqual([0, 0])
  socket.destroy()
})

describe('a SOCKS5 proxy that asks for a password', () => {
  test('is told the name and the password of its URL, decoded', async () => {
    answers = [[5, PASSWORD], [1, 0], GRANTED]
    const socket = await connect('a', { user: 'us%40er:w%3Ard@' })
    expect(received.slice(0, 2)).toEqual(['05020002', `0105${hex('us@er')}04${hex('w:rd')}`])
    socket.destroy()
  })

  test('and refuses the one that it is told is named as the cause', async () => {
    answers = [
      [5, PASSWORD],
      [1, 1],
    ]
    await expect(connect('a', { user: 'user:wrong@' })).rejects.toThrow('refused the name or the password')
  })

  test.each([
    ['of a client that has none', '', PASSWORD],
    ['and accepts none of the methods that it is offered', 'user:word@', NONE_ACCEPTABLE],
  ])('%s is told nothing', async (_, user, method) => {
    answers = [[5, method]]
    await expect(connect('a', { user })).rejects.toThrow('requires an authentication method that is not available')
    expect(received).toHaveLength(1)
  })
})

describe('a SOCKS5 proxy that fails', () => {
  test('because it does not reach the host says so with its number', async () => {
    answers = [
      [5, NO_AUTHENTICATION],
      [5, 4, 0, 1, 0, 0, 0, 0, 0, 0],
    ]
    await expect(connect('a')).rejects.toThrow('refused the connection (4)')
  })

  test.each([
    ['before it has answered', []],
    [
      'in the middle of an answer',
      [
        [5, NO_AUTHENTICATION],
        [5, 0],
      ],
    ],
  ])('because it hangs up %s', async (_, given) => {
    answers = given
    const connecting = connect('a')
    connecting.catch(() => undefined)
    await expect.poll(() => received).toHaveLength(Math.max(given.length, 1))
    client?.end()
    await expect(connecting).rejects.toThrow('hung up')
  })

  test('because nobody listens is an error of the connection', async () => {
    const { port } = server.address() as AddressInfo
    await new Promise((resolve) => server.close(resolve))
    const connector = socksConnector(new URL(`socks5://127.0.0.1:${port}`), {})
    const failure = new Promise((resolve) =>
      connector({ hostname: 'a', port: '', protocol: 'http:' }, (...[error]) => resolve(error)),
    )
    expect(await failure).toMatchObject({ code: 'ECONNREFUSED' })
  })
})
