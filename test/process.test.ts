/** The process as its container sees it: how it starts, fails to start, and ends. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startKubernetes, type SandboxKubernetes } from '../sandbox/kubernetes/server.ts'
import { crds } from '../src/resources/generated/crds.ts'

const REQUIRE =
  "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);"
const clock = { now: () => Date.now(), setTimer: (ms: number, fire: () => void) => clearedBy(setTimeout(fire, ms)) }
const clearedBy = (handle: NodeJS.Timeout) => (): void => clearTimeout(handle)

let directory: string
let kubernetes: SandboxKubernetes
let taken: Server

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'process-'))
  const common = { bundle: true, platform: 'node', target: 'node20', format: 'esm', banner: { js: REQUIRE } } as const
  await build({ ...common, entryPoints: ['src/main.ts'], outfile: join(directory, 'main.mjs'), logLevel: 'error' })
  kubernetes = await startKubernetes({ clock, crds })
  await writeFile(join(directory, 'kubeconfig'), kubernetes.kubeconfig())
  await writeFile(
    join(directory, 'unreachable'),
    kubernetes.kubeconfig().replace(/server: .*/, 'server: https://127.0.0.1:1'),
  )
  taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
})

afterAll(async () => {
  taken.close()
  await kubernetes.stop()
  await rm(directory, { recursive: true })
})

const takenPort = (): string => `127.0.0.1:${(taken.address() as AddressInfo).port}`

interface Running {
  child: ChildProcess
  lines: string[]
  /** The exit code, or the signal that killed it, and after how many seconds. */
  ended: Promise<{ code: number | string | null; seconds: number }>
}

function run(flags: Record<string, string>, kubeconfig = 'kubeconfig'): Running {
  const addresses = { 'metrics-bind-address': '127.0.0.1:0', 'web-bind-address': '127.0.0.1:0' }
  const given = Object.entries({ ...addresses, ...flags }).map(([name, value]) => `--${name}=${value}`)
  const env = { ...process.env, KUBECONFIG: join(directory, kubeconfig) }
  const child = spawn(process.execPath, [join(directory, 'main.mjs'), 'run', ...given], { env })
  const startedAt = performance.now()
  const lines: string[] = []
  const keep = (chunk: Buffer): void => void lines.push(...chunk.toString().split('\n').filter(Boolean))
  child.stdout.on('data', keep)
  child.stderr.on('data', keep)
  const ended = once(child, 'exit').then(([code, signal]) => ({
    code: (code ?? signal) as number | string | null,
    seconds: (performance.now() - startedAt) / 1000,
  }))
  return { child, lines, ended }
}

async function until(what: string, { lines }: Running, isSo: (line: string) => boolean): Promise<void> {
  for (let turn = 0; turn < 4_500; turn++) {
    if (lines.some(isSo)) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error(`waited in vain until ${what}\n${lines.join('\n')}`)
}

describe('a start that fails', () => {
  test.each(['web-bind-address', 'metrics-bind-address'])(
    'because --%s is taken ends with status 1 and one line that says so',
    async (flag) => {
      const running = run({ [flag]: takenPort() })
      expect((await running.ended).code).toBe(1)
      const errors = running.lines.filter((line) => !line.includes('"level":"info"'))
      expect(errors).toHaveLength(1)
      expect(errors[0]).toContain(`--${flag}: cannot listen on ${takenPort()}`)
    },
  )

  test('because there is no such kubeconfig context ends with status 1 and one line', async () => {
    await writeFile(join(directory, 'broken'), 'apiVersion: v1\nkind: Config\ncurrent-context: nowhere\n')
    const running = run({}, 'broken')
    expect((await running.ended).code).toBe(1)
    expect(running.lines.filter((line) => !line.includes('"level":"info"'))).toHaveLength(1)
  })
})

describe('SIGTERM', () => {
  test('stops a running operator in order', async () => {
    const running = run({})
    await until('it reconciles', running, (line) => line.includes('reconciling'))
    const before = performance.now()
    running.child.kill('SIGTERM')
    expect((await running.ended).code).toBe(0)
    expect(performance.now() - before).toBeLessThan(10_000)
    expect(running.lines.at(-1)).toContain('stopped')
  })

  test('stops an operator that is still starting because the API server does not answer', async () => {
    const running = run({}, 'unreachable')
    await until('it starts', running, (line) => line.includes('starting'))
    const before = performance.now()
    running.child.kill('SIGTERM')
    expect((await running.ended).code).toBe(0)
    expect(performance.now() - before).toBeLessThan(10_000)
  })
})
