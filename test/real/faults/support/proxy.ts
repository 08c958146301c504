/**
 * A TCP proxy between an operator and the API server that breaks connections in the ways in which networks do. It does not read
 * the TLS, so it does not know which connection carries a watch.
 */
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'

interface Connection {
  operator: Socket
  server: Socket
}

/** Which side learns of the end of a connection. */
type Side = 'operator' | 'server'

export class Proxy {
  readonly #target: { host: string; port: number }
  readonly #listener: Server
  readonly #connections = new Set<Connection>()
  /** Connections that wait; undefined while none has to wait. */
  #held: Socket[] | undefined

  private constructor(url: string) {
    const { hostname, port } = new URL(url)
    this.#target = { host: hostname, port: Number(port) }
    // The proxy itself forwards a FIN, or does not.
    this.#listener = createServer({ allowHalfOpen: true }, (operator) => this.#accept(operator))
  }

  /** @param url the API server's. */
  static async before(url: string): Promise<Proxy> {
    const proxy = new Proxy(url)
    proxy.#listener.listen(0, '127.0.0.1')
    await once(proxy.#listener, 'listening')
    return proxy
  }

  /** Writes a copy of a kubeconfig that goes through the proxy. Returns its path. */
  kubeconfig(path: string): string {
    const { port } = this.#listener.address() as AddressInfo
    const through = `${path}-through-${port}`
    const text = readFileSync(path, 'utf8').replace(`:${this.#target.port}`, `:${port}`)
    writeFileSync(through, text, { mode: 0o600 })
    return through
  }

  /** How many connections there are. */
  get open(): number {
    return [...this.#connections].filter(({ operator }) => !operator.destroyed).length
  }

  /** Makes new connections wait from now on. */
  hold(): void {
    this.#held ??= []
  }

  /** Lets the waiting connections through. */
  release(): void {
    const held = this.#held ?? []
    this.#held = undefined
    for (const operator of held) this.#accept(operator)
  }

  /** Sends an RST to both sides. Like the next two methods, it returns how many connections there were. */
  reset(): number {
    return this.#cut(({ operator, server }) => {
      operator.resetAndDestroy()
      server.resetAndDestroy()
    })
  }

  /**
   * Drops all bytes of the current connections without telling anybody. Whoever sends something gets an RST, as from a router
   * that has forgotten the connection.
   */
  forget(): number {
    return this.#cut(refuseBytes)
  }

  /** The same, but one side gets a FIN. */
  halfClose(side: Side): number {
    return this.#cut((connection) => {
      refuseBytes(connection)
      connection[side].end()
    })
  }

  async close(): Promise<void> {
    this.reset()
    for (const operator of this.#held ?? []) operator.destroy()
    this.#listener.close()
    await once(this.#listener, 'close')
  }

  #cut(how: (connection: Connection) => void): number {
    const open = [...this.#connections].filter(({ operator }) => !operator.destroyed)
    for (const connection of open) {
      const { operator, server } = connection
      operator.unpipe(server).pause()
      server.unpipe(operator).pause()
      how(connection)
    }
    return open.length
  }

  #accept(operator: Socket): void {
    // A side that closes the connection by itself is no error.
    operator.on('error', () => undefined)
    if (this.#held) return void this.#held.push(operator)
    const server = connect({ ...this.#target, allowHalfOpen: true })
    server.on('error', () => operator.destroy())
    const connection = { operator, server }
    this.#connections.add(connection)
    operator.pipe(server).pipe(operator)
    operator.on('close', () => {
      server.destroy()
      this.#connections.delete(connection)
    })
  }
}

function refuseBytes({ operator }: Connection): void {
  operator.on('data', () => operator.resetAndDestroy()).resume()
}
