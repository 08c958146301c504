/** Starts and ends the programs of a cluster so that none outlives the test run, however that ends. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { createServer, Socket } from 'node:net'
import type { Server } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

const POLL_MS = 50
/** Below the ports that kernels choose from for connections and for `listen(0)`: from 32768 (Linux) or 49152. */
const ASSIGNED_BY_HAND = [20_000, 32_000] as const

export interface Running {
  readonly pid: number
  /** Undefined while it runs. */
  readonly ended: string | undefined
  /** Ends it, at once with SIGKILL, and waits until it is gone. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>
  /** Waits until `condition` holds. @throws Error with the end of the log when the program ends first or time is up. */
  until(what: string, condition: () => Promise<boolean>, withinMs?: number): Promise<void>
}

/** Everything it prints goes to `logFile`; without `env` it gets ours. */
export function start(path: string, args: readonly string[], logFile: string, env = process.env): Running {
  const log = openSync(logFile, 'a')
  // A group of its own: a Ctrl-C in the terminal goes to the test run only, which then ends things in order.
  const child = spawn(path, args, { env, detached: true, stdio: ['ignore', log, log] })
  closeSync(log)
  const leash = child.pid === undefined ? undefined : fasten(child.pid)
  // It does not hold this process back from ending.
  child.unref()
  let ended: string | undefined
  const gone = new Promise<void>((resolve) => {
    const finish = (how: string) => {
      ended ??= how
      leash?.kill('SIGKILL')
      resolve()
    }
    child.on('exit', (code, signal) => finish(signal ?? `exit code ${code ?? 'unknown'}`))
    child.on('error', (error) => finish(error.message))
  })
  const running: Running = {
    pid: child.pid ?? 0,
    get ended() {
      return ended
    },
    end: async (signal) => {
      child.ref()
      if (!ended) child.kill(signal)
      await gone
    },
    until: (what, condition, withinMs = 120_000) => until({ path, logFile, what, withinMs, running }, condition),
  }
  return running
}

interface Wait {
  path: string
  logFile: string
  what: string
  withinMs: number
  running: Running
}

async function until(wait: Wait, condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + wait.withinMs
  while (!(await condition().catch(() => false))) {
    const why = wait.running.ended ?? (Date.now() > deadline ? `nothing in ${wait.withinMs / 1000} s` : undefined)
    if (why) throw new Error(`${wait.path}: ${wait.what} was waited for, ${why}:\n${tail(wait.logFile)}`)
    await sleep(POLL_MS)
  }
}

/** Kills the group of the program when this process dies. */
function fasten(pid: number): ChildProcess {
  return whenThisProcessDies('kill -KILL "-$0"', String(pid))
}

/** Removes a directory when this process dies; what comes back takes that back. */
export function removeWithUs(directory: string): () => void {
  // The programs that still write into it are killed at the same moment.
  const leash = whenThisProcessDies('sleep 1; rm -rf "$0"', directory)
  return () => leash.kill('SIGKILL')
}

/**
 * A shell that holds the end of a pipe, and acts when the pipe closes. The kernel closes it when this process dies, by
 * SIGKILL too, when no exit hook would run.
 */
export function whenThisProcessDies(act: string, argument: string): ChildProcess {
  const leash = spawn('sh', ['-c', `cat >/dev/null; ${act}`, argument], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  leash.unref()
  if (leash.stdin instanceof Socket) leash.stdin.unref()
  return leash
}

export function tail(file: string, lines = 20): string {
  return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-lines).join('\n')
}

/**
 * Loopback ports that nothing listens on at this moment: all held at once, so that they differ, then let go. The kernel gives
 * them to nobody who asks for any port, so that they are still free for a server that starts later, or starts again.
 */
export async function freePorts(count: number): Promise<number[]> {
  const held = new Map<number, Server>()
  while (held.size < count) {
    const port = randomInt(...ASSIGNED_BY_HAND)
    const server = await hold(port)
    if (server) held.set(port, server)
  }
  await Promise.all([...held.values()].map((server) => new Promise((resolve) => server.close(resolve))))
  return [...held.keys()]
}

/** Listens on a port; undefined if somebody else does. */
function hold(port: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(undefined))
    server.listen(port, '127.0.0.1', () => resolve(server))
  })
}
