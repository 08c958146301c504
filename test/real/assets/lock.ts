/**
 * One run at a time fills the cache; the others wait for it and then find everything there. The lock saves work and is
 * not what keeps the cache whole (programs are renamed into place): in doubt it lets two runs work side by side.
 */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const POLL_MS = 500

/** Runs `work` while no other process holds the lock of `directory`, which is made if it is not there. */
export async function withLock(
  directory: string,
  log: (line: string) => void,
  work: () => Promise<void>,
): Promise<void> {
  mkdirSync(directory, { recursive: true })
  const path = join(directory, 'lock')
  for (let told = false; !acquire(path); told = true) {
    if (!told) log(`waiting for process ${holder(path)}, which fills ${directory}`)
    await sleep(POLL_MS)
  }
  try {
    await work()
  } finally {
    rmSync(path, { force: true })
  }
}

function acquire(path: string): boolean {
  try {
    writeFileSync(path, String(process.pid), { flag: 'wx' })
    return true
  } catch {
    if (abandoned(path)) breakLock(path)
    return false
  }
}

/** Moved aside first, so that of two processes that find the same dead holder one breaks its lock. */
function breakLock(path: string): void {
  const aside = `${path}.${process.pid}`
  try {
    renameSync(path, aside)
  } catch {
    return
  }
  rmSync(aside, { force: true })
}

function abandoned(path: string): boolean {
  const pid = Number(holder(path))
  if (!Number.isInteger(pid) || pid <= 0) return false
  try {
    process.kill(pid, 0)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
}

function holder(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
