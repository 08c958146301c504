/** The world of a bench, in a process of its own, and how to speak to it. */
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { Order, WorldState } from './messages.ts'

export interface BenchWorld {
  state: WorldState
  ask(order: Order): Promise<unknown>
  /** Resolves when it has ended. */
  end(): Promise<void>
}

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

/** So that the operators' own `exit` handlers run. */
export function exitOnSignals(): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
}
