/** The folder with the demo's files. Two demos cannot share it: each writes its own kubeconfig there. */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { errorCode } from '../src/platform/errors.ts'
import { DemoFailure } from './narrator.ts'

/** Creates the folder, or empties it. @throws DemoFailure if a demo that is running uses it. */
export async function takeFolder(folder: string): Promise<void> {
  const pidFile = join(folder, 'pid')
  const pid = Number(await readFile(pidFile, 'utf8').catch(() => '0'))
  if (pid > 0 && isRunning(pid)) {
    throw new DemoFailure(
      `expected: no other demo runs in this folder\nfound: process ${pid} runs one. End it first, or run this demo in another clone. If it is not a demo, remove ${folder}.`,
    )
  }
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder)
  await writeFile(pidFile, String(process.pid))
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    // It runs, and belongs to somebody else.
    return errorCode(error) === 'EPERM'
  }
}
