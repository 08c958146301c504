/**
 * Gives a process a share of a core, as a container's limit does: a process that has used more than its share is stopped for a moment.
 * So the CPU is the limit of several replicas that run on one machine with few cores.
 */
import { readFileSync } from 'node:fs'

const LOOK_MS = 20
/** What was not used so long ago is not saved up. */
const BURST_MS = 100

/** Begins to hold a process to a share, such as 0.2. Returns a function that ends it. */
export function limitCPU(pid: number, share: number): () => void {
  let [usedBefore, at, credit] = [usedMs(pid), performance.now(), 0]
  const look = (): void => {
    const [used, now] = [usedMs(pid), performance.now()]
    credit = Math.min(credit + share * (now - at) - (used - usedBefore), share * BURST_MS)
    ;[usedBefore, at] = [used, now]
    signal(pid, credit < 0 ? 'SIGSTOP' : 'SIGCONT')
  }
  const timer = setInterval(look, LOOK_MS)
  return () => {
    clearInterval(timer)
    signal(pid, 'SIGCONT')
  }
}

/** The processor time of a process and its threads, in ms, in steps of 10 ms; 0 if it has ended. */
function usedMs(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
    return (Number(fields[11]) + Number(fields[12])) * 10
  } catch {
    return 0
  }
}

function signal(pid: number, name: 'SIGSTOP' | 'SIGCONT'): void {
  try {
    process.kill(pid, name)
  } catch {
    // It has ended.
  }
}
