/** Starts the environment of a bench in its own process, and sends it messages. */
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { Order, WorldState } from './messages.ts'

/** The environment of a bench, which runs in another process. */
export interface BenchWorld {
  state: WorldState
  ask(order: Order): Promise<unknown>
  /** Resolves when the process has ended. */
  end(): Promise<void>
}

/** Starts the environment, and returns once it can be used. */
export async function startWorld(): Promise<BenchWorld> {
  const world = fork('bench/world.ts', { execArgv: ['--import', 'tsx'] })
  const [state] = (await once(world, 'message')) as [WorldState]
  return { state, ask: (order) => ask(world, order), end: () => end(world) }
}

async function ask(world: ChildProcess, order: Order): Promise<unknown> {
  const answered = once(world, 'message')
  world.send(order)
  const [answer] = (await answered) as [unknown]
  return answer
}

async function end(world: ChildProcess): Promise<void> {
  world.disconnect()
  await once(world, 'exit')
}

/** Ends this process on a signal, so that the `exit` handlers run. */
export function exitOnSignals(): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
}
